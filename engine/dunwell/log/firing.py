"""Watches: when they have fired, and what an unfinished firing has done for which occurrence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from msgspec.structs import replace

from dunwell.log.entry import (
    DONE,
    ClaimBody,
    Claimed,
    FiringState,
    Result,
    State,
    UnknownState,
    WatchState,
)

_Name = tuple[str, str]
"""Company, and policy/watch."""

CYCLE = ""
"""Stands for the occurrence of a watch that is none of an event: it has only its cycle."""


def firings(state: State, company: str, watch: str, cycle: int) -> Iterator[FiringState]:
    """The unfinished firings of a watch: of its events, or else of this cycle."""
    for firing in state.firings:
        same = (firing.company, firing.watch) == (company, watch)
        if same and (firing.occurrences or firing.cycle == cycle):
            yield firing


def fire_all(state: State, claim: ClaimBody, results: Mapping[str, Result]) -> State:
    """A watch has fired for an occurrence when all that it does is done or may have been done.

    Half done is kept. A message in doubt leaves it half done, so that it can still go when a
    person says it did not.
    """
    groups: dict[_Name, list[Claimed]] = {}
    for command in claim.commands:
        if command.watch and command.key in results:
            groups.setdefault(_name(command), []).append(command)
    for commands in groups.values():
        state = _fire(state, commands, results, claim.on)
    return state


def _name(command: Claimed) -> _Name:
    return command.company, f"{command.ladder}/{command.source}"


def _occurrences(command: Claimed) -> tuple[str, ...]:
    return command.occurrences or (CYCLE,)


def _fire(state: State, commands: list[Claimed], results: Mapping[str, Result], on: date) -> State:
    first = commands[0]
    doubts = {o for u in state.unknowns if _doubts(u, first) for o in _occurrences(u.command)}
    handled = sorted({o for command in commands for o in _occurrences(command)})
    finished: list[str] = []
    parts: list[FiringState] = []
    for occurrence in handled:
        mine = [c for c in commands if occurrence in _occurrences(c)]
        over = [c for c in mine if results[c.key].status in (*DONE, "unknown")]
        old = _of(state, first, occurrence)
        part = FiringState(
            *_name(first),
            first.cycle,
            (occurrence,) if occurrence else (),
            _all(old.done if old else (), (c.action for c in over)),
            _all(old.items if old else (), (item for c in over for item in c.items)),
            _all((old.needs or old.done) if old else (), (c.action for c in mine)),
            on,
        )
        if set(part.needs) <= set(part.done) and occurrence not in doubts:
            finished.append(occurrence)
        elif part.done:
            parts.append(part)
    state = replace(state, firings=(*_without(state, first, handled), *parts))
    return _fired(state, first, finished, on)


def _doubts(unknown: UnknownState, command: Claimed) -> bool:
    """A message of the same watch of which nobody knows."""
    about = unknown.command
    return about.watch and about.kind == "remind" and _name(about) == _name(command)


def _all(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))


def _of(state: State, command: Claimed, occurrence: str) -> FiringState | None:
    """What is done for an occurrence of a command's watch."""
    known = firings(state, *_name(command), command.cycle)
    return next((f for f in known if occurrence in (f.occurrences or (CYCLE,))), None)


def _without(state: State, command: Claimed, handled: Iterable[str]) -> Iterator[FiringState]:
    """The firings less these occurrences of a command's watch."""
    gone = set(handled)
    for firing in state.firings:
        if (firing.company, firing.watch) != _name(command):
            yield firing
        elif left := tuple(o for o in firing.occurrences if o not in gone):
            yield replace(firing, occurrences=left)


def _fired(state: State, command: Claimed, occurrences: Iterable[str], on: date) -> State:
    """The watch has fired for these occurrences."""
    fired = tuple(occurrences)
    if not fired:
        return state
    company, name = _name(command)
    old = next((w for w in state.watches if (w.company, w.watch) == (company, name)), None)
    seen = _all(old.seen if old else (), filter(None, fired))
    new = WatchState(company, name, command.cycle, on, seen)
    return replace(state, watches=(*(w for w in state.watches if w is not old), new))


def watch_resolved(state: State, unknown: UnknownState, *, sent: bool) -> State:
    """The message of a watch left, and so it is done; or it did not, and is to go again."""
    command = unknown.command
    for occurrence in _occurrences(command):
        old = _of(state, command, occurrence)
        if old is None or command.action not in old.done:
            continue  # an entry of earlier, which counted it as fired
        others = tuple(_without(state, command, [occurrence]))
        done = old.done if sent else tuple(a for a in old.done if a != command.action)
        if sent and set(old.needs) <= set(done):
            state = _fired(replace(state, firings=others), command, [occurrence], unknown.on)
        elif done:
            own = (occurrence,) if occurrence else ()
            part = replace(old, done=done, occurrences=own)
            state = replace(state, firings=(*others, part))
        else:
            state = replace(state, firings=others)
    return state
