"""Conditions made ready to be asked of many items: whether one holds, or fails, for certain.

What a test needs (its fact, how it compares, what it is compared with) is found once. An unknown
fact settles nothing: neither that a test holds nor that it fails, so no third answer is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dunwell.decide.case import ItemCase
from dunwell.decide.conditions import compare, comparison, threshold
from dunwell.decide.values import Known, View, account_value, item_reader
from dunwell.facts import Fact, Registry
from dunwell.policy.tree import BySegment, Condition, Every, Some, Test

Ask = Callable[[View, ItemCase | None], bool]
Read = Callable[[View, ItemCase], Known | None]


@dataclass(frozen=True, slots=True)
class Certain:
    """A condition that is ready: whether it holds, whether it fails; neither with an unknown."""

    holds: Ask
    fails: Ask


@dataclass(frozen=True, slots=True)
class Asks:
    """The conditions that were asked, ready for the next item."""

    registry: Registry
    _ready: dict[int, tuple[Condition, Ask]] = field(default_factory=dict, repr=False)

    def holds(self, condition: Condition, view: View, item: ItemCase | None = None) -> bool:
        """Whether a condition holds for certain: of an item, or without one of the account."""
        found = self._ready.get(id(condition))
        if found is None:  # kept with the condition: no other one has its id meanwhile
            found = self._ready[id(condition)] = condition, ready(condition, self.registry).holds
        return found[1](view, item)


def ready(condition: Condition, registry: Registry) -> Certain:
    """A condition made ready for the facts of a registry."""
    if isinstance(condition, Test):
        fact = registry[condition.fact]
        return (_account_test if fact.level == "account" else _item_test)(condition, fact)
    parts = [ready(part, registry) for part in condition.parts]
    holding, failing = [p.holds for p in parts], [p.fails for p in parts]
    if isinstance(condition, Every):
        return Certain(_all(holding), _any(failing))
    if isinstance(condition, Some):
        return Certain(_any(holding), _all(failing))
    return Certain(_all(failing), _any(holding))


def _all(asks: list[Ask]) -> Ask:
    if len(asks) == 1:
        return asks[0]

    def every(view: View, item: ItemCase | None) -> bool:
        for ask in asks:  # noqa: SIM110 - a generator takes twice as long, and this is asked most
            if not ask(view, item):
                return False
        return True

    return every


def _any(asks: list[Ask]) -> Ask:
    if len(asks) == 1:
        return asks[0]

    def some(view: View, item: ItemCase | None) -> bool:
        for ask in asks:  # noqa: SIM110 - as above
            if ask(view, item):
                return True
        return False

    return some


def _account_test(test: Test, fact: Fact) -> Certain:
    """Asked once of what is seen on a day, however many items ask."""
    place = id(test)

    def answer(view: View) -> bool | None:
        value = account_value(view, fact.name, test.within)
        found = compare(fact, test.op, value, threshold(test, view.segment), view.case)
        view.answers[place] = found
        return found

    def holds(view: View, item: ItemCase | None) -> bool:
        known = view.answers
        return (known[place] if place in known else answer(view)) is True

    def fails(view: View, item: ItemCase | None) -> bool:
        known = view.answers
        return (known[place] if place in known else answer(view)) is False

    return Certain(holds, fails)


def _item_test(test: Test, fact: Fact) -> Certain:
    read = item_reader(fact.name)
    if test.op == "known":
        return _known_test(read, wanted=bool(test.value))
    compared = comparison(fact, test.op)
    fixed = None if isinstance(test.value, BySegment) else test.value

    def answer(view: View, item: ItemCase | None) -> bool | None:
        value = None if item is None else read(view, item)
        wanted = threshold(test, view.segment) if fixed is None else fixed
        if value is None or wanted is None:
            return None
        return compared(value, wanted, view.case)

    return Certain(
        lambda view, item: answer(view, item) is True,
        lambda view, item: answer(view, item) is False,
    )


def _known_test(read: Read, *, wanted: bool) -> Certain:
    def holds(view: View, item: ItemCase | None) -> bool:
        return (item is not None and read(view, item) is not None) is wanted

    return Certain(holds, lambda view, item: not holds(view, item))
