"""The runner over durable-rules: sessions of some twenty groups, stratum by stratum.

Only ever to be used in a process that may die: the engine is C, and old. `Pool` sees to that.
"""

from __future__ import annotations

import operator
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from dunwell.decide.chain.engine import NetworkError, RawEngine, raw_engine
from dunwell.decide.chain.form import Fact
from dunwell.decide.chain.plain import PlainRunner
from dunwell.decide.chain.plan import FactCheck, RulePlan, strata_of
from dunwell.decide.chain.program import Derived, Incident, Outcome, Program
from dunwell.decide.chain.wire import (
    ALIASES,
    END,
    Column,
    Encoder,
    EndFact,
    FactId,
    Spec,
    constant_codes,
    specs_of,
)

SID = "0"
MAX_IDS = 264_000  # f0 to f264601 have different hashes, checked
MAX_PAIRS = 250_000

Reason = tuple[int, tuple[Fact, ...], str]
_decode = msgspec.json.Decoder(dict[str, dict[str, FactId]]).decode
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Rows:
    """Facts of one kind in a session, each with the number of its group."""

    groups: list[int] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    columns: Sequence[Column] = ()

    def add(self, group: int, fact: Fact) -> None:
        """Add one fact."""
        self.groups.append(group)
        self.facts.append(fact)


class DurableRunner:
    """Derives with durable-rules; the same answers as `PlainRunner`, several times as fast."""

    def __init__(
        self, program: Program, *, session_groups: int = 20, session_facts: int = 2000
    ) -> None:
        """Compile the program. Raises ImportError where `available()` says why.

        A session holds up to so many groups and, unless a group alone has more, so many facts.
        """
        self._engine = raw_engine()
        self._closed = False
        self._size = (session_groups, session_facts)
        self._check = FactCheck(program)
        self._plain = PlainRunner(program)
        plans = strata_of(program)
        kinds = {kind.name: kind for kind in program.kinds}
        codes = constant_codes([rule for plan in plans for rule in plan.rules])
        self._codes = codes
        self._strata = [
            [_Network(self._engine, spec) for spec in specs_of(plan.rules, kinds, codes)]
            for plan in plans
        ]
        self._paired = {
            pattern.kind
            for plan in plans
            for rule in plan.rules
            for n, pattern in enumerate(rule.when)
            if pattern.kind in [other.kind for other in rule.when[:n]]
        }

    def close(self) -> None:
        """Free what the engine holds; the runner cannot be used afterwards."""
        self._closed = True
        for networks in self._strata:
            for network in networks:
                network.close()

    def run(self, groups: Mapping[str, Iterable[Fact]]) -> Outcome:
        """Return what follows in each group.

        Raises FactError for a fact that no kind allows, NetworkError if the engine lost facts;
        after that this runner is closed.
        """
        if self._closed:
            raise NetworkError("the runner is closed")
        derived: dict[str, tuple[Derived, ...]] = {}
        incidents: list[Incident] = []
        session: dict[str, tuple[Fact, ...]] = {}
        count = 0
        for group in sorted(groups):
            facts = tuple(groups[group])
            reason = self._too_large(facts)
            if reason:
                derived[group] = self._plain.run_group(facts)
                incidents.append(Incident(group, reason))
                continue
            full = len(session) >= self._size[0] or count + len(facts) > self._size[1]
            if session and full:
                derived.update(self._session(session))
                session, count = {}, 0
            session[group] = facts
            count += len(facts)
        derived.update(self._session(session))
        plain = frozenset(incident.group for incident in incidents)
        ordered = {group: derived[group] for group in sorted(derived)}
        return Outcome(ordered, tuple(incidents), plain=plain)

    def _too_large(self, facts: Sequence[Fact]) -> str:
        """Return why a group is better left to the plain runner, or nothing."""
        if len(facts) > MAX_IDS // 4:
            return f"{len(facts)} facts are too many for the network"
        for kind in self._paired:
            count = sum(fact[0] == kind for fact in facts)
            if count * count > MAX_PAIRS:
                return f"{count} facts of kind '{kind}', in pairs, are too many for the network"
        return ""

    def _session(self, session: Mapping[str, Sequence[Fact]]) -> dict[str, tuple[Derived, ...]]:
        rows: dict[str, _Rows] = {}
        for number, facts in enumerate(session.values()):
            for fact in facts:
                kind = fact[0]
                if kind not in rows:
                    rows[kind] = _Rows()  # type: ignore[index]
                rows[kind].add(number, fact)  # type: ignore[index]
        for name, given in rows.items():
            given.columns = self._check.columns(name, given.facts)
        derived: list[list[Derived]] = [[] for _ in session]
        codes = dict(self._codes)
        try:
            for networks in self._strata:
                _run_stratum(networks, rows, derived, codes)
        except Exception as error:
            for network in [network for networks in self._strata for network in networks]:
                network.abandon()
            self._closed = True
            raise NetworkError(f"the network failed: {error}") from error
        return {
            group: tuple(sorted(found, key=operator.itemgetter(0)))
            for group, found in zip(session, derived, strict=True)
        }


def _run_stratum(
    networks: Sequence[_Network],
    rows: dict[str, _Rows],
    derived: Sequence[list[Derived]],
    codes: dict[str, int],
) -> None:
    """Run rounds, all networks side by side, until none derives anything new."""
    found: set[tuple[int, Fact]] = set()
    fresh = rows
    opening = True
    while fresh:
        reasons: dict[tuple[int, Fact], Reason] = {}
        for network in networks:
            for group, rule, matched in network.round(fresh, codes, opening=opening):
                fact = rule.derive(matched)
                key = (group, fact)
                if key not in found:
                    reason = (rule.order, matched, rule.name)
                    if key not in reasons or reason < reasons[key]:
                        reasons[key] = reason
        fresh, opening = {}, False
        for key, (_, because, name) in reasons.items():
            group, fact = key
            found.add(key)
            derived[group].append(Derived(fact, name, because))
            fresh.setdefault(fact[0], _Rows()).add(group, fact)  # type: ignore[arg-type]
        _merge(rows, fresh)
    for network in networks:
        network.forget()


def _merge(rows: dict[str, _Rows], fresh: dict[str, _Rows]) -> None:
    """Add the new facts to the session's."""
    for kind, new in fresh.items():
        new.columns = list(zip(*new.facts, strict=True))[1:]
        old = rows.get(kind, _Rows())
        merged = _Rows(old.groups + new.groups, old.facts + new.facts)
        merged.columns = list(zip(*merged.facts, strict=True))[1:]
        rows[kind] = merged


class _Network:
    """One compiled ruleset and its one session."""

    def __init__(self, engine: RawEngine, spec: Spec) -> None:
        self._engine = engine
        self._spec = spec
        self._handle = engine.create_ruleset("chain", spec.json)
        self._end = weakref.finalize(self, engine.delete_ruleset, self._handle)
        self._end.atexit = False
        self._groups: list[int] = []
        self._facts: list[Fact] = []  # what was sent under the ids f0, f1 ...
        self._ids = [f"f{n}" for n in range(4096)]
        self._order = {name: ALIASES[: len(rule.when)] for name, rule in spec.rules.items()}

    def close(self) -> None:
        """Give the ruleset back to the engine."""
        self._end()

    def abandon(self) -> None:
        """Leave the ruleset as it is: after a failure it may be in no state to be freed."""
        self._end.detach()

    def round(
        self, fresh: Mapping[str, _Rows], codes: dict[str, int], *, opening: bool
    ) -> Iterator[tuple[int, RulePlan, tuple[Fact, ...]]]:
        """Send new facts and yield the firings: group, rule, matched facts in the rule's order."""
        batch: list[msgspec.Struct] = []
        encoders = (*self._spec.absent, *self._spec.present) if opening else self._spec.present
        for encoder in encoders:
            new = fresh.get(encoder.kind)
            if new:
                batch += self._structs(encoder, new, codes)
        if not batch:
            return
        batch.append(EndFact(self._new_ids(1)[0]))
        self._groups.append(-1)
        self._facts.append(())
        yield from self._firings(_encode(batch).decode())

    def forget(self) -> None:
        """End the session; safe because its closing fact has fired if it was ever begun."""
        if self._facts:
            self._engine.delete_state(self._handle, SID)
            self._groups, self._facts = [], []

    def _structs(
        self, encoder: Encoder, new: _Rows, codes: dict[str, int]
    ) -> list[msgspec.Struct]:
        ids = self._new_ids(len(new.facts))
        self._groups += new.groups
        self._facts += new.facts
        return list(encoder.structs(ids, new.groups, new.columns, codes))

    def _new_ids(self, count: int) -> list[str]:
        start = len(self._facts)
        if start + count > MAX_IDS:
            raise NetworkError(f"more than {MAX_IDS} facts in one session")
        self._ids += [f"f{n}" for n in range(len(self._ids), start + count)]
        return self._ids[start : start + count]

    def _firings(self, batch: str) -> Iterator[tuple[int, RulePlan, tuple[Fact, ...]]]:
        handle = self._handle
        _, state = self._engine.assert_facts(handle, batch)
        start = self._engine.start_action_for_state(handle, state)
        message = start[1] if start else None
        ended = False
        while message is not None:
            ((name, matched),) = _decode(message).items()
            if name == END:
                ended = True
            else:
                numbers = [int(matched[alias].id[1:]) for alias in self._order[name]]
                facts = tuple([self._facts[n] for n in numbers])
                yield self._groups[numbers[0]], self._spec.rules[name], facts
            message = self._engine.complete_and_start_action(handle, state)
        if not ended:
            raise NetworkError("facts were lost")
