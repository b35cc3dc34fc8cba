"""The steps of one account sorted into what may happen today and what must wait, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from dunwell.calendar import Calendar, Window, interval, zones_of
from dunwell.command import Waiting
from dunwell.decide.case import Case
from dunwell.decide.conclusions import Conclusions, Fire, Step
from dunwell.decide.standing import name_of
from dunwell.log.entry import ApprovalState, ItemState, TaskState
from dunwell.log.keys import meaning
from dunwell.log.settle import firing
from dunwell.money import convert
from dunwell.policy.tree import Action, House, Stage
from dunwell.run.recipients import Recipient, recipients
from dunwell.run.words import Parted, Wording, part, to_pay

Interval = tuple[datetime, datetime] | None


@dataclass(frozen=True, slots=True)
class Context:
    """What is the same for all accounts of a run. `channels` are those that can be used now."""

    tenant: str
    house: House
    wording: Wording
    channels: frozenset[str] = frozenset({"email"})


@dataclass(frozen=True, slots=True)
class Decision:
    """One account with what its policy concludes."""

    case: Case
    found: Conclusions


@dataclass(frozen=True, slots=True)
class Move:
    """One step with the actions that are left after vetoes; `stage` is the stage it goes to.

    `done` are those that an earlier claim has done, when others of them failed.
    """

    step: Step
    stage: Stage
    actions: tuple[Action, ...]
    done: tuple[str, ...] = ()

    @property
    def remind(self) -> Action | None:
        """The message of the stage."""
        return next((a for a in self.actions if a.kind == "remind"), None)

    @property
    def speaks(self) -> bool:
        """Whether its message has still to leave."""
        return self.remind is not None and self.remind.id not in self.done


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that may go today: which action words it, to whom, when, and what it demands."""

    action: Action
    source: str
    severity: int  # index of the stage, -1 for a watch
    recipient: Recipient
    when: Interval
    parted: Parted
    moves: tuple[Move, ...] = ()
    fire: Fire | None = None


@dataclass(slots=True)
class Draft:
    """An account's plan while it is made."""

    decision: Decision
    moves: list[Move] = field(default_factory=list)  # without a message
    letters: list[Letter] = field(default_factory=list)
    fires: list[Fire] = field(default_factory=list)  # without a message
    waiting: list[Waiting] = field(default_factory=list)
    stranded: list[str] = field(default_factory=list)  # items that no channel reaches
    unreachable: bool = False  # a watch has something to say and no channel is left
    notes: list[str] = field(default_factory=list)

    @property
    def case(self) -> Case:
        """The account."""
        return self.decision.case


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


def vetoes(decision: Decision, item: str, kind: str) -> str:
    """The veto that stops a kind of action for an item; "" when none does."""
    by_name = {veto.name: veto for veto in decision.case.house.veto}
    return next(
        (
            name
            for name, concerned in decision.found.vetoed
            if concerned in ("", item) and kind in by_name[name].action
        ),
        "",
    )


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


def identity(stage: Stage) -> str:
    """The name of a stage that its meanings carry: the oldest one, which renames do not change."""
    return stage.was[-1] if stage.was else stage.name


def approval_key(context: Context, case: Case, stage: Stage, item: str, cycle: int) -> str:
    """Names a step for an item whatever the day, so that a yes survives re-planning."""
    return meaning(context.tenant, case.policy.name, identity(stage), "approve", item, cycle)


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
            m.step.item: approval_key(context, made.case, stage, m.step.item, m.step.cycle)
            for m in group
        }
        yes, no = judge(made.case, keys, on=made.case.on)
        free += [m for m in group if m.step.item in yes]
        left = {item: key for item, key in keys.items() if item not in yes}
        if left:
            made.waiting.append(waiting(made.case, stage.name, role, left, no))
    return free


def judge(
    case: Case, keys: dict[str, str], *, on: date
) -> tuple[frozenset[str], dict[str, date | None]]:
    """Which items a person approved, and which were refused until when.

    The newest word counts. A yes holds up to the amount that was approved, in its currency: when
    the items that it names have come to owe more together, it no longer does.
    """
    newest: dict[str, ApprovalState] = {}
    for approval in sorted(case.memory.state.approvals, key=lambda a: a.on):
        for key in approval.keys:
            newest[key] = approval
    yes, no = set(), {}
    for item, key in keys.items():
        said = newest.get(key)
        if said is None:
            continue
        if not said.yes:
            if said.until is None or on <= said.until:
                no[item] = said.until
        elif _within(case, said, [i for i, k in keys.items() if newest.get(k) is said]):
            yes.add(item)
    return frozenset(yes), no


def _within(case: Case, said: ApprovalState, items: Iterable[str]) -> bool:
    if said.amount is None:
        return True
    owed = _together(case, [(a.minor, a.currency) for a in to_pay(case, items)], said.currency)
    approved = _together(case, [(said.amount, said.currency), *said.others], said.currency)
    return owed is not None and approved is not None and owed <= approved


def _together(case: Case, parts: Iterable[tuple[int, str]], currency: str) -> int | None:
    """The sum in one currency, in its minor units; None where a rate is not known."""
    total = 0
    for minor, source in parts:
        rate = case.rates.rate(source, currency)
        if rate is None:
            return None
        total += convert(minor, rate, source=source, target=currency)
    return total


def waiting(
    case: Case, stage: str, role: str, keys: dict[str, str], refused: dict[str, date | None]
) -> Waiting:
    """A step that waits for a person; its age is that of the task that asked."""
    asked = open_task(case, f"{case.policy.name}/{stage}", "approval")
    untils = [until for item, until in refused.items() if item in keys and until]
    return Waiting(
        keys=tuple(sorted(keys.values())),
        role=role,
        ladder=case.policy.name,
        stage=stage,
        items=tuple(sorted(keys)),
        money=to_pay(case, keys),
        since=asked.on if asked else case.on,
        refused_until=max(untils) if untils else (date.max if refused else None),
    )


def open_task(case: Case, source: str, action: str) -> TaskState | None:
    """The task of that source that is still open in the ERP; a stage may have had other names."""
    live = {task.key for task in case.account.tasks if task.state == "open"}
    policy, _, name = source.partition("/")
    older = next((stage.was for stage in case.policy.ladder if stage.name == name), ())
    sources = {source, *(f"{policy}/{each}" for each in older)}
    company = case.account.company.id
    return next(
        (
            t
            for t in case.memory.state.tasks
            if (t.company, t.action) == (company, action) and t.source in sources and t.key in live
        ),
        None,
    )


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
        made.stranded += sorted(names)
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


def hours(case: Case, window: Window | None) -> tuple[Interval, str]:
    """The interval of today in which the debtor may be contacted, or why not today."""
    rules = case.house.calendars(case.policy)
    country = case.account.payer.country
    calendar = debtor_calendar(case, country)
    if window is None:
        if rules.send_rolls != "none" and not calendar.is_business(case.on):
            return None, f"{case.on} is a closed day for the customer"
        return None, ""
    zones = debtor_zones(case, country)
    when = interval(case.on, window, calendar=calendar, zones=zones)
    if when is None:
        return None, f"no hours for it on {case.on} in {', '.join(zones)}"
    return when, ""


def debtor_calendar(case: Case, country: str | None) -> Calendar:
    """The business days of the debtor's country, else of the house."""
    if not country or country in case.calendar.holidays:
        return case.calendar
    try:
        return Calendar((country,), closed=case.calendar.closed, sources=case.calendar.sources)
    except ValueError:
        return case.calendar


def debtor_zones(case: Case, country: str | None) -> tuple[str, ...]:
    """The debtor's zone; when it is not known every zone of the country, else the house's."""
    zone = case.account.payer.timezone
    if zone:
        return (zone,)
    try:
        return zones_of(country) if country else (case.calendar.timezone,)
    except ValueError:
        return (case.calendar.timezone,)


def fired(case: Case, fire: Fire) -> tuple[str, ...]:
    """The actions of a watch that are done for this occurrence, when others of them failed."""
    watch = f"{case.policy.name}/{fire.watch}"
    company = case.account.company.id
    return firing(case.memory.state, company, watch, fire.cycle, fire.occurrences)


def _watch(made: Draft, fire: Fire, context: Context) -> None:
    watch = next(w for w in made.case.policy.watch if w.name == fire.watch)
    actions = [a for a in watch.do if not a.standing and a.id not in fired(made.case, fire)]
    stopped = {a.id: vetoes(made.decision, "", a.kind) for a in actions}
    actions = [a for a in actions if not stopped[a.id]]
    made.notes += [f"veto {v} stops {i} of watch {fire.watch}" for i, v in stopped.items() if v]
    remind = next((a for a in actions if a.kind == "remind"), None)
    if remind is None:
        if actions:
            made.fires.append(fire)
        return
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
        made.unreachable = True
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
