"""A file of rows as an ERP exports it, CSV or XLSX: sniffed, and what was found out is said."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

from dunwell.errors import Place, Problem, ProblemsError
from dunwell_ledger.headers import TITLE_LINES, Cell, filled, header_at, known_names

_DELIMITERS = {";": "semicolon", ",": "comma", "\t": "tab", "|": "bar"}
_LARGEST_FIELD = 1_000_000
_LARGEST_SHEET = 1_000_000_000  # bytes unpacked: a spreadsheet is a zip, and zips can be bombs


@dataclass(frozen=True, slots=True)
class TableFile:
    """The rows of one file below its header, each with the line it begins on."""

    name: str
    header: tuple[str, ...]
    rows: list[tuple[int, tuple[Cell, ...]]]
    found: tuple[str, ...]  # what was sniffed, for people


def read_table(
    path: Path, *, delimiter: str = "", encoding: str = "", columns: Collection[str] = ()
) -> TableFile:
    """Read a CSV or XLSX file; everything that cannot be read is raised as `ProblemsError`.

    Up to five lines of a title may stand above the header, which is known by the names that ERPs
    give to columns, or by those in `columns`.
    """
    name = str(path)
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise _problems(name, f"cannot be read: {why.lower()}") from error
    return parse_table(name, content, delimiter=delimiter, encoding=encoding, columns=columns)


def parse_table(
    name: str,
    content: bytes,
    *,
    delimiter: str = "",
    encoding: str = "",
    columns: Collection[str] = (),
) -> TableFile:
    """The same for bytes that are already here."""
    if content[:4] == b"PK\x03\x04":
        lines, found = _sheet(name, content), ["a spreadsheet"]
    elif content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise _problems(name, "is an old .xls file", "save it as .xlsx or as CSV")
    else:
        text, called = _decoded(name, content, encoding)
        delimiter = delimiter or _delimiter(text, columns)
        lines = list(_lines(name, text, delimiter))
        found = [called, f"separated by {_DELIMITERS.get(delimiter, repr(delimiter))}"]
    return _with_header(name, lines, found, columns)


def _with_header(
    name: str,
    lines: list[tuple[int, tuple[Cell, ...]]],
    found: list[str],
    columns: Collection[str],
) -> TableFile:
    if not lines:
        raise _problems(name, "has no rows", "the first row names the columns")
    above = header_at([cells for _, cells in lines[: TITLE_LINES + 1]], columns)
    line, first = lines[above]
    if above:
        found.append(f"the header in line {line}")
    else:
        _not_a_title(name, lines)
    header = [str(cell).strip() for cell in first]
    while header and not header[-1]:
        header.pop()
    problems = []
    for number, column in enumerate(header):
        if column and column in header[:number]:
            message = f"the column '{column}' occurs twice"
            problems.append(Problem(Place(name, line, number + 1), message, "rename one"))
    rows = []
    for line, cells in lines[above + 1 :]:
        if len(cells) == len(header):  # as it should be: nothing to copy
            rows.append((line, cells))
            continue
        if any(cell != "" for cell in cells[len(header) :]):
            message = f"the row has {len(cells)} cells, the header {len(header)}"
            problems.append(Problem(Place(name, line, 1), message, "quote cells that hold a mark"))
        padded = (*cells, *[""] * (len(header) - len(cells)))
        rows.append((line, padded[: len(header)]))
    if problems:
        raise ProblemsError(problems)
    return TableFile(name, tuple(header), rows, tuple(found))


def _decoded(name: str, content: bytes, encoding: str) -> tuple[str, str]:
    """The text, and what its encoding is called."""
    if encoding:
        guesses = [encoding]
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        guesses = ["utf-16"]
    else:
        guesses = ["utf-8-sig", "cp1252", "latin-1"]
    for guess in guesses:
        try:
            return content.decode(guess), guess.removesuffix("-sig")
        except (UnicodeError, LookupError):
            continue
    raise _problems(name, f"is not text in {guesses[0]}", "save it as UTF-8")


def _not_a_title(name: str, lines: Sequence[tuple[int, tuple[Cell, ...]]]) -> None:
    """Refuse a first line of one cell above wider ones, where none of them is known as header."""
    wide = next((line for line, cells in lines[1 : TITLE_LINES + 1] if filled(cells) > 2), 0)
    if wide and filled(lines[0][1]) == 1:
        message = f"'{_short(lines[0][1])}' is one cell, line {wide} has more"
        hint = "the names of the columns come first: delete the title above them"
        raise ProblemsError([Problem(Place(name, lines[0][0], 1), message, hint)])


def _short(cells: Sequence[Cell]) -> str:
    return next(str(cell) for cell in cells if cell != "")[:40]


def _delimiter(text: str, columns: Collection[str]) -> str:
    """The mark that cuts a header into known names; else the most frequent of the first
    row that has any. Marks inside quotes do not count.
    """
    start = (line for line in text[:_LARGEST_FIELD].splitlines() if line.strip())
    lines = list(islice(start, TITLE_LINES + 1))
    for line in lines:
        plain = line.replace('"', "")
        best = max(_DELIMITERS, key=lambda mark: known_names(plain.split(mark), columns))
        if known_names(plain.split(best), columns) > 1:
            return best
    bare = ["".join(line.split('"')[::2]) for line in lines]
    first = next((line for line in bare if any(mark in line for mark in _DELIMITERS)), "")
    return max(_DELIMITERS, key=lambda mark: (first.count(mark), mark == ","))


def _lines(name: str, text: str, delimiter: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    csv.field_size_limit(_LARGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = f"cannot be read from here on: {error}"
            raise ProblemsError([Problem(Place(name, line, 1), message)]) from error
        cells = tuple([cell.strip() for cell in row])
        if any(cells):
            yield line, cells
        line = reader.line_num + 1


def _sheet(name: str, content: bytes) -> list[tuple[int, tuple[Cell, ...]]]:
    """The first sheet that holds anything."""
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        hint = "pip install 'dunwell[xlsx]', or save it as CSV"
        raise _problems(name, "is a spreadsheet, which needs openpyxl", hint) from error
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_SHEET:
                raise _problems(name, "is a spreadsheet that is too large", "save it as CSV")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for sheet in book.worksheets:
            rows = list(_filled(sheet.iter_rows(values_only=True)))
            if rows:
                return rows
    except ProblemsError:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers stumble over
        raise _problems(name, "is not a spreadsheet that can be read", str(error)[:80]) from error
    return []


def _filled(rows: Iterable[tuple[object, ...]]) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    for line, row in enumerate(rows, 1):
        cells = tuple(_cell(value) for value in row)
        if any(cell != "" for cell in cells):
            yield line, cells


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date | Decimal):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        number = Decimal(f"{value:.15g}")  # as many digits as a spreadsheet knows
        return number if number.is_finite() else str(value)
    return str(value).strip()


def _problems(name: str, message: str, hint: str = "") -> ProblemsError:
    return ProblemsError([Problem(Place(name), message, hint)])
