"""Conditions as they came out, in values that can be printed or read by a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

import msgspec

from dunwell.calendar import Duration
from dunwell.decide.case import ItemCase
from dunwell.decide.conditions import Finding, truth
from dunwell.decide.values import Span, Sum, View
from dunwell.errors import Place
from dunwell.facts import Fact, Registry
from dunwell.money import Money
from dunwell.policy.tree import Condition, Every, Neither, Some, Test

UNKNOWN = "not known"


class Said(msgspec.Struct, frozen=True):
    """The base of what is reported: immutable, every field always there."""


class Cash(Said, frozen=True):
    """An amount in major units, exact."""

    amount: str
    currency: str


def cash(money: Money) -> Cash:
    """An amount for a report."""
    return Cash(f"{money.decimal():f}", money.currency)


class Clause(Said, frozen=True):
    """One part of a condition: a test with its fact and threshold, or a group of parts.

    `holds` None: a fact is not known. `needs` reads as the policy does: `at_least 15`.
    """

    kind: str  # test, all_of, any_of, none_of
    holds: bool | None
    fact: str = ""
    value: str = ""
    needs: str = ""
    place: str = ""
    parts: tuple[Clause, ...] = ()


def clause(condition: Condition, view: View, item: ItemCase | None, registry: Registry) -> Clause:
    """A condition evaluated for an item or account, with every test in it."""
    findings: list[Finding] = []
    truth(condition, view, item=item, registry=registry, record=findings.append)
    return clause_of(condition, findings, registry)


def clause_of(condition: Condition, findings: Sequence[Finding], registry: Registry) -> Clause:
    """A condition with the findings of its tests, which come in the order written."""
    return _clause(condition, iter(findings), registry)


def _clause(condition: Condition, findings: Iterator[Finding], registry: Registry) -> Clause:
    if isinstance(condition, Test):
        return _test(next(findings), registry)
    parts = tuple(_clause(part, findings, registry) for part in condition.parts)
    place = _placed(condition.place)
    truths = [part.holds for part in parts]
    if isinstance(condition, Every):
        every = False if False in truths else (None if None in truths else True)
        return Clause("all_of", every, place=place, parts=parts)
    some = True if True in truths else (None if None in truths else False)
    if isinstance(condition, Some):
        return Clause("any_of", some, place=place, parts=parts)
    assert isinstance(condition, Neither)
    return Clause("none_of", None if some is None else not some, place=place, parts=parts)


def _placed(place: Place) -> str:
    return str(place) if place.line else ""


def _test(finding: Finding, registry: Registry) -> Clause:
    test, fact = finding.test, registry[finding.test.fact]
    name = f"{fact.name} within {test.within}" if test.within else fact.name
    value = value_words(finding.value, fact)
    return Clause("test", finding.truth, name, value, _needs(finding), _placed(test.place))


def _needs(finding: Finding) -> str:
    op, threshold = finding.test.op, finding.threshold
    if threshold is None:
        return "nothing for this segment"
    values = threshold if isinstance(threshold, tuple) else (threshold,)
    words = ", ".join(threshold_words(value) for value in values)
    if op == "known":
        return "known" if threshold else UNKNOWN
    if len(values) > 1:
        return f"{'one of' if op == 'is' else 'none of'} {words}"
    return f"{op} {words}"


def threshold_words(value: object) -> str:
    """A threshold as a policy writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return _percent(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Money | Duration):
        return str(value)
    return str(value)


def value_words(value: object, fact: Fact) -> str:
    """A fact's value as people write it."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Span):
        return str(value.days)
    if isinstance(value, Sum):
        parts = [Money(minor, currency) for currency, minor in sorted(value.parts.items())]
        return " + ".join(str(part) for part in parts) or "0"
    if isinstance(value, Fraction):
        return _percent(value) if fact.type == "share" else _decimal(value)
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    return value.isoformat() if isinstance(value, date) else str(value)


def _percent(value: Fraction) -> str:
    return f"{_decimal(value * 100)} %"


def _decimal(value: Fraction) -> str:
    """At most one decimal, and none where it says nothing."""
    tenths = round(value * 10)
    return str(tenths // 10) if tenths % 10 == 0 else f"{tenths / 10:.1f}"
