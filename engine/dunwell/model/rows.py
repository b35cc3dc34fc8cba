"""The same tables row by row, for reading one account at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import msgspec
import polars as pl

from dunwell.model.book import Book
from dunwell.model.portion import payers, portion


class Record(msgspec.Struct, frozen=True, gc=False):
    """The base of a row: immutable, and made by the million."""


class Company(Record, frozen=True, gc=False):
    """One of our companies."""

    id: str
    name: str
    currency: str
    country: str | None = None
    timezone: str | None = None
    email: str | None = None


class Customer(Record, frozen=True, gc=False):
    """Whoever owes or pays."""

    id: str
    name: str
    payer: str | None = None
    type: str | None = None
    country: str | None = None
    language: str | None = None
    timezone: str | None = None
    since: date | None = None
    salesperson: str | None = None
    tags: tuple[str, ...] = ()
    email: str | None = None
    phone: str | None = None
    credit_limit: int | None = None
    credit_currency: str | None = None
    street: str | None = None


class Person(Record, frozen=True, gc=False):
    """A contact at a customer."""

    id: str
    customer: str
    name: str | None = None
    role: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None


class Item(Record, frozen=True, gc=False):
    """An unpaid or part-paid receivable; money in minor units of `currency`."""

    id: str
    customer: str
    company: str
    number: str
    document: str | None
    kind: str
    issued: date | None
    due: date | None
    currency: str
    amount: int
    balance: int
    terms: str | None = None
    method: str | None = None
    last_payment: date | None = None
    no_follow_up: bool | None = None
    collection: str | None = None
    collection_failure: str | None = None
    collection_returns: int | None = None
    salesperson: str | None = None
    link: str | None = None


class Credit(Record, frozen=True, gc=False):
    """An unapplied credit; `balance` is negative."""

    id: str
    customer: str
    company: str
    number: str | None
    kind: str
    on: date | None
    currency: str
    balance: int
    item: str | None = None


class Settlement(Record, frozen=True, gc=False):
    """What settled an item."""

    id: str
    item: str
    customer: str
    company: str
    on: date
    currency: str
    amount: int
    kind: str
    due: date | None
    closes: bool


class Promise(Record, frozen=True, gc=False):
    """A promise to pay."""

    id: str
    customer: str
    company: str
    made: date
    by: date
    currency: str
    amount: int
    items: tuple[str, ...] = ()
    ended: date | None = None


class Dispute(Record, frozen=True, gc=False):
    """A contested item or document."""

    id: str
    item: str
    since: date
    amount: int | None = None
    reason: str | None = None
    ended: date | None = None


class Exclusion(Record, frozen=True, gc=False):
    """A person's `do not contact`."""

    id: str
    customer: str
    item: str | None
    reason: str | None
    since: date
    until: date | None = None


class Hold(Record, frozen=True, gc=False):
    """A block in force."""

    id: str
    customer: str
    company: str | None
    kind: str
    value: str
    since: date | None = None
    by: str | None = None


class Task(Record, frozen=True, gc=False):
    """A task that Dunwell gave to a person."""

    key: str
    customer: str
    company: str | None
    state: str
    outcome: str | None = None
    ended: date | None = None


Row = TypeVar("Row", bound=Record)
Owned = TypeVar("Owned", Exclusion, Hold, Task, Person)
Placed = TypeVar("Placed", Item, Credit, Settlement, Promise)


def rows(table: pl.DataFrame, kind: type[Row]) -> list[Row]:
    """The rows of a published table as values, in the table's order; lists become tuples."""
    columns = [_values(table[name]) for name in kind.__struct_fields__]
    return list(map(kind, *columns))


def _values(column: pl.Series) -> list[object]:
    if isinstance(column.dtype, pl.List):
        return [tuple(sorted(each or ())) for each in column.to_list()]
    return column.to_list()


class Account(Record, frozen=True, gc=False):
    """All rows of one account: one payer with one company.

    Promises, tasks and holds are those that concern this company or all; `customers` are
    those that the payer pays for, itself included; none where another customer has come to pay
    for the payer: then only what stands of Dunwell's is left of the account.
    """

    debtor: str
    company: Company
    payer: Customer
    customers: tuple[Customer, ...]
    contacts: tuple[Person, ...]
    items: tuple[Item, ...]
    credits: tuple[Credit, ...]
    settlements: tuple[Settlement, ...]
    promises: tuple[Promise, ...]
    disputes: tuple[Dispute, ...]
    exclusions: tuple[Exclusion, ...]
    holds: tuple[Hold, ...]
    tasks: tuple[Task, ...]

    @property
    def id(self) -> tuple[str, str]:
        """The account's identity: debtor and company."""
        return self.debtor, self.company.id

    @property
    def handed_over(self) -> bool:
        """Another customer pays now for this one, which itself pays for nobody."""
        return not self.customers


def accounts(
    book: Book,
    debtors: Sequence[str] | None = None,
    *,
    remembered: Iterable[tuple[str, str]] = (),
) -> list[Account]:
    """The accounts of some debtors (None: all), sorted.

    Those that have an open item, a credit, a hold or a task, or that are `remembered` (debtor,
    company) for something of Dunwell's that stands there. Read set-wise: one pass over each table,
    whatever the number of debtors.
    """
    if debtors is not None:
        book = portion(book, debtors)
    wanted = None if debtors is None else frozenset(debtors)
    payer_of = payers(book)
    customers = {c.id: c for c in rows(book["customers"], Customer)}
    companies = {c.id: c for c in rows(book["companies"], Company)}

    def whole(table: str, kind: type[Owned]) -> dict[object, list[Owned]]:
        return group(rows(book[table], kind), lambda row: payer_of.get(row.customer))

    def each(table: str, kind: type[Placed]) -> dict[object, list[Placed]]:
        found = rows(book[table], kind)
        return group(found, lambda row: (payer_of.get(row.customer), row.company))

    holds = rows(book["holds"], Hold)
    sources = _Sources(
        items=each("items", Item),
        credits=each("credits", Credit),
        settlements=each("settlements", Settlement),
        promises=each("promises", Promise),
        disputes=group(rows(book["disputes"], Dispute), lambda dispute: dispute.item),
        exclusions=whole("exclusions", Exclusion),
        holds=group(
            (h for h in holds if wanted is None or payer_of.get(h.customer) in wanted),
            lambda hold: payer_of.get(hold.customer),
        ),
        own_holds=group(
            (h for h in holds if payer_of.get(h.customer) != h.customer),
            lambda hold: hold.customer,
        ),
        tasks=whole("tasks", Task),
        contacts=whole("contacts", Person),
        customers=group(customers.values(), lambda customer: payer_of.get(customer.id)),
    )
    return sources.accounts(customers, companies, remembered)


def group(values: Iterable[Row], key: Callable[[Row], object]) -> dict[object, list[Row]]:
    """Values by a key."""
    grouped: dict[object, list[Row]] = {}
    for value in values:
        grouped.setdefault(key(value), []).append(value)
    return grouped


@dataclass(frozen=True, slots=True)
class _Sources:
    items: Mapping[object, list[Item]]
    credits: Mapping[object, list[Credit]]
    settlements: Mapping[object, list[Settlement]]
    promises: Mapping[object, list[Promise]]
    disputes: Mapping[object, list[Dispute]]
    exclusions: Mapping[object, list[Exclusion]]
    holds: Mapping[object, list[Hold]]
    own_holds: Mapping[object, list[Hold]]  # of customers that others pay for, by themselves
    tasks: Mapping[object, list[Task]]
    contacts: Mapping[object, list[Person]]
    customers: Mapping[object, list[Customer]]

    def accounts(
        self,
        customers: Mapping[str, Customer],
        companies: Mapping[str, Company],
        remembered: Iterable[tuple[str, str]],
    ) -> list[Account]:
        keys: set[tuple[str, str]] = {
            key  # type: ignore[misc]
            for key in (*self.items, *self.credits)
            if key[0] is not None and key[1] in companies  # type: ignore[index]
        }
        keys.update((d, c) for d, c in remembered if d in customers and c in companies)
        marks = [(d, h.company) for d, found in self.holds.items() for h in found]
        marks += [(d, t.company) for d, ended in self.tasks.items() for t in ended]
        for debtor, place in marks:
            known = [c for c in companies if not place or c == place]
            keys.update((str(debtor), c) for c in known if debtor in customers)
        return [self._account(debtor, companies[c], customers) for debtor, c in sorted(keys)]

    def _account(
        self, debtor: str, company: Company, customers: Mapping[str, Customer]
    ) -> Account:
        key = (debtor, company.id)
        items = sorted(self.items.get(key, ()), key=lambda i: i.id)
        here = (None, "", company.id)
        customers_of = self.customers.get(debtor, ())
        holds = (self.holds if customers_of else self.own_holds).get(debtor, ())
        disputes = {
            d.id: d
            for item in items
            for name in {item.id, item.document or item.id}
            for d in self.disputes.get(name, ())
        }
        return Account(
            debtor,
            company,
            customers[debtor],
            tuple(sorted(customers_of, key=lambda c: c.id)),
            tuple(sorted(self.contacts.get(debtor, ()), key=lambda c: c.id)),
            tuple(items),
            tuple(sorted(self.credits.get(key, ()), key=lambda c: c.id)),
            tuple(sorted(self.settlements.get(key, ()), key=lambda s: (s.on, s.id))),
            tuple(sorted(self.promises.get(key, ()), key=lambda p: (p.made, p.id))),
            tuple(sorted(disputes.values(), key=lambda d: (d.since, d.id))),
            tuple(sorted(self.exclusions.get(debtor, ()), key=lambda e: e.id)),
            tuple(
                sorted(
                    (h for h in holds if h.company in here),
                    key=lambda h: h.id,
                )
            ),
            tuple(
                sorted(
                    (t for t in self.tasks.get(debtor, ()) if t.company in here),
                    key=lambda t: t.key,
                )
            ),
        )
