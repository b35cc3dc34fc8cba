"""Where an item stands, and every condition that its next step waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from dunwell.calendar import after
from dunwell.decide.case import DAY, Case, ItemCase
from dunwell.decide.conclusions import Step
from dunwell.decide.conditions import Finding
from dunwell.decide.evaluator import Evaluation
from dunwell.facts import Registry
from dunwell.money import Money
from dunwell.policy.tree import Condition, Pause, Stage
from dunwell.run.ahead import Ahead, first_steps
from dunwell.run.clauses import Clause, cash, clause, clause_of
from dunwell.run.reports import Asked, Gate, ItemReport, Reason


@dataclass
class Heard:
    """Remembers every condition that an evaluation asks (its watcher)."""

    asked: dict[tuple[str, str], tuple[list[Finding], bool]] = field(default_factory=dict)

    def __call__(self, what: str, item: str, findings: list[Finding], verdict: bool) -> None:
        """Take a note."""
        self.asked[what, item] = findings, verdict

    def clause(
        self, what: str, item: str, condition: Condition, registry: Registry
    ) -> Clause | None:
        """A condition that was asked, with its findings; None when it was not."""
        found = self.asked.get((what, item))
        return None if found is None else clause_of(condition, found[0], registry)

    def held_on(self, pause: Pause, item: str, day: date) -> date | None:
        """The newest day up to `day` on which the condition of a pause was seen to hold."""
        while (f"pause {pause.name} on {day}", item) in self.asked:
            if self.asked[f"pause {pause.name} on {day}", item][1]:
                return day
            day -= DAY
        return None


@dataclass(frozen=True, slots=True)
class _Telling:
    """What is needed to tell of items."""

    reading: Evaluation
    heard: Heard
    ahead: Ahead
    rises: Mapping[str, Step]
    adopted: Mapping[str, Step]
    steps: Mapping[str, tuple[date, str, bool]]
    waits: frozenset[str]

    @property
    def case(self) -> Case:
        return self.reading.case


def item_reports(
    reading: Evaluation, heard: Heard, future: Ahead, *, waits: frozenset[str]
) -> tuple[ItemReport, ...]:
    """One report for each open item, oldest due first; `waits` are those that need a yes."""
    telling = _Telling(
        reading,
        heard,
        future,
        {step.item: step for step in reading.rises},
        {step.item: step for step in reading.adopted},
        first_steps(future.days),
        waits,
    )
    return tuple(_item(telling, item) for item in reading.case.items)


def _item(telling: _Telling, item: ItemCase) -> ItemReport:
    reading, row, state = telling.reading, item.row, item.state
    status, says = _status(telling, item)
    following = reading.next_stage(item) if not item.waits else None
    ladder = telling.case.policy.ladder
    live = reading.live(item) and not item.waits
    comes_on, comes, comes_waits = telling.steps.get(row.id, (None, "", False))
    silent = row.id in reading.silence or row.id in reading.resting
    return ItemReport(
        id=row.id,
        number=row.number,
        kind=row.kind,
        issued=row.issued,
        due=item.due,
        days_past_due=(telling.case.on - item.due).days if item.due else None,
        balance=cash(Money(row.balance, row.currency)),
        to_pay=cash(Money(item.to_pay, row.currency)),
        status=status,
        says=says,
        stage=state.stage if state else "",
        since=state.on if state and state.stage else None,
        cycle=state.cycle if state else 0,
        pay_by=state.pay_by if state else None,
        half_done=(state.part[0], *state.part[1]) if state and state.part else (),
        reasons=tuple(_reasons(telling, item)),
        next_stage=ladder[following].name if live and following is not None else "",
        gates=tuple(_gates(telling, item, following)) if live else (),
        passed_by=tuple(_passed_by(telling, item, following)) if live else (),
        jumps=tuple(_jumps(telling, item)) if live else (),
        approval=reading.approval(item, following) if live and following is not None else "",
        comes=comes,
        comes_on=comes_on,
        comes_waits=comes_waits,
        paused_until=_paused_until(telling, row.id) if silent else None,
    )


def _status(telling: _Telling, item: ItemCase) -> tuple[str, str]:
    """In a word and in a sentence: what becomes of the item today."""
    reading, name = telling.reading, item.row.id
    if item.waits and item.state is not None:
        return "unmapped", f"the ladder has no stage '{item.state.stage}' any more"
    if item.due is None:
        return "no_due_date", "it has no due date: it is never chased"
    if item.to_pay <= 0:
        if item.covered.wholly_disputed:
            return "disputed", "all of it is disputed"
        return "covered", "credits cover it"
    if name in reading.silence:
        return "paused", f"left alone: {', '.join(reading.silence[name])}"
    if name in telling.adopted:
        stage = telling.case.policy.ladder[telling.adopted[name].stage].name
        return "adopted", f"is placed at {stage} today, in silence"
    if name in reading.resting:
        return "rests", "its pause ended today: it rises tomorrow at the earliest"
    return _moving(telling, item)


def _moving(telling: _Telling, item: ItemCase) -> tuple[str, str]:
    step = telling.rises.get(item.row.id)
    ladder = telling.case.policy.ladder
    if step is not None:
        stage = ladder[step.stage].name
        if item.row.id in telling.waits:
            return "waits_for_approval", f"{stage} waits for a yes of {step.approve}"
        if step.cycle:
            return "repeats", f"{stage} is repeated today, for the {_ordinal(step.cycle)} time"
        return "rises", f"{'jumps' if step.jumped else 'rises'} to {stage} today"
    following = telling.reading.next_stage(item)
    if following is None:
        return "last_stage", "no later stage is for it"
    return "waits", f"waits for {ladder[following].name}"


def _ordinal(number: int) -> str:
    """In words people say.

    >>> [_ordinal(n) for n in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def _reasons(telling: _Telling, item: ItemCase) -> Iterator[Reason]:
    reading, case = telling.reading, telling.case
    pauses = {pause.name: pause for pause in case.house.pauses(case.policy)}
    for name in reading.silence.get(item.row.id, ()):
        pause = pauses.get(name)
        if pause is None:
            yield Reason(name, "guard", _guard(name, item, case))
            continue
        day = telling.heard.held_on(pause, item.row.id, case.on) or case.on
        found = telling.heard.clause(
            f"pause {name} on {day}", item.row.id, pause.when, reading.registry
        )
        says = ""
        if day != case.on and pause.grace is not None:
            says = f"held on {day}, and for {pause.grace} more as its grace"
        yield Reason(name, "pause", says, found)


def _guard(name: str, item: ItemCase, case: Case) -> str:
    """What stands behind a guard, in words."""
    if name == "disputed" and item.dispute:
        why = f": {item.dispute.reason}" if item.dispute.reason else ""
        return f"disputed since {item.dispute.since}{why}"
    if name == "collection":
        return f"a collection is {item.row.collection}"
    if item.row.no_follow_up:
        return "the item is marked 'no follow-up' in the ERP"
    names = (None, item.row.id, item.row.document or item.row.id)
    for exclusion in case.account.exclusions:
        ended = exclusion.until is not None and exclusion.until < case.on
        if exclusion.item in names and exclusion.since <= case.on and not ended:
            until = f"until {exclusion.until}" if exclusion.until else "without an end"
            return f"{exclusion.reason or 'a person said so'}, since {exclusion.since}, {until}"
    return ""


def _gates(telling: _Telling, item: ItemCase, following: int | None) -> Iterator[Gate]:
    """All that must be so for the item's next step, whether it is or not."""
    state, case = item.state, telling.case
    reached = state is not None and bool(state.stage)
    if state is not None and reached:
        if state.on >= case.on:
            yield Gate("same_day", False, "it moved today; one step a day")
        if state.pay_by is not None:
            passed = state.pay_by < case.on
            yield Gate("pay_by", passed, f"the customer was given until {state.pay_by}")
    if following is None:
        yield from _repeat(telling, item)
        return
    stage = case.policy.ladder[following]
    if state is not None and reached and stage.after is not None:
        day = after(state.on, stage.after, calendar=case.calendar)
        yield Gate("after", case.on >= day, f"{stage.after} since {state.on}: from {day} on")
    found = clause(stage.when, telling.reading.view, item, telling.reading.registry)
    yield Gate("when", found.holds is True, clause=found)


def _repeat(telling: _Telling, item: ItemCase) -> Iterator[Gate]:
    state, ladder = item.state, telling.case.policy.ladder
    if state is None or item.stage < 0:
        return
    repeat = ladder[item.stage].repeat
    if repeat is None:
        return
    day = after(state.on, repeat.every, calendar=telling.case.calendar)
    left = repeat.at_most is None or state.cycle < repeat.at_most
    most = "" if repeat.at_most is None else f", {state.cycle} of at most {repeat.at_most} done"
    says = f"every {repeat.every}: from {day} on{most}"
    yield Gate("repeat", left and telling.case.on >= day, says)


def _passed_by(telling: _Telling, item: ItemCase, following: int | None) -> Iterator[Asked]:
    """The later stages before the next one, which are not for the item."""
    ladder = telling.case.policy.ladder
    for index in range(item.stage + 1, len(ladder) if following is None else following):
        yield _asked(telling, item, ladder[index], ladder[index].for_)


def _jumps(telling: _Telling, item: ItemCase) -> Iterator[Asked]:
    """The jumps of later stages that are for the item, the severest first."""
    for stage in reversed(telling.case.policy.ladder[item.stage + 1 :]):
        if stage.jump is not None and telling.reading.for_(stage, item):
            yield _asked(telling, item, stage, stage.jump)


def _asked(telling: _Telling, item: ItemCase, stage: Stage, condition: Condition) -> Asked:
    found = clause(condition, telling.reading.view, item, telling.reading.registry)
    return Asked(stage.name, found.holds is True, found)


def _paused_until(telling: _Telling, item: str) -> date | None:
    """The first day to come on which nothing silences the item."""
    days = telling.ahead.days
    later = (day.on for day in days if day.on > telling.case.on and item not in day.quiet)
    return next(later, None)
