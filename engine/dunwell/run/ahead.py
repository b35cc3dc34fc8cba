"""What comes next: the same planning, day by day, as if nobody paid, wrote or decided anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import msgspec

from dunwell.command import AccountPlan, Attachment, Command
from dunwell.decide.case import Case
from dunwell.decide.evaluator import Evaluation
from dunwell.log.entry import Result
from dunwell.log.fold import Memory
from dunwell.log.settle import settle
from dunwell.message.facts import MessageFacts
from dunwell.model.accounts import Account
from dunwell.model.rows import Hold, Task
from dunwell.run.claims import claim_entry
from dunwell.run.debtors import plan_debtor
from dunwell.run.draft import Context
from dunwell.run.engine import Engine
from dunwell.run.planfile import StoppedError
from dunwell.run.words import Rendered, Wording

ASSUMPTION = "as if nobody paid, promised, wrote or decided anything, and every message arrived"

FARTHEST = 180
"""Days that are looked ahead at most."""

WORK = 30_000
"""Items times days that are looked at: a debtor with very many items is seen less far."""

NEAREST = 14


@dataclass(frozen=True, slots=True)
class Unworded:
    """Words only the tasks and notes: nobody reads a message that is not sent."""

    wording: Wording

    def message(self, template: str, languages: Sequence[str], facts: MessageFacts) -> Rendered:
        """The name of the template."""
        return Rendered(template, "", "", next(iter(languages), "en"))

    def short(self, template: str, languages: Sequence[str], facts: MessageFacts) -> Rendered:
        """The name of the template."""
        return self.message(template, languages, facts)

    def inline(self, text: str, languages: Sequence[str], facts: MessageFacts) -> str:
        """The text, worded as it would be."""
        return self.wording.inline(text, languages, facts)

    def statement(self, languages: Sequence[str], facts: MessageFacts) -> Attachment:
        """An empty one."""
        return Attachment("statement", "text/plain", "")


@dataclass(frozen=True, slots=True)
class Day:
    """What a day to come would bring for the accounts of a debtor."""

    on: date
    plans: tuple[AccountPlan, ...]
    quiet: frozenset[str] = frozenset()  # items that are silent or rest on that day


@dataclass(frozen=True, slots=True)
class Ahead:
    """The days on which something happens. `until` is the last day that was looked at."""

    until: date
    days: tuple[Day, ...] = ()
    stopped: str = ""  # why nothing can be said


@dataclass(slots=True)
class _World:
    """A debtor as it would be."""

    cases: list[Case]
    memory: Memory
    holds: dict[tuple[str, str], Hold] = field(default_factory=dict)
    tasks: list[tuple[str, Task]] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    gone: set[tuple[str, str]] = field(
        default_factory=set
    )  # holds ("" as company: tags) taken off

    def on(self, day: date) -> list[Case]:
        return [
            replace(case, on=day, memory=self.memory, account=self._account(case.account))
            for case in self.cases
        ]

    def _account(self, account: Account) -> Account:
        company = account.company.id
        kept = [h for h in account.holds if (company, h.kind) not in self.gone]
        held = [h for (where, _), h in sorted(self.holds.items()) if where == company]
        tags = {t for t in account.payer.tags if ("", t) not in self.gone} | self.tags
        tasks = [task for where, task in self.tasks if where == company]
        return msgspec.structs.replace(
            account,
            holds=(*kept, *held),
            tasks=(*account.tasks, *tasks),
            payer=msgspec.structs.replace(account.payer, tags=tuple(sorted(tags))),
        )

    def deliver(
        self, engine: Engine, day: date, plans: Sequence[AccountPlan], now: datetime
    ) -> None:
        """Everything that was planned is done and remembered."""
        work = [(plan, plan.commands) for plan in plans if plan.commands or plan.rises]
        if not work:
            return
        _, body, keyed = claim_entry(
            tenant="", debtor=plans[0].debtor, position=self.memory.head + 1, on=day, now=now,
            lease=engine.lease, plan="", work=work, channels={},
        )  # fmt: skip
        results = [
            Result(key, "done", delivery="accepted" if command.kind == "remind" else "")
            for key, _, command in keyed
        ]
        open_items = frozenset(i.id for case in self.cases for i in case.account.items)
        state = settle(self.memory.state, body, results, open_items=open_items)
        head = self.memory.head + 2
        self.memory = replace(self.memory, state=state, head=head, decided=head)
        for key, plan, command in keyed:
            self._do(key, plan, command, day)

    def _do(self, key: str, plan: AccountPlan, command: Command, day: date) -> None:
        place = (plan.company, command.name)
        if command.kind == "hold":
            self.gone.discard(place)
            self.holds[place] = Hold(
                key, plan.debtor, plan.company, command.name, command.value, day, "dunwell"
            )
        elif command.kind == "release":
            self.holds.pop(place, None)
            self.gone.add(place)
        elif command.kind == "tag":
            self.gone.discard(("", command.name))
            self.tags.add(command.name)
        elif command.kind == "untag":
            self.tags.discard(command.name)
            self.gone.add(("", command.name))
        elif command.kind == "task":
            self.tasks.append((plan.company, Task(key, plan.debtor, plan.company, "open")))


def ahead(engine: Engine, cases: Sequence[Case], *, tenant: str, now: datetime) -> Ahead:
    """The days to come of one debtor's accounts, from the day of the cases on.

    The first day is the one that the cases are of; it is there even when nothing happens on it.
    """
    start, memory = cases[0].on, cases[0].memory
    if memory.garbled or memory.claim is not None:
        return Ahead(start, stopped="nothing is decided for this customer as things are")
    items = sum(len(case.items) for case in cases)
    span = max(NEAREST, min(FARTHEST, WORK // max(1, items)))
    context = Context(tenant, engine.house, Unworded(engine.wording), engine.ways)
    world = _World(list(cases), cases[0].memory)
    try:
        days = tuple(
            _days(engine, context, world, [start + timedelta(n) for n in range(span + 1)], now)
        )
    except StoppedError as error:
        return Ahead(start, stopped=str(error))
    return Ahead(start + timedelta(span), days)


def _days(
    engine: Engine, context: Context, world: _World, days: Sequence[date], now: datetime
) -> Iterator[Day]:
    said: set[tuple[str, ...]] = set()
    late_before: frozenset[str] = frozenset()
    silent_before: frozenset[str] | None = None
    for day in days:
        cases = [case for case in world.on(day) if not case.problems]
        readings = [Evaluation(case, engine.registry) for case in cases]
        found = {r.case.account.id: r.conclude() for r in readings}
        quiet = frozenset(
            i for c in found.values() for i in (*(name for name, _ in c.silent), *c.resting)
        )
        plans: list[AccountPlan] = []
        if readings and not all(c.quiet for c in found.values()):
            plans = plan_debtor(engine, cases, found, context, now)
            world.deliver(engine, day, plans, now)
        late = frozenset(_late(note) for plan in plans for note in plan.notes)
        plans = [_new(plan, said, late_before) for plan in plans]
        plans = [p for p in plans if p.commands or p.rises or p.waiting or p.notes]
        late_before = late
        if plans or day == days[0] or quiet != silent_before:
            yield Day(day, tuple(plans), quiet)
        silent_before = quiet


def _new(plan: AccountPlan, said: set[tuple[str, ...]], late: frozenset[str]) -> AccountPlan:
    """The plan with what waits or is put off only on the first day on which it is."""
    fresh = []
    for waiting in plan.waiting:
        mark = (plan.company, waiting.stage)
        items = tuple(item for item in waiting.items if (*mark, item) not in said)
        if items:
            said |= {(*mark, item) for item in items}
            fresh.append(msgspec.structs.replace(waiting, items=items))
    notes = tuple(note for note in plan.notes if _late(note) and _late(note) not in late)
    return msgspec.structs.replace(plan, waiting=tuple(fresh), notes=notes)


def _late(note: str) -> str:
    """What a note puts off, and why as far as it does not change from day to day; else nothing."""
    what, found, why = note.partition(" is put off: ")
    if not found:
        return ""
    return f"{what}: {'budget' if ' contacts within ' in why else 'closed'}"


def first_steps(days: Sequence[Day]) -> Mapping[str, tuple[date, str, bool]]:
    """For each item its next step: the day, the stage, and whether it would wait for a yes."""
    found: dict[str, tuple[date, str, bool]] = {}
    for day in days:
        for plan in day.plans:
            for rise in plan.rises:
                found.setdefault(rise.item, (day.on, rise.stage, False))
            for waiting in plan.waiting:
                for item in waiting.items:
                    found.setdefault(item, (day.on, waiting.stage, True))
    return found
