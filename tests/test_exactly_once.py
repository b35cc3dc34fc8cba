"""Every effect once, whatever happens: crashes at every call, lost answers, two engines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from dunwell.casefile.plain import PlainWording
from dunwell.command import Receipt
from dunwell.facts import Registry
from dunwell.log.fold import Memory
from dunwell.policy.tree import House
from dunwell.port import Adapter, Channel
from dunwell.run.apply import apply, read_log
from dunwell.run.desk import approve
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.run.planfile import Plan, StoppedError
from dunwell.run.recover import recover
from dunwell.source.house import load_house
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

HOUSE = Path(__file__).parent / "stories" / "corner_house.yaml"
REGISTRY = Registry()
DAY = date(2026, 2, 9)
LEASE = timedelta(seconds=901)


@pytest.fixture(scope="module")
def house() -> House:
    loaded, problems = load_house([HOUSE], registry=REGISTRY, channels=["email"])
    assert loaded is not None, problems
    return loaded


def book() -> Erp:
    """Three customers: one for a message, one for a hold with a message, one to be adopted."""
    erp = Erp(on=DAY)
    erp.person("Ana", email="ana@acme.example")
    erp.customer("Reminded", email="a@a.example")
    erp.invoice("R-1", customer="Reminded", due=date(2026, 2, 2))
    erp.invoice("R-2", customer="Reminded", due=date(2026, 2, 3))
    erp.customer("Held", email="b@b.example", tags=["public"])
    erp.invoice("H-1", customer="Held", due=date(2026, 2, 2))
    erp.customer("Adopted", email="c@c.example", tags=["adopting"])
    erp.invoice("A-1", customer="Adopted", issued=date(2025, 9, 1), due=date(2025, 10, 1))
    erp.customer("Tasked", email="d@d.example", tags=["per_item"])
    erp.invoice("T-1", customer="Tasked", due=date(2026, 2, 2))
    return erp


def engine(house: House, erp: Erp, channel: Channel, sabotage: Sabotage | None = None) -> Engine:
    adapter: Adapter = MemoryAdapter(erp)
    if sabotage is not None:
        adapter, channel = HostileAdapter(adapter, sabotage), HostileChannel(channel, sabotage)
    return Engine(
        adapter,
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


def ends(house: House, erp: Erp, channel: MemoryChannel) -> object:
    """Where everything stands, without keys and positions."""
    stages = sorted(
        (i.item, i.stage, i.cycle, i.adopted)
        for m in memories(house, erp).values()
        for i in m.state.items
    )
    holds = sorted((str(r["customer"]), str(r["kind"])) for r in erp.rows["holds"].values())
    tasks = sorted(str(r["customer"]) for r in erp.rows["tasks"].values())
    return stages, holds, tasks, sent(channel)


def sent(channel: MemoryChannel) -> Counter[tuple[str, str]]:
    return Counter((s.message.address, s.message.template) for s in channel.sent)


def undisturbed(house: House) -> tuple[object, int]:
    erp, channel, sabotage = book(), MemoryChannel(), Sabotage()
    cycle(engine(house, erp, channel, sabotage))
    return ends(house, erp, channel), sabotage.points


def crash_then_resume(house: House, point: int, erp: Erp, channel: MemoryChannel) -> None:
    with pytest.raises(Crash):
        cycle(engine(house, erp, channel, Sabotage(crash_at=point)))
    erp.now += timedelta(minutes=5)
    cycle(engine(house, erp, channel))  # too early for the claims that are open
    erp.now += LEASE
    cycle(engine(house, erp, channel))


def test_a_crash_at_any_call_ends_as_an_undisturbed_run(house: House) -> None:
    wanted, points = undisturbed(house)
    assert points > 40
    for point in range(1, points + 1):
        erp, channel = book(), MemoryChannel()
        crash_then_resume(house, point, erp, channel)
        assert ends(house, erp, channel) == wanted, f"crash at point {point}"


def test_on_a_channel_that_cannot_be_asked_a_crash_leaves_at_most_one_unknown(
    house: House,
) -> None:
    erp, channel, sabotage = book(), MemoryChannel(blind=True), Sabotage()
    cycle(engine(house, erp, channel, sabotage))
    whole = sent(channel)
    for point in range(1, sabotage.points + 1):
        erp, channel = book(), MemoryChannel(blind=True)
        crash_then_resume(house, point, erp, channel)
        unknowns = [u for m in memories(house, erp).values() for u in m.state.unknowns]
        assert max(sent(channel).values()) == 1, f"crash at point {point}"
        assert len(unknowns) <= 1, f"crash at point {point}"
        assert sum(sent(channel).values()) + len(unknowns) >= sum(whole.values())


METHODS = ("describe", "read", "heads", "append", "execute", "look_up", "send")


@pytest.mark.parametrize("what", ["lost", "down", "foreign", "partly", "repeated", "short"])
@pytest.mark.parametrize("method", ["append", "execute", "send"])
def test_a_call_that_fails_in_any_way_sends_nothing_twice_and_loses_nothing(
    house: House, method: str, what: str
) -> None:
    wanted, _ = undisturbed(house)
    for nth in range(1, 5):
        erp, channel = book(), MemoryChannel()
        fault = Fault(method, what, nth)  # type: ignore[arg-type]
        cycle(engine(house, erp, channel, Sabotage(fault)))
        for _ in range(3):
            erp.now += LEASE
            cycle(engine(house, erp, channel))
        assert ends(house, erp, channel) == wanted, f"{method} {what} at call {nth}"


def test_a_second_run_on_the_same_day_does_nothing(house: House) -> None:
    erp, channel = book(), MemoryChannel()
    made = engine(house, erp, channel)
    cycle(made)
    again = make_plan(made).plan
    assert [c.kind for a in again.accounts for c in a.commands] == []
    assert apply(made, again) == []


def test_a_plan_that_is_applied_twice_does_nothing_the_second_time(house: House) -> None:
    erp, channel = book(), MemoryChannel()
    made = engine(house, erp, channel)
    plan = make_plan(made).plan
    first, second = apply(made, plan), apply(made, plan)
    assert {r.result.status for r in first} == {"done"}
    assert {(r.result.status, r.result.reason) for r in second} == {("skipped", "changed")}
    assert max(sent(channel).values()) == 1


def test_two_engines_with_one_plan_send_each_message_once(house: House) -> None:
    erp, channel = book(), MemoryChannel()
    plan = make_plan(engine(house, erp, channel)).plan

    def other() -> None:
        apply(engine(house, erp, channel), plan)

    # the second engine goes all the way between the refresh and the claim of the first
    fault = Fault("append", "act", 1, before=other)
    receipts = apply(engine(house, erp, channel, Sabotage(fault)), plan)
    assert {r.result.reason for r in receipts} == {"superseded"}
    assert max(sent(channel).values()) == 1


def test_a_claimer_that_sleeps_past_its_lease_does_nothing_when_it_wakes(
    house: House,
) -> None:
    erp, channel = book(), MemoryChannel()

    def asleep() -> None:
        erp.now += LEASE
        cycle(engine(house, erp, channel))

    fault = Fault("execute", "act", 1, before=asleep)
    cycle(engine(house, erp, channel, Sabotage(fault)))
    erp.now += LEASE
    cycle(engine(house, erp, channel))
    assert max(sent(channel).values()) == 1
    assert len(erp.rows["holds"]) == 1
    assert len(erp.rows["tasks"]) == 1


CHANGES: dict[str, Callable[[Erp], object]] = {
    "payment": lambda erp: erp.pay("R-1"),
    "dispute": lambda erp: erp.dispute("R-1"),
    "exclusion": lambda erp: erp.exclude("Reminded", reason="in talks"),
    "new address": lambda erp: erp.change_email("Reminded", "new@a.example"),
    "person's mail": lambda erp: erp.mail("Reminded"),
    "new invoice": lambda erp: erp.invoice("R-9", customer="Reminded", due=date(2026, 2, 1)),
    "due date": lambda erp: erp.change("items", "R-1", due=date(2026, 6, 1)),
    "promise": lambda erp: erp.promise("Reminded", "900 EUR", by=date(2026, 3, 1)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_between_plan_and_apply_is_skipped_and_decided_anew(
    house: House, name: str
) -> None:
    erp, channel = book(), MemoryChannel()
    made = engine(house, erp, channel)
    plan = make_plan(made).plan
    CHANGES[name](erp)
    receipts = [r for r in apply(made, plan) if r.debtor == "Reminded"]
    assert {(r.result.status, r.result.reason) for r in receipts} == {("skipped", "changed")}
    assert not any(s.debtor == "Reminded" for s in channel.sent)


@pytest.mark.parametrize("name", CHANGES)
def test_items_that_change_between_a_crash_and_the_recovery_send_no_second_message(
    house: House, name: str
) -> None:
    _, points = undisturbed(house)
    for point in range(points // 2, points + 1, 3):
        erp, channel = book(), MemoryChannel()
        with pytest.raises(Crash):
            cycle(engine(house, erp, channel, Sabotage(crash_at=point)))
        CHANGES[name](erp)
        erp.now += LEASE
        cycle(engine(house, erp, channel))
        to_one = Counter(s.debtor for s in channel.sent if s.debtor == "Reminded")
        new = {"new address": 1, "new invoice": 2}.get(name, 1)
        assert to_one["Reminded"] <= new, f"crash at point {point}"


def test_a_plan_of_one_day_is_refused_on_the_next(house: House) -> None:
    erp, channel = book(), MemoryChannel()
    made = engine(house, erp, channel)
    plan = make_plan(made).plan
    erp.on = date(2026, 2, 12)
    with pytest.raises(StoppedError, match="this plan is of 2026-02-09 and today is 2026-02-12"):
        apply(made, plan)
    assert channel.sent == []


def test_a_plan_made_before_midnight_and_another_after_it_do_nothing_twice(
    house: House,
) -> None:
    erp, channel = book(), MemoryChannel()
    loose = _any_hour(house)
    erp.now = datetime.combine(DAY, datetime.min.time(), erp.zone).astimezone(erp.now.tzinfo)
    erp.now += timedelta(hours=23, minutes=59)
    cycle(engine(loose, erp, channel))
    erp.now += timedelta(minutes=2)
    receipts = cycle(engine(loose, erp, channel))
    assert [r for r in receipts if r.command.kind == "remind"] == []
    assert max(sent(channel).values()) == 1


def _any_hour(house: House) -> House:
    from dataclasses import replace

    return replace(house, contact=replace(house.contact, windows={}))


def test_another_erp_a_later_hour_and_other_policies_refuse_the_plan(house: House) -> None:
    erp, channel = book(), MemoryChannel()
    made = engine(house, erp, channel)
    plan = make_plan(made).plan
    erp.tenant = "copy"
    with pytest.raises(StoppedError, match="made for 'memory', and this is 'copy'"):
        apply(made, plan)
    erp.tenant = "memory"
    erp.now += timedelta(hours=13)
    with pytest.raises(StoppedError, match="expired"):
        apply(made, plan)


def test_a_copy_of_the_erp_stops_before_its_first_effect(house: House) -> None:
    erp, channel = book(), MemoryChannel()
    cycle(engine(house, erp, channel))
    erp.tenant = "copy"
    erp.on = date(2026, 3, 2)
    with pytest.raises(StoppedError, match="a copy or a clone"):
        cycle(engine(house, erp, channel))


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
