"""Invoices into the ledger, with the customers that they name and what was paid on them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from dunwell.errors import Place, Problem
from dunwell.money import Money
from dunwell_ledger import books
from dunwell_ledger.booking import Booking, currency_of, put_customers
from dunwell_ledger.books import Counts, Row, Scalar
from dunwell_ledger.records import Record

_ITEM_FIELDS = (
    "issued", "terms", "method", "no_follow_up", "link", "salesperson",
)  # fmt: skip


def book_invoices(
    booking: Booking, records: Sequence[Record], *, missing: str, columns: Iterable[str]
) -> None:
    """Invoices, with the companies and customers that they name, and what was paid on them.

    Without a column for the issue or due date a file changes no invoice that is there already.
    """
    columns = frozenset(columns)
    _customers_of(booking, records)
    split = _documents(booking, records)
    items: dict[str, Row] = {}
    credits: dict[str, Row] = {}
    lines: dict[str, int] = {}
    wishes: dict[str, tuple[int, str, bool]] = {}
    for record in records:
        row = _item(booking, record, split)
        name = str(row["id"])
        if name in lines:
            message = f"'{record.text('number')}' stands in line {lines[name]} already"
            booking.problem(record, message, "instalments need due dates of their own")
        lines[name] = record.line
        amount = int(row["amount"] or 0)
        if amount < 0:
            credits[name] = _credit_note(booking, record, row, -amount)
        else:
            items[name] = row
            wish = _wish(booking, record, Money(amount, str(row["currency"])), columns)
            if wish is not None:
                wishes[name] = wish
    if booking.problems or not _may_change(booking, items, lines, columns):
        return
    booking.put("items", list(items.values()), "invoices")
    booking.put("credits", list(credits.values()), "credit notes")
    paid = _settle(booking, wishes)
    if missing:
        paid += _settle_missing(booking, items)
    if paid:
        booking.count("payments", Counts(new=paid))


def _customers_of(booking: Booking, records: Sequence[Record]) -> None:
    """The companies and customers that rows name; a customer's newest row that says more wins."""
    companies: dict[str, str] = {}
    customers: dict[str, dict[str, Scalar]] = {}
    names = [  # the rows of one file have the same fields
        (name, name.removeprefix("customer_"))
        for name in (records[0].fields if records else ())
        if name.startswith("customer_")
    ]
    for record in records:
        company = record.text("company") or booking.company
        companies.setdefault(company, record.text("currency") or "EUR")
        one = customers.setdefault(_customer_of(record), {})
        for name, short in names:
            if record.fields[name] is not None:
                one[short] = record.fields[name]
    new = sorted(set(companies) - booking.known("companies", companies))
    rows: list[Row] = [{"id": c, "name": c, "currency": companies[c]} for c in new]
    booking.put("companies", rows)
    put_customers(booking, customers)


def _customer_of(record: Record) -> str:
    return record.text("customer") or record.text("customer_name")


def _documents(booking: Booking, records: Sequence[Record]) -> set[tuple[str, str]]:
    """The invoices that come in instalments: several due dates under one number, now or before."""
    due: dict[tuple[str, str], set[str]] = {}
    for record in records:
        key = (record.text("company") or booking.company, record.text("number"))
        due.setdefault(key, set()).add(record.text("due"))
    listed = json.dumps([number for _, number in due])
    before = booking.connection.execute(
        "SELECT company, document FROM items WHERE document IN (SELECT value FROM json_each(?))",
        (listed,),
    )
    return {key for key, days in due.items() if len(days) > 1} | {(c, d) for c, d in before}


def _item(booking: Booking, record: Record, split: set[tuple[str, str]]) -> dict[str, Scalar]:
    company = record.text("company") or booking.company
    number, due = record.text("number"), record.fields.get("due")
    terms, issued = record.fields.get("terms_days"), record.text("issued")
    if due is None and isinstance(terms, int) and issued:
        due = (date.fromisoformat(issued) + timedelta(days=terms)).isoformat()
    several = (company, number) in split
    name = number if company == booking.company else f"{company}/{number}"
    row: dict[str, Scalar] = {
        "id": record.text("id") or (f"{name}/{due}" if several else name),
        "customer": _customer_of(record), "company": company, "number": number,
        "document": record.text("document") or (number if several else None),
        "kind": record.text("kind") or ("instalment" if several else "invoice"),
        "due": due, "currency": record.text("currency") or currency_of(booking, company),
        "amount": record.fields.get("amount"),
    }  # fmt: skip
    row.update({name: record.fields[name] for name in _ITEM_FIELDS if name in record.fields})
    return row


def _credit_note(booking: Booking, record: Record, item: Row, amount: int) -> Row:
    return {
        "id": item["id"], "customer": item["customer"], "company": item["company"],
        "number": item["number"], "kind": "credit_note", "currency": item["currency"],
        "day": record.text("issued") or record.text("due") or booking.on.isoformat(),
        "amount": amount,
    }  # fmt: skip


def _wish(
    booking: Booking, record: Record, whole: Money, columns: Collection[str]
) -> tuple[int, str, bool] | None:
    """What the row says is open, since which day, and whether it says so in figures."""
    amount, day = whole.minor, record.text("settled_date")
    balance, paid = record.fields.get("balance"), record.fields.get("settled_amount")
    if isinstance(balance, int):
        left = balance
    elif isinstance(paid, int):
        left = amount - paid
    elif "settled_date" in columns or "settled_amount" in columns:
        left = 0 if day else amount
    else:
        return None
    if not 0 <= left <= amount:
        what = f"open {Money(left, whole.currency)} of {whole}"
        booking.problem(record, f"'{record.text('number')}' does not add up: {what}")
    return left, day or booking.on.isoformat(), balance is not None or paid is not None


def _may_change(
    booking: Booking,
    items: Mapping[str, Row],
    lines: Mapping[str, int],
    columns: Collection[str],
) -> bool:
    """Note whose amount changes; False if the file looks like one of payments instead.

    An item whose amount changed loses what exports told of its payments: it is told anew.
    """
    rows = booking.connection.execute(
        "SELECT id, number, amount, currency, customer FROM items"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(items)),),
    ).fetchall()
    dated = "issued" in columns or "due" in columns
    for name, number, amount, currency, customer in rows:
        row = items[name]
        if (row["amount"], row["currency"], row["customer"]) == (amount, currency, customer):
            continue
        before, now = Money(amount, currency), Money(int(row["amount"] or 0), str(row["currency"]))
        if not dated:
            message = f"'{number}' is {before} of '{customer}', not {now} of '{row['customer']}'"
            hint = "map an issue or due date to change it; payments come in with --table payments"
            where = Place(booking.file, lines[name], 1)
            booking.problems.append(Problem(where, message, hint))
        elif before != now:
            booking.amounts.append(f"{number}: {now}, was {before}")
            books.take_back(booking.connection, name)
    return not booking.problems


def _settle(booking: Booking, wishes: Mapping[str, tuple[int, str, bool]]) -> int:
    """Make balances what the rows say; gives how many payments that took."""
    rows = booking.connection.execute(
        "SELECT id, balance, last_payment FROM items WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(wishes)),),
    ).fetchall()
    done = 0
    payments = []
    for name, balance, last in rows:
        left, day, told = wishes[name]
        if left == balance and (left or not last or day == last or told):
            continue
        if left < balance and (told or not last):  # the common case: all of them at once
            payments.append((name, balance - left, day))
            continue
        if left == balance or not told:  # another day, or no longer paid: only what we booked
            books.take_back(booking.connection, name)
            if left and not told:
                done += last is not None
                continue
        done += books.settle_to(booking.connection, name, balance=left, day=day)
    books.imported_payments(booking.connection, payments)
    return done + len(payments)


def _settle_missing(booking: Booking, items: Mapping[str, Row]) -> int:
    """The file lists all that is open: what it lists no longer was paid."""
    companies = json.dumps(sorted({str(row["company"]) for row in items.values()}))
    rows = booking.connection.execute(
        "SELECT id, balance FROM items"
        " WHERE balance <> 0 AND company IN (SELECT value FROM json_each(?))",
        (companies,),
    ).fetchall()
    day = booking.on.isoformat()
    gone = [(name, balance, day) for name, balance in rows if name not in items]
    books.imported_payments(booking.connection, gone)
    return len(gone)
