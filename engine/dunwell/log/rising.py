"""Items on their way to a stage: reached when all that it needs is done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from msgspec.structs import replace

from dunwell.log.entry import DONE, Claimed, ItemState, Result, Rise, State
from dunwell.log.returns import prior_of, silent


def concerns(rise: Rise, command: Claimed) -> bool:
    """Whether a command is a part of what an item needs to rise."""
    return (
        not command.watch
        and rise.item in command.items
        and rise.company == command.company
        and command.action in rise.needs
    )


def rise_all(
    state: State,
    rises: Iterable[Rise],
    commands: Iterable[Claimed],
    results: Mapping[str, Result],
    on: date,
) -> State:
    """Every item with what was done for it: at its stage, or half way there."""
    done_by = [
        (command, results[command.key].status in DONE)
        for command in commands
        if command.key in results
    ]
    items = {item.item: item for item in state.items}
    returned = frozenset(r.key for r in state.returned)
    for rise in rises:
        done = set(rise.done)
        via = ""
        for command, ok in done_by:
            if ok and concerns(rise, command):
                done.add(command.action)
                via = command.key if command.kind == "remind" else via
        items[rise.item] = _risen(items.get(rise.item), rise, done, via, on, returned)
        if not items[rise.item].stage and items[rise.item].part is None:
            del items[rise.item]
    return replace(state, items=tuple(items[key] for key in sorted(items)))


def _risen(
    old: ItemState | None,
    rise: Rise,
    done: set[str],
    via: str,
    on: date,
    returned: Collection[str],
) -> ItemState:
    if not via and old is not None and old.part is not None and old.part[0] == rise.stage:
        via = old.part_via
    if not set(rise.needs) <= done:
        part = (rise.stage, tuple(sorted(done))) if done else None
        if old is None:
            return ItemState(rise.item, rise.ladder, "", 0, on, part=part, part_via=via)
        return replace(old, part=part or old.part, part_via=via if part else old.part_via)
    prior = prior_of(old, on, returned) if old is not None and old.stage else None
    return ItemState(
        rise.item,
        rise.ladder,
        rise.stage,
        rise.cycle,
        on,
        pay_by=rise.pay_by,
        via=via,
        adopted=rise.stage if rise.adopted else (old.adopted if old else ""),
        prior=prior if via else None,
        past=_past(old, rise.stage),
        did=silent(done) if via else (),
        kept=tuple(part for part in (old.kept if old else ()) if part[0] != rise.stage),
    )


def _past(old: ItemState | None, stage: str) -> tuple[str, ...]:
    """The stages before this one."""
    if old is None:
        return ()
    names = (*old.past, old.stage) if old.stage not in ("", stage) else old.past
    return tuple(dict.fromkeys(names))


def with_parts(state: State, rise: Rise) -> Rise:
    """The rise with what was done of its stage meanwhile."""
    old = next((item for item in state.items if item.item == rise.item), None)
    if old is None or old.part is None or old.part[0] != rise.stage:
        return rise
    return replace(rise, done=tuple(sorted({*rise.done, *old.part[1]})))
