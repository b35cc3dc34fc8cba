"""Every table of a ledger as a CSV file, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from dunwell.errors import DeniedError
from dunwell.money import exponent
from dunwell_ledger.store import Ledger

# money columns, and the column that names their currency
_MONEY: Mapping[str, Mapping[str, str]] = {
    "customers": {"credit_limit": "credit_currency"},
    "items": {"amount": "currency", "balance": "currency"},
    "credits": {"amount": "currency", "left": "currency"},
    "allocations": {"amount": "currency"},
    "promises": {"amount": "currency"},
}
_HIDDEN = ("n", "debtor")


def export_tables(ledger: Ledger, folder: Path) -> dict[str, int]:
    """Write `TABLE.csv` for every table into a folder, all of one moment; gives the rows of each.

    UTF-8 with a mark that spreadsheets know, amounts in major units. Text that a spreadsheet would
    take for a formula is preceded by an apostrophe.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DeniedError(f"'{folder}' cannot be written: {error.strerror}") from error
    counts = {}
    with ledger.reading() as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite%' ORDER BY name"
        ).fetchall()
        for (table,) in tables:
            try:
                counts[table] = _export(connection, table, folder / f"{table}.csv")
            except OSError as error:
                raise DeniedError(f"'{folder}' cannot be written: {error.strerror}") from error
    return counts


def _export(connection: sqlite3.Connection, table: str, path: Path) -> int:
    cursor = connection.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    kept = [
        number
        for number, name in enumerate(names)
        if name not in _HIDDEN or (table, name) in (("log", "debtor"), ("heads", "debtor"))
    ]
    money = {
        names.index(amount): names.index(currency)
        for amount, currency in _MONEY.get(table, {}).items()
    }
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names[number] for number in kept)
        for row in cursor:
            writer.writerow(_cell(row, number, money) for number in kept)
            count += 1
    return count


def _cell(row: tuple[object, ...], number: int, money: Mapping[int, int]) -> object:
    value = row[number]
    if number in money and isinstance(value, int):
        return f"{Decimal(value).scaleb(-exponent(str(row[money[number]]))):f}"
    return safe(value) if isinstance(value, str) else value


def safe(text: str) -> str:
    """Text that no spreadsheet evaluates: an apostrophe before `=`, `+`, `-`, `@` and tabs.

    >>> safe("=1+1"), safe("O'Neill")
    ("'=1+1", "O'Neill")
    """
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and text else text
