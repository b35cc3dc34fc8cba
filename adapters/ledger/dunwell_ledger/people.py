"""What people do in a ledger: book, pay, promise, dispute, exclude, call, lift, finish tasks.

Every function takes the connection of one transaction (`with ledger.writing() as c:`), days as
dates and money as `dunwell.money.Money`; what cannot be is a `ConfigurationError` in words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from dunwell.errors import ConfigurationError
from dunwell.log.entry import Entry
from dunwell.money import Money
from dunwell_ledger import books, log
from dunwell_ledger.books import Row
from dunwell_ledger.clock import instant
from dunwell_ledger.finding import (
    Connection,
    company_of,
    find_item,
    known_customer,
    next_number,
    payable,
)

Direction = Literal["out", "in"]
Ending = Literal["done", "cancelled"]

OUT: Direction = "out"
IN: Direction = "in"
DONE: Ending = "done"
CANCELLED: Ending = "cancelled"


def add(connection: Connection, table: str, rows: Sequence[Row]) -> books.Counts:
    """Insert or update companies, people, customers, contacts, items, rates: see `books.put`."""
    return books.put(connection, table, rows)


def pay(
    connection: Connection,
    customer: str,
    amount: Money,
    on: date,
    *,
    company: str = "",
    items: Sequence[str] | None = None,
    kind: Literal["payment", "credit_note", "write_off"] = "payment",
    number: str = "",
) -> str:
    """Record a payment or credit note; gives its id.

    It settles `items` (ids or numbers) in their order; None: the customer's oldest due first;
    empty: nothing yet. What is left stays an unapplied credit. `company` defaults to the items'.
    """
    known_customer(connection, customer)
    if amount.minor <= 0:
        raise ConfigurationError(f"a payment of {amount} (write an amount above zero)")
    company = company or company_of(connection, customer, items, amount.currency)
    credit = next_number(connection, "credits")
    name = f"{kind}:{credit}"
    connection.execute(
        "INSERT INTO credits (n, id, customer, company, number, kind, day, currency, amount, left)"
        " VALUES (?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?)",
        (
            credit, name, customer, company, number, kind, on.isoformat(), amount.currency,
            amount.minor, amount.minor,
        ),
    )  # fmt: skip
    left = amount.minor
    for item, balance in payable(connection, customer, company, amount.currency, items):
        part = min(left, balance)
        if part:
            books.allocate(connection, credit, item, amount=part, day=on.isoformat())
            left -= part
    return name


def reverse(connection: Connection, payment: str, on: date) -> None:
    """Take a payment back (a bounced cheque, a returned debit): its items are open again."""
    row = connection.execute(
        "SELECT n FROM credits WHERE id = ? AND reversed IS NULL", (payment,)
    ).fetchone()
    if row is None:
        raise ConfigurationError(f"there is no payment '{payment}' that could be reversed")
    connection.execute("DELETE FROM allocations WHERE credit = ?", row)
    connection.execute("UPDATE credits SET reversed = ? WHERE n = ?", (on.isoformat(), row[0]))


def write_off(connection: Connection, item: str, on: date) -> str:
    """Give up what is still open of an item; gives the id of the write-off."""
    name = find_item(connection, item)
    customer, company, currency, balance = connection.execute(
        "SELECT customer, company, currency, balance FROM items WHERE id = ?", (name,)
    ).fetchone()
    money = Money(balance, currency)
    return pay(connection, customer, money, on, company=company, items=[name], kind="write_off")


def promise(
    connection: Connection,
    customer: str,
    amount: Money,
    *,
    made: date,
    by: date,
    company: str = "",
    items: Sequence[str] = (),
) -> str:
    """Note a promise to pay; without items it is for the oldest due first. Gives its id."""
    known_customer(connection, customer)
    if by < made:
        raise ConfigurationError(f"a promise made on {made} for {by} (it must lie ahead)")
    name = f"promise:{next_number(connection, 'promises')}"
    company = company or company_of(connection, customer, items or None, amount.currency)
    found = [find_item(connection, item) for item in items]
    row: Row = {
        "id": name, "customer": customer, "company": company, "made": made.isoformat(),
        "by": by.isoformat(), "currency": amount.currency, "amount": amount.minor,
        "items": json.dumps(found),
    }  # fmt: skip
    books.put(connection, "promises", [row])
    return name


def dispute(
    connection: Connection,
    item: str,
    since: date,
    *,
    amount: Money | None = None,
    reason: str = "",
) -> str:
    """Note that an item, or all instalments of a document, are contested; gives the id."""
    row = connection.execute(
        "SELECT customer, currency, id = :item OR document IS NOT :item, id FROM items"
        " WHERE id = :item OR document = :item OR number = :item ORDER BY n LIMIT 1",
        {"item": item},
    ).fetchone()
    if row is None:
        raise ConfigurationError(f"there is no item '{item}'")
    if amount is not None and amount.currency != row[1]:
        raise ConfigurationError(f"item '{item}' is in {row[1]}, not in {amount.currency}")
    name = f"dispute:{next_number(connection, 'disputes')}"
    new: Row = {
        "id": name, "customer": row[0], "item": row[3] if row[2] else item,
        "since": since.isoformat(), "amount": None if amount is None else amount.minor,
        "reason": reason or None,
    }  # fmt: skip
    books.put(connection, "disputes", [new])
    return name


def exclude(
    connection: Connection,
    customer: str,
    since: date,
    *,
    until: date | None = None,
    item: str = "",
    reason: str = "",
) -> str:
    """Leave a customer, or one of its items, alone until a day (None: open-ended)."""
    known_customer(connection, customer)
    if until is not None and until < since:
        raise ConfigurationError(f"an exclusion of {since} until {until} (it must lie ahead)")
    name = f"exclusion:{next_number(connection, 'exclusions')}"
    row: Row = {
        "id": name, "customer": customer, "since": since.isoformat(),
        "item": find_item(connection, item) if item else None, "reason": reason or None,
        "until": None if until is None else until.isoformat(),
    }  # fmt: skip
    books.put(connection, "exclusions", [row])
    return name


def end(
    connection: Connection, table: Literal["promises", "disputes"], name: str, on: date
) -> None:
    """Withdraw a promise, or settle a dispute (by its id, or its item)."""
    condition = "id = :name OR item = :name" if table == "disputes" else "id = :name"
    done = connection.execute(
        f"UPDATE {table} SET ended = :on WHERE ended IS NULL AND ({condition})",
        {"name": name, "on": on.isoformat()},
    )
    if not done.rowcount:
        raise ConfigurationError(f"there is no open one '{name}' among the {table}")


def contact(
    connection: Connection,
    customer: str,
    channel: str,
    text: str,
    *,
    at: datetime,
    direction: Direction = OUT,
    company: str | None = None,
) -> None:
    """Note a person's own mail, call or visit: an entry of the log without a position."""
    known_customer(connection, customer)
    key = f"contact:{next_number(connection, 'log')}"
    entry = Entry(
        customer, company, None, "contact", key, at, "person", direction, channel, text=text
    )
    log.write(connection, entry, instant(at))


def place_hold(
    connection: Connection, customer: str, kind: str, on: date, *, by: str, company: str = ""
) -> str:
    """A person's own hold: Dunwell never lifts it."""
    known_customer(connection, customer)
    name = f"hold:{next_number(connection, 'holds')}"
    row: Row = {
        "id": name, "customer": customer, "company": company or None, "kind": kind,
        "value": by, "since": on.isoformat(), "by": by,
    }  # fmt: skip
    books.put(connection, "holds", [row])
    return name


def lift_hold(connection: Connection, customer: str, kind: str, on: date, *, by: str) -> int:
    """A person lifts the holds of one kind on a customer, whoever placed them; gives how many."""
    done = connection.execute(
        "UPDATE holds SET ended = ?, ended_by = ? WHERE customer = ? AND kind = ?"
        " AND ended IS NULL",
        (on.isoformat(), by, customer, kind),
    )
    if not done.rowcount:
        raise ConfigurationError(f"there is no '{kind}' hold on '{customer}'")
    return done.rowcount


def end_task(
    connection: Connection,
    key: str,
    on: date,
    *,
    outcome: str = "",
    state: Ending = DONE,
) -> None:
    """Finish or cancel a task, with what came of it."""
    done = connection.execute(
        "UPDATE tasks SET state = ?, outcome = nullif(?, ''), ended = ? WHERE key = ?"
        " AND state = 'open'",
        (state, outcome, on.isoformat(), key),
    )
    if not done.rowcount:
        raise ConfigurationError(f"there is no open task '{key}'")


def delete_task(connection: Connection, key: str) -> None:
    """Throw a task away, as people do; that Dunwell gave it stays known."""
    if not connection.execute("DELETE FROM tasks WHERE key = ?", (key,)).rowcount:
        raise ConfigurationError(f"there is no task '{key}'")
