"""Writing master data and invoices: rows in, and what was new, changed or the same."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dunwell.errors import ConfigurationError

Scalar = str | int | None
Row = Mapping[str, Scalar]

KEYS: Mapping[str, tuple[str, ...]] = {
    "companies": ("id",),
    "people": ("id",),
    "customers": ("id",),
    "contacts": ("id",),
    "items": ("id",),
    "credits": ("id",),
    "promises": ("id",),
    "disputes": ("id",),
    "exclusions": ("id",),
    "holds": ("id",),
    "rates": ("company", "currency", "on"),
}
"""The tables that `put` writes, and the columns that name a row."""

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What no id may hold: an ERP, a log and a terminal would each read it in their own way."""

_IDS = frozenset(("id", "customer", "company", "payer", "item", "document"))


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of some rows."""

    new: int = 0
    changed: int = 0
    same: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.new + other.new, self.changed + other.changed, self.same + other.same)

    def __str__(self) -> str:
        return f"{self.new} new, {self.changed} changed, {self.same} same"


def put(connection: sqlite3.Connection, table: str, rows: Sequence[Row]) -> Counts:
    """Insert or update rows by their key; columns that a row does not have stay as they are.

    Money is in minor units, days are ISO text. An item begins with its amount as balance. `tags`
    of a customer are added. Raises `sqlite3.IntegrityError` where the ledger's rules forbid a row,
    and ConfigurationError for an id with control characters.
    """
    counts = Counts()
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple([name for name in row if name != "tags"]), []).append(row)
    for columns, group in groups.items():
        counts += _put_alike(connection, table, columns, group)
    if table == "customers":
        counts += _put_tags(connection, rows)
    return counts


def _put_alike(
    connection: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Sequence[Row]
) -> Counts:
    _check_ids(columns, rows)
    key = KEYS[table]
    listed = ", ".join(f'"{column}"' for column in columns)
    first = json.dumps(sorted({str(row[key[0]]) for row in rows}))
    known = {
        tuple(found[: len(key)]): tuple(found[len(key) :])
        for found in connection.execute(
            f"SELECT {', '.join(_quoted(key))}, {listed} FROM {table}"
            f' WHERE "{key[0]}" IN (SELECT value FROM json_each(?))',
            (first,),
        )
    }
    new: dict[tuple[Scalar, ...], tuple[Scalar, ...]] = {}
    changed: dict[tuple[Scalar, ...], tuple[Scalar, ...]] = {}
    same = 0
    for row in rows:
        name = tuple(row[part] for part in key)
        values = tuple([row[column] for column in columns])
        if name not in known:
            new[name] = values
        elif known[name] == values:
            same += 1
        else:
            changed[name] = values
    extra = {"items": "balance", "credits": "left"}.get(table)
    names, places = listed, ", ".join("?" * len(columns))
    if extra and extra not in columns:  # nothing allocated yet: all of it is open
        names += f", {extra}"
        places += ", ?"
        amount = columns.index("amount")
        new = {name: (*values, values[amount]) for name, values in new.items()}
    connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", new.values())
    sets = ", ".join(f'"{column}" = ?' for column in columns)
    keyed = " AND ".join(f"{part} = ?" for part in _quoted(key))
    connection.executemany(
        f"UPDATE {table} SET {sets} WHERE {keyed}",
        ((*values, *name) for name, values in changed.items()),
    )
    return Counts(len(new), len(changed), same)


def _check_ids(columns: Sequence[str], rows: Sequence[Row]) -> None:
    for column in _IDS.intersection(columns):
        # one search in all of them: a book has hundred thousands
        if CONTROL.search("".join({str(row[column]) for row in rows})):
            for row in rows:
                if CONTROL.search(str(row[column])):
                    raise ConfigurationError(
                        f"'{column}' holds a character that no id has: {row[column]!r}"
                    )


def _put_tags(connection: sqlite3.Connection, rows: Sequence[Row]) -> Counts:
    wanted = [
        (row["id"], tag.strip())
        for row in rows
        for tag in str(row.get("tags") or "").split(",")
        if tag.strip()
    ]
    done = connection.executemany(
        "INSERT INTO tags (customer, tag) VALUES (?, ?) ON CONFLICT DO NOTHING", wanted
    )
    return Counts(changed=max(done.rowcount, 0) if wanted else 0)


_ALLOCATION = (
    "INSERT INTO allocations (credit, item, customer, company, day, currency, amount, kind, due)"
    " SELECT c.n, i.id, i.customer, i.company, :day, i.currency, :amount, c.kind, i.due"
    " FROM items i, credits c WHERE i.id = :item AND c.n = :credit"
)


def allocate(
    connection: sqlite3.Connection, credit: int, item: str, *, amount: int, day: str
) -> None:
    """Settle an item with a credit (by its row number), in minor units of their currency."""
    connection.execute(_ALLOCATION, {"day": day, "amount": amount, "item": item, "credit": credit})


def settle_to(connection: sqlite3.Connection, item: str, *, balance: int, day: str) -> bool:
    """Make the balance of an item what an export says; True if that changed anything.

    What is paid beyond the ledger's knowledge becomes a payment of that day; what is open again
    takes back the newest allocations.
    """
    row = connection.execute(
        "SELECT balance, customer, company, currency FROM items WHERE id = ?", (item,)
    ).fetchone()
    if row is None or row[0] == balance:
        return False
    while row[0] < balance:
        newest = connection.execute(
            "SELECT n, credit, amount FROM allocations WHERE item = ? ORDER BY n DESC LIMIT 1",
            (item,),
        ).fetchone()
        if newest is None:
            return False
        connection.execute("DELETE FROM allocations WHERE n = ?", (newest[0],))
        # a payment that only an export told of goes with its allocation
        connection.execute(
            "DELETE FROM credits WHERE n = ? AND id LIKE 'import:%' AND left = amount",
            (newest[1],),
        )
        row = (row[0] + newest[2], *row[1:])
    if row[0] > balance:
        imported_payments(connection, [(item, row[0] - balance, day)])
    return True


def take_back(connection: sqlite3.Connection, item: str) -> None:
    """Forget the payments of which only exports told; those that people booked here stay."""
    rows = connection.execute(
        "SELECT a.n, a.credit FROM allocations a JOIN credits c ON c.n = a.credit"
        " WHERE a.item = ? AND c.id LIKE 'import:%'",
        (item,),
    ).fetchall()
    for allocation, credit in rows:
        connection.execute("DELETE FROM allocations WHERE n = ?", (allocation,))
        connection.execute("DELETE FROM credits WHERE n = ? AND left = amount", (credit,))


def imported_payments(
    connection: sqlite3.Connection, payments: Sequence[tuple[str, int, str]]
) -> None:
    """Payments of which only an export tells, by way of the items that they settle.

    Each is the id of an item, an amount in minor units of its currency, and the day.
    """
    first = connection.execute("SELECT coalesce(max(n), 0) + 1 FROM credits").fetchone()[0]
    rows = [
        {"n": n, "id": f"import:{n}", "item": item, "amount": amount, "day": day}
        for n, (item, amount, day) in enumerate(payments, first)
    ]
    connection.executemany(
        "INSERT INTO credits (n, id, customer, company, kind, day, currency, amount, left)"
        " SELECT :n, :id, customer, company, 'payment', :day, currency, :amount, :amount"
        " FROM items WHERE id = :item",
        rows,
    )
    connection.executemany(_ALLOCATION, [{**row, "credit": row["n"]} for row in rows])


def _quoted(names: Sequence[str]) -> list[str]:
    return [f'"{name}"' for name in names]
