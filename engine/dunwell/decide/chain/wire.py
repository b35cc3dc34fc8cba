"""How rules and facts are written for the network, so that only its sound part is ever used.

The fence, point by point: every pattern asks for its kind first, then equalities, then the rest;
every pattern after the first is joined on the group and ends with a join that always holds; facts
that are negated travel as copies of their own, before all others; texts and truths travel as small
numbers, so the engine compares nothing but numbers; the last fact of a batch proves that all were
read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from dunwell.decide.chain.check import fnv1a
from dunwell.decide.chain.form import Kind, Pattern, Ref, Rule, Test, Value
from dunwell.decide.chain.plan import RulePlan, position

Json: TypeAlias = "int | str | list[Json] | dict[str, Json]"
Column: TypeAlias = Sequence[Value]

PATTERNS_PER_KIND = 60
RULES_PER_NETWORK = 200
END = "_end"
WORD_FOR = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}


def _aliases() -> tuple[str, ...]:
    """Return pattern names whose hashes fall into the engine's 16 slots in order.

    The engine mixes up a slot and its rank when a late fact cancels a firing; with these names
    both are the same number, so even the forbidden order would come out right.
    """
    names = [f"m{number}" for number in range(500)]
    return tuple(next(n for n in names if fnv1a(n) % 16 == slot) for slot in range(16))


ALIASES = _aliases()


class EndFact(msgspec.Struct, tag_field="_t", tag=END):
    """The fact that closes a batch."""

    id: str


class FactId(msgspec.Struct):
    """What is read of a fact that fired: the number under which it was sent."""

    id: str


@dataclass(frozen=True, slots=True)
class Encoder:
    """Writes the facts of a kind, in one of its two roles: to be matched, or to be absent."""

    kind: str
    make: Callable[..., msgspec.Struct]
    fields: tuple[tuple[int, str], ...]  # position in the fact, type

    def structs(
        self,
        ids: Sequence[str],
        groups: Sequence[int],
        columns: Sequence[Column],
        codes: dict[str, int],
    ) -> Iterator[msgspec.Struct]:
        """Yield one struct per fact; new texts are given the next number in `codes`."""
        wire: list[Sequence[Value]] = []
        for at, type_ in self.fields:
            column = columns[at - 1]
            if type_ == "str":
                for text in column:
                    codes.setdefault(text, len(codes))  # type: ignore[arg-type]
                wire.append([codes[text] for text in column])  # type: ignore[index]
            elif type_ == "bool":
                wire.append(list(map(int, column)))
            else:
                wire.append(column)
        return map(self.make, ids, groups, *wire)


class Spec:
    """One ruleset of the engine: rules that fit into it, and encoders for their facts."""

    def __init__(
        self, rules: Sequence[RulePlan], kinds: Mapping[str, Kind], codes: Mapping[str, int]
    ) -> None:
        self.rules = {f"r{n}": rule for n, rule in enumerate(rules)}
        self._kinds = kinds
        self._codes = codes
        self._used: dict[tuple[bool, str], set[str]] = {}
        spec: dict[str, Json] = {name: self._rule(r.rule) for name, r in self.rules.items()}
        spec[END] = {"all": [{"m": {"_t": END}}]}
        self.json = msgspec.json.encode(spec).decode()
        self.absent = self._encoders(absent=True)
        self.present = self._encoders(absent=False)

    def _rule(self, rule: Rule) -> Json:
        names = {pattern.alias: ALIASES[n] for n, pattern in enumerate(rule.when)}
        kind_of = {pattern.alias: pattern.kind for pattern in rule.when}
        first = ALIASES[0]
        parts: list[Json] = []
        for n, pattern in enumerate((*rule.when, *rule.unless)):
            absent = n >= len(rule.when)
            for test in pattern.tests:
                if isinstance(test.right, Ref):
                    key = (False, kind_of[test.right.alias])
                    self._used.setdefault(key, set()).add(test.right.field)
            name = ALIASES[n] + "$not" if absent else ALIASES[n]
            parts.append({name: self._pattern(pattern, absent, names, first if n else "")})
        return {"all": parts, "dist": 0}

    def _pattern(
        self, pattern: Pattern, absent: bool, names: Mapping[str, str], first: str
    ) -> Json:
        used = self._used.setdefault((absent, pattern.kind), set())
        used.update(test.field for test in pattern.tests)
        tests = sorted(pattern.tests, key=lambda test: test.op != "==")
        parts: list[Json] = [{"_t": _tag(pattern.kind, absent)}]
        parts += [self._test(test, names) for test in tests if not isinstance(test.right, Ref)]
        if first:
            parts.append({"_c": {first: "_c"}})
            parts += [self._test(test, names) for test in tests if isinstance(test.right, Ref)]
            parts.append({"$gte": {"_1": {first: "_1"}}})
        return parts[0] if len(parts) == 1 else {"$and": parts}

    def _test(self, test: Test, names: Mapping[str, str]) -> Json:
        right: Json
        if isinstance(test.right, Ref):
            right = {names[test.right.alias]: test.right.field}
        else:
            right = self._codes[test.right] if isinstance(test.right, str) else int(test.right)
        comparison: Json = {test.field: right}
        return comparison if test.op == "==" else {WORD_FOR[test.op]: comparison}

    def _encoders(self, *, absent: bool) -> tuple[Encoder, ...]:
        return tuple(
            _encoder(self._kinds[kind], fields, absent=absent)
            for (role, kind), fields in sorted(self._used.items())
            if role == absent
        )


def specs_of(
    rules: Sequence[RulePlan], kinds: Mapping[str, Kind], codes: Mapping[str, int]
) -> Iterator[Spec]:
    """Yield rulesets that together hold the rules, none beyond what the engine can bear."""
    batch: list[RulePlan] = []
    patterns: dict[tuple[bool, str], int] = {}
    for rule in rules:
        own: dict[tuple[bool, str], int] = {}
        for absent, side in ((False, rule.when), (True, rule.unless)):
            for pattern in side:
                own[absent, pattern.kind] = own.get((absent, pattern.kind), 0) + 1
        full = any(patterns.get(key, 0) + n > PATTERNS_PER_KIND for key, n in own.items())
        if batch and (full or len(batch) >= RULES_PER_NETWORK):
            yield Spec(batch, kinds, codes)
            batch, patterns = [], {}
        batch.append(rule)
        for key, n in own.items():
            patterns[key] = patterns.get(key, 0) + n
    if batch:
        yield Spec(batch, kinds, codes)


def constant_codes(rules: Sequence[RulePlan]) -> dict[str, int]:
    """Return the numbers of the texts that the rules compare with."""
    codes: dict[str, int] = {}
    for plan in rules:
        for pattern in (*plan.rule.when, *plan.rule.unless):
            for test in pattern.tests:
                if isinstance(test.right, str):
                    codes.setdefault(test.right, len(codes))
    return codes


def _tag(kind: str, absent: bool) -> str:
    return f"no {kind}" if absent else kind


def _encoder(kind: Kind, fields: set[str], *, absent: bool) -> Encoder:
    used = [(name, type_) for name, type_ in kind.fields if name in fields]
    names = {f"f{n}": name for n, (name, _) in enumerate(used)}
    make = msgspec.defstruct(
        "Wire",
        [("id", str), ("c", int), *((own, int) for own in names), ("one", int, 1)],
        tag_field="_t",
        tag=_tag(kind.name, absent),
        rename={"c": "_c", "one": "_1", **names},
        gc=False,
    )
    return Encoder(kind.name, make, tuple((position(kind, name), t) for name, t in used))
