"""A whole run: what came back, what was left behind, plan, apply."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dunwell.errors import UnavailableError
from dunwell.policy.tree import House
from dunwell.port import Delivery
from dunwell.run.apply import apply
from dunwell.run.daily import run_daily
from dunwell.run.engine import Engine
from dunwell.run.outcomes import applied
from dunwell.run.plan import make_plan
from dunwell.testing import Crash, Erp, HostileAdapter, MemoryChannel, Sabotage

from tests.explain_kit import ON, book, engine, load


@pytest.fixture
def house(tmp_path: Path) -> House:
    return load(tmp_path)


def acme() -> Erp:
    erp = book()
    erp.customer("Acme")
    erp.invoice("F-1", customer="Acme", due=ON - timedelta(7))
    return erp


class Dies(HostileAdapter):
    """Stops the engine once its claim is written."""

    def append(self, entries):  # type: ignore[no-untyped-def]
        super().append(entries)
        raise Crash("killed")


def killed(made: Engine) -> None:
    plan = make_plan(made).plan
    with pytest.raises(Crash):
        apply(replace(made, adapter=Dies(made.adapter, Sabotage())), plan)


def test_a_run_does_what_a_plan_and_an_apply_do(house: House) -> None:
    channel = MemoryChannel(on=ON)
    daily = run_daily(engine(house, acme(), channel))
    assert applied(daily.planned.plan, daily.receipts).done == 1
    assert len(channel.sent) == 1


def test_a_claim_that_was_left_behind_is_recovered_and_its_work_done(house: House) -> None:
    erp, channel = acme(), MemoryChannel(on=ON)
    killed(engine(house, erp, channel))
    early = run_daily(engine(house, erp, channel))
    assert (early.recovered, channel.sent) == ((), [])
    erp.tick(seconds=901)
    late = run_daily(engine(house, erp, channel))
    assert late.recovered[0].startswith("recovered a claim of Acme: ")
    assert len(channel.sent) == 1


def test_what_came_back_is_collected_before_anything_is_decided(house: House) -> None:
    erp, channel = acme(), MemoryChannel(on=ON)
    channel.behave["ap@acme.example"] = "bounce"
    run_daily(engine(house, erp, channel))
    erp.on = ON + timedelta(1)
    daily = run_daily(engine(house, erp, channel))
    assert [line.split()[-1] for line in daily.collected] == ["bounced"]
    kinds = [receipt.command.action for receipt in daily.receipts]
    assert kinds == ["no_channel"]


class Silent(MemoryChannel):
    """A channel whose mailbox for bounces cannot be reached."""

    def outcomes(self, *, since: date) -> list[Delivery]:
        raise UnavailableError("the mailbox is locked")


def test_a_channel_that_cannot_say_what_came_back_stops_nothing(house: House) -> None:
    channel = Silent(on=ON)
    daily = run_daily(engine(house, acme(), channel))
    assert daily.problems == ("what came back was not collected: the mailbox is locked",)
    assert len(channel.sent) == 1
