"""Which column of a file fills which field: checked, read from TOML, and shown as TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from dunwell.errors import Place, Problem, ProblemsError
from dunwell_ledger.fields import TABLES
from dunwell_ledger.values import ORDERS, Decimals, Order

_KEYS = ("table", "columns", "constants", "decimal", "dates", "delimiter", "encoding", "missing")

HOLE = re.compile(r"\{([^{}]+)\}")
"""A column's name in a constant, such as `{customer_id}@example.invalid`."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How to read one kind of file.

    `columns` names the header of each field; `constants` gives fields the same text in every row,
    in which `{header}` stands for that cell. `missing = "settled"`: the file lists all that is
    open, so an item that is no longer in it was paid.
    """

    table: str
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    decimal: Decimals | None = None
    dates: Order | None = None
    delimiter: str = ""
    encoding: str = ""
    missing: str = ""
    file: str = ""


def load_mapping(path: Path) -> ColumnMapping:
    """Read a mapping file; all that is wrong with it is raised at once as `ProblemsError`."""
    name = str(path)
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ProblemsError([Problem(Place(name), f"cannot be read: {why}")]) from error
    except ValueError as error:
        raise ProblemsError([Problem(Place(name), f"is not a mapping: {error}")]) from error
    problems = [
        Problem(Place(name), f"unknown word '{key}'", _suggest(key, _KEYS))
        for key in values
        if key not in _KEYS
    ]
    table = values.get("table")
    if not isinstance(table, str) or table not in TABLES:
        message = "which table? write table = ..." if table is None else f"no table '{table}'"
        raise ProblemsError(
            [*problems, Problem(Place(name), message, f"one of {', '.join(TABLES)}")]
        )
    known = [one.name for one in TABLES[table]]
    parts: dict[str, dict[str, str]] = {}
    for part in ("columns", "constants"):
        parts[part] = _texts(name, part, values.get(part, {}), known, problems)
    choices = {"decimal": (".", ","), "dates": ORDERS, "missing": ("settled",)}
    for key, allowed in choices.items():
        if key in values and values[key] not in allowed:
            message = f"'{values[key]}' for {key}"
            problems.append(Problem(Place(name), message, f"one of {', '.join(allowed)}"))
    for key in ("delimiter", "encoding"):
        value = values.get(key, "")
        if not isinstance(value, str) or (key == "delimiter" and len(value) > 1):
            problems.append(Problem(Place(name), f"'{value}' for {key}", "a text of one mark"))
    if problems:
        raise ProblemsError(problems)
    return ColumnMapping(
        table, parts["columns"], parts["constants"],
        cast("Decimals | None", values.get("decimal")), cast("Order | None", values.get("dates")),
        values.get("delimiter", ""), values.get("encoding", ""), values.get("missing", ""), name,
    )  # fmt: skip


def _texts(
    name: str, part: str, given: Any, known: Sequence[str], problems: list[Problem]
) -> dict[str, str]:
    if not isinstance(given, dict):
        problems.append(Problem(Place(name), f"'{part}' is a table", f"write [{part}]"))
        return {}
    found = {}
    for key, value in given.items():
        if key not in known:
            problems.append(Problem(Place(name), f"no field '{key}'", _suggest(key, known)))
        elif not isinstance(value, str | int) or isinstance(value, bool):
            problems.append(Problem(Place(name), f"'{key}' is not a text", 'write it in "quotes"'))
        else:
            found[key] = str(value)
    return found


def check(mapping: ColumnMapping, header: Sequence[str], file: str) -> list[Problem]:
    """What keeps a mapping from reading a file: columns that are not there, fields without one."""
    where = Place(mapping.file or file)
    named = [*mapping.columns.values(), *holes(mapping)]
    problems = [
        Problem(where, f"there is no column '{column}' in {file}", _suggest(column, header))
        for column in named
        if column not in header
    ]
    for name in lacking(mapping):
        hint = f"name it in a mapping: [columns] {name} = ..."
        problems.append(Problem(where, f"no column for '{name}' of {mapping.table}", hint))
    return problems


def holes(mapping: ColumnMapping) -> list[str]:
    """The columns that stand in braces in its constants."""
    return [name for text in mapping.constants.values() for name in HOLE.findall(text)]


def shown(mapping: ColumnMapping, header: Sequence[str] = ()) -> str:
    """The mapping as a TOML file that `load_mapping` reads; unused columns as remarks."""
    lines = [f"table = {_toml(mapping.table)}"]
    for key in ("decimal", "dates", "delimiter", "encoding", "missing"):
        value = getattr(mapping, key)
        if value:
            lines.append(f"{key} = {_toml(value)}")
    lines += ["", "[columns]"]
    lines += [f"{key} = {_toml(value)}" for key, value in mapping.columns.items()]
    unused = [column for column in header if column and column not in mapping.columns.values()]
    lines += [f"# not used: {_toml(column)}" for column in unused]
    lines += ["", "[constants]"]
    lines += [f"{key} = {_toml(value)}" for key, value in mapping.constants.items()]
    return "\n".join(lines) + "\n"


def lacking(mapping: ColumnMapping) -> list[str]:
    """The required fields of its table that nothing fills."""
    return [
        one.name
        for one in TABLES[mapping.table]
        if one.required
        and one.name not in mapping.columns
        and one.name not in mapping.constants
        and not (mapping.table == "invoices" and one.name == "customer"
                 and "customer_name" in mapping.columns)
    ]  # fmt: skip


def _suggest(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"known are {', '.join(known)[:200]}"


def _toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    marks = (mark if mark >= " " and mark != "\x7f" else f"\\u{ord(mark):04x}" for mark in escaped)
    return '"' + "".join(marks) + '"'
