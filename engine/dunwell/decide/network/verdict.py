"""What followed for shapes, and how it becomes the conclusions of the accounts of that shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dunwell.decide.chain import Fact
from dunwell.decide.columns.item_facts import GUARDS
from dunwell.decide.conclusions import Conclusions, Fire, Place, Step
from dunwell.decide.network.shapes import Alike
from dunwell.decide.signals import Signals
from dunwell.decide.standing import Name
from dunwell.policy.tree import House, Policy

Order = tuple[int, int]
"""A hold or tag by its number, and the action among all standing ones that asks for it."""


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
class OfItem:
    """What followed for an item: the stage it is placed at, its step without the item, what else.

    Where the rules are right there is one stage or step at most.
    """

    silent: tuple[str, ...]
    listed: bool
    resting: bool
    waiting: bool
    adopt: tuple[int, ...]
    rises: tuple[tuple[int, int, bool, str], ...]
    offers: frozenset[Order]
    passes: frozenset[Order]

    @classmethod
    def of(cls, facts: Iterable[Fact], words: Words) -> OfItem:
        """Read it from the facts, given and derived."""
        found = _by_kind(facts)
        pauses = sorted(int(pause) for pause, *_ in found.get("pause_holds", ()))
        rises = (
            (int(stage), int(cycle), way == "jump", _role(found, stage, words))
            for way, stage, cycle in found.get("rises", ())
        )
        return cls(
            tuple(words.reasons[pause] for pause in pauses) if "silent" in found else (),
            "listed" in found,
            "resting" in found,
            "waits" in found,
            tuple(int(stage) for (stage,) in found.get("adopted", ())),
            tuple(rises),
            *(
                frozenset((int(name), int(order)) for name, _, order in found.get(kind, ()))
                for kind in ("offers", "passes")
            ),
        )


@dataclass(frozen=True, slots=True)
class OfAccount:
    """What followed for an account; what it places has yet to be given its items."""

    segment: str
    place: tuple[tuple[Order, Place], ...]
    released: tuple[Name, ...]
    overridden: tuple[Name, ...]
    cleared: tuple[Name, ...]
    kept: tuple[Name, ...]

    @classmethod
    def of(cls, facts: Iterable[Fact], words: Words) -> OfAccount:
        """Read it from the facts, given and derived."""
        found = _by_kind(facts)
        waits = {name for (name,) in found.get("place_waits", ())}
        place = []
        for kind in ("place", "bring"):
            for name, order in found.get(kind, ()):
                stage, watch, action = words.actions[int(order)]
                role = words.roles[stage] if name in waits else ""
                asked = Place(
                    *words.names[int(name)], stage, action, watch, (), role, kind == "bring"
                )
                place.append(((int(name), int(order)), asked))
        segments = [words.segments[int(segment)] for (segment,) in found.get("segment", ())]
        ends = (
            tuple(sorted(words.names[int(name)] for (name,) in found.get(kind, ())))
            for kind in ("released", "overridden", "cleared", "kept")
        )
        return cls(" ".join(segments), tuple(place), *ends)


def _by_kind(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = {}
    for kind, *values in facts:
        found.setdefault(str(kind), []).append(tuple(values))
    return found


def _role(found: Mapping[str, Sequence[Fact]], stage: object, words: Words) -> str:
    waits = (stage,) in found.get("rise_waits", ())
    return words.roles[int(stage)] if waits else ""  # type: ignore[call-overload]


def conclusions(
    account: Alike,
    words: Words,
    found: OfAccount,
    items: Mapping[str, OfItem],
    fires: tuple[Fire, ...],
    vetoed: tuple[tuple[str, str], ...],
) -> Conclusions:
    """The verdicts on an account and its items in one, with its fires and vetoes (both sorted)."""
    silent: list[tuple[str, tuple[str, ...]]] = []
    listed: list[str] = []
    resting: list[str] = []
    waiting: list[str] = []
    adopt: list[Step] = []
    rise: list[Step] = []
    causes: dict[tuple[Order, bool], list[str]] = {}
    for shape, ids in account.items:
        own = items[shape]
        if own.silent:
            silent += [(item, own.silent) for item in ids]
        if own.listed:
            listed += ids
        if own.resting:
            resting += ids
        if own.waiting:
            waiting += ids
        for stage in own.adopt:
            adopt += [Step(item, stage) for item in ids]
        for stage, cycle, jumped, role in own.rises:
            rise += [Step(item, stage, cycle, jumped, role) for item in ids]
        if found.place:
            for passed, orders in ((False, own.offers), (True, own.passes)):
                for order in orders:
                    causes.setdefault((order, passed), []).extend(ids)
    return Conclusions(
        words.policy,
        found.segment,
        tuple(sorted(silent)),
        tuple(sorted(listed)),
        tuple(sorted(resting)),
        tuple(sorted(waiting)),
        tuple(sorted(adopt)),
        tuple(sorted(rise)),
        tuple(
            sorted(
                _place(place, causes.get((order, place.passed), ()))
                for order, place in found.place
            )
        ),
        found.released,
        found.overridden,
        found.cleared,
        found.kept,
        fires,
        vetoed,
    )


def _place(place: Place, items: Sequence[str]) -> Place:
    return Place(
        place.kind,
        place.name,
        place.stage,
        place.action,
        place.watch,
        tuple(sorted(items)),
        place.approve,
        place.passed,
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
