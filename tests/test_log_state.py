"""What is remembered of messages that come back late, and of watches that are half done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest

from dunwell.log.entry import State
from dunwell.port import Sending
from dunwell.run.apply import apply, read_log
from dunwell.run.daily import run_daily
from dunwell.run.desk import resolve
from dunwell.run.plan import make_plan

from tests.test_corner_cases import Shop, deeds, february, read_house, stage

REPEAT = ", repeat: {every: 3 days}"


def state_of(shop: Shop) -> State:
    return read_log(shop.engine(), None)[0]["Acme"].state


def come_back(shop: Shop, messages: Sequence[Sending]) -> None:
    """These messages come back, each noticed by a run of its own."""
    for message in messages:
        shop.channel.bounce(message)
        run_daily(shop.engine())


def repeated(tmp_path: Path, *, more: str = REPEAT) -> Shop:
    """An item that had the first notice, then the second, and that once more: three messages."""
    shop = Shop(tmp_path, stage("first", 5), stage("second", 12, more=more))
    shop.erp.invoice("F-1", due=february(2))
    for day in (7, 14, 17):
        shop.day(february(day))
    assert [s.message.template for s in shop.channel.sent] == ["first", "second", "second"]
    return shop


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_messages_that_come_back_in_any_order_leave_an_item_after_the_last_that_arrived(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    for count in range(4):
        folder = tmp_path / str(count)
        folder.mkdir()
        shop = repeated(folder)
        back = order[:count]
        come_back(shop, [shop.channel.sent[n] for n in back])
        left = [n for n in range(3) if n not in back]
        wanted = [("first", 0), ("second", 0), ("second", 1)][left[-1]] if left else None
        stands = [(item.stage, item.cycle) for item in state_of(shop).items]
        assert stands == ([wanted] if wanted else [])


def test_a_repeat_goes_back_to_the_notice_before_it_when_both_of_its_messages_come_back(
    tmp_path: Path,
) -> None:
    shop = repeated(tmp_path)
    come_back(shop, shop.channel.sent[1:3])
    (item,) = state_of(shop).items
    assert (item.stage, item.on) == ("first", february(7))
    shop.erp.change_email("Acme", "new@acme.example")
    assert shop.day(february(18)) == ["remind second"]


def test_the_state_of_an_endless_repeat_does_not_grow_for_ever(tmp_path: Path) -> None:
    shop = Shop(tmp_path, stage("first", 5, more=", repeat: {every: 1 week}"))
    shop.erp.invoice("F-1", due=february(2))
    depths = []
    for week in range(60):
        assert shop.day(february(7) + timedelta(7 * week)) == ["remind first"]
        (item,) = state_of(shop).items
        depth, link = 0, item.prior
        while link is not None:
            depth, link = depth + 1, link.prior
        depths.append(depth)
    assert max(depths) <= 6, depths


# -- watches --------------------------------------------------------------------------------------

WATCH = """
house: shop
policies: [shop]
roles: {collector: ana@shop.example}
---
policy: shop
currency: EUR
ladder:
  - stage: first
    when: {days_past_due: {at_least: 300}}
    do: [{remind: {template: first}}]
watch:
  - watch: contested
    when: {is_disputed: true}
    do:
      - task: {summary: "Settle it", assign: [collector]}
      - remind: {template: contested}
"""


def contested(tmp_path: Path) -> Shop:
    """A dispute of which the task was given, and the message failed."""
    shop = Shop(tmp_path, stage("first", 5))
    shop.path.write_text(WATCH)
    shop.house = read_house(shop.path)
    for name in ("F-1", "F-2"):
        shop.erp.invoice(name, due=february(2))
        shop.erp.invoice(f"{name}-sound", due=february(2))
    shop.erp.dispute("F-1", amount="1 EUR")
    shop.channel.down = True
    shop.go_to(february(9))
    planned = make_plan(shop.engine()).plan
    assert deeds(apply(shop.engine(), planned)) == ["task contested", "remind contested"]
    shop.channel.down = False
    return shop


def test_a_half_fired_watch_does_only_the_rest_for_an_event_and_all_for_a_new_one(
    tmp_path: Path,
) -> None:
    shop = contested(tmp_path)
    shop.erp.finish_task(next(iter(shop.erp.rows["tasks"])))
    shop.erp.dispute("F-2", amount="1 EUR")
    planned = shop.plan(february(10)).plan
    done = {(c.kind, c.items) for a in planned.accounts for c in a.commands}
    assert done == {("task", ("F-2",)), ("remind", ("F-1", "F-2"))}
    assert shop.day(february(10)) == ["task contested", "remind contested"]
    assert not state_of(shop).firings
    assert shop.day(february(11)) == []


def test_what_is_half_done_for_one_event_waits_on_while_another_is_wholly_done(
    tmp_path: Path,
) -> None:
    shop = contested(tmp_path)
    shop.erp.end_dispute(next(iter(shop.erp.rows["disputes"])))
    shop.erp.dispute("F-2", amount="1 EUR")
    assert shop.day(february(10)) == ["note contested", "remind contested"]
    (firing,) = state_of(shop).firings
    assert firing.done == ("task",)
    assert shop.day(february(11)) == []


@pytest.mark.parametrize("sent", [True, False])
def test_the_rest_of_a_watch_is_done_also_when_its_message_was_in_doubt(
    tmp_path: Path, sent: bool
) -> None:
    shop = contested(tmp_path)
    shop.channel.blind = True
    address = str(shop.erp.rows["customers"]["Acme"]["email"])
    shop.channel.behave[address] = "unknown" if sent else "lost"
    shop.go_to(february(10))
    apply(shop.engine(), make_plan(shop.engine()).plan)
    (unknown,) = state_of(shop).unknowns
    shop.channel.behave.clear()
    resolve(shop.engine(), unknown.command.key, sent=sent, because="asked", by="ana")
    assert shop.day(february(11)) == ([] if sent else ["remind contested"])
    assert not state_of(shop).firings
    assert shop.day(february(12)) == []
