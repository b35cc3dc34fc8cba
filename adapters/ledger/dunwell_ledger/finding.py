"""Finding in a ledger what people name: items by id or number, the company that is meant."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from dunwell.errors import ConfigurationError

Connection = sqlite3.Connection


def find_item(connection: Connection, name: str) -> str:
    """The id of an item by its id or its printed number; ambiguous numbers are refused."""
    rows = connection.execute(
        "SELECT id FROM items WHERE id = :name UNION ALL"
        " SELECT id FROM items WHERE number = :name AND id <> :name LIMIT 3",
        {"name": name},
    ).fetchall()
    if not rows:
        raise ConfigurationError(f"there is no item '{name}'")
    if rows[0][0] != name and len(rows) > 1:
        raise ConfigurationError(f"several items have the number '{name}' (give the id)")
    return str(rows[0][0])


def payable(
    connection: Connection,
    customer: str,
    company: str,
    currency: str,
    items: Sequence[str] | None,
) -> list[tuple[str, int]]:
    """The items to settle and what is open of each: those named, or all, the oldest due first."""
    if items is not None:
        found = []
        for item in items:
            name = find_item(connection, item)
            row = connection.execute("SELECT id, balance FROM items WHERE id = ?", (name,))
            found.append(row.fetchone())
        return found
    return connection.execute(
        "SELECT id, balance FROM items WHERE customer IN (SELECT id FROM customers"
        " WHERE id = :customer OR payer = :customer) AND company = :company"
        " AND currency = :currency AND balance > 0 ORDER BY due IS NULL, due, n",
        {"customer": customer, "company": company, "currency": currency},
    ).fetchall()


def company_of(
    connection: Connection, customer: str, items: Sequence[str] | None, currency: str
) -> str:
    """The company that is meant: of the items, of the customer's open ones, or the only one."""
    for item in items or ():
        name = find_item(connection, item)
        row = connection.execute("SELECT company FROM items WHERE id = ?", (name,)).fetchone()
        return str(row[0])
    rows = connection.execute(
        "SELECT DISTINCT company FROM items WHERE balance > 0 AND currency = :currency AND"
        " customer IN (SELECT id FROM customers WHERE id = :customer OR payer = :customer)",
        {"customer": customer, "currency": currency},
    ).fetchall()
    if len(rows) != 1:
        rows = connection.execute("SELECT id FROM companies LIMIT 2").fetchall()
    if len(rows) != 1:
        raise ConfigurationError(f"which company is meant for '{customer}'? (name it)")
    return str(rows[0][0])


def known_customer(connection: Connection, customer: str) -> None:
    """Refuse a customer that does not exist."""
    known = connection.execute("SELECT 1 FROM customers WHERE id = ?", (customer,)).fetchone()
    if known is None:
        raise ConfigurationError(f"there is no customer '{customer}'")


def next_number(connection: Connection, table: str) -> int:
    """The next free row number of a table."""
    row = connection.execute(f"SELECT coalesce(max(n), 0) + 1 FROM {table}").fetchone()
    return int(row[0])
