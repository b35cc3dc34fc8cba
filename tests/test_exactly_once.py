"""What the contract of the engine does not ask of every adapter: approvals, people, hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dunwell.casefile.plain import PlainWording
from dunwell.command import Receipt
from dunwell.facts import Registry
from dunwell.log.entry import Result
from dunwell.log.fold import Memory
from dunwell.policy.tree import House
from dunwell.port import Channel, Sending
from dunwell.run.apply import apply, read_log
from dunwell.run.desk import approve, resolve
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.run.planfile import Plan
from dunwell.run.recover import recover
from dunwell.source.house import load_house
from dunwell.testing import (
    Erp,
    MemoryAdapter,
    MemoryChannel,
)

HOUSE = Path(__file__).parent / "stories" / "corner_house.yaml"
REGISTRY = Registry()
DAY = date(2026, 2, 9)


@pytest.fixture(scope="module")
def house() -> House:
    loaded, problems = load_house([HOUSE], registry=REGISTRY, channels=["email"])
    assert loaded is not None, problems
    return loaded


def engine(house: House, erp: Erp, channel: Channel) -> Engine:
    return Engine(
        MemoryAdapter(erp),
        house,
        REGISTRY,
        PlainWording(),
        channels={"email": channel},
        tick=lambda: erp.now.timestamp(),
        plain=True,
    )


def cycle(made: Engine) -> list[Receipt]:
    """What `dunwell run` does."""
    memories, now = read_log(made, None)
    recover(made, memories, now)
    return apply(made, make_plan(made).plan)


def memories(house: House, erp: Erp) -> dict[str, Memory]:
    return read_log(engine(house, erp, MemoryChannel()), None)[0]


def sent(channel: MemoryChannel) -> Counter[tuple[str, str]]:
    return Counter((s.message.address, s.message.template) for s in channel.sent)


def test_an_approval_keeps_a_plan_valid_and_survives_everything_but_the_log(
    house: House,
) -> None:
    erp, channel = Erp(on=DAY), MemoryChannel()
    erp.customer("Big", email="a@a.example")
    erp.invoice("B-1", customer="Big", amount="5000 EUR", due=date(2026, 2, 2))
    for day in (date(2026, 2, 9), date(2026, 2, 17), date(2026, 3, 16), date(2026, 4, 6)):
        erp.on = day
        made = engine(house, erp, channel)
        cycle(made)
    waiting = make_plan(made).plan
    assert [w.stage for a in waiting.accounts for w in a.waiting] == ["final_notice"]
    erp.invoice("B-2", customer="Big", amount="100 EUR", due=date(2026, 4, 6))
    approve(made, waiting, by="luis")
    erp.on = date(2026, 4, 7)
    assert _templates(cycle(engine(house, erp, channel))) == ["final_notice"]


def test_a_no_between_plan_and_apply_stops_an_approved_command(house: House) -> None:
    erp, channel = Erp(on=DAY), MemoryChannel()
    erp.customer("Big", email="a@a.example")
    erp.invoice("B-1", customer="Big", amount="5000 EUR", due=date(2026, 2, 2))
    for day in (date(2026, 2, 9), date(2026, 2, 17), date(2026, 3, 16), date(2026, 4, 6)):
        erp.on = day
        made = engine(house, erp, channel)
        cycle(made)
    waiting = make_plan(made).plan
    approve(made, waiting, by="luis")
    plan = make_plan(made).plan
    approve(made, waiting, by="luis", yes=False)
    reasons = {r.result.reason for r in apply(made, plan) if r.command.kind == "remind"}
    assert reasons == {"not_approved"}


def _templates(receipts: Sequence[Receipt]) -> list[str]:
    return [
        r.command.message.template
        for r in receipts
        if r.command.message is not None and r.result.status == "done"
    ]


def test_a_plan_of_nothing_is_applied_in_peace(house: House) -> None:
    erp = Erp(on=DAY)
    made = engine(house, erp, MemoryChannel())
    plan: Plan = make_plan(made).plan
    assert apply(made, plan) == []


def test_a_yes_in_two_currencies_holds_up_to_what_they_came_to_together(house: House) -> None:
    def asked() -> tuple[Erp, MemoryChannel]:
        erp, channel = Erp(on=DAY), MemoryChannel()
        erp.person("Luis", email="luis@acme.example")
        erp.rate("USD", "0.9", on=DAY)
        erp.customer("Big", email="big@b.example")
        for number, amount in (("B-1", "1500 EUR"), ("B-2", "200 USD")):
            erp.invoice(number, customer="Big", due=DAY - timedelta(75), amount=amount)
        for _ in range(40):  # up the ladder, to the stage that asks
            plan = make_plan(engine(house, erp, channel)).plan
            if any(len(w.items) == 2 for a in plan.accounts for w in a.waiting):
                approve(engine(house, erp, channel), plan, by="luis")
                return erp, channel
            apply(engine(house, erp, channel), plan)
            erp.on, erp.now = erp.on + timedelta(1), erp.now + timedelta(1)
        raise AssertionError("nothing waits for a yes")

    for cents, count in ((150_000, 1), (9_000_000, 0)):
        erp, channel = asked()
        erp.change("items", "B-1", balance=cents, amount=cents)
        apply(engine(house, erp, channel), make_plan(engine(house, erp, channel)).plan)
        assert sent(channel)["big@b.example", "final_notice"] == count


def test_the_message_of_a_watch_goes_again_when_a_person_says_that_it_never_left(
    house: House,
) -> None:
    for was_sent, messages in ((False, 1), (True, 0)):
        erp, channel = Erp(on=DAY), MemoryChannel(blind=True)
        erp.person("Ana", email="ana@acme.example")
        erp.customer("Returned", email="r@r.example")
        erp.invoice("R-1", customer="Returned", amount="100 EUR", due=DAY, collection="returned")
        channel.behave["r@r.example"] = "lost"
        cycle(engine(house, erp, channel))
        (unknown,) = memories(house, erp)["Returned"].state.unknowns
        channel.behave.clear()
        cycle(engine(house, erp, channel))  # in doubt: nothing goes
        assert not channel.sent
        key = unknown.command.key
        resolve(engine(house, erp, channel), key, sent=was_sent, because="asked", by="ana")
        for _ in range(2):
            cycle(engine(house, erp, channel))
        assert sent(channel)["r@r.example", "payment_failed"] == messages


class Slow(MemoryChannel):
    """Takes an hour for each message."""

    def __init__(self, erp: Erp, *, blind: bool) -> None:
        super().__init__(blind=blind)
        self.erp = erp

    def send(self, sendings: Sequence[Sending]) -> Sequence[Result]:
        self.erp.now += timedelta(hours=1)
        return super().send(sendings)


@pytest.mark.parametrize("blind", [False, True])
def test_no_message_of_a_long_batch_leaves_after_its_hours(house: House, blind: bool) -> None:
    erp = Erp(on=DAY)
    for n in range(5):
        erp.customer(f"C{n}", email=f"c{n}@c.example")
        erp.invoice(f"F{n}", customer=f"C{n}", due=date(2026, 2, 2))
    erp.now += timedelta(hours=7)  # it is four in the afternoon, and seven is the end
    channel = Slow(erp, blind=blind)
    patient = replace(engine(house, erp, channel), lease=100_000)
    receipts = cycle(patient)
    assert [r.result.status for r in receipts] == ["done"] * 3 + ["skipped"] * 2
    assert {r.result.reason for r in receipts} == {"", "window"}
    assert len(channel.sent) == 3
    erp.on += timedelta(1)
    assert sum(r.result.status == "done" for r in cycle(patient)) == 2
