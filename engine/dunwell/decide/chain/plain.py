"""The reference chainer: the same answers as the network, in plain Python, one group at a time."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dunwell.decide.chain.form import Fact, Value
from dunwell.decide.chain.plan import FactCheck, PatternPlan, RulePlan, StratumPlan, strata_of
from dunwell.decide.chain.program import Derived, Outcome, Program


class PlainRunner:
    """Derives by trying every rule until nothing new follows; the oracle, and the stand-in."""

    def __init__(self, program: Program) -> None:
        self._strata = strata_of(program)
        self._check = FactCheck(program)

    def run(self, groups: Mapping[str, Iterable[Fact]]) -> Outcome:
        """Return what follows in each group; raises FactError for a fact that no kind allows."""
        return Outcome({group: self.run_group(groups[group]) for group in sorted(groups)})

    def run_group(self, facts: Iterable[Fact]) -> tuple[Derived, ...]:
        """Return what follows from the facts of one group, sorted by fact."""
        known: dict[str, list[Fact]] = {}
        for fact in facts:
            known.setdefault(fact[0], []).append(fact)  # type: ignore[arg-type]
        for kind, given in known.items():
            self._check.columns(kind, given)
            known[kind] = list(dict.fromkeys(given))
        derived: list[Derived] = []
        for stratum in self._strata:
            derived += _run_stratum(stratum, known)
        return tuple(sorted(derived, key=operator.itemgetter(0)))


def _run_stratum(stratum: StratumPlan, known: dict[str, list[Fact]]) -> list[Derived]:
    """Add to `known` all that follows by the stratum's rules, and return it with its reasons."""
    found: dict[Fact, Derived] = {}
    rules: Sequence[RulePlan] = stratum.rules
    while rules:
        fresh: dict[Fact, tuple[int, tuple[Fact, ...], str]] = {}
        for rule in rules:
            for matched in _Match(rule, known).all():
                fact = rule.derive(matched)
                if fact not in found:
                    reason = (rule.order, matched, rule.name)
                    fresh[fact] = min(fresh.get(fact, reason), reason)
        for fact, (_, because, name) in fresh.items():
            found[fact] = Derived(fact, name, because)
            known.setdefault(fact[0], []).append(fact)  # type: ignore[arg-type]
        new = {fact[0] for fact in fresh}
        rules = list(rules_with(stratum, new))
    return list(found.values())


def rules_with(stratum: StratumPlan, kinds: set[Value]) -> Iterator[RulePlan]:
    """Yield the rules that have a positive pattern over one of the kinds."""
    for rule in stratum.rules:
        if any(pattern.kind in kinds for pattern in rule.when):
            yield rule


class _Match:
    """The ways to match one rule against the facts of a group."""

    def __init__(self, rule: RulePlan, known: Mapping[str, Sequence[Fact]]) -> None:
        self._when = [(pattern, _Candidates(pattern, known)) for pattern in rule.when]
        self._unless = [(pattern, _Candidates(pattern, known)) for pattern in rule.unless]

    def all(self) -> Iterator[tuple[Fact, ...]]:
        """Yield every tuple of facts that matches, in the order of the patterns."""
        if all(candidates.facts for _, candidates in self._when):
            yield from self._extend(())

    def _extend(self, matched: tuple[Fact, ...]) -> Iterator[tuple[Fact, ...]]:
        if len(matched) == len(self._when):
            if not any(c.joined(p, matched) for p, c in self._unless):
                yield matched
            return
        pattern, candidates = self._when[len(matched)]
        for fact in candidates.joined(pattern, matched):
            yield from self._extend((*matched, fact))


class _Candidates:
    """The facts that pass the constant tests of a pattern, found again by its first equality."""

    def __init__(self, pattern: PatternPlan, known: Mapping[str, Sequence[Fact]]) -> None:
        self.facts = [
            fact
            for fact in known.get(pattern.kind, ())
            if all(compare(fact[at], value) for at, compare, value in pattern.constants)
        ]
        self._key = next((join for join in pattern.joins if join[1] is operator.eq), None)
        self._index: dict[Value, list[Fact]] = {}
        if self._key:
            for fact in self.facts:
                self._index.setdefault(fact[self._key[0]], []).append(fact)

    def joined(self, pattern: PatternPlan, matched: Sequence[Fact]) -> list[Fact]:
        """Return the candidates whose joins with the facts matched so far hold."""
        facts = self.facts
        if self._key:
            facts = self._index.get(matched[self._key[2]][self._key[3]], [])
        return [
            fact
            for fact in facts
            if all(compare(fact[at], matched[n][f]) for at, compare, n, f in pattern.joins)
        ]
