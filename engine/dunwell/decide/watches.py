"""Watches: what happens beside the ladder, once for each occurrence or again after a while."""

from __future__ import annotations

from datetime import date, timedelta

from dunwell.calendar import Calendar, next_occurrence
from dunwell.decide.case import ItemCase
from dunwell.decide.conclusions import Fire
from dunwell.decide.reading import Reading
from dunwell.decide.values import newest_task
from dunwell.log.entry import WatchState
from dunwell.policy.tree import Repeat, Watch, tests

LATE_START = timedelta(7)
"""A watch on a day of the month that never fired starts up to this long after that day."""


def conclude_watches(reading: Reading) -> tuple[Fire, ...]:
    """The watches that fire today; those with only standing actions never do."""
    fires = (
        _fire(reading, watch)
        for watch in reading.case.policy.watch
        if not all(action.standing for action in watch.do)
    )
    return tuple(sorted(fire for fire in fires if fire is not None))


def _fire(reading: Reading, watch: Watch) -> Fire | None:
    what = f"watch {watch.name}"
    if reading.per_item(watch.when):
        items = [i for i in reading.case.items if reading.holds(watch.when, what, reading.view, i)]
        if not items:
            return None
    elif reading.holds(watch.when, what, reading.view, None):
        items = []
    else:
        return None
    state = _state(reading, watch)
    events = [t.fact for t in tests(watch.when) if reading.registry[t.fact].event]
    if events:
        return _on_events(reading, watch, items, sorted(set(events)), state)
    if watch.repeat is None:
        return None
    last = (state.cycle, state.on) if state else None
    if not due_again(watch.repeat, last, reading.case.on, reading.case.calendar):
        return None
    cycle = state.cycle + 1 if state else 0
    return Fire(watch.name, cycle, (), tuple(sorted(i.row.id for i in items)))


def _state(reading: Reading, watch: Watch) -> WatchState | None:
    name = (reading.case.account.company.id, f"{reading.case.policy.name}/{watch.name}")
    states = reading.case.memory.state.watches
    return next((w for w in states if (w.company, w.watch) == name), None)


def _on_events(
    reading: Reading,
    watch: Watch,
    items: list[ItemCase],
    events: list[str],
    state: WatchState | None,
) -> Fire | None:
    seen = set(state.seen) if state else set()
    new: set[str] = set()
    concerned = []
    concerns: list[ItemCase | None] = [*items] or [None]
    for item in concerns:
        found = {o for event in events for o in _occurrences(reading, event, item)} - seen
        if found:
            new |= found
            concerned += [item.row.id] if item else []
    if not new:
        return None
    cycle = state.cycle + 1 if state else 0
    return Fire(watch.name, cycle, tuple(sorted(new)), tuple(sorted(concerned)))


def _occurrences(reading: Reading, event: str, item: ItemCase | None) -> list[str]:
    """The identities of what happened, as far as it can be told."""
    case = reading.case
    if event == "bounced":
        return [f"bounce:{case.bounce}"] if case.bounce is not None else []
    if event == "task_outcome":
        task = newest_task(reading.view)
        return [f"task:{task.key}"] if task else []
    if item is None:
        return []
    if event == "promise":
        promise = item.promise(case.on)
        return [f"promise:{promise.row.id}:{promise.state(case.on)}"] if promise else []
    if event == "is_disputed":
        return [f"dispute:{item.dispute.id}"] if item.dispute else []
    if event == "collection":
        return [f"collection:{item.row.id}:{item.row.collection_returns or 0}"]
    return [f"{event}:{item.row.id}"]


def due_again(repeat: Repeat, last: tuple[int, date] | None, on: date, calendar: Calendar) -> bool:
    """Whether what repeats is due; `last`: its newest cycle and the day of it, None before any."""
    if last is not None:
        cycle, day = last
        if repeat.at_most is not None and cycle >= repeat.at_most:
            return False
        return on >= next_occurrence(day, repeat.every, on_day=repeat.on_day, calendar=calendar)
    if repeat.on_day is None:
        return True
    # without a first time there is no rhythm yet: begin on its day, or soon after a missed run
    return any(_is_day(on - timedelta(n), repeat.on_day) for n in range(LATE_START.days))


def _is_day(day: date, wanted: int) -> bool:
    last = (day.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)
    return day.day == min(wanted, last.day)
