"""Files of an ERP into the ledger: all of them or none, and twice the same changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from dunwell.errors import ConfigurationError, Place, Problem, ProblemsError
from dunwell_ledger.booking import Booking, book_others, book_payments
from dunwell_ledger.books import Counts
from dunwell_ledger.guessing import propose
from dunwell_ledger.invoicing import book_invoices
from dunwell_ledger.mapping import ColumnMapping, check, holes
from dunwell_ledger.records import Record, manner_of, read_records
from dunwell_ledger.store import Ledger, meta, set_meta
from dunwell_ledger.tablefile import TableFile, read_table


@dataclass(slots=True)
class Report:
    """What an import did: `found` says how each file was read, `counts` what came of it.

    `amounts` names each invoice whose amount is another now; `bank_data_on` is the day up to
    which payments are known since then, ISO text, empty if no file told of payments.
    """

    found: list[str] = field(default_factory=list)
    mappings: list[tuple[TableFile, ColumnMapping]] = field(default_factory=list)
    counts: dict[str, Counts] = field(default_factory=dict)
    amounts: list[str] = field(default_factory=list)
    bank_data_on: str = ""


_UNKEPT = (ConfigurationError, sqlite3.IntegrityError, sqlite3.DataError, OverflowError)
"""What the ledger says to rows that it cannot keep."""


class _OnlyTried(Exception):  # noqa: N818 - no error: a way out of the transaction
    """A dry run ends here, and nothing is kept."""


def import_files(
    ledger: Ledger,
    paths: Sequence[Path],
    *,
    on: date,
    mapping: ColumnMapping | None = None,
    table: str = "",
    company: str = "",
    dry_run: bool = False,
) -> Report:
    """Import files in one transaction; `on` dates payments of which a file gives no day.

    A file that tells of payments (a list of them, or invoices with what is open or settled) makes
    them known up to `on`, which `bank_data_within` of a policy house asks for.
    Raises `ProblemsError` with every bad row of every file; then nothing was imported.
    """
    report = Report()
    problems: list[Problem] = []
    for path in paths:
        try:
            report.mappings.append(_prepared(path, mapping, table))
        except ProblemsError as error:
            problems += error.problems
    if problems:
        raise ProblemsError(problems)
    try:
        with ledger.writing() as connection:
            _import(connection, report, on, company)
            if dry_run:
                raise _OnlyTried
    except _OnlyTried:
        pass
    return report


def _prepared(
    path: Path, mapping: ColumnMapping | None, table: str
) -> tuple[TableFile, ColumnMapping]:
    file = read_table(
        path,
        delimiter=mapping.delimiter if mapping else "",
        encoding=mapping.encoding if mapping else "",
        columns=(*mapping.columns.values(), *holes(mapping)) if mapping else (),
    )
    chosen = mapping or propose(file.header, table, file=file.name)
    problems = check(chosen, file.header, file.name)
    if problems:
        raise ProblemsError(problems)
    return file, chosen


def _import(connection: sqlite3.Connection, report: Report, on: date, company: str) -> None:
    problems: list[Problem] = []
    booking = Booking(connection, on, company or _company(connection))
    currency = _currencies(connection)
    for file, mapping in report.mappings:
        booking.file = file.name
        manner = manner_of(file, mapping, problems)
        report.found.append(_said(file, mapping, manner.decimal, manner.order))
        records = read_records(file, mapping, manner, currency=currency, problems=problems)
        if problems:
            continue  # the other files are still read, so that all problems are told at once
        try:
            _book(booking, mapping, records)
        except _UNKEPT as error:
            text = str(error) if isinstance(error, ConfigurationError) else str(error).lower()
            why = f"the ledger cannot keep this: {text}"
            problems.append(Problem(Place(file.name), why))
        problems += booking.problems
    if problems:
        raise ProblemsError(problems)
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        message = f"a row of '{broken[0]}' names one of '{broken[2]}' that does not exist"
        raise ProblemsError([Problem(Place(booking.file), message)])
    if any(_tells_payments(mapping) for _, mapping in report.mappings):
        report.bank_data_on = max(on.isoformat(), meta(connection, "bank_data_on") or "")
        set_meta(connection, "bank_data_on", report.bank_data_on)
    report.counts, report.amounts = booking.counts, booking.amounts


def _book(booking: Booking, mapping: ColumnMapping, records: Sequence[Record]) -> None:
    if mapping.table == "invoices":
        columns = (*mapping.columns, *mapping.constants)
        book_invoices(booking, records, missing=mapping.missing, columns=columns)
    elif mapping.table == "payments":
        book_payments(booking, records)
    else:
        book_others(booking, mapping.table, records)


def _said(file: TableFile, mapping: ColumnMapping, decimal: str | None, order: str | None) -> str:
    rows = "1 row" if len(file.rows) == 1 else f"{len(file.rows)} rows"
    parts = [*file.found, f"{rows} of {mapping.table}"]
    if decimal:
        parts.append(f"decimal {'comma' if decimal == ',' else 'point'}")
    if order:
        parts.append(f"dates {order}")
    return f"{file.name}: {', '.join(parts)}"


def _tells_payments(mapping: ColumnMapping) -> bool:
    """Whether the ERP said by this file what was paid until now."""
    if mapping.table == "payments" or mapping.missing:
        return True
    told = {*mapping.columns, *mapping.constants}
    return mapping.table == "invoices" and bool(
        told & {"balance", "settled_date", "settled_amount"}
    )


def _company(connection: sqlite3.Connection) -> str:
    """For rows that name no company: the first one, or `main`."""
    row = connection.execute("SELECT id FROM companies ORDER BY n LIMIT 1").fetchone()
    return "main" if row is None else str(row[0])


def _currencies(connection: sqlite3.Connection) -> Callable[[str], str]:
    rows = connection.execute("SELECT id, currency FROM companies ORDER BY n").fetchall()
    known = dict(rows)
    first = rows[0][1] if rows else "EUR"
    return lambda company: str(known.get(company, first))
