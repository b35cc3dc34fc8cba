"""Whether a condition holds for an item or account, and the fact and threshold of each test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from operator import ge, gt, le, lt
from typing import Protocol

from dunwell.calendar import Calendar, Duration
from dunwell.calendar.durations import add_months
from dunwell.decide.case import ItemCase
from dunwell.decide.values import Known, Span, Sum, View, account_value, item_value
from dunwell.facts import Fact, Registry
from dunwell.money import Money, Rates
from dunwell.policy.tree import (
    BySegment,
    Condition,
    Every,
    Policy,
    Some,
    Test,
    Value,
)

_ORDER: dict[str, Callable[..., bool]] = {
    "at_least": ge,
    "at_most": le,
    "over": gt,
    "under": lt,
    "before": lt,
}


class Terms(Protocol):
    """What values are compared under; a case has all of it."""

    @property
    def policy(self) -> Policy:
        """Knows the order of stages."""
        ...

    @property
    def rates(self) -> Rates:
        """The company's exchange rates."""
        ...

    @property
    def calendar(self) -> Calendar:
        """Knows business days."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One test as it came out: the fact's value (None: not known), the threshold, the truth."""

    test: Test
    item: str  # "" for account facts
    value: Known | None
    threshold: Threshold | None
    truth: bool | None


Recorder = Callable[[Finding], None]

Threshold = Value | tuple[Value, ...]

Compare = Callable[[Known, Threshold, Terms], bool | None]
"""Of a value and what it is compared with; None where they cannot be, as without a rate."""


def truth(
    condition: Condition,
    view: View,
    *,
    item: ItemCase | None,
    registry: Registry,
    record: Recorder,
) -> bool | None:
    """Whether it holds: True, False, or None where a fact is not known (Kleene's logic).

    Every part is evaluated, so that the recorder hears of all tests.
    """
    if isinstance(condition, Test):
        return _test(condition, view, item, registry, record)
    decides = not isinstance(condition, Every)  # the truth of one part that settles it
    truths = [truth(p, view, item=item, registry=registry, record=record) for p in condition.parts]
    settled = decides in truths
    if None in truths and not settled:
        return None
    return settled if isinstance(condition, Some) else not settled


def _test(
    test: Test, view: View, item: ItemCase | None, registry: Registry, record: Recorder
) -> bool | None:
    fact = registry[test.fact]
    if fact.level == "account":
        value = account_value(view, fact.name, test.within)
    else:
        value = item_value(view, item, fact.name) if item is not None else None
    wanted = threshold(test, view.segment)
    result = compare(fact, test.op, value, wanted, view.case)
    name = item.row.id if item is not None and fact.level == "item" else ""
    record(Finding(test, name, value, wanted, result))
    return result


def threshold(test: Test, segment: str | None) -> Threshold | None:
    """What a test compares with in a segment; None where it says nothing for that one."""
    if isinstance(test.value, BySegment):
        return test.value.values.get(segment or "", test.value.other)
    return test.value


def compare(
    fact: Fact, op: str, value: Known | None, threshold: Threshold | None, case: Terms
) -> bool | None:
    """Compare a value with a threshold; None when either is not known."""
    if op == "known":
        return (value is not None) is threshold
    if value is None or threshold is None:
        return None
    return comparison(fact, op)(value, threshold, case)


def comparison(fact: Fact, op: str) -> Compare:
    """How known values of a fact are compared by any word but `known`."""
    if fact.type == "stage":
        return partial(_compare_stage, op)
    if op == "is":
        return _is_one_of
    if op == "not":
        return _is_none_of
    return partial(_ordered, _ORDER[op])


def _is_one_of(value: Known, threshold: Threshold, case: Terms) -> bool | None:
    wanted = threshold if isinstance(threshold, tuple) else (threshold,)
    equal = [_equal(value, one, case) for one in wanted]
    return True if True in equal else (None if None in equal else False)


def _is_none_of(value: Known, threshold: Threshold, case: Terms) -> bool | None:
    found = _is_one_of(value, threshold, case)
    return None if found is None else not found


def _equal(value: Known, wanted: Value, case: Terms) -> bool | None:
    if isinstance(value, frozenset):
        return wanted in value
    if isinstance(value, Sum) and isinstance(wanted, Money):
        have = value.within(wanted.currency, case.rates)
        return None if have is None else have == wanted.minor
    if isinstance(value, Span):
        both = (_span_order(order, value, wanted, case) for order in (ge, le))
        return all(both)
    return value == wanted


def _ordered(
    order: Callable[..., bool], value: Known, threshold: Threshold, case: Terms
) -> bool | None:
    if isinstance(value, Span):
        return _span_order(order, value, threshold, case)
    if isinstance(value, Sum) and isinstance(threshold, Money):
        have = value.within(threshold.currency, case.rates)
        return None if have is None else order(have, threshold.minor)
    if isinstance(value, date) and isinstance(threshold, date):
        return order(value, threshold)
    if isinstance(value, int | Fraction) and isinstance(threshold, int | Fraction):
        return order(value, threshold)
    return None


def _span_order(
    order: Callable[..., bool], span: Span, threshold: Threshold, case: Terms
) -> bool | None:
    if isinstance(threshold, int):
        return order(span.days, threshold)
    if not isinstance(threshold, Duration):
        return None
    if threshold.unit == "business days":
        worked = case.calendar.business_days_between(span.start, span.end)
        return order(worked, threshold.count)
    if threshold.unit == "months":
        return order(span.end, add_months(span.start, threshold.count))
    return order(span.days, threshold.count * (7 if threshold.unit == "weeks" else 1))


def _compare_stage(op: str, value: Known, threshold: Threshold, case: Terms) -> bool | None:
    have = case.policy.stage(str(value))
    wanted = threshold if isinstance(threshold, tuple) else (threshold,)
    marks = [case.policy.stage(str(one)) for one in wanted]
    if have is None or None in marks:
        return None
    if op == "is":
        return have in marks
    if op == "not":
        return have not in marks
    return _ORDER[op](have, marks[0])
