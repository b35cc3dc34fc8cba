"""Rows of a file as records of typed fields; every cell that cannot be read is a problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from dunwell.errors import Place, Problem
from dunwell.money import exponent
from dunwell_ledger import values
from dunwell_ledger.books import CONTROL, Scalar
from dunwell_ledger.fields import TABLES, Field
from dunwell_ledger.headers import Cell
from dunwell_ledger.mapping import HOLE, ColumnMapping
from dunwell_ledger.tablefile import TableFile
from dunwell_ledger.values import CellError, Manner

_TYPES = {
    "business": "business", "company": "business", "b2b": "business", "empresa": "business",
    "firma": "business", "consumer": "consumer", "b2c": "consumer", "private": "consumer",
    "particular": "consumer", "privat": "consumer", "public": "public", "publico": "public",
    "público": "public", "administración": "public", "öffentlich": "public", "b2g": "public",
}  # fmt: skip
_KINDS = {
    "invoices": ("invoice", "instalment", "debit_note", "charge"),
    "payments": ("payment", "credit_note", "write_off"),
}
_NAMES = frozenset(("id", "number", "customer", "company", "item", "document", "payer"))


@dataclass(frozen=True, slots=True)
class Record:
    """One row as typed fields, and where it stands."""

    line: int
    fields: Mapping[str, Scalar]

    def text(self, name: str) -> str:
        """A field as text; empty if it is not filled."""
        value = self.fields.get(name)
        return "" if value is None else str(value)


def manner_of(file: TableFile, mapping: ColumnMapping, problems: list[Problem]) -> Manner:
    """How the file writes amounts and days, from all cells that hold them."""
    decimal, order = mapping.decimal, mapping.dates
    try:
        decimal = decimal or values.sniff_decimal(_cells(file, mapping, ("money", "rate")))
    except CellError as error:
        problems.append(_problem(Place(file.name), error))
        decimal = "."
    try:
        order = order or values.sniff_order(_cells(file, mapping, ("date",)))
    except CellError as error:
        problems.append(_problem(Place(file.name), error))
        order = "day-month-year"
    return Manner(decimal, order)


def read_records(
    file: TableFile,
    mapping: ColumnMapping,
    manner: Manner,
    *,
    currency: Callable[[str], str],
    problems: list[Problem],
) -> list[Record]:
    """All rows that can be read. `currency` gives the one of a company where the row has none."""
    reader = _Reader(file, mapping, manner, currency)
    found = []
    for line, cells in file.rows:
        before = len(problems)
        record = reader.record(line, cells, problems)
        if len(problems) == before:
            found.append(record)
    return found


class _Reader:
    """The plan for the rows of one file: which cell goes where."""

    def __init__(
        self,
        file: TableFile,
        mapping: ColumnMapping,
        manner: Manner,
        currency: Callable[[str], str],
    ) -> None:
        self.file, self.mapping, self.manner, self.currency = file, mapping, manner, currency
        self.at = {name: number for number, name in enumerate(file.header)}
        fields = [
            one
            for one in TABLES[mapping.table]
            if one.name in mapping.columns or one.name in mapping.constants
        ]
        self.read: dict[str, dict[Cell, Scalar]] = {one.name: {} for one in fields}
        # amounts last: they need the currency of their row
        self.plan = [
            (
                one,
                self.at.get(mapping.columns.get(one.name, "")),
                mapping.constants.get(one.name, ""),
            )
            for one in sorted(fields, key=lambda one: one.type == "money")
        ]

    def record(self, line: int, cells: tuple[Cell, ...], problems: list[Problem]) -> Record:
        """One row; the cells that cannot be read are added to the problems."""
        found: dict[str, Scalar] = {}
        for one, column, constant in self.plan:
            cell = "" if column is None else cells[column]
            if cell == "" and constant:
                cell = HOLE.sub(lambda hole: _text(cells[self.at[hole[1]]]), constant)
            if cell == "":
                found[one.name] = None
                if one.required:
                    where = Place(self.file.name, line, (column or 0) + 1)
                    problems.append(Problem(where, f"'{one.name}' is empty"))
                continue
            known = self.read[one.name]
            if cell in known:
                found[one.name] = known[cell]
                continue
            try:
                found[one.name] = value = self._value(one, cell, found)
                if one.type != "money":  # which depends on the currency of its row
                    known[cell] = value
            except CellError as error:
                problems.append(_problem(Place(self.file.name, line, (column or 0) + 1), error))
        return Record(line, found)

    def _value(self, one: Field, cell: Cell, found: Mapping[str, Scalar]) -> Scalar:
        if one.type == "money":
            own = "credit_currency" if one.name == "credit_limit" else "currency"
            currency = found.get(own) or self.currency(str(found.get("company") or ""))
            return values.amount(cell, str(currency), self.manner.decimal)
        if one.type == "date":
            return values.day(cell, self.manner.order)
        if one.type == "rate":
            return values.rate(cell, self.manner.decimal)
        if one.type == "int":
            return values.whole(cell)
        if one.type == "flag":
            return values.flag(cell)
        return _checked(self.mapping.table, one.name, _text(cell))


def _checked(table: str, name: str, text: str) -> str:
    """Text that means something is checked; other text stays as it is."""
    bare = name.removeprefix("customer_")
    if bare in _NAMES and CONTROL.search(text):
        raise CellError(f"'{name}' holds a character that no name has: {text!r}")
    if bare in ("currency", "credit_currency"):
        return _currency(text.upper())
    if bare == "country" and not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise CellError(f"'{text}' is not a country | write its two letters, like 'ES'")
    if bare == "country":
        return text.upper()
    if bare == "type":
        if text.casefold() not in _TYPES:
            raise CellError(f"'{text}' is not a type | business, consumer or public")
        return _TYPES[text.casefold()]
    if bare == "kind" and text not in _KINDS.get(table, (text,)):
        raise CellError(f"'{text}' is not a kind | one of {', '.join(_KINDS[table])}")
    if bare == "timezone" and not _is_zone(text):
        raise CellError(f"'{text}' is not a timezone | write it like 'Europe/Madrid'")
    return text


def _text(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return str(int(cell)) if cell == cell.to_integral_value() else f"{cell:f}"
    if isinstance(cell, date):
        return cell.isoformat()
    # an export of a ledger marks text that a spreadsheet would take for a formula
    return cell[1:] if cell[:1] == "'" and cell[1:2] in "=+-@" and cell[1:] else cell


def _cells(file: TableFile, mapping: ColumnMapping, types: tuple[str, ...]) -> list[Cell]:
    wanted = [one.name for one in TABLES[mapping.table] if one.type in types]
    columns = [
        file.header.index(mapping.columns[name])
        for name in wanted
        if mapping.columns.get(name) in file.header
    ]
    return [cells[column] for _, cells in file.rows for column in columns]


@lru_cache(maxsize=512)
def _currency(text: str) -> str:
    try:
        exponent(text)
    except ValueError as error:
        raise CellError(str(error)) from None
    return text


@lru_cache(maxsize=512)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError):
        return False
    return True


def _problem(where: Place, error: CellError) -> Problem:
    message, _, hint = str(error).partition(" | ")
    return Problem(where, message, hint)
