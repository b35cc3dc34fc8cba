"""Running policy tests: day by day, plan and deliver, and compare with what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import msgspec

from dunwell.casefile.compare import compare
from dunwell.casefile.day import Day
from dunwell.casefile.files import Case, no_policy
from dunwell.casefile.plain import PlainWording
from dunwell.casefile.words import PeopleAct, Step
from dunwell.casefile.world import (
    StoryError,
    World,
    build,
    customer_acts,
    erp_acts,
    people_acts,
)
from dunwell.command import AccountPlan
from dunwell.decide.cases import Setting, cases
from dunwell.decide.evaluator import Evaluation
from dunwell.errors import Problem
from dunwell.facts import Registry
from dunwell.policy.tree import House, Limits
from dunwell.port import Adapter
from dunwell.run.apply import apply, read_log
from dunwell.run.desk import approve, collect, resolve
from dunwell.run.engine import Engine
from dunwell.run.plan import Planned, make_plan
from dunwell.run.planfile import StoppedError
from dunwell.run.recover import recover
from dunwell.run.words import Wording
from dunwell.testing import MemoryAdapter


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test; without problems it passed."""

    case: Case
    problems: tuple[Problem, ...] = ()

    @property
    def passed(self) -> bool:
        """All was as expected."""
        return not self.problems


@dataclass(slots=True)
class Story:
    """One test while it runs."""

    case: Case
    house: House
    registry: Registry
    wording: Wording
    world: World = field(init=False)
    adapter: Adapter = field(init=False)

    def __post_init__(self) -> None:
        test = self.case.test
        self.world = build(test.given, test.steps[0].date)
        self.adapter = MemoryAdapter(self.world.erp)

    def engine(self, step: Step) -> Engine:
        """The engine of one day; limits and `require` only where the step names what stops it."""
        house = self.house
        if step.expect is None or step.expect.stopped is None:
            house = replace(house, limits=Limits(), bank_data_within=None)
        return Engine(
            self.adapter,
            house,
            self.registry,
            self.wording,
            channels={"email": self.world.channel},
            plain=True,
        )

    def run(self) -> Iterable[Problem]:
        """Every step, until one of them cannot be told."""
        for step in self.case.test.steps:
            try:
                self.world.go_to(step.date, step.at)
                day = self.day(step)
            except (StoryError, ValueError) as error:
                yield Problem(step.place, str(error))
                return
            if step.expect is not None:
                yield from compare(step.expect, day)
            elif day.stopped:
                yield Problem(step.place, f"the run stopped: {day.stopped}")

    def day(self, step: Step) -> Day:
        """What happens on a day: people first, then the run, then its mail."""
        customer_acts(self.world, step.customer)
        people_acts(self.world, step.people)
        erp_acts(self.world, step.erp)
        engine = self.engine(step)
        for act in step.people:
            self._say(engine, act)
        if not step.run:
            return Day()
        self._mail(step.delivery)
        try:
            collect(engine, step.date - timedelta(30))
            folded, now = read_log(engine, None)
            recover(engine, folded, now)
            planned = make_plan(engine)
            receipts = tuple(apply(engine, planned.plan)) if _something(planned) else ()
        except StoppedError as error:
            return Day(stopped=str(error))
        for receipt in receipts:
            if receipt.command.kind == "task" and receipt.result.status == "done":
                self.world.tasks[receipt.result.key] = receipt.command.source
        folded, _ = read_log(engine, None)
        stages = {i.item: i.stage for m in folded.values() for i in m.state.items}
        holds = sorted(str(row["kind"]) for row in self.world.erp.rows["holds"].values())
        return Day(planned, receipts, self._readings(planned), stages, tuple(holds))

    def _readings(self, planned: Planned) -> tuple[Evaluation, ...]:
        setting = Setting(self.house, self.registry, planned.plan.header.on)
        found = cases(planned.book, planned.memories, setting)
        return tuple(Evaluation(case, self.registry) for case in found)

    def _mail(self, delivery: str) -> None:
        channel = self.world.channel
        channel.down = delivery == "down"
        known = {"deliver", "bounce", "refuse", "unknown", "lost", "down"}
        if delivery not in known:
            raise StoryError(f"unknown delivery '{delivery}': one of {', '.join(sorted(known))}")
        emails = (row.get("email") for row in self._addressees())
        how = "deliver" if delivery == "down" else delivery
        channel.behave = {str(email): how for email in emails if email}  # type: ignore[misc]

    def _addressees(self) -> Iterable[dict[str, object]]:
        yield from self.world.erp.rows["customers"].values()
        yield from self.world.erp.rows["contacts"].values()

    def _say(self, engine: Engine, act: PeopleAct) -> None:
        stage = act.approve or act.refuse
        if stage is not None:
            planned = make_plan(engine)
            wanted = tuple(only_waiting(account, stage) for account in planned.plan.accounts)
            plan = replace(planned.plan, accounts=wanted)
            yes = act.approve is not None
            if not approve(engine, plan, by="a person", yes=yes, until=act.until):
                raise StoryError(f"no step of stage '{stage}' waits in this story")
        if act.resolve is not None:
            self._resolve(engine, act.resolve)

    def _resolve(self, engine: Engine, word: str) -> None:
        folded, _ = read_log(engine, None)
        keys = [u.command.key for m in folded.values() for u in m.state.unknowns]
        if not keys:
            raise StoryError("no outcome is unknown in this story")
        if word not in ("sent", "not_sent"):
            raise StoryError(f"unknown resolution '{word}': one of sent, not_sent")
        for key in keys:
            resolve(engine, key, sent=word == "sent", because="the story", by="a person")


def only_waiting(account: AccountPlan, stage: str) -> AccountPlan:
    """The account with only the waiting steps of a stage."""
    waiting = tuple(w for w in account.waiting if w.stage == stage)
    return msgspec.structs.replace(account, waiting=waiting)


def _something(planned: Planned) -> bool:
    return any(a.commands or a.rises for a in planned.plan.accounts)


def run(
    cases: Sequence[Case], house: House, *, registry: Registry, wording: Wording | None = None
) -> list[Outcome]:
    """Run the tests against the policies of a house, each alone.

    A test judges its policy with everything else that the house has; other policies stand aside.
    """
    known = {policy.name: policy for policy in house.policies}
    outcomes = []
    for case in cases:
        policy = known.get(case.test.policy)
        if policy is None:
            outcomes.append(Outcome(case, (no_policy(case, sorted(known)),)))
            continue
        alone = replace(house, policies=(policy,))
        story = Story(case, alone, registry, wording or PlainWording())
        outcomes.append(Outcome(case, tuple(story.run())))
    return outcomes


def untested(cases: Sequence[Case], house: House) -> list[Problem]:
    """A problem for every policy that no test tells of."""
    told = {case.test.policy for case in cases}
    return [
        Problem(policy.place, f"policy '{policy.name}' has no test", "write one beside it")
        for policy in house.policies
        if policy.name not in told
    ]
