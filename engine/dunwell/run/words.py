"""What a message may say about an account: which items it demands, and which stand apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from dunwell.command import Amount, Attachment
from dunwell.decide.case import Case, ItemCase
from dunwell.decide.conclusions import Conclusions
from dunwell.message.facts import Company, Credit, Customer, Line, MessageFacts, Sums, sums
from dunwell.money import Money


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in one language."""

    subject: str
    text: str
    html: str
    language: str


class Wording(Protocol):
    """Renders templates and the inline texts of policies."""

    def message(self, template: str, languages: Sequence[str], facts: MessageFacts) -> Rendered:
        """The message of a template in the first language that there is."""
        ...

    def short(self, template: str, languages: Sequence[str], facts: MessageFacts) -> Rendered:
        """The same for a channel that carries only plain text, and little of it."""
        ...

    def inline(self, text: str, languages: Sequence[str], facts: MessageFacts) -> str:
        """A short text of a policy, on one line."""
        ...

    def statement(self, languages: Sequence[str], facts: MessageFacts) -> Attachment:
        """The statement of account."""
        ...


@dataclass(frozen=True, slots=True)
class Parted:
    """The open items of an account as a message of some stage sees them."""

    items: tuple[ItemCase, ...] = ()
    severer: tuple[ItemCase, ...] = ()
    not_due: tuple[ItemCase, ...] = ()
    paused: tuple[ItemCase, ...] = ()
    covered: tuple[ItemCase, ...] = ()
    money: Sums = field(default=())


def part(
    case: Case,
    found: Conclusions,
    rising: Iterable[str],
    stage: int | None,
    *,
    about: Iterable[str] = (),
) -> Parted:
    """Which items a message demands: those rising today and those at its stage or below, past due.

    Silent items are apart unless listed; items already at a severer stage too, and those not yet
    due unless the message is about them: a courtesy before the due date names what it is sent for.
    `stage` None demands whatever is past due. Items without a due date, and those that credits
    cover, are shown where all that is open is.
    """
    named = set(about)
    rises, silent = set(rising), {item for item, _ in found.silent}
    listed = set(found.listed)
    parts: dict[str, list[ItemCase]] = {
        name: [] for name in ("items", "severer", "not_due", "paused", "covered")
    }
    for item in case.items:
        name = item.row.id
        if item.due is None or (item.to_pay <= 0 and not item.covered.wholly_disputed):
            parts["covered"].append(item)
        elif name in silent and name not in listed:
            parts["paused"].append(item)
        elif item.due >= case.on and name not in named:
            parts["not_due"].append(item)
        elif name in rises or stage is None or item.stage <= stage:
            parts["items"].append(item)
        else:
            parts["severer"].append(item)
    money = owed(parts["items"])
    return Parted(**{name: tuple(found) for name, found in parts.items()}, money=money)


def message_facts(
    case: Case,
    parted: Parted,
    *,
    stage: str = "",
    contact: str = "",
    pay_by: date | None = None,
) -> MessageFacts:
    """The facts for a template."""
    payer, company = case.account.payer, case.account.company
    late = [i for i in (*parted.items, *parted.severer) if i.due and i.due < case.on]
    overdue = owed(late)
    dues = [i.due for i in late if i.due]
    return MessageFacts(
        today=case.on,
        customer=Customer(payer.name, payer.id, payer.language or "", payer.country or ""),
        company=Company(company.name, company.email or "", company.country or ""),
        items=_lines(case, parted.items),
        severer=_lines(case, parted.severer),
        not_due=_lines(case, parted.not_due),
        paused=_lines(case, parted.paused),
        covered=_lines(case, parted.covered),
        credits=tuple(
            Credit(c.number or c.id, Money(c.balance, c.currency), c.kind, c.on)
            for c in case.account.credits
        ),
        overdue=overdue,
        oldest_days_past_due=(case.on - min(dues)).days if dues else 0,
        pay_by=pay_by,
        stage=stage,
        contact=contact,
    )


def _lines(case: Case, items: Iterable[ItemCase]) -> tuple[Line, ...]:
    return tuple(
        Line(
            number=i.row.number,
            to_pay=Money(i.to_pay, i.row.currency),
            balance=Money(i.row.balance, i.row.currency),
            amount=Money(i.row.amount, i.row.currency),
            issued=i.row.issued,
            due=i.due,
            days_past_due=max(0, (case.on - i.due).days) if i.due else 0,
            document=i.row.document or "",
            kind=i.row.kind,
            link=i.row.link or "",
        )
        for i in items
    )


def owed(items: Iterable[ItemCase]) -> Sums:
    """What is to pay of some items, per currency."""
    return sums(Money(i.to_pay, i.row.currency) for i in items)


def amounts(money: Iterable[Money]) -> tuple[Amount, ...]:
    """Money as plans write it."""
    return tuple(Amount(m.minor, m.currency) for m in money)


def to_pay(case: Case, items: Iterable[str]) -> tuple[Amount, ...]:
    """What is to pay of some items, per currency."""
    wanted = set(items)
    return amounts(owed(i for i in case.items if i.row.id in wanted))
