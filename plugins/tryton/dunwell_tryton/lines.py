"""Receivable move lines as items, credits and settlements: pure, without a call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dunwell.money import Money
from dunwell_tryton.wire import Record

FIELDS = (
    "party", "debit", "credit", "maturity_date", "description", "amount_second_currency",
    "second_currency.code", "reconciliation", "invoice_payments",
    "move.number", "move.date", "move.origin", "move.description",
    "journal.type",
)  # fmt: skip
"""What is read of a line."""

INVOICE = "account.invoice,"


@dataclass(frozen=True, slots=True)
class Line:
    """One posted receivable line: `minor` of `currency`, positive where it is owed to us."""

    id: int
    party: str
    currency: str
    minor: int
    due: date | None
    on: date
    number: str
    invoice: int | None
    settles: tuple[int, ...]
    reconciliation: int | None
    journal: str

    @property
    def kind(self) -> str:
        """What a line that takes from what is owed is."""
        if self.journal == "write-off":
            return "write_off"
        return "credit_note" if self.invoice is not None else "payment"


def line(row: Record, own: str) -> Line:
    """A line from its record; `own` is the currency of the company's books."""
    move: Record = row["move."]
    origin: str = move["origin"] or ""
    currency, worth = own, row["debit"] - row["credit"]
    second: Record = row["second_currency."] or {}
    if second and row["amount_second_currency"] is not None:
        currency, worth = second["code"], row["amount_second_currency"]
    number = row["description"] or move["description"] or move["number"] or str(row["id"])
    return Line(
        id=row["id"],
        party=str(row["party"]),
        currency=currency,
        minor=minor(worth, currency),
        due=row["maturity_date"],
        on=move["date"],
        number=number,
        invoice=int(origin.removeprefix(INVOICE)) if origin.startswith(INVOICE) else None,
        settles=tuple(row["invoice_payments"] or ()),
        reconciliation=row["reconciliation"],
        journal=row["journal."]["type"] if row.get("journal.") else "",
    )


def minor(worth: Decimal, currency: str) -> int:
    """Whole minor units; Tryton keeps as many digits as the currency has."""
    return Money.of(str(worth), currency).minor


def net(
    lines: Iterable[Line],
) -> tuple[dict[int, int], list[tuple[Line, Line, int]], dict[int, int]]:
    """Payments that name an invoice against its open lines, the oldest due first.

    What is open of each owed line by id; who paid how much of which; what is left of each credit.
    """
    everything = sorted(lines, key=lambda one: (one.due or date.max, one.id))
    owed = [one for one in everything if one.minor > 0]
    left = {one.id: one.minor for one in owed}
    credit = {one.id: -one.minor for one in everything if one.minor < 0}
    paid = []
    for payment in sorted((o for o in everything if o.minor < 0), key=lambda o: (o.on, o.id)):
        for item in owed:
            if item.invoice not in payment.settles or item.currency != payment.currency:
                continue
            part = min(left[item.id], credit[payment.id])
            if part:
                left[item.id] -= part
                credit[payment.id] -= part
                paid.append((payment, item, part))
    return left, paid, credit


def matched(group: Sequence[Line]) -> Iterator[tuple[Line, Line, int, bool]]:
    """Who paid how much of which in one reconciliation, and whether that closed it."""
    owed = sorted((o for o in group if o.minor > 0), key=lambda o: (o.due or date.max, o.id))
    left = {one.id: one.minor for one in owed}
    settling = sorted((o for o in group if o.minor < 0), key=lambda o: (o.on, o.id))
    for payment in settling:
        rest = -payment.minor
        for item in owed:
            if item.currency != payment.currency:
                continue
            part = min(left[item.id], rest)
            if part:
                left[item.id] -= part
                rest -= part
                yield payment, item, part, left[item.id] == 0


def settlement(
    payment: Line, item: Line, part: int, company: str, *, closes: bool
) -> dict[str, Any]:
    """A row of the published table."""
    return {
        "id": f"{payment.id}-{item.id}",
        "item": str(item.id),
        "customer": item.party,
        "company": company,
        "on": payment.on,
        "currency": item.currency,
        "amount": part,
        "kind": payment.kind,
        "due": item.due,
        "closes": closes,
    }
