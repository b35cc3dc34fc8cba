"""The world of a policy test: an ERP in memory, its customers and people, and a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from dunwell.casefile import words
from dunwell.testing import Erp, MemoryChannel


class StoryError(ValueError):
    """The story speaks of something that is not there."""


@dataclass(slots=True)
class World:
    """What the acts of a story change."""

    erp: Erp
    channel: MemoryChannel
    payments: dict[str, str] = field(default_factory=dict)  # newest settlement by invoice
    tasks: dict[str, str] = field(default_factory=dict)  # stage or watch by the task's key

    def customer(self, name: str | None) -> str:
        """The customer that is meant; the only one when none is named."""
        known = list(self.erp.rows["customers"])
        if name is None:
            return known[0]
        if name not in known:
            raise StoryError(f"no customer '{name}' in this story")
        return name

    def item(self, number: str | None) -> str:
        """The invoice that is meant, open or paid."""
        if number is None or number not in self.erp.rows["items"]:
            raise StoryError(f"no invoice '{number}' in this story")
        return number

    def go_to(self, day: date, hour: str) -> None:
        """Set the clock, in the zone of the company."""
        at = time.fromisoformat(hour)
        self.erp.now = datetime.combine(day, at, self.erp.zone).astimezone(self.erp.now.tzinfo)
        self.channel.on = day


def build(given: words.Given, first: date) -> World:
    """Everything as given, on the day before the first step."""
    erp = Erp(on=first - timedelta(1), currency=given.currency)
    world = World(erp, MemoryChannel("email"))
    erp.bank_data_on = given.bank_data
    for company in given.companies:
        erp.company(company.name, currency=company.currency, country=company.country)
    for person in given.people:
        erp.person(person.name or person.email, email=person.email)
    customers = [*([given.customer] if given.customer else []), *given.customers]
    for customer in customers or [words.Customer()]:
        _customer(erp, customer)
    for rate in given.rates:
        erp.rate(rate.currency, rate.rate, on=rate.on)
    for n, paid in enumerate(given.paid):
        for m in range(paid.times):
            _history(world, paid, f"paid-{n}-{m}")
    for invoice in given.invoices:
        issue(world, invoice)
    for credit in given.credits:
        credited(world, credit)
    return world


def _customer(erp: Erp, customer: words.Customer) -> None:
    erp.customer(
        customer.name,
        type=customer.type,
        country=customer.country,
        language=customer.language,
        email=customer.email or "",
        tags=customer.tags,
        credit_limit=customer.credit_limit,
        payer=customer.payer or "",
        salesperson=customer.salesperson,
        since=customer.since,
        timezone=customer.timezone,
    )
    for contact in customer.contacts:
        erp.contact(customer.name, contact.role, contact.email, name=contact.name)


def _history(world: World, paid: words.Paid, number: str) -> None:
    world.erp.invoice(
        number, customer=world.customer(paid.customer), amount=paid.amount, due=paid.due
    )
    world.erp.pay(number, on=paid.paid)


def issue(world: World, invoice: words.Invoice) -> None:
    """Issue an invoice."""
    columns: dict[str, object] = {
        "document": invoice.document,
        "method": invoice.method,
        "terms": invoice.terms,
        "collection": invoice.collection,
    }
    customer = world.customer(invoice.customer)
    issued = invoice.issued or (invoice.due - timedelta(30) if invoice.due else world.erp.on)
    world.erp.invoice(
        invoice.number,
        customer=customer,
        amount=invoice.amount,
        issued=issued,
        due=invoice.due or issued,
        company=invoice.company or "",
        **columns,  # type: ignore[arg-type]
    )
    if invoice.due is None:
        world.erp.change("items", invoice.number, due=None)
    if invoice.paid is not None:
        world.payments[invoice.number] = world.erp.pay(invoice.number, invoice.paid, on=issued)


def credited(world: World, credit: words.Credit) -> None:
    """Issue a credit note."""
    world.erp.credit(
        credit.number,
        credit.amount,
        customer=world.customer(credit.customer),
        item=credit.of or "",
    )


def customer_acts(world: World, acts: Sequence[words.CustomerAct]) -> None:
    """What customers do."""
    for act in acts:
        who = world.customer(act.who)
        if act.pays is not None:
            item = world.item(act.of)
            world.payments[item] = world.erp.pay(item, act.pays)
        if act.promises is not None:
            if act.by is None:
                raise StoryError("a promise needs `by`")
            items = [world.item(i) for i in act.items]
            world.erp.promise(who, act.promises, by=act.by, items=items)
        if act.disputes is not None:
            world.erp.dispute(act.disputes, act.amount, reason=act.reason)


def erp_acts(world: World, acts: Sequence[words.ErpAct]) -> None:
    """What happens in the books."""
    erp = world.erp
    for act in acts:
        if act.issue is not None:
            issue(world, act.issue)
        if act.credit is not None:
            credited(world, act.credit)
        if act.write_off is not None:
            erp.write_off(world.item(act.write_off))
        if act.reverse is not None:
            if act.reverse not in world.payments:
                raise StoryError(f"nothing was paid of '{act.reverse}' in this story")
            erp.reverse(world.payments.pop(act.reverse))
        if act.collection is not None:
            item = world.item(act.of)
            returns = int(str(erp.rows["items"][item].get("collection_returns") or 0))
            returns += act.collection == "returned"
            erp.change(
                "items",
                item,
                collection=act.collection,
                collection_returns=returns,
                collection_failure=act.failure,
            )
        if act.bank_data is not None:
            erp.bank_data_on = act.bank_data
        if act.email is not None:
            erp.change_email(world.customer(act.who), act.email)


def people_acts(world: World, acts: Sequence[words.PeopleAct]) -> None:
    """What our people do in the ERP; approvals and resolutions are Dunwell's own commands."""
    for act in acts:
        _by_hand(world, act, world.customer(act.who))
        for source, how in ((act.finish, "finish"), (act.cancel, "cancel")):
            if source is not None:
                _task(world, source, how, act.outcome)


def _by_hand(world: World, act: words.PeopleAct, who: str) -> None:
    erp = world.erp
    if act.call is not None:
        erp.call(who, act.call)
    if act.write is not None:
        erp.mail(who, act.write)
    if act.lift is not None:
        erp.lift_hold(who, act.lift)
    if act.block is not None:
        erp.place_hold(who, act.block)
    if act.exclude is not None:
        erp.exclude(who, reason=act.exclude, until=act.until)
    if act.settle is not None:
        _end(erp, "disputes", "item", act.settle)
    if act.withdraw:
        _end(erp, "promises", "customer", who)
    if act.tag or act.untag:
        tags = {str(t) for t in erp.rows["customers"][who].get("tags") or ()}  # type: ignore[attr-defined]
        tags |= {act.tag} if act.tag else set()
        tags -= {act.untag} if act.untag else set()
        erp.change("customers", who, tags=sorted(tags))


def _end(erp: Erp, table: str, column: str, value: str) -> None:
    rows = [k for k, row in erp.rows[table].items() if row[column] == value]
    if not rows:
        raise StoryError(f"no {table.removesuffix('s')} of '{value}' in this story")
    erp.change(table, rows[-1], ended=erp.on)


def _task(world: World, source: str, how: str, outcome: str) -> None:
    found = [
        key
        for key, row in world.erp.rows["tasks"].items()
        if row.get("state") == "open" and world.tasks.get(key) == source
    ]
    if not found:
        raise StoryError(f"no open task of '{source}' in this story")
    if how == "finish":
        world.erp.finish_task(found[-1], outcome)
    else:
        world.erp.cancel_task(found[-1])
