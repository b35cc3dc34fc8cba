"""What followed for a shape, and how it becomes the conclusions of an account of that shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dunwell.decide.chain import Derived, Fact
from dunwell.decide.conclusions import Conclusions, Fire, Place, Step
from dunwell.decide.network.shapes import GUARDS, Alike
from dunwell.decide.signals import Signals
from dunwell.decide.standing import Name
from dunwell.policy.tree import House, Policy

Facts = dict[str, list[Fact]]
_ENDS = ("released", "overridden", "cleared", "kept")


@dataclass(frozen=True)
class Words:
    """The policy's names for the numbers in facts."""

    policy: str
    segments: tuple[str, ...]
    reasons: tuple[str, ...]  # pauses, then guards
    stages: tuple[str, ...]
    roles: tuple[str, ...]  # who approves each stage
    names: tuple[Name, ...]  # of holds and tags
    actions: tuple[tuple[int, str, str], ...]  # stage, watch, id

    @classmethod
    def of(cls, policy: Policy, house: House, signals: Signals) -> Words:
        """The words of a policy in its house."""
        return cls(
            policy.name,
            tuple(segment.name for segment in policy.segments),
            (*(pause.name for pause in house.pauses(policy)), *GUARDS),
            tuple(stage.name for stage in policy.ladder),
            tuple(stage.approve.by if stage.approve else "" for stage in policy.ladder),
            signals.names,
            signals.actions,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusions of a shape: as in `Conclusions`, with classes for items."""

    segment: str
    silent: tuple[tuple[int, tuple[str, ...]], ...]
    listed: tuple[int, ...]
    resting: tuple[int, ...]
    waiting: tuple[int, ...]
    adopt: tuple[tuple[int, int], ...]  # class, stage
    rise: tuple[tuple[int, int, int, bool, str], ...]  # class, and the rest of a step
    place: tuple[tuple[Place, tuple[int, ...]], ...]
    ends: tuple[tuple[Name, ...], ...]  # released, overridden, cleared, kept

    @classmethod
    def of(cls, given: Iterable[Fact], derived: Iterable[Derived], words: Words) -> Verdict:
        """Read it from the facts."""
        facts: Facts = {}
        for fact in (*given, *(found.fact for found in derived)):
            facts.setdefault(fact[0], []).append(fact)  # type: ignore[arg-type]
        segments = _numbers(facts, "segment")
        return cls(
            words.segments[segments[0]] if segments else "",
            _silent(facts, words),
            _numbers(facts, "listed"),
            _numbers(facts, "resting"),
            _numbers(facts, "waits"),
            tuple(_ints(fact[1:]) for fact in facts.get("adopted", ())),  # type: ignore[misc]
            _rises(facts, words),
            _places(facts, words),
            tuple(tuple(sorted(words.names[n] for n in _numbers(facts, end))) for end in _ENDS),
        )

    def conclusions(
        self,
        account: Alike,
        policy: str,
        fires: Sequence[Fire],
        vetoed: Sequence[tuple[str, str]],
    ) -> Conclusions:
        """The same for one account, with its own items, fires and vetoes (both sorted)."""
        items = account.items
        silent = [(item, why) for n, why in self.silent for item in items[n]]
        rise = [
            Step(item, stage, cycle, jumped, role)
            for n, stage, cycle, jumped, role in self.rise
            for item in items[n]
        ]
        released, overridden, cleared, kept = self.ends
        return Conclusions(
            policy,
            self.segment,
            tuple(sorted(silent)),
            _items(items, self.listed),
            _items(items, self.resting),
            _items(items, self.waiting),
            tuple(sorted([Step(item, stage) for n, stage in self.adopt for item in items[n]])),
            tuple(sorted(rise)),
            tuple(sorted([_place(place, _items(items, ns)) for place, ns in self.place])),
            released,
            overridden,
            cleared,
            kept,
            tuple(fires),
            tuple(vetoed),
        )


def _numbers(facts: Facts, kind: str) -> tuple[int, ...]:
    return tuple(sorted(int(fact[1]) for fact in facts.get(kind, ())))


def _ints(values: Sequence[object]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)  # type: ignore[call-overload]


def _silent(facts: Facts, words: Words) -> tuple[tuple[int, tuple[str, ...]], ...]:
    reasons: dict[int, list[int]] = {n: [] for n in _numbers(facts, "silent")}
    for _, item, pause, *_ in facts.get("pause_holds", ()):
        reasons[int(item)].append(int(pause))
    return tuple(
        (n, tuple(words.reasons[pause] for pause in sorted(found))) for n, found in reasons.items()
    )


def _rises(facts: Facts, words: Words) -> tuple[tuple[int, int, int, bool, str], ...]:
    waits = {(item, stage) for _, item, stage in facts.get("rise_waits", ())}
    return tuple(
        (
            int(item),
            int(stage),
            int(cycle),
            way == "jump",
            words.roles[int(stage)] if (item, stage) in waits else "",
        )
        for _, item, way, stage, cycle in facts.get("rises", ())
    )


def _places(facts: Facts, words: Words) -> tuple[tuple[Place, tuple[int, ...]], ...]:
    waits = set(_numbers(facts, "place_waits"))
    causes: dict[tuple[int, int], list[int]] = {}
    for _, item, name, _, order in facts.get("place", ()):
        own = causes.setdefault((int(name), int(order)), [])
        if int(item) >= 0:
            own.append(int(item))
    found = []
    for (name, order), items in causes.items():
        stage, watch, action = words.actions[order]
        role = words.roles[stage] if name in waits else ""
        place = Place(*words.names[name], stage, action, watch, approve=role)
        found.append((place, tuple(items)))
    return tuple(found)


def _items(items: Sequence[tuple[str, ...]], classes: Sequence[int]) -> tuple[str, ...]:
    if not classes:
        return ()
    if len(classes) == 1:
        return items[classes[0]]  # sorted already
    return tuple(sorted([item for n in classes for item in items[n]]))


def _place(place: Place, items: tuple[str, ...]) -> Place:
    if not items:
        return place
    return Place(
        place.kind, place.name, place.stage, place.action, place.watch, items, place.approve
    )


def fires_of(signals: Signals) -> Mapping[int, tuple[Fire, ...]]:
    """The fires of each account, by its number."""
    found: dict[int, list[Fire]] = {}
    frame = signals["fires"].select("account", "watch", "cycle", "occurrences", "items")
    for account, watch, cycle, occurrences, items in frame.iter_rows():
        fire = Fire(watch, cycle, tuple(sorted(occurrences or ())), tuple(sorted(items or ())))
        found.setdefault(account, []).append(fire)
    return {account: tuple(sorted(fires)) for account, fires in found.items()}


def vetoes_of(signals: Signals) -> Mapping[int, tuple[tuple[str, str], ...]]:
    """The vetoes of each account, by its number."""
    found: dict[int, list[tuple[str, str]]] = {}
    for account, veto, item in signals["vetoes"].select("account", "veto", "item").iter_rows():
        found.setdefault(account, []).append((veto, item))
    return {account: tuple(sorted(vetoes)) for account, vetoes in found.items()}
