"""The value of every fact for one account or item on one day, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache

import msgspec

from dunwell.calendar import Duration, first_within
from dunwell.decide.case import Case, ItemCase
from dunwell.money import Rates


class Span(msgspec.Struct, frozen=True):
    """Days from `start` to `end`; tests count them as calendar days, business days or months."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Calendar days; negative when `end` is earlier."""
        return (self.end - self.start).days


class Sum(msgspec.Struct, frozen=True):
    """Money in several currencies, in minor units of each."""

    parts: Mapping[str, int]

    def within(self, currency: str, rates: Rates) -> int | None:
        """The sum in one currency, each part rounded half even; None without a rate for a part."""
        total = 0
        for source, minor in self.parts.items():
            worth = minor if source == currency else rates.worth(minor, source, currency)
            if worth is None and minor:
                return None
            total += worth or 0
        return total


Known = str | bool | int | Fraction | date | Span | Sum | frozenset[str]
"""What a fact may be, when it is known."""


class View(msgspec.Struct, frozen=True):
    """From where a fact is seen: the case, the day (pauses look back), and what pauses decided.

    What is known of the account is found once, however many items ask; `answers` are for whoever
    asks the same tests of it again and again.
    """

    case: Case
    day: date
    segment: str | None = None
    silent: frozenset[str] | None = (
        None  # items that do not count; None while pauses are not known
    )
    known: dict[str, Known | None] = msgspec.field(default_factory=dict)
    answers: dict[int, bool | None] = msgspec.field(default_factory=dict)


def item_value(view: View, item: ItemCase, fact: str) -> Known | None:
    """The value of an item fact; None when it is not known."""
    return item_reader(fact)(view, item)


def item_reader(fact: str) -> Callable[[View, ItemCase], Known | None]:
    """How an item fact is read."""
    return _ITEM.get(fact) or (
        lambda view, item: view.case.plugged.get((fact, item.row.id))  # type: ignore[return-value]
    )


def account_value(view: View, fact: str, within: Duration | None) -> Known | None:
    """The value of an account fact, over a period where it has one; None when it is not known."""
    if fact in _PERIOD:
        if within is None:
            return None
        known = view.case.periods
        if (fact, within) not in known:
            first = first_within(view.case.on, within, calendar=view.case.calendar)
            known[fact, within] = _PERIOD[fact](view, first)
        return known[fact, within]  # type: ignore[return-value]
    if fact in _ACCOUNT:
        if fact not in view.known:
            view.known[fact] = _ACCOUNT[fact](view)
        return view.known[fact]
    return view.case.plugged.get((fact, ""))  # type: ignore[return-value]


def _span(start: date | None, end: date | None) -> Span | None:
    return None if start is None or end is None else Span(start, end)


def _since_payment(view: View, item: ItemCase) -> Span | None:
    paid = item.row.last_payment
    return None if paid is None or paid > view.day else Span(paid, view.day)


def _dispute_open(view: View, item: ItemCase) -> bool:
    return item.dispute is not None and item.dispute.since <= view.day


def _dispute_age(view: View, item: ItemCase) -> Span | None:
    if item.dispute is None or not _dispute_open(view, item):
        return None
    return Span(item.dispute.since, view.day)


def _promise(view: View, item: ItemCase) -> str | None:
    promise = item.promise(view.day)
    return promise.state(view.day) if promise else None


def excluded(view: View, item: ItemCase) -> bool:
    """A person said to leave the item, its document or its debtor alone on that day."""
    if item.row.no_follow_up:
        return True
    names = (None, item.row.id, item.row.document or item.row.id)
    return any(
        e.item in names and e.since <= view.day and (e.until is None or view.day <= e.until)
        for e in view.case.account.exclusions
    )


def _paid_share(item: ItemCase) -> Fraction | None:
    if item.row.amount <= 0:
        return None
    return _share(item.row.amount - item.row.balance, item.row.amount)


@lru_cache(maxsize=4096)
def _share(part: int, whole: int) -> Fraction:
    return Fraction(part, whole)  # most items are wholly unpaid, and every pause asks anew


def _money(item: ItemCase, minor: int) -> Sum:
    return Sum({item.row.currency: minor})


_ITEM: Mapping[str, Callable[[View, ItemCase], Known | None]] = {
    "stage": lambda view, item: item.state.stage or None if item.state else None,
    "days_past_due": lambda view, item: _span(item.due, view.day),
    "days_until_due": lambda view, item: _span(view.day, item.due),
    "age_days": lambda view, item: _span(item.row.issued, view.day),
    "issued": lambda view, item: item.row.issued,
    "due": lambda view, item: item.due,
    "amount": lambda view, item: _money(item, item.row.amount),
    "balance": lambda view, item: _money(item, item.row.balance),
    "to_pay": lambda view, item: _money(item, item.to_pay),
    "paid_share": lambda view, item: _paid_share(item),
    "days_since_payment": _since_payment,
    "document_type": lambda view, item: item.row.kind,
    "payment_terms": lambda view, item: item.row.terms,
    "payment_method": lambda view, item: item.row.method,
    "is_disputed": _dispute_open,
    "disputed_amount": lambda view, item: _money(item, item.covered.disputed),
    "dispute_age": _dispute_age,
    "dispute_reason": lambda view, item: (
        item.dispute.reason if item.dispute and _dispute_open(view, item) else None
    ),
    "promise": _promise,
    "collection": lambda view, item: item.row.collection or "none",
    "collection_failure": lambda view, item: item.row.collection_failure,
    "collection_returns": lambda view, item: item.row.collection_returns or 0,
    "is_excluded": excluded,
}


def past_due(view: View, item: ItemCase) -> bool:
    """Past its due date with something to pay."""
    return item.due is not None and item.due < view.day and item.to_pay > 0


def _counted(view: View) -> list[ItemCase]:
    silent = view.silent or frozenset()
    return [i for i in view.case.items if past_due(view, i) and i.row.id not in silent]


def add(parts: Mapping[str, int], currency: str, minor: int) -> dict[str, int]:
    """The parts with an amount added to one currency."""
    return {**parts, currency: parts.get(currency, 0) + minor}


def total(items: list[ItemCase]) -> Sum:
    """The sum of `to_pay`, per currency."""
    parts: dict[str, int] = {}
    for item in items:
        parts = add(parts, item.row.currency, item.to_pay)
    return Sum(parts)


def _oldest(view: View) -> Span | None:
    dues = [i.due for i in _counted(view) if i.due is not None]
    return Span(min(dues), view.day) if dues else None


def _exposure(view: View) -> Sum:
    parts: dict[str, int] = {}
    for item in view.case.account.items:
        parts = add(parts, item.currency, item.balance)
    for credit in view.case.account.credits:
        parts = add(parts, credit.currency, credit.balance)
    return Sum(parts)


def _credits(view: View) -> Sum:
    parts: dict[str, int] = {}
    for credit in view.case.account.credits:
        parts = add(parts, credit.currency, -credit.balance)
    return Sum(parts)


def _limit(view: View) -> Sum | None:
    payer = view.case.account.payer
    if payer.credit_limit is None or not payer.credit_currency:
        return None
    return Sum({payer.credit_currency: payer.credit_limit})


def _credit_use(view: View) -> Fraction | None:
    payer = view.case.account.payer
    if not payer.credit_limit or not payer.credit_currency:
        return None
    used = _exposure(view).within(payer.credit_currency, view.case.rates)
    return None if used is None else Fraction(used, payer.credit_limit)


def account_stage(view: View) -> str | None:
    """The severest stage among the open items."""
    ladder = view.case.policy.ladder
    reached = max((i.stage for i in view.case.items), default=-1)
    return ladder[reached].name if reached >= 0 else None


def _task_outcome(view: View) -> str | None:
    task = newest_task(view)
    if task is None:
        return None
    return (task.outcome or "done") if task.state == "done" else "cancelled"


def newest_task(view: View):  # type: ignore[no-untyped-def]
    """The task that ended last."""
    ended = [t for t in view.case.account.tasks if t.ended and t.ended <= view.case.on]
    return max(ended, key=lambda t: (t.ended, t.key), default=None)


_ACCOUNT: Mapping[str, Callable[[View], Known | None]] = {
    "account_stage": account_stage,
    "segment": lambda view: view.segment,
    "overdue": lambda view: total(_counted(view)),
    "overdue_all": lambda view: total([i for i in view.case.items if past_due(view, i)]),
    "overdue_count": lambda view: len(_counted(view)),
    "overdue_count_all": lambda view: sum(past_due(view, i) for i in view.case.items),
    "oldest_days_past_due": _oldest,
    "exposure": _exposure,
    "unapplied_credit": _credits,
    "credit_limit": _limit,
    "credit_use": _credit_use,
    "is_on_hold": lambda view: bool(view.case.account.holds),
    "bounced": lambda view: view.case.bounce is not None,
    "days_since_contact": lambda view: (
        Span(view.case.contacts[-1], view.day) if view.case.contacts else None
    ),
    "task_outcome": _task_outcome,
    "customer_type": lambda view: view.case.account.payer.type,
    "customer_country": lambda view: view.case.account.payer.country,
    "customer_language": lambda view: view.case.account.payer.language,
    "customer_tag": lambda view: frozenset(view.case.account.payer.tags),
    "customer_since": lambda view: view.case.account.payer.since,
    "salesperson": lambda view: view.case.account.payer.salesperson,
    "company": lambda view: view.case.account.company.id,
    "payer": lambda view: view.case.account.debtor,
}


def _late(view: View, first: date) -> list[int]:
    return sorted(late for _, late in view.case.paid(first) if late is not None)


def _late_share(view: View, first: date) -> Fraction | None:
    late = _late(view, first)
    return Fraction(sum(days > 0 for days in late), len(late)) if late else None


def _average_late(view: View, first: date) -> Fraction | None:
    late = _late(view, first)
    return Fraction(sum(late), len(late)) if late else None


def _usual_late(view: View, first: date) -> int | None:
    late = _late(view, first)
    return late[(len(late) - 1) // 2] if late else None


def _broken(view: View, first: date) -> int:
    from dunwell.decide.promises import promises

    found = (p.broken_on for p in promises(view.case.account, view.case.on))
    return sum(1 for day in found if day is not None and first <= day <= view.case.on)


_PERIOD: Mapping[str, Callable[[View, date], Known | None]] = {
    "contacts": lambda view, first: sum(first <= day for day in view.case.contacts),
    "invoices_paid": lambda view, first: len(view.case.paid(first)),
    "late_share": _late_share,
    "average_days_late": _average_late,
    "usual_days_late": _usual_late,
    "broken_promises": _broken,
}
