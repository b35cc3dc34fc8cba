"""A believable generated book, the same for one seed and date, of any size."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random

from dunwell.log.entry import Entry
from dunwell_ledger import log
from dunwell_ledger.clock import instant
from dunwell_ledger.sample_items import Customer, Invoice, invoices
from dunwell_ledger.sample_names import COMPANIES, COUNTRIES, MIX, PEOPLE, customer_name
from dunwell_ledger.store import Ledger, create, set_meta

RATES = {
    "iberia": (("USD", "0.92"), ("GBP", "1.17"), ("JPY", "0.0061"), ("MXN", "0.049")),
    "americas": (("USD", "18.6"), ("EUR", "20.4")),
}


@dataclass(frozen=True, slots=True)
class Debtor:
    """What a generator of log entries may want to know of a debtor: its open invoices."""

    id: str
    tenant: str
    on: date
    items: tuple[Invoice, ...]


Entries = Callable[[Debtor], Iterable[Entry]]


@dataclass(slots=True)
class _Making:
    """What is under way: the rows of one book."""

    random: Random
    on: date
    customers: list[Customer] = field(default_factory=list)
    open: list[Invoice] = field(default_factory=list)
    # day, item, customer, company, currency, amount, due: for credits and allocations
    paid: list[tuple[str, str, str, str, str, int, str | None]] = field(default_factory=list)


def make_sample(
    path: Path,
    *,
    customers: int = 300,
    seed: int = 7,
    on: date,
    open_each: float = 3,
    paid_each: float = 7,
    entries: Entries | None = None,
) -> Ledger:
    """Make a ledger; a customer has about `open_each` open and `paid_each` paid invoices.

    `entries` may yield Dunwell's own log of every debtor with open items, as if it had worked here
    for a while. A file that exists already is a ConfigurationError.
    """
    ledger = create(path, identity=f"sample-{seed}-{customers}")
    try:
        with ledger.loading() as connection:
            rebuild = _bare(connection)
            making = _Making(Random(seed), on)
            _write(connection, making, customers, open_each, paid_each)
            if entries is not None:
                _write_log(connection, making, entries, f"ledger:sample-{seed}-{customers}")
            set_meta(connection, "bank_data_on", on.isoformat())
            for statement in rebuild:
                connection.execute(statement)
            connection.execute("ANALYZE")
    except BaseException:
        ledger.close()
        for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            with suppress(OSError):
                name.unlink()
        raise
    return ledger


def _bare(connection: sqlite3.Connection) -> list[str]:
    """Drop indexes and triggers for the load, and give the statements that make them again."""
    found = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger')"
        " AND sql IS NOT NULL AND name <> 'log_heads' ORDER BY type"
    ).fetchall()
    for kind, name, _ in found:
        connection.execute(f"DROP {kind} {name}")
    return [sql for _, _, sql in found]


def _write(
    connection: sqlite3.Connection,
    making: _Making,
    customers: int,
    open_each: float,
    paid_each: float,
) -> None:
    _masters(connection, making.on)
    _many(connection, "customers", 15, _customers(making, customers))
    _many(connection, "contacts", 8, _contacts(making))
    _many(connection, "tags", 3, ((c.id, "vip", "person") for c in making.customers if c.vip))
    _many(connection, "items", 21, _items(making, open_each, paid_each))
    making.paid.sort()  # a ledger books payments as they come
    _many(connection, "credits", 12, _credits(making))
    _many(connection, "allocations", 11, _allocations(making))
    _stories(connection, making)


def _many(
    connection: sqlite3.Connection, table: str, width: int, rows: Iterable[tuple[object, ...]]
) -> None:
    places = ", ".join("?" * width)
    connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def _masters(connection: sqlite3.Connection, on: date) -> None:
    _many(connection, "companies", 7, ((n, *row) for n, row in enumerate(COMPANIES, 1)))
    _many(connection, "people", 5, ((n, *row) for n, row in enumerate(PEOPLE, 1)))
    first = on.replace(day=1)
    rows = [
        (company, currency, day.isoformat(), rate)
        for company, rates in RATES.items()
        for currency, rate in rates
        for day in (first - timedelta(days=400), first)
    ]
    _many(connection, "rates", 5, ((n, *row) for n, row in enumerate(rows, 1)))


def _customers(making: _Making, count: int) -> Iterator[tuple[object, ...]]:
    random, on = making.random, making.on
    width = max(4, len(str(count)))
    payer = ""
    for number in range(1, count + 1):
        company = "iberia" if random.random() < 0.65 else "americas"
        mix = MIX[company]
        code = random.choices([c for c, _ in mix], [share for _, share in mix])[0]
        country = COUNTRIES[code]
        type_ = random.choices(("business", "public", "consumer", None), (85, 7, 6, 2))[0]
        name = customer_name(random, country, type_, number)
        id_ = f"C{number:0{width}d}"
        child = bool(payer) and random.random() < 0.02
        email = None if random.random() < 0.04 else f"accounts.{id_.lower()}@customer.example"
        customer = Customer(
            number, id_, payer if child else id_, company, country.currency, name, email,
            country.language, scale=random.lognormvariate(0, 0.8),
            terms=random.choice((14, 30, 30, 30, 60)), lateness=random.choice((0, 0, 1, 1, 2, 3)),
            vip=random.random() < 0.05, direct_debit=random.random() < 0.05,
        )  # fmt: skip
        making.customers.append(customer)
        limit = 500_000 * random.randint(1, 20) if random.random() < 0.3 else None
        since = on - timedelta(days=random.randint(430, 4000))
        yield (
            number, id_, name, payer if child else None, type_, code, country.language,
            country.timezone if random.random() < 0.9 else None, since.isoformat(),
            random.choice(PEOPLE)[0] if random.random() < 0.8 else None, email,
            f"+00 555 {number:06d}", limit, country.currency if limit else None,
            f"{country.street} {random.randint(1, 120)}, {random.choice(country.places)}",
        )  # fmt: skip
        if not child:
            payer = id_


def _contacts(making: _Making) -> Iterator[tuple[object, ...]]:
    number = 0
    for customer in making.customers:
        if making.random.random() < 0.4:
            number += 1
            role = "billing" if making.random.random() < 0.8 else "management"
            yield (
                number, f"P{number}", customer.id, f"{role.title()} {customer.name}", role,
                f"{role}.{customer.id.lower()}@customer.example", None, customer.language,
            )  # fmt: skip


def _items(making: _Making, open_each: float, paid_each: float) -> Iterator[tuple[object, ...]]:
    made = invoices(making.random, making.on, making.customers, open_each, paid_each)
    for number, invoice in enumerate(made, 1):
        if invoice.balance:
            making.open.append(invoice)
        if invoice.paid_on:
            making.paid.append(
                (
                    invoice.paid_on, invoice.id, invoice.customer, invoice.company,
                    invoice.currency, invoice.amount - invoice.balance, invoice.due,
                )
            )  # fmt: skip
        yield (
            number, invoice.id, invoice.customer, invoice.company, invoice.number,
            invoice.document, invoice.kind, invoice.issued, invoice.due, invoice.currency,
            invoice.amount, invoice.balance, invoice.terms, invoice.method, invoice.paid_on,
            None, invoice.collection, invoice.failure, invoice.returns, None, None,
        )  # fmt: skip


def _credits(making: _Making) -> Iterator[tuple[object, ...]]:
    number = 0
    for day, _, customer, company, currency, amount, _ in making.paid:
        number += 1
        yield (
            number, f"PAY-{number}", customer, company, None, "payment", day, currency, amount,
            0, None, None,
        )  # fmt: skip
    for customer_ in making.customers:
        if making.random.random() < 0.04:
            number += 1
            kind = making.random.choice(("payment", "credit_note"))
            amount = int(4_000 * customer_.scale) + 100
            day = (making.on - timedelta(days=making.random.randint(1, 60))).isoformat()
            yield (
                number, f"CR-{number}", customer_.id, customer_.company, f"CN-{number}", kind,
                day, customer_.currency, amount, amount, None, None,
            )  # fmt: skip


def _allocations(making: _Making) -> Iterator[tuple[object, ...]]:
    still_open = {invoice.id for invoice in making.open if invoice.paid_on}
    for number, (day, item, customer, company, currency, amount, due) in enumerate(making.paid, 1):
        yield (
            number, number, item, customer, company, day, currency, amount, "payment", due,
            int(item not in still_open),
        )  # fmt: skip


def _stories(connection: sqlite3.Connection, making: _Making) -> None:
    """Promises, disputes, exclusions, a person's hold, and calls: what people did meanwhile."""
    random, on = making.random, making.on
    late = [i for i in making.open if i.due and i.due < on.isoformat()]
    promises, disputes, exclusions, calls = [], [], [], []
    for invoice in late:
        chance = random.random()
        past = on - timedelta(days=random.randint(1, 12))
        if chance < 0.03:  # still open
            by = (on + timedelta(days=random.randint(1, 10))).isoformat()
            promises.append((invoice, past.isoformat(), by))
        elif chance < 0.05:  # the day has passed without the money: broken
            made = (past - timedelta(days=10)).isoformat()
            promises.append((invoice, made, (past - timedelta(days=2)).isoformat()))
        elif chance < 0.08:
            amount = invoice.balance // 2 if chance < 0.06 else None
            reason = random.choice(("quality", "price", "delivery"))
            disputes.append((invoice.customer, invoice.id, past.isoformat(), amount, reason))
        elif chance < 0.09:
            until = (on + timedelta(days=30)).isoformat() if chance < 0.085 else None
            reason = random.choice(("insolvency talks", "key account review", "bereavement"))
            exclusions.append((invoice.customer, None, reason, past.isoformat(), until))
        elif chance < 0.2:
            calls.append((invoice, past))
    # a settled promise: made and kept with the newest payments
    for day, item, customer, company, currency, amount, _ in making.paid[-len(late) // 25 - 1 :]:
        made = (date.fromisoformat(day) - timedelta(days=5)).isoformat()
        kept = Invoice(item, customer, company, currency=currency, balance=amount)
        promises.append((kept, made, day))
    _many(connection, "promises", 10, (
        (n, f"promise:{n}", i.customer, i.company, made, by, i.currency, i.balance,
         json.dumps([i.id]), None) for n, (i, made, by) in enumerate(promises, 1)
    ))  # fmt: skip
    _many(connection, "disputes", 8, (
        (n, f"dispute:{n}", *row, None) for n, row in enumerate(disputes, 1)
    ))  # fmt: skip
    _many(connection, "exclusions", 7, (
        (n, f"exclusion:{n}", *row) for n, row in enumerate(exclusions, 1)
    ))  # fmt: skip
    for number, (invoice, called) in enumerate(calls):
        channel = ("call", "email", "visit")[number % 3]
        at = datetime.combine(called, time(10, number % 60), UTC)
        text = f"{channel} about {invoice.number}"
        entry = Entry(
            invoice.customer, invoice.company, None, "contact", f"contact:{number}", at,
            "person", "in" if number % 7 == 0 else "out", channel, text=text,
        )  # fmt: skip
        log.write(connection, entry, instant(at))


def _write_log(
    connection: sqlite3.Connection, making: _Making, entries: Entries, tenant: str
) -> None:
    payers = {customer.id: customer.payer for customer in making.customers}
    owed: dict[str, list[Invoice]] = {}
    for invoice in making.open:
        owed.setdefault(payers[invoice.customer], []).append(invoice)
    for debtor in sorted(owed):
        for entry in entries(Debtor(debtor, tenant, making.on, tuple(owed[debtor]))):
            log.write(connection, entry, instant(entry.at))
