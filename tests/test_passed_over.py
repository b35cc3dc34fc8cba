"""A jump brings the holds of the stages that it passes over, on the day of the jump."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dunwell.money import Money
from dunwell.run.apply import apply
from dunwell.run.desk import approve
from dunwell.run.plan import make_plan

from tests.test_corner_cases import Shop, deeds, february, stage

JUMP = ", jump: {promise: broken, days_past_due: {at_least: 6}}"
APPROVE = ", approve: collector"


def promised(tmp_path: Path, *stages: str) -> Shop:
    """A customer who had the first notice, and whose promise is broken on the 14th."""
    shop = Shop(tmp_path, stage("first", 5), *stages)
    shop.erp.invoice("F-1", due=february(2), amount=Money(10_000, "EUR"))
    assert shop.day(february(7)) == ["remind first"]
    shop.erp.promise("Acme", Money(10_000, "EUR"), by=february(13), items=["F-1"])
    return shop


def test_a_hold_of_a_stage_that_a_jump_passes_over_stands_the_same_day(tmp_path: Path) -> None:
    shop = promised(tmp_path, stage("stop", 40, hold=True), stage("final", 60, more=JUMP))
    assert shop.day(february(14)) == ["hold orders", "remind final"]
    assert shop.holds() == ["orders"]
    assert shop.day(february(15)) == []
    shop.erp.pay("F-1")
    assert shop.day(february(16)) == ["release orders"]


def test_one_hold_of_the_stage_passed_over_and_of_the_stage_jumped_to_is_placed_once(
    tmp_path: Path,
) -> None:
    final = stage("final", 60, hold=True, more=JUMP)
    shop = promised(tmp_path, stage("stop", 40, hold=True), final)
    assert shop.day(february(14)) == ["hold orders", "remind final"]


def test_a_hold_that_a_jump_brought_stays_while_its_message_has_yet_to_leave(
    tmp_path: Path,
) -> None:
    shop = promised(tmp_path, stage("stop", 40, hold=True), stage("final", 60, more=JUMP))
    shop.channel.down = True
    shop.go_to(february(14))
    apply(shop.engine(), make_plan(shop.engine()).plan)
    assert shop.holds() == ["orders"]
    assert shop.stages() == {"F-1": "first"}
    shop.channel.down = False
    assert shop.day(february(15)) == ["remind final"]
    assert shop.holds() == ["orders"]


@pytest.mark.parametrize("wanted", [True, False])
def test_a_hold_passed_over_that_needs_a_yes_of_its_own_waits_for_it(
    tmp_path: Path, wanted: bool
) -> None:
    stop = stage("stop", 40, hold=True, more=APPROVE)
    shop = promised(tmp_path, stop, stage("final", 60, more=JUMP))
    planned = shop.plan(february(14))
    (waiting,) = [w for account in planned.plan.accounts for w in account.waiting]
    assert (waiting.stage, waiting.items) == ("stop", ("F-1",))
    approve(shop.engine(), planned.plan, by="boss", yes=wanted)
    done = deeds(apply(shop.engine(), make_plan(shop.engine()).plan))
    assert ("hold orders" in done) is wanted
    assert "remind final" in done
    assert shop.day(february(14) + timedelta(1)) == []


def test_a_hold_passed_over_does_not_come_before_the_jump_itself_is_approved(
    tmp_path: Path,
) -> None:
    final = stage("final", 60, more=JUMP + APPROVE)
    shop = promised(tmp_path, stage("stop", 40, hold=True), final)
    planned = shop.plan(february(14))
    assert [c.kind for a in planned.plan.accounts for c in a.commands] == ["task"]
    approve(shop.engine(), planned.plan, by="boss")
    done = deeds(apply(shop.engine(), make_plan(shop.engine()).plan))
    assert done == ["hold orders", "remind final"]
