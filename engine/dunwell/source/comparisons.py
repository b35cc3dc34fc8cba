"""Read the tests of one fact in a condition: operators, thresholds, periods, segments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar, get_args

from dunwell.calendar import Duration
from dunwell.errors import Place, Problem
from dunwell.facts import Fact, Registry
from dunwell.policy.language import Scope
from dunwell.policy.scalars import parse_flag, parse_span
from dunwell.policy.thresholds import (
    ALLOWED,
    BY_SEGMENT,
    ELSE,
    FORMS,
    INSTEAD,
    OPERATORS,
    WITHIN,
    parse_threshold,
)
from dunwell.policy.tree import BySegment, Operator, Test, Value
from dunwell.source.limits import MOST_PROBLEMS
from dunwell.source.nodes import ListNode, MapNode, Node, ScalarNode
from dunwell.source.suggest import hint_for

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Words:
    """The names that a condition may use where it stands, and the problems found in it.

    `one_policy` is false where several policies share the condition, so that no list of segments
    is ever complete.
    """

    registry: Registry
    segments: Collection[str] = ()
    stages: Collection[str] = ()
    one_policy: bool = True
    problems: list[Problem] = field(default_factory=list)

    def report(self, where: Place, message: str, hint: str = "") -> None:
        """Note one problem."""
        self.problems.append(Problem(where, message, hint))

    def hint(self, word: str, known: Iterable[str]) -> str:
        """What may have been meant; nothing any more where more is wrong than can be shown."""
        return hint_for(word, known) if len(self.problems) < 2 * MOST_PROBLEMS else ""

    def known_stages(self, names: Iterable[ScalarNode]) -> None:
        """Note the names that are no stage."""
        for name in names:
            if name.text not in self.stages:
                hint = self.hint(name.text, self.stages)
                self.report(name.place, f"unknown stage '{name.text}'", hint)

    def parsed(self, read: Callable[[object], _T], node: Node) -> _T | None:
        """What `read` makes of a node; None when it complains, which is noted."""
        if isinstance(node, ScalarNode):
            value: object = node.text
        else:
            value = [] if isinstance(node, ListNode) else {}
        try:
            return read(value)
        except ValueError as error:
            message, _, hint = str(error).partition(" | ")
            self.report(node.place, message, hint)
            return None


def unique(node: MapNode) -> Iterator[tuple[ScalarNode, Node]]:
    """The entries of a mapping; of a duplicate key only the first."""
    for key, value in node.entries:
        entry = node.entry(key.text)
        if entry is not None and entry[0] is key:  # a duplicate key is told by the reader
            yield key, value


@dataclass(frozen=True, slots=True)
class Reading:
    """The tests of one fact in one condition."""

    fact: Fact
    key: ScalarNode
    scope: Scope
    words: Words

    def compared(self, node: MapNode) -> Iterator[Test]:
        """The tests of a mapping of operators to thresholds."""
        within = self._within(node)
        operators = 0
        for key, value in unique(node):
            if key.text == WITHIN:
                continue
            operators += 1
            if self._allowed(key):
                yield from self._test(key, value, within)
        if not operators:
            hint = f"one of: {', '.join(ALLOWED[self.fact.type])}"
            self.words.report(node.place, f"nothing is compared with '{self.fact.name}'", hint)

    def _within(self, node: MapNode) -> Duration | None:
        entry = node.entry(WITHIN)
        if entry is None:
            if self.fact.period:
                self.words.report(
                    node.place,
                    f"'{self.fact.name}' is counted over a period, which is missing",
                    "add 'within', like within: 12 months",
                )
            return None
        if not self.fact.period:
            message = f"'{self.fact.name}' is as it is today and has no period"
            self.words.report(entry[0].place, message, "leave 'within' out")
            return None
        within = self.words.parsed(parse_span, entry[1])
        if within is not None and not within.count:
            self.words.report(entry[1].place, f"'{within}' is no time at all", "write 1 or more")
        return within

    def _allowed(self, key: ScalarNode) -> bool:
        allowed = ALLOWED[self.fact.type]
        if key.text in allowed:
            return True
        if key.text in OPERATORS:
            what = FORMS[self.fact.type][0]
            hint = INSTEAD.get((self.fact.type, key.text)) or f"write {_one_of(allowed)}"
            message = f"'{self.fact.name}' is {what} and cannot be compared with '{key.text}'"
            self.words.report(key.place, message, hint)
        elif key.text == BY_SEGMENT and "at_least" in allowed:
            hint = f"write {self.fact.name}: {{at_least: {{by_segment: ...}}}}"
            self.words.report(key.place, "'by_segment' stands inside a comparison", hint)
        else:
            words = [*allowed, *([WITHIN] if self.fact.period else [])]
            message = f"unknown word '{key.text}' in a test of '{self.fact.name}'"
            self.words.report(key.place, message, self.words.hint(key.text, words))
        return False

    def _test(self, key: ScalarNode, node: Node, within: Duration | None) -> Iterator[Test]:
        value: Value | tuple[Value, ...] | BySegment | None
        operator = _operator(key.text)
        if operator == "known":
            value = self.words.parsed(parse_flag, node)
        elif operator == "not":
            value = self.values(node)
        elif isinstance(node, MapNode):
            value = self._by_segment(node)
        else:
            value = self._value(node)
        if value is not None:
            yield Test(self.fact.name, operator, value, within, self.key.place)

    def values(self, node: Node) -> tuple[Value, ...] | None:
        """One value, or one of a list of them; None when one is wrong."""
        if not isinstance(node, ListNode):
            value = self._value(node)
            return None if value is None else (value,)
        if self.fact.type == "flag":
            message = f"'{self.fact.name}' is true or false, not one of a list"
            self.words.report(node.place, message, "write 'true' or 'false'")
            return None
        if not node.items:
            self.words.report(node.place, "an empty list: nothing is one of it", "write a value")
            return None
        values = [self._value(item) for item in node.items]
        known = [value for value in values if value is not None]
        for index, value in enumerate(values):
            if value is not None and value in values[:index]:
                place = node.items[index].place
                self.words.report(place, f"'{value}' is in the list twice", "leave one out")
        return tuple(known) if len(known) == len(values) else None

    def _value(self, node: Node) -> Value | None:
        if not isinstance(node, ScalarNode):
            what, example = FORMS[self.fact.type]
            message = f"'{self.fact.name}' is compared with {what}, not with "
            message += "a list" if isinstance(node, ListNode) else "a mapping"
            self.words.report(node.place, message, f"write it like '{example}'")
            return None
        value = self.words.parsed(lambda text: parse_threshold(self.fact, text), node)
        if isinstance(value, str) and not self._known_word(value, node):
            return None
        return value

    def _known_word(self, value: str, node: ScalarNode) -> bool:
        known: Collection[str]
        if self.fact.type == "stage":
            what, known = "stage", self.words.stages
        elif self.fact.name == "segment":
            what, known = "segment", self.words.segments
        elif self.fact.values:
            what, known = f"value of '{self.fact.name}'", self.fact.values
        else:
            return True
        if value in known:
            return True
        hint = self.words.hint(value, known) or (f"there is no {what} yet" if not known else "")
        prefix = "" if what in ("stage", "segment") else "no "
        message = f"unknown {what} '{value}'" if not prefix else f"'{value}' is no {what}"
        self.words.report(node.place, message, hint)
        return False

    def _by_segment(self, node: MapNode) -> BySegment | None:
        entry = node.entry(BY_SEGMENT)
        if entry is None or len(node.entries) != 1:
            what, example = FORMS[self.fact.type]
            message = f"'{self.fact.name}' is compared with {what} or with 'by_segment'"
            wrong = [key for key, _ in node.entries if key.text != BY_SEGMENT]
            place = wrong[0].place if wrong else node.place
            self.words.report(place, message, f"write it like '{example}'")
            return None
        if self.scope in ("segment", "account"):
            hint = "write one threshold"
            self.words.report(entry[0].place, "the segment is not yet known here", hint)
            return None
        if not isinstance(entry[1], MapNode) or not entry[1].entries:
            hint = "write it like {strategic: 10, else: 5}"
            self.words.report(entry[1].place, "'by_segment' maps segments to thresholds", hint)
            return None
        return self._thresholds(entry[0], entry[1])

    def _thresholds(self, key: ScalarNode, node: MapNode) -> BySegment | None:
        known = [*self.words.segments, ELSE]
        values: dict[str, Value] = {}
        sound = True
        for name, threshold in unique(node):
            if name.text not in known:
                hint = self.words.hint(name.text, known)
                self.words.report(name.place, f"unknown segment '{name.text}'", hint)
                sound = False
            value = self._value(threshold)
            if value is not None:
                values[name.text] = value
        left_out = [name for name in self.words.segments if node.get(name) is None]
        if node.get(ELSE) is None and (left_out or not self.words.one_policy) and sound:
            which = f"'{left_out[0]}'" if left_out else "every other segment"
            self.words.report(key.place, f"no threshold for {which}", f"add it, or '{ELSE}'")
        other = values.pop(ELSE, None)
        return BySegment(values, other)


def _operator(word: str) -> Operator:
    return next(operator for operator in get_args(Operator) if operator == word)


def _one_of(words: Collection[str]) -> str:
    return " or ".join(f"'{word}'" for word in words)
