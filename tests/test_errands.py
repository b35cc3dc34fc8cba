"""Tasks that Dunwell itself gives to people: once for each cause, whatever became of them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.command import AccountPlan, Waiting
from dunwell.log import tidy as forgetting
from dunwell.log.entry import State, TaskState
from dunwell.log.tidy import KEEP, SURE, tidy
from dunwell.money import Money
from dunwell.run.apply import apply, read_log
from dunwell.run.desk import approve, collect, resolve
from dunwell.run.plan import make_plan

from tests.lives import Life, acts, erp_of, talking
from tests.strategies import Dice, World, worlds
from tests.test_corner_cases import Shop, february, read_house, stage

lives = settings(max_examples=max(1, settings.default.max_examples // 10))  # type: ignore[union-attr]

APPROVE = ", approve: collector"


def close(shop: Shop) -> None:
    """A person closes every open task, whatever it asks."""
    for key, row in shop.erp.rows["tasks"].items():
        if row["state"] == "open":
            shop.erp.finish_task(key)


def waiting(accounts: tuple[AccountPlan, ...]) -> list[Waiting]:
    return [w for account in accounts for w in account.waiting]


def test_a_closed_approval_task_is_not_opened_again_and_the_plan_still_lists_what_waits(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, stage("first", 5, more=APPROVE))
    shop.erp.invoice("F-1", due=february(2))
    assert shop.day(february(9)) == ["task first"]
    close(shop)
    assert shop.day(february(10)) == []
    (step,) = waiting(shop.plan(february(11)).plan.accounts)
    assert (step.items, step.since) == (("F-1",), february(9)), "its age goes on"


def test_a_later_item_joins_the_open_approval_task_and_opens_a_new_one_when_it_is_closed(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, stage("first", 5, more=APPROVE))
    shop.erp.invoice("F-1", due=february(2))
    shop.erp.invoice("F-2", due=february(5))
    shop.erp.invoice("F-3", due=february(8))
    assert shop.day(february(9)) == ["task first"]
    assert shop.day(february(10)) == ["note first"]
    assert shop.day(february(11)) == []
    close(shop)
    assert shop.day(february(12)) == []
    assert shop.day(february(13)) == ["task first"]


def test_a_person_is_asked_again_when_a_no_has_run_out(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5, more=APPROVE))
    shop.erp.invoice("F-1", due=february(2))
    assert shop.day(february(9)) == ["task first"]
    plan = shop.plan(february(9)).plan
    approve(shop.engine(), plan, by="boss", yes=False, until=february(16))
    close(shop)
    assert shop.day(february(16)) == []
    assert shop.day(february(17)) == ["task first"]
    close(shop)
    assert shop.day(february(18)) == []


def test_a_person_is_asked_again_when_a_yes_has_become_too_small(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5), stage("second", 12, more=APPROVE))
    shop.erp.invoice("F-1", due=february(2), amount=Money(10_000, "EUR"))
    assert shop.day(february(7)) == ["remind first"]
    assert shop.day(february(14)) == ["task second"]
    approve(shop.engine(), shop.plan(february(14)).plan, by="boss")
    close(shop)
    shop.erp.change("items", "F-1", amount=20_000, balance=20_000)
    assert shop.day(february(15)) == ["task second"]


def test_a_closed_task_to_find_an_address_comes_again_for_another_item_or_another_failure(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, stage("first", 5), stage("second", 15))
    shop.erp.change_email("Acme", "")
    shop.erp.invoice("F-1", due=february(2))
    shop.erp.invoice("F-2", due=february(5))
    assert shop.day(february(9)) == ["task no_channel"]
    close(shop)
    assert shop.day(february(9)) == []
    assert shop.day(february(10)) == ["task no_channel"], "F-2 is new"
    close(shop)
    assert shop.day(february(11)) == []
    shop.erp.change_email("Acme", "new@acme.example")
    shop.channel.behave["new@acme.example"] = "bounce"
    assert shop.day(february(12)) == ["remind first"]
    collect(shop.engine(), february(1))
    assert shop.day(february(13)) == ["task no_channel"], "the new address failed too"
    close(shop)
    assert shop.day(february(14)) == []


def test_a_closed_task_about_an_unknown_outcome_does_not_come_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5), stage("second", 15))
    shop.channel.blind = True
    address = str(shop.erp.rows["customers"]["Acme"]["email"])
    shop.channel.behave[address] = "unknown"
    shop.erp.invoice("F-1", due=february(2))
    shop.go_to(february(9))
    apply(shop.engine(), make_plan(shop.engine()).plan)
    assert shop.day(february(10)) == ["task unknown"]
    close(shop)
    assert shop.day(february(11)) == []
    memories, _ = read_log(shop.engine(), None)
    (unknown,) = memories["Acme"].state.unknowns
    resolve(shop.engine(), unknown.command.key, sent=False, because="asked", by="ana")
    shop.go_to(february(12))
    apply(shop.engine(), make_plan(shop.engine()).plan)
    assert shop.day(february(13)) == ["task unknown"], "another message, another doubt"


# -- what is forgotten ----------------------------------------------------------------------------

ON = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("age", "items", "causes", "live", "kept"),
    [
        (KEEP + SURE, (), (), True, True),  # open: a later item may join it
        (SURE, (), (), False, True),  # the ERP may be slow to show it
        (SURE * 2, (), (), False, False),
        (SURE * 2, ("open",), (), False, True),  # a person may open it again
        (SURE * 2, ("paid",), (), False, False),
        (SURE * 2, (), ("cause",), False, True),  # it is not to be given again for that cause
        (KEEP + SURE, ("open",), ("cause",), False, False),
    ],
)
def test_a_task_is_remembered_while_it_can_be_joined_opened_again_or_given_twice(
    age: timedelta, items: tuple[str, ...], causes: tuple[str, ...], live: bool, kept: bool
) -> None:
    task = TaskState("k", "C", "p/s", "task", items, ON - age, causes=causes)
    open_tasks = frozenset({"k"} if live else ())
    left = tidy(State(tasks=(task,)), ON, frozenset({"open"}), open_tasks).tasks
    assert bool(left) is kept
    assert tidy(State(tasks=(task,)), ON, frozenset(), None).tasks == (task,), "nobody asked"


def test_the_log_of_a_customer_with_a_task_every_month_does_not_grow_for_ever(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, stage("first", 5))
    shop.path.write_text(
        "house: shop\npolicies: [shop]\nroles: {collector: ana@shop.example}\n---\n"
        "policy: shop\ncurrency: EUR\nladder: []\nwatch:\n"
        "  - watch: look\n    when: {exposure: {over: 0 EUR}}\n    repeat: {every: 1 month}\n"
        '    do: [{task: {summary: "Look", assign: [collector]}}]\n'
    )
    shop.house = read_house(shop.path)
    shop.erp.invoice("F-1", due=february(2))
    sizes = []
    for month in range(24):
        shop.day(february(2) + timedelta(31 * month))
        close(shop)
        memories, _ = read_log(shop.engine(), None)
        sizes.append(len(memories["Acme"].state.tasks))
    assert max(sizes) <= 14, sizes


@lives
@given(worlds, st.integers(0, 9999))
def test_forgetting_closed_tasks_changes_no_decision(world: World, seed: int) -> None:
    def story(forgetful: bool) -> list[object]:
        life, dice = Life(erp_of(world), talking(world.house)), Dice(f"{seed}")
        told: list[object] = []
        with pytest.MonkeyPatch.context() as patch:
            if not forgetful:
                patch.setattr(forgetting, "_tasks", lambda state, *rest: state.tasks)
            patch.setattr(forgetting, "SURE", timedelta(0))
            for _ in range(8):
                acts(life, dice)
                told += [
                    (a.debtor, a.company, a.commands, a.waiting) for a in life.plan().accounts
                ]
                life.run()
                life.tomorrow()
        return told

    assert story(forgetful=True) == story(forgetful=False)
