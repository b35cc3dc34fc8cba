"""What reading a policy misses: parts that can never hold, names that mean nothing, vain words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from dunwell.calendar import check_code
from dunwell.errors import Place, Problem
from dunwell.facts import Registry
from dunwell.policy.actions import ROLE_OF_ERP
from dunwell.policy.reach import Domain, clash, clashes_within
from dunwell.policy.tree import (
    ALWAYS,
    Action,
    Condition,
    Every,
    Neither,
    Repeat,
    Segment,
    Stage,
    Test,
    Watch,
    tests,
)
from dunwell.source.build import place_of
from dunwell.source.names import entries, texts
from dunwell.source.nodes import MapNode
from dunwell.source.suggest import hint_for


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds the parts of a policy: facts, roles, channels, calendars, all accounts.

    `roles` is None where there is no house that could name them.
    """

    domain: Domain
    channels: Collection[str] = ()
    calendars: Collection[str] = ()
    roles: Collection[str] | None = None
    applies_to: Condition = ALWAYS

    @property
    def registry(self) -> Registry:
        """The facts in force."""
        return self.domain.registry


def check_stage(node: MapNode, stage: Stage, around: Around) -> Iterator[Problem]:
    """What is wrong with a stage beyond its words."""
    registry = around.registry
    if not any(registry[test.fact].level == "item" for test in tests(stage.when)):
        yield Problem(
            place_of(node, "when"),
            f"'when' of the stage '{stage.name}' tests no fact of an item",
            "add one, like days_past_due: {at_least: 5}",
        )
    yield from _check_actions(node, stage.do, around)
    if stage.approve is not None:
        yield from _check_people([(stage.approve.by, stage.approve.place)], around)
    if stage.repeat is not None:
        yield from _check_stage_repeat(stage, stage.repeat)
    yield from _check_reach(stage, around)


def _check_stage_repeat(stage: Stage, repeat: Repeat) -> Iterator[Problem]:
    if repeat.on_day is not None:
        message = "a stage repeats after a time, not on a day of the month"
        yield Problem(repeat.place, message, "leave 'on_day' out, or write a watch")
    if all(action.standing for action in stage.do):
        message = f"the stage '{stage.name}' has nothing to repeat"
        hint = "holds and tags simply stand: leave 'repeat' out"
        yield Problem(repeat.place, message, hint)


def _check_reach(stage: Stage, around: Around) -> Iterator[Problem]:
    written = [stage.for_, stage.when]
    written += [stage.jump] if stage.jump is not None else []
    written += [stage.approve.when] if stage.approve is not None else []
    inner = [problem for condition in written for problem in never(condition, around.domain)]
    if inner:
        yield from inner
        return
    rising = clash([around.applies_to, stage.for_, stage.when], around.domain)
    jumping = stage.jump and clash([around.applies_to, stage.for_, stage.jump], around.domain)
    if rising is not None and (stage.jump is None or jumping):
        message = f"the stage '{stage.name}' can never be reached: {rising.why}"
        yield Problem(rising.place, message, "change one of them")
    elif jumping:
        message = f"no item can ever jump to '{stage.name}': {jumping.why}"
        yield Problem(jumping.place, message, "change one of them")


def check_watch(node: MapNode, watch: Watch, around: Around) -> Iterator[Problem]:
    """What is wrong with a watch beyond its words."""
    yield from _check_actions(node, watch.do, around)
    yield from never(watch.when, around.domain, and_also=around.applies_to)
    happens = _is_event(watch.when, around.registry)
    repeat = watch.repeat
    if repeat is None:
        if not happens and not all(action.standing for action in watch.do):
            yield Problem(
                place_of(node, "watch"),
                f"the watch '{watch.name}' tests no event and names no 'repeat'",
                "add repeat: {every: 1 month}, or test an event like 'bounced'",
            )
        return
    if happens:
        message = f"the watch '{watch.name}' acts once for each event and does not repeat"
        yield Problem(repeat.place, message, "leave 'repeat' out")
    if repeat.on_day is not None and repeat.every.unit != "months":
        message = f"'on_day' needs months, not '{repeat.every}'"
        yield Problem(repeat.place, message, "write every: 1 month")
    if all(action.standing for action in watch.do):
        message = f"the watch '{watch.name}' has nothing to repeat"
        yield Problem(repeat.place, message, "holds and tags simply stand: leave 'repeat' out")


def _is_event(condition: Condition, registry: Registry) -> bool:
    """Whether the condition can hold only where an event has happened."""
    if isinstance(condition, Test):
        denied = condition.op == "known" and condition.value is False
        denied = denied or (condition.op == "is" and condition.value in ((False,), ("none",)))
        return registry[condition.fact].event and condition.op != "not" and not denied
    if isinstance(condition, Every):
        return any(_is_event(part, registry) for part in condition.parts)
    if isinstance(condition, Neither):
        return False
    return all(_is_event(part, registry) for part in condition.parts)


def never(
    condition: Condition, domain: Domain, *, and_also: Condition = ALWAYS
) -> Iterator[Problem]:
    """Why a condition can never hold, alone or together with another that must hold too."""
    inner = list(clashes_within(condition, domain))
    outer = [] if inner else [clash([and_also, condition], domain)]
    for found in (*inner, *outer):
        if found is not None:
            yield Problem(found.place, found.why, "change one of them")


def _check_actions(node: MapNode, actions: Sequence[Action], around: Around) -> Iterator[Problem]:
    for action in actions:
        _, dot, number = action.id.rpartition(".")
        again = bool(dot) and number.isdigit() and action.kind in ("remind", "hold", "tag")
        if again and action.id not in (f"tag:{action.tag}", f"hold:{action.hold}"):
            what = {
                "remind": "an account gets one message",
                "hold": f"the hold '{action.hold}' is there already",
                "tag": f"the tag '{action.tag}' is there already",
            }[action.kind]
            yield Problem(action.place, f"a second '{action.kind}': {what}", "leave one out")
    for entry in entries(node, "do"):
        task = entry.get("task")
        assign = task.get("assign") if isinstance(task, MapNode) else None
        people = [(name.text, name.place) for name in texts(assign)]
        yield from _check_people(people, around)


def _check_people(people: Sequence[tuple[str, Place]], around: Around) -> Iterator[Problem]:
    for person, place in people:
        if "@" in person or person == ROLE_OF_ERP:
            continue
        if around.roles is None:
            message = f"the role '{person}' has no person without a house file"
            hint = f"write a house file with roles: {{{person}: ana@acme.example}}"
            yield Problem(place, message, hint, level="warning")
        elif person not in around.roles:
            known = [*around.roles, ROLE_OF_ERP]
            hint = hint_for(person, known) or "add it to 'roles' of the house"
            yield Problem(place, f"unknown role '{person}'", hint)


def check_segments(found: Sequence[tuple[MapNode, Segment]], around: Around) -> Iterator[Problem]:
    """Segments that no account can have."""
    all_left = ""
    for node, segment in found:
        place = place_of(node, "segment")
        if all_left:
            message = f"no account is left for '{segment.name}': '{all_left}' takes all"
            yield Problem(place, message, f"put '{all_left}' last")
        if segment.name == "else":
            message = "'else' cannot be the name of a segment"
            yield Problem(place, message, "it means all others in 'by_segment'")
        if segment.when == ALWAYS and node.get("when") is None:
            all_left = all_left or segment.name
        yield from never(segment.when, around.domain, and_also=around.applies_to)


def check_contact(node: MapNode, around: Around) -> Iterator[Problem]:
    """Channels for which nothing is installed, named twice, or with a window but no use."""
    contact = node.get("contact")
    if not isinstance(contact, MapNode):
        return
    named: list[str] = []
    for channel in texts(contact.get("channels")):
        if channel.text in named:
            message = f"the channel '{channel.text}' is there twice"
            yield Problem(channel.place, message, "leave one out")
        elif channel.text not in around.channels:
            message = (
                f"the channel '{channel.text}' is not available: no plugin for it is installed"
            )
            yield Problem(channel.place, message, _installed(around.channels))
        named.append(channel.text)
    window = contact.get("window")
    for key, _ in window.entries if isinstance(window, MapNode) else []:
        if key.text not in named:
            message = f"a window for '{key.text}', which is none of the channels here"
            yield Problem(key.place, message, hint_for(key.text, named))


def _installed(channels: Collection[str]) -> str:
    names = ", ".join(sorted(channels))
    return f"installed: {names}" if names else "install a plugin that brings it"


def check_calendar(node: MapNode, around: Around) -> Iterator[Problem]:
    """Codes of holidays that nobody knows."""
    calendar = node.get("calendar")
    if not isinstance(calendar, MapNode):
        return
    for code in texts(calendar.get("holidays")):
        if code.text in around.calendars:
            continue
        try:
            check_code(code.text)
        except ValueError as error:
            message, _, hint = str(error).partition(" | ")
            yield Problem(code.place, message, hint)
