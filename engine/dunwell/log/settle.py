"""How results change what is remembered: pure, and the same for an apply and for a recovery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from msgspec.structs import replace

from dunwell.log.entry import (
    BounceState,
    ClaimBody,
    Claimed,
    ContactState,
    DeliveryBody,
    FiringState,
    ItemState,
    Prior,
    ResolutionBody,
    Result,
    ReturnState,
    Rise,
    StandingState,
    State,
    TaskState,
    UnknownState,
    WatchState,
)

KEEP = timedelta(days=400)
"""How long closed items, old contacts and seen occurrences stay in the state."""

DONE = ("done", "already_done")


SURE = timedelta(days=7)
"""How long a task of which the ERP says nothing may still be on its way there."""


def settle(
    state: State,
    claim: ClaimBody,
    results: Iterable[Result],
    *,
    open_items: frozenset[str],
    open_tasks: frozenset[str] | None = None,
) -> State:
    """The state after a claim: what was done advances, what is unknown waits for a person.

    `open_items` and `open_tasks` (keys) are what the ERP has open; None: it was not asked.
    """
    by_key = {result.key: result for result in results}
    for command in claim.commands:
        result = by_key.get(command.key)
        if result is None:
            continue
        if result.status == "unknown":
            state = _unknown(state, claim, command)
        elif result.status in DONE:
            state = _done(state, command, claim.on)
        if result.delivery in ("bounced", "refused") and command.address_hash:
            state = _bounce(state, command.channel, command.address_hash, claim.on, command.key)
            state = _returned(state, command.key, claim.on)
        if command.kind == "tell":
            state = _told(state, command, done=result.status in DONE)
        if command.kind == "remind" and _attempted(result):
            contact = ContactState(claim.on, command.channel, command.company)
            state = replace(state, contacts=(*state.contacts, contact))
    state = _rise_all(state, claim.rises, claim.commands, by_key, claim.on)
    state = _fire_all(state, claim, by_key)
    state = _all_unsent(state, {c.key for c in claim.commands})
    return tidy(state, claim.on, open_items, open_tasks)


def _attempted(result: Result) -> bool:
    """An attempt is a contact once something may have left; a refusal at the door is none."""
    if result.status in ("done", "unknown"):
        return True
    return result.delivery in ("accepted", "delivered", "bounced")


def _done(state: State, command: Claimed, on: date) -> State:
    if command.kind == "task":
        source = f"{command.ladder}/{command.source}"
        task = TaskState(
            command.key, command.company, source, command.action, command.items, on,
            causes=() if command.watch else command.occurrences,
        )  # fmt: skip
        return replace(state, tasks=(*state.tasks, task))
    if command.kind == "tell":
        return _told(state, command, done=True)
    if command.joins:
        tasks = tuple(
            replace(
                t,
                items=tuple(sorted({*t.items, *command.items})),
                causes=t.causes if command.watch else _both(t.causes, command.occurrences),
            )
            if t.key == command.joins
            else t
            for t in state.tasks
        )
        return replace(state, tasks=tasks)
    if command.kind in ("hold", "tag", "release", "untag", "override", "clear"):
        return _stand(state, command, on)
    return state


def _both(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))


def _told(state: State, command: Claimed, *, done: bool) -> State:
    """Whether the message that tells of a task has left; until it has it is sent again."""
    tasks = tuple(
        replace(t, untold=not done, told=command.key if done else "")
        if t.key == command.joins
        else t
        for t in state.tasks
    )
    return replace(state, tasks=tasks)


def _fire_all(state: State, claim: ClaimBody, results: Mapping[str, Result]) -> State:
    """A watch has fired when all that it does is done or may have been done; half done is kept.

    A message in doubt leaves it half done, so that it can still go when a person says it did not.
    """
    groups: dict[tuple[str, str, str], list[Claimed]] = {}
    for command in claim.commands:
        if command.watch and command.key in results:
            name = (command.company, command.ladder, command.source)
            groups.setdefault(name, []).append(command)
    for commands in groups.values():
        over = {c.action for c in commands if results[c.key].status in (*DONE, "unknown")}
        doubt = any(c.kind == "remind" and results[c.key].status == "unknown" for c in commands)
        if all(c.action in over for c in commands) and not doubt:
            state = _fired(state, commands[0], claim.on)
        elif over:
            state = _half_fired(state, commands[0], over)
    return state


def _half_fired(state: State, command: Claimed, over: set[str]) -> State:
    name = f"{command.ladder}/{command.source}"
    before = firing(state, command.company, name, command.cycle, command.occurrences)
    new = FiringState(
        command.company, name, command.cycle, command.occurrences, tuple(sorted({*before, *over}))
    )
    return replace(state, firings=(*_other_firings(state, command.company, name), new))


def _other_firings(state: State, company: str, watch: str) -> Iterable[FiringState]:
    return (f for f in state.firings if (f.company, f.watch) != (company, watch))


def firing(
    state: State, company: str, watch: str, cycle: int, occurrences: tuple[str, ...]
) -> tuple[str, ...]:
    """The actions of a firing that an earlier claim has done, when others of them failed."""
    wanted = (company, watch, cycle, occurrences)
    known = (f for f in state.firings if (f.company, f.watch, f.cycle, f.occurrences) == wanted)
    return next((f.done for f in known), ())


def _fired(state: State, command: Claimed, on: date) -> State:
    name = f"{command.ladder}/{command.source}"
    old = next((w for w in state.watches if (w.company, w.watch) == (command.company, name)), None)
    seen = tuple(sorted({*(old.seen if old else ()), *command.occurrences}))
    new = WatchState(command.company, name, command.cycle, on, seen)
    return replace(
        state,
        watches=(*(w for w in state.watches if w is not old), new),
        firings=tuple(_other_firings(state, command.company, name)),
    )


def _stand(state: State, command: Claimed, on: date) -> State:
    action = "hold" if command.action.startswith("hold") else "tag"
    became = {"hold": "placed", "tag": "placed", "override": "override"}.get(
        command.kind, "released"
    )
    new = StandingState(
        command.company,
        action,  # type: ignore[arg-type]
        command.name,
        became,  # type: ignore[arg-type]
        command.value,
        command.cycle,
        on,
        command.key,
    )
    same = (new.company, new.action, new.name)
    others = (s for s in state.standing if (s.company, s.action, s.name) != same)
    return replace(state, standing=(*others, new))


def _unknown(state: State, claim: ClaimBody, command: Claimed) -> State:
    rises = tuple(r for r in claim.rises if _concerns(r, command))
    new = UnknownState(command, claim.on, rises)
    return replace(state, unknowns=(*state.unknowns, new))


def _concerns(rise: Rise, command: Claimed) -> bool:
    return (
        not command.watch
        and rise.item in command.items
        and rise.company == command.company
        and command.action in rise.needs
    )


def _rise_all(
    state: State,
    rises: Iterable[Rise],
    commands: Iterable[Claimed],
    results: Mapping[str, Result],
    on: date,
) -> State:
    done_by = [
        (command, results[command.key].status in DONE)
        for command in commands
        if command.key in results
    ]
    items = {item.item: item for item in state.items}
    for rise in rises:
        done = set(rise.done)
        via = ""
        for command, ok in done_by:
            if ok and _concerns(rise, command):
                done.add(command.action)
                via = command.key if command.kind == "remind" else via
        items[rise.item] = _risen(items.get(rise.item), rise, done, via, on)
        if not items[rise.item].stage and items[rise.item].part is None:
            del items[rise.item]
    return replace(state, items=tuple(items[key] for key in sorted(items)))


def _risen(old: ItemState | None, rise: Rise, done: set[str], via: str, on: date) -> ItemState:
    if not via and old is not None and old.part is not None and old.part[0] == rise.stage:
        via = old.part_via
    if not set(rise.needs) <= done:
        part = (rise.stage, tuple(sorted(done))) if done else None
        if old is None:
            return ItemState(rise.item, rise.ladder, "", 0, on, part=part, part_via=via)
        return replace(old, part=part or old.part, part_via=via if part else old.part_via)
    prior = None
    if old is not None and old.stage:
        prior = Prior(old.ladder, old.stage, old.cycle, old.on, old.pay_by, old.via, old.did)
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
        did=_silent(done) if via else (),
        kept=tuple(part for part in (old.kept if old else ()) if part[0] != rise.stage),
    )


def _silent(actions: Iterable[str]) -> tuple[str, ...]:
    """The actions that are no message."""
    return tuple(sorted(action for action in actions if not action.startswith("remind")))


def _past(old: ItemState | None, stage: str) -> tuple[str, ...]:
    """The stages before this one."""
    if old is None:
        return ()
    names = (*old.past, old.stage) if old.stage not in ("", stage) else old.past
    return tuple(dict.fromkeys(names))


def _bounce(state: State, channel: str, address_hash: str, on: date, key: str) -> State:
    known = {(b.channel, b.address_hash) for b in state.bounces}
    if (channel, address_hash) in known:
        return state
    return replace(state, bounces=(*state.bounces, BounceState(channel, address_hash, on, key)))


def _returned(state: State, key: str, on: date) -> State:
    if any(known.key == key for known in state.returned):
        return state
    return replace(state, returned=(*state.returned, ReturnState(key, on)))


def bounced(state: State, body: DeliveryBody) -> State:
    """A message came back: its items stand where they stood before it."""
    if body.delivery == "delivered":
        return state
    state = _returned(state, body.key, body.on)
    if body.address_hash:
        state = _bounce(state, body.channel, body.address_hash, body.on, body.key)
    if any(unknown.command.key == body.key for unknown in state.unknowns):
        # what came back had left: that is the evidence
        return _resolve(state, body.key, sent=True)
    return _all_unsent(state, {body.key})


def _all_unsent(state: State, keys: Iterable[str]) -> State:
    """Take back what messages moved that came back, whenever that was learned."""
    for key in {r.key for r in state.returned} & set(keys):
        items = (_unsent(item, key) for item in state.items)
        tasks = (replace(t, untold=True, told="") if t.told == key else t for t in state.tasks)
        state = replace(
            state, items=tuple(item for item in items if item is not None), tasks=tuple(tasks)
        )
    return state


def _unsent(item: ItemState, key: str) -> ItemState | None:
    """Where an item stands when a message came back: before it, the rest of the stage done."""
    if item.via == key:
        parts = [(item.stage, item.did)] if item.did else []
        parts += [item.part] if item.part is not None else []
        p = item.prior or Prior(item.ladder, "", 0, item.on)
        if not p.stage and not parts and not item.kept:
            return None  # it has no stage again
        return ItemState(
            item.item, p.ladder, p.stage, p.cycle, p.on, p.pay_by, p.via,
            adopted=item.adopted, part=parts[0] if parts else None, gone=item.gone,
            past=tuple(name for name in item.past if name != p.stage),
            did=p.did, kept=(*parts[1:], *item.kept),
        )  # fmt: skip
    if item.part is not None and item.part_via == key:
        left = _silent(item.part[1])
        if not left and not item.stage:
            return None
        return replace(item, part=(item.part[0], left) if left else None, part_via="")
    return item


def resolved(state: State, body: ResolutionBody) -> State:
    """A person settled an unknown outcome."""
    return _resolve(state, body.key, sent=body.sent)


def _resolve(state: State, key: str, *, sent: bool) -> State:
    unknown = next((u for u in state.unknowns if u.command.key == key), None)
    if unknown is None:
        return state
    state = replace(state, unknowns=tuple(u for u in state.unknowns if u is not unknown))
    if unknown.command.watch and unknown.command.kind == "remind":
        state = _watch_resolved(state, unknown, sent=sent)
    if not sent:
        return state
    state = _done(state, unknown.command, unknown.on)
    # other parts of the stage may have been done meanwhile
    rises = [_with_parts(state, rise) for rise in unknown.rises]
    result = {key: Result(key, "done")}
    state = _rise_all(state, rises, [unknown.command], result, unknown.on)
    return _all_unsent(state, {key})


def _watch_resolved(state: State, unknown: UnknownState, *, sent: bool) -> State:
    """The message of a watch left, and the watch has fired; or it did not, and is to go again."""
    command = unknown.command
    name = f"{command.ladder}/{command.source}"
    done = firing(state, command.company, name, command.cycle, command.occurrences)
    if command.action not in done:  # an entry of earlier, which counted it as fired
        return state
    if sent:
        return _fired(state, command, unknown.on)
    left = tuple(action for action in done if action != command.action)
    new = FiringState(command.company, name, command.cycle, command.occurrences, left)
    others = _other_firings(state, command.company, name)
    return replace(state, firings=(*others, new) if left else tuple(others))


def _with_parts(state: State, rise: Rise) -> Rise:
    old = next((item for item in state.items if item.item == rise.item), None)
    if old is None or old.part is None or old.part[0] != rise.stage:
        return rise
    return replace(rise, done=tuple(sorted({*rise.done, *old.part[1]})))


def tidy(
    state: State,
    on: date,
    open_items: frozenset[str],
    open_tasks: frozenset[str] | None = None,
) -> State:
    """Forget what can no longer matter, so that entries do not grow."""
    items = []
    for item in state.items:
        if item.item in open_items:
            items.append(replace(item, gone=None) if item.gone else item)
        elif item.gone is None:
            items.append(replace(item, gone=on))
        elif on - item.gone <= KEEP:
            items.append(item)
    return replace(
        state,
        items=tuple(items),
        tasks=_tasks(state, on, open_items, open_tasks),
        contacts=tuple(c for c in state.contacts if on - c.on <= KEEP),
        approvals=tuple(a for a in state.approvals if on - a.on <= KEEP),
        returned=tuple(r for r in state.returned if on - r.on <= KEEP),
    )


def _tasks(
    state: State, on: date, open_items: frozenset[str], open_tasks: frozenset[str] | None
) -> tuple[TaskState, ...]:
    """Open tasks, and closed ones that may come again: opened by a person, or for their cause."""
    if open_tasks is None:
        return state.tasks
    doubts = {unknown.command.key for unknown in state.unknowns}

    def needed(task: TaskState) -> bool:
        age = on - task.on
        if task.key in open_tasks or age <= SURE:
            return True
        if task.action == "unknown":
            return not doubts.isdisjoint(task.causes)
        if task.items:
            return age <= KEEP and not open_items.isdisjoint(task.items)
        return age <= KEEP and bool(task.causes)

    return tuple(task for task in state.tasks if needed(task))
