"""A program made ready to run: field names become positions, and facts are checked."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dunwell.decide.chain.check import MAX_INT, did_you_mean
from dunwell.decide.chain.form import Fact, Head, Kind, Pattern, Ref, Rule, Stratum, Value
from dunwell.decide.chain.program import Program
from dunwell.errors import DunwellError

Compare = Callable[[Value, Value], bool]
#: A matched fact's pattern and position, or (-1, -1) and the constant.
Source = tuple[int, int, Value]

# The checks allow the last four for int only.
COMPARE: dict[str, Compare] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
PYTHON_TYPE: dict[str, type] = {"int": int, "str": str, "bool": bool}


class FactError(DunwellError):
    """A fact that its kind does not allow: the caller's mistake, so nothing is decided."""


@dataclass(frozen=True, slots=True)
class PatternPlan:
    """A pattern by position: `constants` are (own field, compare, value), `joins` (own field,
    compare, earlier pattern, its field).
    """

    kind: str
    constants: tuple[tuple[int, Compare, Value], ...]
    joins: tuple[tuple[int, Compare, int, int], ...]


@dataclass(frozen=True, slots=True)
class RulePlan:
    """A rule by position; `order` is its place in the whole program and settles ties."""

    order: int
    name: str
    rule: Rule
    when: tuple[PatternPlan, ...]
    unless: tuple[PatternPlan, ...]
    kind: str
    head: tuple[Source, ...]

    def derive(self, matched: Sequence[Fact]) -> Fact:
        """Return the fact that follows from the matched ones, given in the order of `when`."""
        values = [
            value if pattern < 0 else matched[pattern][field]
            for pattern, field, value in self.head
        ]
        return (self.kind, *values)


@dataclass(frozen=True, slots=True)
class StratumPlan:
    """The rules of a stratum; `derives` are the kinds that its rules give."""

    rules: tuple[RulePlan, ...]
    derives: frozenset[str]


def strata_of(program: Program) -> tuple[StratumPlan, ...]:
    """Return the strata of a checked program by position."""
    kinds = {kind.name: kind for kind in program.kinds}
    plans = []
    order = 0
    for stratum in program.strata:
        plans.append(_stratum(stratum, kinds, order))
        order += len(stratum.rules)
    return tuple(plans)


def _stratum(stratum: Stratum, kinds: dict[str, Kind], order: int) -> StratumPlan:
    rules = tuple(_rule(rule, kinds, order + n) for n, rule in enumerate(stratum.rules))
    return StratumPlan(rules, frozenset(rule.kind for rule in rules))


def _rule(rule: Rule, kinds: dict[str, Kind], order: int) -> RulePlan:
    place = {pattern.alias: n for n, pattern in enumerate(rule.when)}
    kind_of = {pattern.alias: pattern.kind for pattern in rule.when}

    def source(right: Value | Ref) -> Source:
        if isinstance(right, Ref):
            return place[right.alias], position(kinds[kind_of[right.alias]], right.field), 0
        return -1, -1, right

    def plan(pattern: Pattern) -> PatternPlan:
        own = kinds[pattern.kind]
        tests = [(position(own, t.field), COMPARE[t.op], source(t.right)) for t in pattern.tests]
        return PatternPlan(
            pattern.kind,
            tuple((at, compare, value) for at, compare, (n, _, value) in tests if n < 0),
            tuple((at, compare, n, field) for at, compare, (n, field, _) in tests if n >= 0),
        )

    return RulePlan(
        order=order,
        name=rule.name,
        rule=rule,
        when=tuple(map(plan, rule.when)),
        unless=tuple(map(plan, rule.unless)),
        kind=rule.then.kind,
        head=_head(rule.then, kinds[rule.then.kind], source),
    )


def _head(head: Head, own: Kind, source: Callable[[Value | Ref], Source]) -> tuple[Source, ...]:
    given = dict(head.values)
    return tuple(source(given[field]) for field, _ in own.fields)


def position(kind: Kind, field: str) -> int:
    """Return where a field stands in a fact of the kind; the kind's name itself stands at 0."""
    return [name for name, _ in kind.fields].index(field) + 1


class FactCheck:
    """Knows which facts may be given to a program and tells the first that may not."""

    def __init__(self, program: Program) -> None:
        derived = {rule.then.kind for stratum in program.strata for rule in stratum.rules}
        self._derived = derived
        self._kinds = {kind.name: kind for kind in program.kinds}
        self._types = {
            kind.name: [PYTHON_TYPE[type_] for _, type_ in kind.fields]
            for kind in program.kinds
            if kind.name not in derived
        }

    def columns(self, kind: str, facts: Sequence[Fact]) -> list[tuple[Value, ...]]:
        """Return the fields of facts of one kind as columns.

        Raises FactError for an unknown or derived kind, and for a value of a wrong type or size.
        """
        types = self._types.get(kind)
        if types is None or set(map(len, facts)) != {len(types) + 1}:
            self._complain(kind, facts)
        columns = list(zip(*facts, strict=True))[1:]
        for type_, column in zip(types or (), columns, strict=True):
            if set(map(type, column)) != {type_}:
                self._complain(kind, facts)
            if type_ is int and (max(column) > MAX_INT or min(column) < -MAX_INT):
                self._complain(kind, facts)
        return columns

    def _complain(self, kind: str, facts: Iterable[Fact]) -> None:
        if kind not in self._kinds:
            raise FactError(f"unknown kind {kind!r}{did_you_mean(str(kind), self._kinds)}")
        if kind in self._derived:
            raise FactError(f"'{kind}' is derived by a rule and cannot be given")
        fields = self._kinds[kind].fields
        for fact in facts:
            if len(fact) != len(fields) + 1:
                raise FactError(f"{fact!r} has {len(fact) - 1} values, '{kind}' {len(fields)}")
            for (field, type_), value in zip(fields, fact[1:], strict=True):
                if type(value) is not PYTHON_TYPE[type_]:
                    raise FactError(f"{fact!r}: '{field}' is {type_}, not {value!r}")
                if type_ == "int" and not -MAX_INT <= value <= MAX_INT:  # type: ignore[operator]
                    raise FactError(f"{fact!r}: '{field}' has more than 63 bits")
