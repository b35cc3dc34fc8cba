"""Every check that a program must pass before the network may see it, each problem one line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TypeAlias

from dunwell.decide.chain.form import (
    FieldType,
    Head,
    Kind,
    Pattern,
    Ref,
    Rule,
    Stratum,
    Test,
    Value,
)

MAX_INT = 2**63 - 1
MAX_PATTERNS = 15
MAX_JOINS = 28
OWN_JOINS = 2  # the group and the guard, which the compiler adds to every pattern but the first
MAX_FIELDS = 200
MAX_KINDS = 200
MAX_SELF_JOIN = 2
OPS = ("==", "!=", "<", "<=", ">", ">=")
TYPES = ("int", "str", "bool")
RESERVED = ("id", "sid")
OWN_FIELDS = ("_t", "_c", "_1", "$s")
#: The fields of every kind, with their types.
Fields: TypeAlias = dict[str, dict[str, FieldType]]

WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")


def problems_of(kinds: tuple[Kind, ...], strata: tuple[Stratum, ...]) -> list[str]:
    """Return every problem of a program, in its own order; none means it is inside the fence."""
    fields: Fields = {kind.name: dict(kind.fields) for kind in kinds}
    problems = [*_kind_problems(kinds), *_name_problems(kinds, strata)]
    for stratum in strata:
        for rule in stratum.rules:
            found = _RuleCheck(rule, fields).lines()
            problems += (f"rule '{rule.name}': {line}" for line in found)
    return problems + list(_stratum_problems(strata))


def fnv1a(text: str) -> int:
    """Return the 32-bit FNV-1a hash by which alone the network tells names apart."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a suggestion to append to a message, or nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f", did you mean '{near[0]}'?" if near else ""


def _kind_problems(kinds: tuple[Kind, ...]) -> Iterator[str]:
    if len(kinds) > MAX_KINDS:
        yield f"{len(kinds)} kinds of facts, at most {MAX_KINDS} are possible"
    seen: dict[str, tuple[str, str]] = {}
    for kind in kinds:
        where = f"kind '{kind.name}'"
        if not WORD.fullmatch(kind.name):
            yield f"{where}: a name has lower case letters, digits and _ and starts with a letter"
        if len(kind.fields) > MAX_FIELDS:
            yield f"{where}: {len(kind.fields)} fields, at most {MAX_FIELDS} are possible"
        for field, count in Counter(name for name, _ in kind.fields).items():
            if count > 1:
                yield f"{where}: field '{field}' is given twice"
        for field, type_ in kind.fields:
            if field in RESERVED:
                yield f"{where}: field '{field}' is the network's own name, choose another"
            elif not WORD.fullmatch(field):
                yield (
                    f"{where}: field '{field}': a name has lower case letters, digits and _"
                    " and starts with a letter"
                )
            if type_ not in TYPES:
                yield f"{where}: field '{field}' is '{type_}', possible are int, str and bool"
            first, other = seen.setdefault(field, (kind.name, type_))
            if other != type_:
                yield (
                    f"{where}: field '{field}' is {type_} here and {other} in '{first}',"
                    " a name has one type everywhere"
                )
    hashes: dict[int, str] = {}
    for field in sorted({*seen, *RESERVED, *OWN_FIELDS}):
        twin = hashes.setdefault(fnv1a(field), field)
        if twin != field:
            yield f"fields '{twin}' and '{field}' look the same to the network, rename one"


def _name_problems(kinds: tuple[Kind, ...], strata: tuple[Stratum, ...]) -> Iterator[str]:
    rules = [rule.name for stratum in strata for rule in stratum.rules]
    for what, names in (
        ("kind", [kind.name for kind in kinds]),
        ("stratum", [stratum.name for stratum in strata]),
        ("rule", rules),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                yield f"{what} '{name}' is given {count} times"


class _RuleCheck:
    """The checks of one rule; knows the patterns that were read so far."""

    def __init__(self, rule: Rule, kinds: Fields) -> None:
        self._rule = rule
        self._kinds = kinds
        self._matched: dict[str, str] = {}  # alias -> kind, of the positive patterns so far

    def lines(self) -> Iterator[str]:
        rule = self._rule
        if not rule.when:
            yield "needs at least one pattern under 'when'"
        if len(rule.when) + len(rule.unless) > MAX_PATTERNS:
            count = len(rule.when) + len(rule.unless)
            yield f"{count} patterns, at most {MAX_PATTERNS} are possible"
        for kind, count in Counter(pattern.kind for pattern in rule.when).items():
            if count > MAX_SELF_JOIN:
                yield (
                    f"matches '{kind}' {count} times, at most {MAX_SELF_JOIN} are possible,"
                    " count beforehand instead"
                )
        aliases = [pattern.alias for pattern in (*rule.when, *rule.unless)]
        for alias, count in Counter(aliases).items():
            if count > 1:
                yield f"the name '{alias}' is given to {count} patterns"
        for pattern in rule.when:
            yield from self._pattern(pattern)
            self._matched.setdefault(pattern.alias, pattern.kind)
        for pattern in rule.unless:
            yield from self._pattern(pattern)
        yield from self._head(rule.then)

    def _pattern(self, pattern: Pattern) -> Iterator[str]:
        fields = self._kinds.get(pattern.kind)
        if fields is None:
            yield f"unknown kind '{pattern.kind}'" + did_you_mean(pattern.kind, self._kinds)
            return
        joins = sum(isinstance(test.right, Ref) for test in pattern.tests)
        if joins + OWN_JOINS > MAX_JOINS:
            yield f"'{pattern.alias}': {joins} joins, at most {MAX_JOINS - OWN_JOINS} are possible"
        for test in pattern.tests:
            yield from self._test(pattern.kind, test, fields)

    def _test(self, kind: str, test: Test, fields: dict[str, FieldType]) -> Iterator[str]:
        if test.op not in OPS:
            yield f"unknown comparison '{test.op}', possible are {' '.join(OPS)}"
        left = fields.get(test.field)
        if left is None:
            yield f"'{kind}' has no field '{test.field}'" + did_you_mean(test.field, fields)
            return
        if left != "int" and test.op in OPS[2:]:
            yield f"'{test.field}' is {left} and has no order, '{test.op}' compares int only"
        yield from self._right(f"'{test.field}' ({left})", left, test.right)

    def _right(self, what: str, left: str, right: Value | Ref) -> Iterator[str]:
        """Check a constant or a reference against the type of what it is compared or copied to."""
        if not isinstance(right, Ref):
            if type(right).__name__ != left:
                yield f"{what} cannot take {right!r}, which is {type(right).__name__}"
            elif isinstance(right, int) and abs(right) > MAX_INT:
                yield f"{what} cannot take {right!r}, which has more than 63 bits"
            return
        kind = self._matched.get(right.alias)
        if kind is None:
            yield (
                f"{what}: no earlier pattern under 'when' is named '{right.alias}'"
                + did_you_mean(right.alias, self._matched)
            )
            return
        fields = self._kinds.get(kind, {})
        if right.field not in fields:
            if kind in self._kinds:
                yield f"'{kind}' has no field '{right.field}'" + did_you_mean(right.field, fields)
        elif fields[right.field] != left:
            type_ = fields[right.field]
            yield f"{what} cannot take '{right.alias}.{right.field}', which is {type_}"

    def _head(self, head: Head) -> Iterator[str]:
        fields = self._kinds.get(head.kind)
        if fields is None:
            yield f"unknown kind '{head.kind}'" + did_you_mean(head.kind, self._kinds)
            return
        for field, count in Counter(name for name, _ in head.values).items():
            if count > 1:
                yield f"gives field '{field}' of '{head.kind}' {count} times"
        given = dict(head.values)
        for field in fields:
            if field not in given:
                yield f"does not give field '{field}' of '{head.kind}'"
        for field, right in head.values:
            if field not in fields:
                yield f"'{head.kind}' has no field '{field}'" + did_you_mean(field, fields)
            else:
                yield from self._right(f"'{field}' ({fields[field]})", fields[field], right)


def _stratum_problems(strata: tuple[Stratum, ...]) -> Iterator[str]:
    cycle = _negative_cycle(strata)
    if cycle:
        yield "cyclic negation: " + " needs ".join(f"'{kind}'" for kind in cycle)
    last = {
        rule.then.kind: (number, stratum.name)
        for number, stratum in enumerate(strata)
        for rule in stratum.rules
    }
    for number, stratum in enumerate(strata):
        for rule in stratum.rules:
            for pattern in rule.when:
                if last.get(pattern.kind, (number, ""))[0] > number:
                    yield (
                        f"rule '{rule.name}': '{pattern.kind}' is still derived in the later"
                        f" stratum '{last[pattern.kind][1]}', move the rule there or further"
                    )
            for pattern in rule.unless:
                if last.get(pattern.kind, (-1, ""))[0] >= number:
                    yield (
                        f"rule '{rule.name}': negates '{pattern.kind}', which is derived in"
                        f" stratum '{last[pattern.kind][1]}', move the rule to a later stratum"
                    )


def _negative_cycle(strata: tuple[Stratum, ...]) -> list[str]:
    """Return the kinds of one cycle that passes through a negation, or nothing."""
    needs: dict[str, list[str]] = {}
    negated: list[tuple[str, str]] = []
    for stratum in strata:
        for rule in stratum.rules:
            body = [pattern.kind for pattern in (*rule.when, *rule.unless)]
            needs.setdefault(rule.then.kind, []).extend(body)
            negated += ((rule.then.kind, pattern.kind) for pattern in rule.unless)
    for head, kind in negated:
        back = _path(needs, kind, head)
        if back:
            return [head, f"no {back[0]}", *back[1:]] if len(back) > 1 else [head, f"no {head}"]
    return []


def _path(needs: dict[str, list[str]], start: str, end: str) -> list[str]:
    """Return the shortest way from start to end along what kinds need, or nothing."""
    ways = [[start]]
    seen = {start}
    for way in ways:
        if way[-1] == end:
            return way
        for kind in needs.get(way[-1], ()):
            if kind not in seen:
                seen.add(kind)
                ways.append([*way, kind])
    return []
