"""What a message may say: the facts a template sees, and the published description of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from dunwell.money import Money

Sums = tuple[Money, ...]
"""At most one amount per currency, by currency; currencies are never added up."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Who owes; see `RECORDS` for the meaning of each field."""

    name: str
    number: str = ""
    language: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    """Whom it is owed."""

    name: str
    email: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One open item as a message names it."""

    number: str
    to_pay: Money
    balance: Money
    amount: Money
    issued: date | None = None
    due: date | None = None
    days_past_due: int = 0
    document: str = ""
    kind: str = "invoice"
    link: str = ""

    @property
    def currency(self) -> str:
        """The currency of its money."""
        return self.balance.currency


@dataclass(frozen=True, slots=True)
class Credit:
    """One unapplied credit note or payment; its balance is negative."""

    number: str
    balance: Money
    kind: str = "credit_note"
    on: date | None = None

    @property
    def currency(self) -> str:
        """The currency of its money."""
        return self.balance.currency


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """Everything that one message to one account may use.

    `items`, `severer`, `not_due`, `paused` and `covered` never share a line, and together they are
    all that is open; paused items that are `listed` are demanded, so they are in `items`. What is
    summed is computed here from the lines, so no total can disagree with the list above it.
    """

    today: date
    customer: Customer
    company: Company
    items: tuple[Line, ...] = ()
    severer: tuple[Line, ...] = ()
    not_due: tuple[Line, ...] = ()
    paused: tuple[Line, ...] = ()
    covered: tuple[Line, ...] = ()
    credits: tuple[Credit, ...] = ()
    overdue: Sums = ()
    oldest_days_past_due: int = 0
    pay_by: date | None = None
    stage: str = ""
    contact: str = ""

    @property
    def total(self) -> Sums:
        """What the items demand."""
        return sums(line.to_pay for line in self.items)

    @property
    def severer_total(self) -> Sums:
        """What is to pay of the items at a severer stage."""
        return sums(line.to_pay for line in self.severer)

    @property
    def open_items(self) -> tuple[Line, ...]:
        """All lines there are, the oldest due first, those without a due date last."""
        lines = (*self.items, *self.severer, *self.not_due, *self.paused, *self.covered)
        return tuple(sorted(lines, key=lambda line: (line.due or date.max, line.number)))

    @property
    def exposure(self) -> Sums:
        """All balances less unapplied credits."""
        balances = [line.balance for line in self.open_items]
        return sums(balances + [credit.balance for credit in self.credits])


def sums(amounts: Iterable[Money]) -> Sums:
    """Add up amounts, each currency for itself.

    >>> [str(m) for m in sums([Money(5, "USD"), Money(100, "EUR"), Money(7, "USD")])]
    ['1.00 EUR', '0.12 USD']
    """
    minor: dict[str, int] = {}
    for amount in amounts:
        minor[amount.currency] = minor.get(amount.currency, 0) + amount.minor
    return tuple(Money(minor[currency], currency) for currency in sorted(minor))


def grouped(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Put the instalments of one document next to each other, at the place of the first one."""
    place: dict[str, int] = {}
    for index, line in enumerate(lines):
        place.setdefault(line.document or f"\0{index}", index)
    if len(place) == len(lines):
        return lines
    return tuple(
        line
        for _, line in sorted(
            enumerate(lines), key=lambda pair: (place.get(pair[1].document, pair[0]), pair[0])
        )
    )


@dataclass(frozen=True, slots=True)
class Variable:
    """One word that a template may use.

    `type` is text, number, date, money, sums, a record of `RECORDS`, or a list of `LISTS`.
    An `optional` one may be empty: write it inside an `if`.
    """

    name: str
    type: str
    meaning: str
    optional: bool = False


def _variables(text: str) -> Mapping[str, Variable]:
    """Read `name type[?] meaning` lines; `?` marks what may be empty."""
    found = {}
    for line in text.strip().splitlines():
        name, kind, meaning = line.split(None, 2)
        found[name] = Variable(name, kind.rstrip("?"), meaning, kind.endswith("?"))
    return found


VARIABLES: Mapping[str, Variable] = _variables("""
today                date      the day of the message
customer             customer  who owes
company              company   whom it is owed: the sender
contact              text?     the person it is addressed to
stage                text?     the stage or watch that words the message
items                lines     what is demanded, the oldest first
total                sums      what the items demand, per currency
severer              lines     items that an earlier message of a severer stage demands already
severer_total        sums      what is to pay of them, per currency
not_due              lines     items that are not due yet, outside the total
paused               lines     items that are left alone for now, outside the total
covered              lines     items that credits cover or without a due date, outside the total
credits              credits   credit notes and payments not applied yet
open_items           lines     all of these items together, the oldest due first
exposure             sums      all balances less unapplied credits, per currency
overdue              sums      to pay over all items past due and not paused, per currency
oldest_days_past_due number    days past due of the oldest of them
pay_by               date?     the last day that the message gives
""")

RECORDS: Mapping[str, Mapping[str, Variable]] = {
    "customer": _variables("""
name     text   as people know it
number   text?  as the ERP numbers it
language text?  locale such as es or es_MX
country  text?  ISO 3166 alpha-2
"""),
    "company": _variables("""
name    text   as printed on messages
email   text?  where customers answer to
country text?  ISO 3166 alpha-2
"""),
    "line": _variables("""
number        text    of the invoice, as printed
document      text?   the invoice that instalments share
kind          text    invoice, instalment, debit_note or charge
issued        date?   of the document
due           date?   day on which it is or was due
days_past_due number  0 until the day after the due date
amount        money   as issued
balance       money   what is open of it
to_pay        money   the balance less covering credits and the disputed part
currency      text    ISO 4217 code of its money
link          text?   where it can be looked at or paid; http and https only
"""),
    "credit": _variables("""
number   text?  as printed
kind     text   credit_note or payment
on       date?  of the document
balance  money  what is left of it, negative
currency text   ISO 4217 code of its money
"""),
}

LISTS: Mapping[str, str] = {"lines": "line", "credits": "credit"}
"""What the entries of a list are."""
