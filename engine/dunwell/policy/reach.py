"""Find conditions that can never hold: bounds of one fact that exclude each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from dunwell.calendar import Duration
from dunwell.errors import Place
from dunwell.facts import Registry
from dunwell.money import Money
from dunwell.policy.tree import BySegment, Condition, Every, Neither, Some, Test, Value

Number = int | Fraction
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Domain:
    """What is known of the values that facts can have.

    `words` lists all values of a fact where they are closed; `stages` is the order of the ladder.
    """

    registry: Registry
    words: Mapping[str, Collection[str]] = field(default_factory=dict)
    stages: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Clash:
    """Why a condition cannot hold, and where the second of the two tests stands."""

    place: Place
    why: str


@dataclass(frozen=True, slots=True)
class _Bound:
    value: Number
    strict: bool
    test: Test


def clash(conditions: Sequence[Condition], domain: Domain) -> Clash | None:
    """Why the conditions can never hold together; None when that cannot be proved."""
    parts = [part for condition in conditions for part in _conjuncts(condition)]
    own = [part for part in parts if isinstance(part, Test)]
    found = _tests_clash(own, domain)
    if found is not None:
        return found
    for part in parts:
        if isinstance(part, Some):
            clashes = [clash([*own, branch], domain) for branch in part.parts]
            if clashes and all(clashes):
                return clashes[0]
    return None


def clashes_within(condition: Condition, domain: Domain) -> Iterator[Clash]:
    """The clashes inside one condition, those of each branch too; one for each place."""
    found = clash([condition], domain)
    if found is not None:
        yield found
        return
    for part in _conjuncts(condition):
        if isinstance(part, Some | Neither):
            for branch in part.parts:
                yield from clashes_within(branch, domain)


def written(test: Test) -> str:
    """A test as a person would say it: `days_past_due at_least 5`."""
    value: object = test.value
    if isinstance(value, tuple):
        value = ", ".join(_text(each) for each in value)
    elif isinstance(value, BySegment):
        value = "by segment"
    else:
        value = _text(test.value)
    return f"{test.fact} {test.op} {value}"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Fraction):
        percent = value * 100
        return f"{Decimal(percent.numerator) / percent.denominator} %"
    return str(value)


def _conjuncts(condition: Condition) -> Iterator[Condition]:
    """The parts that must all hold."""
    if isinstance(condition, Every):
        for part in condition.parts:
            yield from _conjuncts(part)
    elif isinstance(condition, Neither):
        for part in condition.parts:
            if isinstance(part, Test) and part.op in ("is", "not"):
                yield replace(part, op="not" if part.op == "is" else "is")
        yield condition
    else:
        yield condition


def _tests_clash(tests: Sequence[Test], domain: Domain) -> Clash | None:
    by_fact: dict[Key, list[Test]] = {}
    for test in tests:
        fact = "days_past_due" if test.fact == "days_until_due" else test.fact
        by_fact.setdefault((fact, str(test.within)), []).append(test)
    for group in by_fact.values():
        found = (
            _unknown_clash(group) or _bounds_clash(group, domain) or _words_clash(group, domain)
        )
        if found is not None:
            return found
    return None


def _unknown_clash(tests: Sequence[Test]) -> Clash | None:
    absent = next((test for test in tests if test.op == "known" and test.value is False), None)
    if absent is None:
        return None
    other = next((test for test in tests if test is not absent and test.value is not False), None)
    return None if other is None else _together(absent, other)


def _bounds_clash(tests: Sequence[Test], domain: Domain) -> Clash | None:
    low: dict[str, _Bound] = {}
    high: dict[str, _Bound] = {}
    for test in tests:
        for kind, is_low, bound in _bounds(test, domain):
            side = low if is_low else high
            old = side.get(kind)
            sign = 1 if is_low else -1
            if old is None or (sign * bound.value, bound.strict) > (sign * old.value, old.strict):
                side[kind] = bound
    for kind, lower in low.items():
        upper = high.get(kind)
        if upper is None:
            continue
        if lower.value > upper.value or (
            lower.value == upper.value and (lower.strict or upper.strict)
        ):
            return _together(lower.test, upper.test)
    for upper in high.values():
        floor = _never_below(upper.test, domain)
        if floor and (upper.value < 0 or (upper.value == 0 and upper.strict)):
            message = f"'{written(upper.test)}' can never hold: it is never below 0"
            return Clash(upper.test.place, message)
    return None


def _never_below(test: Test, domain: Domain) -> bool:
    if test.fact in ("days_past_due", "days_until_due"):
        return False
    fact = domain.registry.get(test.fact)
    return fact is not None and fact.type in ("count", "days")


def _bounds(test: Test, domain: Domain) -> Iterator[tuple[str, bool, _Bound]]:
    """The loosest bounds that a test sets: unit, whether it is a lower one, the bound."""
    if test.op in ("known", "not"):
        return
    if isinstance(test.value, BySegment):
        values = list(test.value.values.values())
        values += [] if test.value.other is None else [test.value.other]
    else:
        values = list(test.value) if isinstance(test.value, tuple) else [test.value]
    numbers = [_number(value, test, domain) for value in values]
    units = {number[0] for number in numbers if number is not None}
    known = [number[1] for number in numbers if number is not None]
    if not known or len(known) != len(values) or len(units) != 1:
        return
    unit = units.pop()
    mirrored = test.fact == "days_until_due"
    if mirrored and unit:
        return
    strict = test.op in ("over", "under", "before")
    if test.op in ("at_least", "over", "is"):
        value = -min(known) if mirrored else min(known)
        yield unit, not mirrored, _Bound(value, strict, test)
    if test.op in ("at_most", "under", "before", "is"):
        value = -max(known) if mirrored else max(known)
        yield unit, mirrored, _Bound(value, strict, test)


def _number(value: Value, test: Test, domain: Domain) -> tuple[str, Number] | None:
    """A value as a unit and a number, comparable with others of the same unit."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Fraction):
        return "", value
    if isinstance(value, Money):
        return value.currency, value.minor
    if isinstance(value, Duration):
        return value.unit, value.count
    if isinstance(value, date):
        return "day", value.toordinal()
    fact = domain.registry.get(test.fact)
    if fact is not None and fact.type == "stage" and value in domain.stages:
        return "stage", list(domain.stages).index(value)
    return None


def _words_clash(tests: Sequence[Test], domain: Domain) -> Clash | None:
    """Two lists of words without a common one, or all words excluded."""
    fact = domain.registry.get(tests[0].fact)
    if fact is None or fact.type not in ("text", "stage", "flag"):
        return None
    left: set[object] | None = None
    if fact.type == "text" and fact.name in domain.words:
        left = set(domain.words[fact.name])
    elif fact.values:
        left = set(fact.values)
    seen: Test | None = None
    for test in tests:
        if not isinstance(test.value, tuple) or test.op not in ("is", "not"):
            continue
        values: set[object] = set(test.value)
        if test.op == "is":
            left = values if left is None else left & values
        elif left is not None:
            left = left - values
        if left is not None and not left:
            return _together(seen, test) if seen is not None else _none_left(test)
        seen = test
    return None


def _none_left(test: Test) -> Clash:
    return Clash(test.place, f"'{written(test)}' can never hold: no value is left")


def _together(first: Test, second: Test) -> Clash:
    first, second = sorted((first, second), key=lambda test: test.place)
    message = f"'{written(second)}' can never hold together with '{written(first)}'"
    return Clash(second.place, message)
