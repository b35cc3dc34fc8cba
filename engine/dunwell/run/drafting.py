"""The steps of one account sorted into what may happen today and what must wait, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dunwell.decide.case import Case
from dunwell.decide.conclusions import Fire, Step
from dunwell.decide.standing import name_of
from dunwell.log.entry import ItemState
from dunwell.policy.tree import Action, Stage
from dunwell.run.approvals import approval_key, judge, waiting
from dunwell.run.draft import Context, Decision, Draft, Letter, Move, left, vetoes
from dunwell.run.reach import Interval, hours
from dunwell.run.recipients import Recipient, recipients
from dunwell.run.words import part


def draft(decision: Decision, context: Context) -> Draft:
    """What may happen today for one account, before the contact budget of its debtor."""
    made = Draft(decision)
    case, found = decision.case, decision.found
    states = {state.item: state for state in case.memory.state.items}
    doubts = _doubts(case)
    moves = (
        _move(made, step, states.get(step.item))
        for step in found.rise
        if not _waits(made, step, doubts)
    )
    movable = [move for move in moves if move is not None]
    movable = _approved(made, movable, context)
    made.moves = [m for m in movable if not m.speaks]
    spoken = [m for m in movable if m.speaks]
    if spoken:
        _letters(made, spoken, context)
    for fire in found.fire:
        _watch(made, fire, context)
    made.notes += [f"item waits: its stage is not in the ladder: {i}" for i in found.waiting]
    made.notes += _credit_notes(case)
    return made


def _doubts(case: Case) -> dict[str, str]:
    """Items of which nobody knows whether something was done for them, each with its key."""
    company = case.account.company.id
    return {
        item: unknown.command.key
        for unknown in case.memory.state.unknowns
        if unknown.command.company == company and not unknown.command.watch
        for item in unknown.command.items
    }


def _waits(made: Draft, step: Step, doubts: dict[str, str]) -> bool:
    """What is in doubt is not done again, nor is anything severer, until a person says."""
    key = doubts.get(step.item)
    if key is not None:
        made.notes.append(f"{step.item} waits until a person says whether {key} was done")
    return key is not None


def _move(made: Draft, step: Step, state: ItemState | None) -> Move | None:
    stage = made.case.policy.ladder[step.stage]
    actions: list[Action] = []
    own = (action for action in stage.do if not (step.cycle and action.standing))
    for action in (*own, *_brought(made, step, stage)):
        veto = vetoes(made.decision, step.item, action.kind)
        if veto:
            made.notes.append(f"veto {veto} stops {action.id} of stage {stage.name}")
        else:
            actions.append(action)
    parts = (state.part, *state.kept) if state else ()
    known = (p[1] for p in parts if p and made.case.policy.stage(p[0]) == step.stage)
    done = next(known, ())
    return Move(step, stage, tuple(actions), done) if actions else None


def _brought(made: Draft, step: Step, stage: Stage) -> Iterable[Action]:
    """The holds and tags of stages that a jump passes over: they come with it.

    What needs a yes of its own is not brought; it is asked for by itself.
    """
    own = {name_of(action) for action in stage.do}
    for place in made.decision.found.place:
        if place.passed and not place.approve and step.item in place.items:
            passed = made.case.policy.ladder[place.stage]
            yield from (a for a in passed.do if a.id == place.action and name_of(a) not in own)


def _approved(made: Draft, moves: Sequence[Move], context: Context) -> list[Move]:
    """The moves that need no yes or have it; the others are listed as waiting."""
    free = [m for m in moves if not m.step.approve]
    groups: dict[tuple[int, str], list[Move]] = {}
    for move in moves:
        if move.step.approve:
            groups.setdefault((move.step.stage, move.step.approve), []).append(move)
    for (_, role), group in sorted(groups.items()):
        stage = group[0].stage
        keys = {
            m.step.item: approval_key(context.tenant, made.case, stage, m.step.item, m.step.cycle)
            for m in group
        }
        yes, no = judge(made.case, keys, on=made.case.on)
        free += [m for m in group if m.step.item in yes]
        left = {item: key for item, key in keys.items() if item not in yes}
        if left:
            made.waiting.append(waiting(made.case, stage.name, role, left, no))
    return free


def _letters(made: Draft, moves: list[Move], context: Context) -> None:
    """One message for all that rise today, worded by the severest stage."""
    blocked = _unknown(made)
    if blocked:
        made.notes.append(blocked)
        return
    severest = max(moves, key=lambda m: m.step.stage)
    action = severest.remind
    assert action is not None
    names = {m.step.item for m in moves}
    reached = _reach(made, action, severest.stage.name, context)
    if reached is None:
        made.stranded += moves
        return
    recipient, when, open_today = reached
    if open_today:
        stage = severest.step.stage
        about = {m.step.item for m in moves if m.step.stage == stage}
        parted = part(made.case, made.decision.found, names, stage, about=about)
        made.letters.append(
            Letter(action, severest.stage.name, stage, recipient, when, parted, tuple(moves))
        )


def _unknown(made: Draft) -> str:
    company = made.case.account.company.id
    for unknown in made.case.memory.state.unknowns:
        if unknown.command.company == company and unknown.command.kind == "remind":
            return f"no message until a person says whether {unknown.command.key} was sent"
    return ""


def _reach(
    made: Draft, action: Action, what: str, context: Context
) -> tuple[Recipient, Interval, bool] | None:
    """The recipient, the hours of today, whether today is a day; None: nobody can be reached."""
    rules = made.case.house.contacts(made.case.policy)
    channels = [c for c in rules.channels if c in context.channels]
    closed = ""
    for recipient in recipients(made.case, action.to, channels):
        when, reason = hours(made.case, rules.windows.get(recipient.channel))
        if not reason:
            return recipient, when, True
        closed = closed or reason
    if not closed:
        made.notes.append(f"no channel is left to send {what}")
        return None
    made.notes.append(f"{what} is put off: {closed}")
    return Recipient("", "", "", ()), None, False


def _watch(made: Draft, fire: Fire, context: Context) -> None:
    watch = next(w for w in made.case.policy.watch if w.name == fire.watch)
    actions = [a for a in watch.do if not a.standing and left(made.case, fire, a.id)]
    stopped = {a.id: vetoes(made.decision, "", a.kind) for a in actions}
    actions = [a for a in actions if not stopped[a.id]]
    made.notes += [f"veto {v} stops {i} of watch {fire.watch}" for i, v in stopped.items() if v]
    remind = next((a for a in actions if a.kind == "remind"), None)
    if remind is None:
        if actions:
            made.fires.append(fire)
        return
    fire = left(made.case, fire, remind.id) or fire
    found = made.decision.found
    concerned = set(fire.items) or {i.row.id for i in made.case.items}
    if concerned and concerned <= {item for item, _ in found.silent}:
        made.notes.append(f"watch {fire.watch} sends nothing: its items are left alone")
        return
    blocked = _unknown(made)
    if blocked:
        made.notes.append(blocked)
        return
    reached = _reach(made, remind, f"watch {fire.watch}", context)
    if reached is None:
        made.unheard.append(fire)
        return
    if not reached[2]:
        return
    # what happened to an item is said of it, due or not: a card that failed before the due date
    about = fire.items if fire.occurrences else ()
    parted = part(made.case, found, fire.items, None, about=about)
    made.letters.append(Letter(remind, fire.watch, -1, reached[0], reached[1], parted, fire=fire))


def _credit_notes(case: Case) -> list[str]:
    currencies = {item.currency for item in case.account.items}
    return [
        f"credit {c.number or c.id} in {c.currency} covers nothing here"
        for c in case.account.credits
        if c.currency not in currencies and currencies
    ]
