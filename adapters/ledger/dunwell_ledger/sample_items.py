"""The invoices of a sample book: how much, when due, and how their customers pay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

# minor units of a currency for one euro cent: a believable size of invoices everywhere
_SIZE = {"EUR": 1.0, "USD": 1.1, "GBP": 0.85, "MXN": 20.0, "JPY": 1.6}
_DAYS = 500


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer in the making; `lateness` from 0 (pays on the day) to 3 (hardly pays)."""

    n: int
    id: str
    payer: str
    company: str
    currency: str
    name: str
    email: str | None
    language: str
    scale: float
    terms: int
    lateness: int
    vip: bool
    direct_debit: bool


@dataclass(slots=True)
class Invoice:
    """An invoice, or an instalment of one, with what is still open of it in minor units."""

    id: str
    customer: str
    company: str
    number: str = ""
    document: str | None = None
    kind: str = "invoice"
    issued: str | None = None
    due: str | None = None
    currency: str = ""
    amount: int = 0
    balance: int = 0
    terms: str | None = None
    method: str | None = None
    paid_on: str | None = None  # the newest payment on it
    collection: str | None = None
    failure: str | None = None
    returns: int | None = None


def invoices(
    random: Random, on: date, customers: Sequence[Customer], open_each: float, paid_each: float
) -> Iterator[Invoice]:
    """All invoices, customer after customer, in a time that grows with their number only."""
    days = [(on + timedelta(days=n)).isoformat() for n in range(-2 * _DAYS, _DAYS)]
    # one draw from this table is one believable amount in euro cents
    amounts = [int(random.lognormvariate(10.6, 1.1)) + 900 for _ in range(4096)]
    number = 0
    for customer in customers:
        size = customer.scale * _SIZE[customer.currency]
        for _ in range(_about(random, paid_each)):
            number += 1
            yield _paid(random, days, customer, number, int(amounts[number & 4095] * size) + 1)
        share = (0.5, 0.9, 1.2, 1.4)[customer.lateness] / 0.917
        for _ in range(_about(random, open_each * share)):
            number += 1
            amount = int(amounts[random.getrandbits(12)] * size) + 1
            invoice = _open(random, days, customer, number, amount)
            if random.random() < 0.03:
                yield from _instalments(days, invoice)
            else:
                yield invoice


def _about(random: Random, mean: float) -> int:
    """A whole number whose mean is `mean`, between none and twice as many."""
    return int(mean * 2 * random.random() + random.random() * 0.999)


def _paid(
    random: Random, days: list[str], customer: Customer, number: int, amount: int
) -> Invoice:
    due = 12 + int(random.random() * 430)  # days ago
    late = int(random.random() ** 2 * (5, 12, 30, 70)[customer.lateness]) - 3
    paid = max(1, due - late)
    return _dressed(Invoice(
        f"I{number:08d}", customer.id, customer.company, f"F-{number}",
        issued=_day(days, due + customer.terms), due=_day(days, due), currency=customer.currency,
        amount=amount, paid_on=_day(days, paid),
    ), customer)  # fmt: skip


def _open(
    random: Random, days: list[str], customer: Customer, number: int, amount: int
) -> Invoice:
    overdue = random.random() < (0.15, 0.35, 0.6, 0.85)[customer.lateness]
    if overdue:
        due = 1 + int(random.random() ** 2 * (15, 40, 90, 200)[customer.lateness])
    else:
        due = -int(random.random() * customer.terms)
    invoice = _dressed(Invoice(
        f"I{number:08d}", customer.id, customer.company, f"F-{number}",
        issued=_day(days, due + customer.terms), due=_day(days, due), currency=customer.currency,
        amount=amount, balance=amount,
    ), customer)  # fmt: skip
    chance = random.random()
    if overdue and chance < 0.08:  # paid in part
        invoice.balance = amount - int(amount * (0.2 + chance * 8))
        invoice.balance = max(1, min(amount - 1, invoice.balance)) if amount > 1 else amount
        if invoice.balance < amount:
            invoice.paid_on = _day(days, max(1, due // 2))
    elif chance > 0.995:
        invoice.due = None
    if customer.direct_debit:
        invoice.collection = "scheduled" if not overdue else "returned"
        if overdue:
            invoice.failure, invoice.returns = "insufficient funds", 1
    return invoice


def _instalments(days: list[str], invoice: Invoice) -> Iterator[Invoice]:
    """Three parts of one invoice, a month apart; only the first may be paid in part."""
    if invoice.amount < 3 or invoice.due is None or invoice.paid_on:
        yield invoice
        return
    first = days.index(invoice.due)
    part = invoice.amount // 3
    for n in range(3):
        amount = part if n < 2 else invoice.amount - 2 * part
        yield Invoice(
            f"{invoice.id}-{n + 1}", invoice.customer, invoice.company,
            f"{invoice.number}/{n + 1}", invoice.id, "instalment", invoice.issued,
            days[first + 30 * n], invoice.currency, amount, amount, invoice.terms,
            invoice.method, None, invoice.collection, invoice.failure, invoice.returns,
        )  # fmt: skip


def _dressed(invoice: Invoice, customer: Customer) -> Invoice:
    invoice.terms = f"{customer.terms} days"
    invoice.method = "direct_debit" if customer.direct_debit else "transfer"
    return invoice


def _day(days: list[str], ago: int) -> str:
    return days[2 * _DAYS - ago]
