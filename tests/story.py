"""One story from the first reminder to the last payment, told to any ERP.

What it needs of an ERP beside the people of the adapter kit: a mailbox where its customers really
receive, and somebody who tries to sell.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from dunwell.calendar import Duration
from dunwell.command import Receipt
from dunwell.facts import Registry
from dunwell.money import Money
from dunwell.policy.tree import Action, CalendarRules, House, Pause, Policy, Stage, Test
from dunwell.port import Adapter, Capability, Channel
from dunwell.run.daily import run_daily
from dunwell.run.engine import Engine
from dunwell.testing import Crash, Fault, HostileAdapter, HostileChannel, Sabotage
from dunwell.testing.contract import Harness
from dunwell.testing.wording import PlainWording

LEASE = 60
DAY = timedelta(days=1)


@dataclass
class World:
    """An ERP with its customers: `received` is what came to an address, `sells` whether a sale to
    a customer goes through; `channel` is how messages leave where the ERP sends none itself.
    """

    harness: Harness
    received: Callable[[str], Sequence[str]]
    sells: Callable[[str], bool]
    channel: Callable[[], Channel] | None = None
    passed: timedelta = field(default_factory=timedelta)

    def engine(self, opened: ExitStack, sabotage: Sabotage | None = None) -> Engine:
        """A new engine that remembers nothing but what the ERP knows."""
        adapter: Adapter = opened.enter_context(closing(self.harness.open()))
        channel = opened.enter_context(closing(self.channel())) if self.channel else None
        if sabotage is not None:
            adapter = HostileAdapter(adapter, sabotage)
        if sabotage is not None and channel is not None:
            channel = HostileChannel(channel, sabotage)
        made = Engine(
            adapter, house(adapter), Registry(), PlainWording(),
            digests={"policies": "story"}, lease=LEASE, plain=True, tick=self._tick,
        )  # fmt: skip
        return replace(made, channels={"email": channel}) if channel else made

    def _tick(self) -> float:
        return time.monotonic() + self.passed.total_seconds()

    def run(self, sabotage: Sabotage | None = None) -> Sequence[Receipt]:
        """What the scheduler of a company runs each morning."""
        with ExitStack() as opened:
            made = self.engine(opened, sabotage)
            return run_daily(made).receipts

    def wait(self, span: timedelta) -> None:
        """Time passes."""
        self.passed += span
        self.harness.pass_time(span)

    def customer(self, name: str) -> tuple[str, str, str]:
        """A customer who owes 100 EUR since ten days; the address, and the item."""
        people, address = self.harness.people, f"{name.lower()}@c.example"
        customer = people.customer(name, email=address)
        with closing(self.harness.open()) as adapter:
            on = adapter.describe().on
        due = on - 10 * DAY
        item = people.invoice(
            f"F-{len(name)}", customer=customer, amount=Money(10_000, "EUR"),
            issued=due - 30 * DAY, due=due,
        )  # fmt: skip
        return customer, address, item


def house(adapter: Adapter) -> House:
    """A reminder, then a stop; a promise is a reason to wait, a broken one to go straight on."""
    able = adapter.capabilities()
    remind = Action("remind", "remind", template="reminder")
    final = Action("remind", "remind", template="stop")
    kind = able.hold_kinds[0]
    assert able[Capability.HOLD].there
    stop = Action("hold", f"hold:{kind}", hold=kind, reason="overdue")
    ladder = (
        Stage("reminder", (remind,), Test("days_past_due", "at_least", 5)),
        Stage(
            "stop", (stop, final), Test("days_past_due", "at_least", 60),
            after=Duration(7, "days"), jump=Test("promise", "is", "broken"),
        ),
    )  # fmt: skip
    waits = Pause("promised", Test("promise", "is", "open"))
    policy = Policy("story", "EUR", ladder)
    return House("story", (policy,), calendar=CalendarRules(timezone="UTC"), pause=(waits,))


def promises(world: World) -> None:
    """Two promise; one keeps it and hears nothing more, one does not and is held until he pays."""
    people = world.harness.people
    kept, to_kept, owed = world.customer("Kept")
    broken, to_broken, owed_too = world.customer("Broken")

    world.run()
    assert [len(world.received(to)) for to in (to_kept, to_broken)] == [1, 1]
    world.run()
    assert [len(world.received(to)) for to in (to_kept, to_broken)] == [1, 1], "once a stage"

    with closing(world.harness.open()) as adapter:
        on = adapter.describe().on
    for customer in (kept, broken):
        people.promise(customer, Money(10_000, "EUR"), by=on + 5 * DAY)
    world.wait(3 * DAY)
    assert world.run() == [], "a promise is waited for"
    people.pay(owed)
    assert world.sells(broken)

    world.wait(4 * DAY)
    world.run()
    assert world.received(to_kept) == world.received(to_kept)[:1], "who paid hears nothing more"
    assert len(world.received(to_broken)) == 2
    assert world.sells(kept)
    assert not world.sells(broken), "a hold stops a sale"

    people.pay(owed_too)
    world.run()
    assert world.sells(broken), "who pays is released"
    assert len(world.received(to_broken)) == 2


def crash_and_resume(world: World) -> None:
    """An engine stops just before it acts, another one goes on when the claim has run out."""
    _, address, _ = world.customer("Crashed")

    def stop() -> None:
        raise Crash("the machine is switched off")

    # A mail server cannot be asked afterwards, so there it is before we say that we begin.
    begins = Fault("append", "act", 2, before=stop)
    with pytest.raises(Crash):
        world.run(Sabotage(begins if world.channel else Fault("execute", "act", 1, before=stop)))
    assert world.received(address) == []
    world.run()
    assert world.received(address) == [], "the claim is young: somebody may be at work"
    world.wait(timedelta(seconds=LEASE + 1))
    world.run()
    assert len(world.received(address)) == 1
    world.run()
    assert len(world.received(address)) == 1


def two_engines(world: World) -> None:
    """Two engines at once: whatever they do, one message."""
    _, address, _ = world.customer("Wanted")
    with ThreadPoolExecutor(2) as pool:
        for run in [pool.submit(world.run) for _ in range(2)]:
            run.result()
    assert len(world.received(address)) == 1
