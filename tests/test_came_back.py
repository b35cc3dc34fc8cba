"""A message that comes back, whenever that is learned: what it moved stands where it stood."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dunwell.casefile.plain import PlainWording
from dunwell.facts import Registry
from dunwell.log.fold import Memory
from dunwell.policy.tree import House
from dunwell.run.apply import apply, read_log
from dunwell.run.daily import run_daily
from dunwell.run.desk import collect
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.source.house import load_house
from dunwell.testing import (
    Crash,
    Erp,
    HostileAdapter,
    HostileChannel,
    MemoryAdapter,
    MemoryChannel,
    Sabotage,
)

HOUSE = Path(__file__).parent / "stories" / "corner_house.yaml"
REGISTRY = Registry()
DAY = date(2026, 2, 9)
LEASE = timedelta(seconds=901)


@pytest.fixture(scope="module")
def house() -> House:
    loaded, problems = load_house([HOUSE], registry=REGISTRY, channels=["email"])
    assert loaded is not None, problems
    return loaded


def engine(
    house: House, erp: Erp, channel: MemoryChannel, sabotage: Sabotage | None = None
) -> Engine:
    calls = sabotage or Sabotage()
    return Engine(
        HostileAdapter(MemoryAdapter(erp), calls),
        house,
        REGISTRY,
        PlainWording(),
        channels={"email": HostileChannel(channel, calls)},
        tick=lambda: erp.now.timestamp(),
        plain=True,
    )


def memories(house: House, erp: Erp) -> dict[str, Memory]:
    return read_log(engine(house, erp, MemoryChannel()), None)[0]


def sent(channel: MemoryChannel) -> Counter[tuple[str, str]]:
    return Counter((s.message.address, s.message.template) for s in channel.sent)


def test_a_message_that_came_back_before_its_claim_was_settled_moves_nothing(
    house: House,
) -> None:
    settled = 0
    for point in range(1, 200):
        erp, channel, sabotage = Erp(on=DAY), MemoryChannel(on=DAY), Sabotage(crash_at=point)
        erp.customer("Away", email="away@a.example")
        erp.invoice("W-1", customer="Away", due=date(2026, 2, 2))
        channel.behave["away@a.example"] = "bounce"
        try:
            made = engine(house, erp, channel, sabotage)
            apply(made, make_plan(made).plan)
        except Crash:
            if not channel.sent:
                continue
            erp.now += LEASE
            run_daily(engine(house, erp, channel))
            state = memories(house, erp)["Away"].state
            assert not state.items, f"point {point}"
            assert state.returned
            settled += 1
        else:
            break
    assert settled > 1


def test_a_message_in_doubt_that_comes_back_is_in_doubt_no_longer(house: House) -> None:
    erp, channel = Erp(on=DAY), MemoryChannel(blind=True, on=DAY)
    erp.customer("Away", email="away@a.example")
    erp.invoice("W-1", customer="Away", due=date(2026, 2, 2))
    channel.behave["away@a.example"] = "unknown"
    run_daily(engine(house, erp, channel))
    (unknown,) = memories(house, erp)["Away"].state.unknowns
    channel.bounce(channel.sent[0])
    run_daily(engine(house, erp, channel))
    state = memories(house, erp)["Away"].state
    assert not state.unknowns
    assert not state.items
    assert [r.key for r in state.returned] == [unknown.command.key]
    erp.change_email("Away", "here@a.example")
    channel.behave.clear()
    run_daily(engine(house, erp, channel))
    assert sent(channel)["here@a.example", "first_notice"] == 1


def test_what_came_back_is_written_down_as_of_its_own_channel(house: House) -> None:
    erp, channel, letters = Erp(on=DAY), MemoryChannel(on=DAY), MemoryChannel("letter", on=DAY)
    erp.customer("Away", email="away@a.example")
    erp.invoice("W-1", customer="Away", due=date(2026, 2, 2))
    run_daily(engine(house, erp, channel))
    letters.bounce(channel.sent[0])
    made = replace(engine(house, erp, channel), channels={"letter": letters})
    assert len(collect(made, DAY)) == 1
    assert [b.channel for b in memories(house, erp)["Away"].state.bounces] == ["letter"]


def test_a_report_that_names_only_the_message_finds_its_customer(house: House) -> None:
    erp, channel = Erp(on=DAY), MemoryChannel(on=DAY)
    erp.person("Ana", email="ana@acme.example")
    for name, due, collection in (("Plain", date(2026, 2, 2), None), ("Watched", DAY, "returned")):
        erp.customer(name, email=f"{name}@a.example".lower())
        erp.invoice(f"{name}-1", customer=name, amount="100 EUR", due=due, collection=collection)
    run_daily(engine(house, erp, channel))
    templates = {sending.message.template for sending in channel.sent}
    assert templates == {"first_notice", "payment_failed"}
    for sending in channel.sent:
        channel.bounce(replace(sending, debtor=""))
    assert len(collect(engine(house, erp, channel), DAY)) == 2
    for name in ("Plain", "Watched"):
        assert len(memories(house, erp)[name].state.returned) == 1
