"""Accounts: all rows of one payer with one company together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dunwell.model.book import Book
from dunwell.model.portion import payers, portion
from dunwell.model.rows import (
    Company,
    Credit,
    Customer,
    Dispute,
    Exclusion,
    Hold,
    Item,
    Person,
    Promise,
    Record,
    Row,
    Settlement,
    Task,
    rows,
)

Owned = TypeVar("Owned", Exclusion, Hold, Task, Person)
Placed = TypeVar("Placed", Item, Credit, Settlement, Promise)


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
