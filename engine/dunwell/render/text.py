"""Text for terminals: harmless whatever a customer is called, and aligned."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

_BLANK = re.compile("[\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]+")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_MARKS = re.compile("([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{3})"
                    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]+")  # fmt: skip
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn")
_NARROWEST = 16
"""No column of a table is made narrower than this."""

Cell = str | tuple[str, ...]
"""One line, whatever is in it, or several."""

_ISOLATE, _POP = "\u2068", "\u2069"


def safe(text: str) -> str:
    r"""One line without control characters, marks and overrides of direction, or other invisibles.

    Text that is written from right to left is set apart, so that what stands beside it stays.

    >>> safe("Acme\x1b[31m\r\nPAID \u202eRUE 0")
    'Acme[31m PAID RUE 0'
    """
    if text.isascii() and text.isprintable():
        return text
    text = _BLANK.sub(" ", text)
    text = "".join(c for c in text if unicodedata.category(c) not in _INVISIBLE)
    text = _MARKS.sub(r"\1", text)
    return f"{_ISOLATE}{text}{_POP}" if _RIGHT_TO_LEFT.search(text) else text


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """The text in at most so many columns, with … where something is missing.

    >>> cut("Construcciones", 8)
    'Constru…'
    """
    if width(text) <= columns:
        return text
    kept, used = "", 0
    for char in text:
        used += _columns(char)
        if used > columns - 1:
            break
        kept += char
    closing = _POP if _ISOLATE in kept and _POP not in kept else ""
    return f"{kept}…{closing}"


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    right: Collection[int] = (),
    most: Mapping[int, int] | None = None,
    indent: str = "  ",
) -> Iterator[str]:
    r"""The lines of a table; columns in `right` are set to the right, `most` bounds their width.

    A cell of several lines is a tuple. Cells are made safe here.

    >>> rows = [("mails", "2"), ("hold", ("10", "3"))]
    >>> print(*table(("what", "n"), rows, right=[1]), sep="\n")
      what    n
      mails   2
      hold   10
              3
    """
    bounds = most or {}
    every = [
        [
            [cut(safe(line), bounds.get(n, 1000)) for line in _lines(cell)]
            for n, cell in enumerate(row)
        ]
        for row in (head, *rows)
    ]
    widths = [
        max((width(line) for row in every for line in row[n]), default=0) for n in range(len(head))
    ]
    for row in every:
        for lines in zip_longest(*row, fillvalue=""):
            cells = (
                " " * (widths[n] - width(line)) + line
                if n in right
                else line + " " * (widths[n] - width(line))
                for n, line in enumerate(lines)
            )
            yield (indent + "  ".join(cells)).rstrip()


def fitted(
    head: Sequence[str], rows: Iterable[Sequence[str]], columns: int
) -> list[tuple[Cell, ...]]:
    """The rows of a table that is at most so many columns wide, as far as words can be parted.

    The widest columns are made narrower, and their texts broken into several lines.
    """
    every = [tuple(row) for row in rows]
    widths = [max(width(safe(row[n])) for row in (head, *every)) for n in range(len(head))]
    while sum(widths) + 2 * (len(head) - 1) > columns and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return [tuple(_broken(cell, widths[n]) for n, cell in enumerate(row)) for row in every]


def _broken(cell: str, columns: int) -> Cell:
    return cell if width(cell) <= columns else tuple(textwrap.wrap(safe(cell), columns))


def _lines(cell: Cell) -> Sequence[str]:
    return (cell,) if isinstance(cell, str) else cell or ("",)


def count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "command"), count(1200, "policy"), count(0, "day")
    ('1 command', '1,200 policies', '0 days')
    """
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{number:,} {noun[:-1]}ies"
    return f"{number:,} {noun}{'es' if noun.endswith(('s', 'ch', 'x')) else 's'}"


def listed(names: Sequence[str], *, most: int = 4) -> str:
    """Some names and how many more there are.

    >>> listed(["F-1", "F-2", "F-3"], most=2)
    'F-1, F-2 and 1 more'
    """
    shown = ", ".join(safe(name) for name in names[:most])
    more = len(names) - most
    return f"{shown} and {more} more" if more > 0 else shown
