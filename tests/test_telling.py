"""Word of tasks where the ERP keeps them and tells nobody: one message each, to our own people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from dunwell.calendar import Duration
from dunwell.cli.demands import demands
from dunwell.command import AccountPlan, Command, Receipt
from dunwell.errors import Place
from dunwell.facts import Registry
from dunwell.hooks import VetoPlugin
from dunwell.log.entry import State, TaskState
from dunwell.policy.tree import Action, Budget, House, Limits, Policy, Stage
from dunwell.policy.tree import Test as Aged
from dunwell.port import Capabilities, Capability, Strength
from dunwell.run.apply import apply, read_log
from dunwell.run.daily import run_daily
from dunwell.run.desk import resolve
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.testing import (
    Crash,
    Erp,
    Fault,
    HostileAdapter,
    HostileChannel,
    MemoryAdapter,
    MemoryChannel,
    Sabotage,
)
from dunwell.testing.contract import EngineContract, MemoryHarness
from dunwell.testing.memory import EVERYTHING
from dunwell.testing.wording import PlainWording

ON = date(2026, 3, 2)
LEASE = 60


def able(**changed: str) -> Capabilities:
    """All that the ERP in memory can do, with other strengths for some of it."""
    strengths = {Capability[name.upper()]: Strength(level) for name, level in changed.items()}
    return replace(EVERYTHING, strengths={**EVERYTHING.strengths, **strengths})


TELLS_NOBODY = able(task="channel")


class TellingHarness(MemoryHarness):
    """An ERP in memory that keeps tasks and tells nobody."""

    def open(self) -> MemoryAdapter:
        return MemoryAdapter(self.erp, capabilities=TELLS_NOBODY, page_rows=self.page_rows)


class TestEngineThatTellsPeople(EngineContract):
    every = 3

    @pytest.fixture
    def harness(self) -> TellingHarness:
        return TellingHarness()


CALL = Action(
    "task", "task", summary="Call Acme", assign=("collector", "manager"),
    due=Duration(2, "days"),
)  # fmt: skip
REMIND = Action("remind", "remind", template="first")


def house(*do: Action, **changed: object) -> House:
    stage = Stage("call", do or (CALL,), Aged("days_past_due", "at_least", 5))
    made = House(
        "house", (Policy("p", "EUR", (stage,)),),
        roles={"manager": "luis@us.example", "collector": "ana@us.example"},
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]


class World:
    """One customer who is to be called, our people, and their mail."""

    def __init__(self, *, blind: bool = False, can: Capabilities = TELLS_NOBODY) -> None:
        self.erp, self.can = Erp(on=ON), can
        self.channel = MemoryChannel(blind=blind, on=ON)
        self.erp.customer("Acme", email="ap@acme.example")
        self.erp.invoice("F-1", customer="Acme", amount="900 EUR", due=ON - timedelta(9))

    def engine(self, of: House, sabotage: Sabotage | None = None) -> Engine:
        adapter, channel = MemoryAdapter(self.erp, capabilities=self.can), self.channel
        made = Engine(
            adapter, of, Registry(), PlainWording(), channels={"email": channel}, lease=LEASE,
            plain=True, tick=lambda: self.erp.now.timestamp(),
        )  # fmt: skip
        if sabotage is None:
            return made
        hostile = HostileChannel(channel, sabotage)
        return replace(
            made, adapter=HostileAdapter(adapter, sabotage), channels={"email": hostile}
        )

    def run(self, of: House | None = None, sabotage: Sabotage | None = None) -> Sequence[Receipt]:
        return run_daily(self.engine(of or house(), sabotage)).receipts

    def next_day(self) -> None:
        self.erp.on, self.erp.now = self.erp.on + timedelta(1), self.erp.now + timedelta(1)
        self.channel.on = self.erp.on

    @property
    def state(self) -> State:
        return read_log(self.engine(house()), ["Acme"])[0]["Acme"].state

    @property
    def task(self) -> TaskState:
        (task,) = self.state.tasks
        return task

    def sent(self) -> list[str]:
        return [s.message.address for s in self.channel.sent]


def statuses(receipts: Sequence[Receipt]) -> dict[str, str]:
    return {r.command.kind: r.result.status for r in receipts}


@pytest.mark.parametrize("blind", [False, True])
def test_whoever_has_a_task_is_told_once_and_the_customer_hears_nothing(blind: bool) -> None:
    world = World(blind=blind)
    assert statuses(world.run()) == {"task": "done", "tell": "done"}
    (sending,) = world.channel.sent
    message = sending.message
    assert (message.address, message.subject) == ("ana@us.example", "Task: Call Acme")
    for word in ("Acme (Acme)", "F-1: 900.00 EUR", "Until: 2026-03-04", "memory"):
        assert word in message.text, word
    assert world.state.contacts == (), "nobody was in touch with the customer"
    assert [i.stage for i in world.state.items] == ["call"]
    for _ in range(3):
        world.next_day()
        world.run()
    assert len(world.channel.sent) == 1


def test_an_erp_that_tells_people_itself_needs_no_word_of_ours() -> None:
    world = World(can=EVERYTHING)
    assert statuses(world.run()) == {"task": "done"}
    assert world.channel.sent == []


def test_neither_budget_nor_limits_count_the_word_of_a_task() -> None:
    world = World()
    strict = house(
        REMIND, CALL, budget=(Budget(1, Duration(7, "days")),), limits=Limits(commands=2)
    )
    planned = make_plan(world.engine(strict)).plan
    assert planned.header.counts["commands"] == 2
    apply(world.engine(strict), planned)
    assert world.sent() == ["ap@acme.example", "ana@us.example"]
    assert len(world.state.contacts) == 1


@pytest.mark.parametrize("blind", [False, True])
def test_word_that_could_not_leave_leaves_with_the_next_run_and_the_task_stands(
    blind: bool,
) -> None:
    world = World(blind=blind)
    world.channel.down = True
    assert statuses(world.run()) == {"task": "done", "tell": "failed"}
    assert world.task.untold
    assert [i.stage for i in world.state.items] == ["call"], "the task exists: that is the stage"
    world.next_day()
    world.channel.down = False
    assert statuses(world.run()) == {"tell": "done"}
    assert world.channel.sent[0].message.subject == "Task: Call Acme"
    assert [task.untold for task in world.state.tasks] == [False]
    world.next_day()
    assert world.run() == []


def test_a_task_that_ended_needs_no_word_any_more() -> None:
    world = World()
    world.channel.down = True
    world.run()
    world.erp.finish_task(world.task.key, "done without a mail")
    world.channel.down = False
    world.next_day()
    assert world.run() == []


@pytest.mark.parametrize(("was_sent", "again"), [(True, 0), (False, 1)])
def test_word_of_which_nobody_knows_waits_for_a_person_and_keeps_no_customer_waiting(
    was_sent: bool, again: int
) -> None:
    world = World(blind=True)
    world.channel.behave["ana@us.example"] = "lost"
    assert statuses(world.run()) == {"task": "done", "tell": "unknown"}
    (unknown,) = world.state.unknowns
    world.erp.invoice("F-2", customer="Acme", amount="50 EUR", due=ON - timedelta(6))
    kinds = [r.command.kind for r in world.run()]
    assert "note" in kinds, "another item joins the task: nothing waits"
    assert list(world.state.unknowns) == [unknown]
    world.channel.behave.clear()
    for doubt in world.state.unknowns:
        resolve(world.engine(house()), doubt.command.key, sent=was_sent, because="x", by="ana")
    before = len(world.channel.sent)
    world.run()
    told = [s.message.subject for s in world.channel.sent[before:]]
    assert told.count("Task: Call Acme") == again
    assert not world.state.unknowns


@pytest.mark.parametrize("blind", [False, True])
def test_an_engine_that_stops_anywhere_tells_at_most_once_and_in_the_end_somebody_knows(
    blind: bool,
) -> None:
    whole = Sabotage()
    World(blind=blind).run(sabotage=whole)
    for point in range(1, whole.points + 1):
        world = World(blind=blind)
        with pytest.raises(Crash):
            world.run(sabotage=Sabotage(crash_at=point))
        for _ in range(2):
            world.erp.now += timedelta(seconds=LEASE + 1)
            world.run()
        told = [s for s in world.channel.sent if s.message.subject == "Task: Call Acme"]
        doubts = [u for u in world.state.unknowns if u.command.kind == "tell"]
        assert len(told) <= 1, point
        assert len(told) == 1 or doubts, point
        assert blind or not doubts, "a channel that can be asked leaves no doubt"
        tasks = [f for f in world.erp.faces("Acme") if f.text == "Call Acme"]
        assert len(tasks) == 1, point


def test_of_a_task_that_was_not_given_nobody_is_told() -> None:
    world = World()
    faults = (Fault("execute", "down", nth) for nth in range(1, 4))
    receipts = world.run(sabotage=Sabotage(*faults))
    assert statuses(receipts) == {"task": "failed", "tell": "skipped"}
    assert world.channel.sent == []


def test_word_that_came_back_goes_to_the_next_who_may_have_the_task() -> None:
    world = World()
    world.channel.behave["ana@us.example"] = "bounce"
    world.run()
    world.next_day()
    world.run()
    assert world.sent() == ["ana@us.example", "luis@us.example"]
    world.next_day()
    world.channel.bounce(world.channel.sent[-1])
    world.run()
    world.next_day()
    planned = make_plan(world.engine(house())).plan
    notes = [note for account in planned.accounts for note in account.notes]
    assert any("nobody is told of task 'Call Acme'" in note for note in notes), notes
    assert len(world.channel.sent) == 2


def test_people_of_the_erp_are_told_at_their_address() -> None:
    world = World()
    ana = world.erp.person("Ana", email="ana@erp.example")
    world.run(house(roles={"collector": ana}))
    assert world.sent() == ["ana@erp.example"]


def test_nobody_is_told_where_no_address_is_known_and_the_plan_says_so() -> None:
    world = World()
    planned = make_plan(world.engine(house(roles={"collector": "Ana"}))).plan
    (account,) = planned.accounts
    assert [c.kind for c in account.commands] == ["task"]
    assert account.notes == ("nobody is told of task 'Call Acme': no address of 'Ana', 'manager'",)


def test_a_veto_in_code_that_stops_a_task_stops_its_word_too() -> None:
    def guard(command: Command, account: AccountPlan, on: date) -> str | None:
        return "no tasks" if command.kind == "task" else None

    world = World()
    made = replace(world.engine(house()), vetoes=[VetoPlugin("quiet", guard)])
    planned = make_plan(made).plan
    assert [c for account in planned.accounts for c in account.commands] == []


def test_check_says_that_no_channel_carries_word_of_tasks() -> None:
    def said(*channels: str) -> list[str]:
        places = {"erp": Place("dunwell.toml")}
        found = demands(house(), TELLS_NOBODY, channels, erp="memory", places=places)
        return [problem.message for problem in found]

    assert said("email") == []
    assert said() == ["'memory' keeps tasks and tells nobody, and no channel carries 'email'"]


# -- an ERP that mails reminders itself, beside a channel that cannot be asked --------------------


@pytest.mark.parametrize("blind", [False, True])
def test_a_reminder_by_the_erp_is_looked_up_whatever_channel_stands_beside_it(
    blind: bool,
) -> None:
    whole, can = Sabotage(), able(remind="native")
    World(blind=blind, can=can).run(house(REMIND), sabotage=whole)
    for point in range(1, whole.points + 1):
        world = World(blind=blind, can=can)
        with pytest.raises(Crash):
            world.run(house(REMIND), sabotage=Sabotage(crash_at=point))
        for _ in range(2):
            world.erp.now += timedelta(seconds=LEASE + 1)
            world.run(house(REMIND))
        assert [f.kind for f in world.erp.faces("Acme")] == ["remind"], point
        assert [i.stage for i in world.state.items] == ["call"], point
