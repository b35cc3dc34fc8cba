"""How results change what is remembered: pure, and the same for an apply and for a recovery."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from dunwell.log.entry import (
    DONE,
    ClaimBody,
    Claimed,
    ContactState,
    DeliveryBody,
    ResolutionBody,
    Result,
    StandingState,
    State,
    TaskState,
    UnknownState,
)
from dunwell.log.firing import fire_all, watch_resolved
from dunwell.log.returns import note_address, note_return, take_back
from dunwell.log.rising import concerns, rise_all, with_parts
from dunwell.log.tidy import tidy


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
            state = note_address(
                state, command.channel, command.address_hash, claim.on, command.key
            )
            state = note_return(state, command.key, claim.on)
        if command.kind == "tell":
            state = _told(state, command, done=result.status in DONE)
        if command.kind == "remind" and _attempted(result):
            contact = ContactState(claim.on, command.channel, command.company)
            state = replace(state, contacts=(*state.contacts, contact))
    state = rise_all(state, claim.rises, claim.commands, by_key, claim.on)
    state = fire_all(state, claim, by_key)
    state = take_back(state, {c.key for c in claim.commands})
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
    rises = tuple(r for r in claim.rises if concerns(r, command))
    new = UnknownState(command, claim.on, rises)
    return replace(state, unknowns=(*state.unknowns, new))


def bounced(state: State, body: DeliveryBody) -> State:
    """A message came back: its items stand where they stood before it."""
    if body.delivery == "delivered":
        return state
    state = note_return(state, body.key, body.on)
    if body.address_hash:
        state = note_address(state, body.channel, body.address_hash, body.on, body.key)
    if any(unknown.command.key == body.key for unknown in state.unknowns):
        # what came back had left: that is the evidence
        return _resolve(state, body.key, sent=True)
    return take_back(state, {body.key})


def resolved(state: State, body: ResolutionBody) -> State:
    """A person settled an unknown outcome."""
    return _resolve(state, body.key, sent=body.sent)


def _resolve(state: State, key: str, *, sent: bool) -> State:
    unknown = next((u for u in state.unknowns if u.command.key == key), None)
    if unknown is None:
        return state
    state = replace(state, unknowns=tuple(u for u in state.unknowns if u is not unknown))
    if unknown.command.watch and unknown.command.kind == "remind":
        state = watch_resolved(state, unknown, sent=sent)
    if not sent:
        return state
    state = _done(state, unknown.command, unknown.on)
    # other parts of the stage may have been done meanwhile
    rises = [with_parts(state, rise) for rise in unknown.rises]
    result = {key: Result(key, "done")}
    state = rise_all(state, rises, [unknown.command], result, unknown.on)
    return take_back(state, {key})
