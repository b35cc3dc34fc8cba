"""Records into the ledger: customers, payments and every table but invoices."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from dunwell.errors import ConfigurationError, Place, Problem
from dunwell.log.keys import digest
from dunwell.money import Money
from dunwell_ledger import books, people
from dunwell_ledger.books import Counts, Row, Scalar
from dunwell_ledger.finding import find_item
from dunwell_ledger.records import Record


@dataclass(slots=True)
class Booking:
    """One import under way: where it writes, for which day, and what came of it."""

    connection: sqlite3.Connection
    on: date
    company: str  # for rows that name none
    file: str = ""
    counts: dict[str, Counts] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    amounts: list[str] = field(default_factory=list)  # of invoices, where they are others now

    def put(self, table: str, rows: Sequence[Row], called: str = "") -> None:
        """Write rows and count them."""
        self.count(called or table, books.put(self.connection, table, rows))

    def count(self, what: str, counts: Counts) -> None:
        """Add to what is reported."""
        self.counts[what] = self.counts.get(what, Counts()) + counts

    def problem(self, record: Record, message: str, hint: str = "") -> None:
        """Note what is wrong with a row."""
        self.problems.append(Problem(Place(self.file, record.line, 1), message, hint))

    def known(self, table: str, names: Iterable[str]) -> set[str]:
        """Which of these ids exist."""
        listed = json.dumps(sorted(set(names)))
        rows = self.connection.execute(
            f"SELECT id FROM {table} WHERE id IN (SELECT value FROM json_each(?))", (listed,)
        )
        return {row[0] for row in rows}


def put_customers(booking: Booking, customers: Mapping[str, Mapping[str, Scalar]]) -> None:
    """Customers and the payers that they name; a new one without a name is called its id."""
    payers = {str(one["payer"]) for one in customers.values() if one.get("payer")}
    everyone: dict[str, Mapping[str, Scalar]] = {key: {} for key in payers}
    everyone.update(customers)
    known = booking.known("customers", everyone)
    rows = []
    for name in sorted(everyone, key=lambda name: (name not in payers, name)):
        one = {key: value for key, value in everyone[name].items() if key != "id"}
        if name not in known:
            one = {"name": name, **one}
        if one.get("payer") == name:
            one["payer"] = None
        rows.append({"id": name, **one})
    booking.connection.execute("PRAGMA defer_foreign_keys = ON")  # payers may come later
    booking.put("customers", rows)


def currency_of(booking: Booking, company: str) -> str:
    """The currency of a company's books."""
    row = booking.connection.execute("SELECT currency FROM companies WHERE id = ?", (company,))
    found = row.fetchone()
    return "EUR" if found is None else str(found[0])


def book_payments(booking: Booking, records: Sequence[Record]) -> None:
    """Payments, each once; with an invoice it settles that one, else it stays unapplied."""
    for record in records:
        name = record.text("id") or digest(*(record.text(key) for key in sorted(record.fields)))
        if booking.known("credits", [name]):
            booking.count("payments", Counts(same=1))
            continue
        company = record.text("company") or booking.company
        currency = record.text("currency") or currency_of(booking, company)
        item = record.text("item")
        try:
            made = people.pay(
                booking.connection, record.text("customer"),
                Money(int(record.fields["amount"] or 0), currency),
                date.fromisoformat(record.text("on")), company=company,
                items=[item] if item else (), number=record.text("number"),
                kind=record.text("kind") or "payment",  # type: ignore[arg-type]
            )  # fmt: skip
        except ConfigurationError as error:
            booking.problem(record, str(error))
            continue
        booking.connection.execute("UPDATE credits SET id = ? WHERE id = ?", (name, made))
        booking.count("payments", Counts(new=1))


def book_others(booking: Booking, table: str, records: Sequence[Record]) -> None:
    """Any other table: rows named by their id, or by what they say."""
    rows: list[Row] = []
    needed = _NEEDED.get(table, _nothing)
    for record in records:
        row = {**record.fields}
        try:
            row.update(needed(booking, record))
        except ConfigurationError as error:
            booking.problem(record, str(error))
            continue
        if table in _IDENTIFIED and not row.get("id"):
            row["id"] = digest(table, *(record.text(key) for key in sorted(record.fields)))
        rows.append(row)
    if booking.problems:
        return
    if table == "customers":
        put_customers(booking, {str(row["id"]): row for row in rows})
    else:
        booking.put(table, rows)


_IDENTIFIED = frozenset(("contacts", "promises", "disputes", "exclusions"))


def _nothing(booking: Booking, record: Record) -> dict[str, Scalar]:
    return {}


def _of_customer(booking: Booking, record: Record) -> dict[str, Scalar]:
    if not booking.known("customers", [record.text("customer")]):
        raise ConfigurationError(f"there is no customer '{record.text('customer')}'")
    return {}


def _of_promise(booking: Booking, record: Record) -> dict[str, Scalar]:
    _of_customer(booking, record)
    company = record.text("company") or booking.company
    currency = record.text("currency") or currency_of(booking, company)
    return {"company": company, "currency": currency}


def _of_item(booking: Booking, record: Record) -> dict[str, Scalar]:
    name = find_item(booking.connection, record.text("item"))
    row = booking.connection.execute("SELECT customer FROM items WHERE id = ?", (name,))
    return {"item": name, "customer": row.fetchone()[0]}


def _of_rate(booking: Booking, record: Record) -> dict[str, Scalar]:
    company = record.text("company") or booking.company
    own = currency_of(booking, company)
    if record.text("currency") == own:
        raise ConfigurationError(
            f"the books of '{company}' are in {own}: write the other currency, and how much {own} "
            "one of it is worth"
        )
    return {"company": company}


_NEEDED: Mapping[str, Callable[[Booking, Record], dict[str, Scalar]]] = {
    "contacts": _of_customer,
    "exclusions": _of_customer,
    "promises": _of_promise,
    "disputes": _of_item,
    "rates": _of_rate,
}
