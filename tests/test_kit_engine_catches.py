"""Every test of the engine's contract catches an engine, or an adapter, broken on purpose."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from dunwell.errors import UnansweredError, UnavailableError
from dunwell.log import fold as folding
from dunwell.log.entry import DeliveryBody, Entry, OutcomeBody, Result, decode
from dunwell.log.fold import EMPTY, Memory, OpenClaim
from dunwell.log.settle import settle
from dunwell.port import Adapter, Effect, Found, Heads, Sought, Won
from dunwell.run import apply as applying
from dunwell.run import desk, perform, planfile
from dunwell.run import recover as recovering
from dunwell.run.perform import Clock
from dunwell.run.planfile import Plan
from dunwell.testing import MemoryAdapter
from dunwell.testing.contract import EngineContract
from dunwell.testing.contract.catching import Broken, Catches, contract_tests

# What the mistakes below replace, as it was.
APPEND, APPLY, REFRESH, WALK = (
    perform.append,
    applying.apply,
    applying._Batch.run,
    folding._walk,
)
WRITE, EXPIRED, RIGHT = planfile.write, recovering.expired, time.time  # noqa: TID251


# -- engines --------------------------------------------------------------------------------------


def silent(*args: Any, **named: Any) -> str:
    """Looks at nothing and finds nothing wrong."""
    return ""


def does_nothing(*args: Any, **named: Any) -> list[Any]:
    """Does not do it."""
    return []


def first(given: Any, *args: Any, **named: Any) -> Any:
    """Leaves it as it was."""
    return given


def always_ours(adapter: Adapter, entries: Sequence[Entry]) -> list[object]:
    """Takes every position for won."""
    APPEND(adapter, entries)
    return [Won() for _ in entries]


def tried_again(call: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """Tries everything again that failed."""
    trouble: Exception | None = None
    for _ in range(perform.TRIES):
        try:
            return call(), None
        except Exception as error:
            trouble = error
    return None, trouble


class WallClock(Clock):
    """Trusts the clock of its own machine."""

    def now(self) -> datetime:
        return self._now + timedelta(seconds=time.time() - RIGHT())  # noqa: TID251


class StoppedClock(Clock):
    """Does not see that time has passed."""

    def now(self) -> datetime:
        return self._now


def by_its_own_clock(memories: Mapping[str, Memory], now: datetime) -> list[OpenClaim]:
    """Takes a claim for old when its own clock says so."""
    off = timedelta(seconds=time.time() - RIGHT())  # noqa: TID251
    return EXPIRED(memories, now + off)


def not_asked(engine: Any, claims: Sequence[OpenClaim]) -> dict[str, Found]:
    """Takes what was claimed for not done."""
    return {c.key: Found.ABSENT for claim in claims for c in claim.body.commands}


def refreshed_first(self: Any) -> Any:
    """Lets an ERP that cannot be reached stop everything."""
    self._refresh()
    return REFRESH(self)


def trusting(path: Path) -> Plan:
    """Reads a plan file without looking whether it is whole."""
    parts: list[Any] = []
    for line in path.read_bytes().split(b"\n"):
        try:
            parts.append(planfile._decoder.decode(line))
        except (msgspec.MsgspecError, UnicodeError):
            continue
    header: Any = next((p for p in parts if isinstance(p, planfile.Header)), None)
    return Plan(header, tuple(p.plan for p in parts if isinstance(p, planfile.Line)))


def public(plan: Plan, path: Path) -> None:
    """Writes a plan that everybody may read."""
    WRITE(plan, path)
    path.chmod(0o644)


def delivered_when_claimed(numbered: Sequence[Entry]) -> Any:
    """Takes a claim for a delivery."""
    state, claim, tenant = WALK(numbered)
    if claim is not None:
        results = [Result(c.key, "done") for c in claim.body.commands]
        everything = frozenset(item.item for item in state.items)
        state = settle(state, claim.body, results, open_items=everything)
    return state, claim, tenant


def reads_anything(entry: Entry) -> Any:
    """Reads what cannot be read as nothing at all."""
    try:
        return decode(entry)
    except ValueError:
        return OutcomeBody("", "", date(2026, 1, 1), (), EMPTY)


def written_each_time(engine: Any, since: date) -> list[str]:
    """Writes a bounce down whenever it hears of it."""
    said = []
    for channel in engine.channels.values():
        for word in channel.outcomes(since=since):
            body = DeliveryBody(word.key, word.delivery, word.on, "email", word.address_hash)
            desk._write(engine, word.debtor, None, "delivery", f"{word.key}.b", body, "")
            said.append(word.key)
    return said


def in_any_order(engine: Any, plan: Plan) -> list[Any]:
    """Tells what became of commands in another order."""
    return list(reversed(APPLY(engine, plan)))


# -- adapters -------------------------------------------------------------------------------------


class Chatty(MemoryAdapter):
    """Asks once for every row and every key."""

    def _rows(self, *args: Any) -> list[Any]:
        rows = super()._rows(*args)
        self.erp.calls += len(rows)
        return rows

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        self.erp.calls += len(sought)
        return super().look_up(sought)


class Thorough(MemoryAdapter):
    """Reads the whole log, page after page."""

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        for debtor in self.erp.logbook.debtors():
            self.erp.calls += len(self.erp.logbook.newest(debtor, 10**6)) // 100
        return super().heads(debtors=debtors, since=since)


class StopsAtPoison(MemoryAdapter):
    """Does nothing of a batch behind a command that it cannot do."""

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        results: list[Result] = []
        for effect in effects:
            if any(result.status == "rejected" for result in results):
                results.append(Result(effect.key, "failed", "later"))
            else:
                results += super().execute([effect])
        return results


class TestBrokenEngines(EngineContract, Catches):
    special = tuple(contract_tests(EngineContract))  # each runs only with those that must fail it
    numbers = (3, 60)
    old_entries = 1_000
    broken = (
        Broken(
            "it does not look whether what it claimed was done",
            fails=[
                "test_a_crash_at_any_call_ends_as_an_undisturbed_run",
                "test_a_crash_while_another_is_recovered_ends_as_an_undisturbed_run",
                "test_whatever_changes_after_a_crash_no_customer_gets_a_second_message",
                "test_a_claim_of_yesterday_is_recovered_today_and_not_repeated",
            ],
            pieces={"dunwell.run.recover._look_up": not_asked},
        ),
        Broken(
            "it leaves the claims of the dead open",
            fails=["test_a_crash_at_any_call_ends_as_an_undisturbed_run"],
            pieces={"dunwell.run.daily.recover": does_nothing},
        ),
        Broken(
            "it does not say that it is about to send",
            fails=[
                "test_on_a_channel_that_cannot_be_asked_a_crash_leaves_at_most_one_message_in_doubt"
            ],
            pieces={"dunwell.run.perform._started": lambda *args: True},
        ),
        Broken(
            "it sends again what was sent when only the rest failed",
            fails=["test_a_call_that_fails_in_any_way_sends_nothing_twice_and_loses_nothing"],
            pieces={"dunwell.run.draft.Move.speaks": property(lambda move: bool(move.remind))},
        ),
        Broken(
            "it tries again what may have been done",
            fails=["test_an_error_that_nobody_knows_counts_as_unanswered_and_is_not_tried_again"],
            pieces={"dunwell.run.perform._try": tried_again},
        ),
        Broken(
            "an ERP that cannot be reached stops everything",
            fails=["test_a_run_that_fails_before_its_first_effect_does_nothing_and_says_so"],
            pieces={"dunwell.run.apply._Batch.run": refreshed_first},
            raises=(UnavailableError, UnansweredError, LookupError),
        ),
        Broken(
            "it sees neither that time has passed nor that it has lost, and makes new keys",
            fails=["test_a_claimer_that_sleeps_past_its_lease_does_nothing_when_it_wakes"],
            pieces={
                "dunwell.run.apply.Clock": StoppedClock,
                "dunwell.run.claims.effect_key": lambda claim, n: f"{secrets.token_hex(9)}-{n}",
                "dunwell.run.apply.append": always_ours,
            },
        ),
        Broken(
            "it sees nobody else",
            fails=["test_a_second_engine_in_the_middle_of_a_run_does_nothing_twice"],
            pieces={
                "dunwell.run.apply._why_not": silent,
                "dunwell.run.apply.append": always_ours,
                "dunwell.run.debtors._blocked": silent,
            },
        ),
        Broken(
            "it applies a plan whatever has changed since",
            fails=[
                "test_what_changes_between_plan_and_apply_is_skipped",
                "test_a_plan_that_is_applied_twice_does_nothing_the_second_time",
            ],
            pieces={"dunwell.run.apply._why_not": silent},
        ),
        Broken(
            "it takes every position for won",
            fails=["test_of_two_engines_with_one_plan_one_does_it"],
            pieces={"dunwell.run.apply.append": always_ours},
        ),
        Broken(
            "it decides while somebody else is at work",
            fails=["test_while_a_claim_is_young_nobody_else_decides"],
            pieces={"dunwell.run.debtors._blocked": silent},
        ),
        Broken(
            "it forgets what it did",
            fails=[
                "test_a_second_run_on_the_same_day_plans_nothing",
                "test_a_run_after_midnight_repeats_nothing_of_the_one_before",
                "test_engines_in_zones_fourteen_hours_apart_agree",
                "test_a_delivered_reminder_never_goes_out_again",
                "test_a_story_of_six_stages_means_the_same_to_a_new_engine",
            ],
            pieces={"dunwell.run.claims.settle": first},
        ),
        Broken(
            "it trusts the clock of its own machine",
            fails=[
                "test_an_engine_whose_clock_is_a_day_off_does_the_same",
                "test_an_engine_whose_clock_steps_back_while_it_applies_does_the_same",
            ],
            pieces={
                "dunwell.run.apply.Clock": WallClock,
                "dunwell.run.recover.expired": by_its_own_clock,
            },
        ),
        Broken(
            "it reads what cannot be read as nothing",
            fails=["test_a_garbled_log_is_left_alone_and_shown_and_stops_nobody_else"],
            pieces={"dunwell.log.fold.decode": reads_anything},
        ),
        Broken(
            "a bounce changes nothing",
            fails=[
                "test_a_bounced_reminder_goes_out_again_once_under_a_new_claim",
                "test_after_a_bounce_the_item_stands_where_it_stood",
            ],
            pieces={"dunwell.log.fold.bounced": first},
        ),
        Broken(
            "it writes a bounce down whenever it hears of it",
            fails=["test_a_bounce_is_written_down_once"],
            pieces={"dunwell.testing.contract.remembering.collect": written_each_time},
        ),
        Broken(
            "it takes a claim for a delivery",
            fails=["test_a_claim_that_came_to_nothing_leaves_the_stage_as_it_was"],
            pieces={"dunwell.log.fold._walk": delivered_when_claimed},
        ),
        Broken(
            "it does not hear what people say of what is unknown",
            fails=["test_an_unknown_outcome_waits_for_a_person_and_then_counts_as_they_say"],
            pieces={"dunwell.log.fold.resolved": first},
        ),
        Broken(
            "it keeps approvals to itself",
            fails=["test_an_approval_survives_the_deletion_of_every_file"],
            pieces={"dunwell.testing.contract.remembering.approve": does_nothing},
        ),
        Broken(
            "it does not know a copy from the ERP",
            fails=["test_a_copy_of_the_erp_stops_before_its_first_effect"],
            pieces={"dunwell.run.plan._refuse_copies": does_nothing},
        ),
        Broken(
            "everybody may read its plans",
            fails=["test_a_plan_comes_back_from_its_file_as_it_was"],
            pieces={"dunwell.testing.contract.plans.write": public},
        ),
        Broken(
            "it reads a plan without looking whether it is whole",
            fails=[
                "test_a_plan_with_any_byte_changed_is_refused",
                "test_a_plan_cut_off_anywhere_or_with_a_line_too_many_is_refused",
            ],
            pieces={"dunwell.testing.contract.plans.load": trusting},
        ),
        Broken(
            "it does any plan",
            fails=[
                "test_a_plan_of_another_erp_is_refused",
                "test_a_plan_of_another_day_is_refused",
                "test_a_plan_that_has_expired_is_refused",
                "test_a_plan_of_an_older_policy_is_refused",
                "test_a_plan_over_a_limit_stops_before_its_first_effect",
            ],
            pieces={"dunwell.run.apply.refuse": does_nothing},
        ),
        Broken(
            "it tells what became of commands in another order",
            fails=["test_receipts_are_one_each_in_the_order_of_the_plan"],
            pieces={"dunwell.testing.contract.office.apply": in_any_order},
        ),
        Broken(
            "the ERP does nothing behind a command that it cannot do",
            fails=["test_a_command_that_the_erp_refuses_does_not_stop_the_others"],
            adapter=StopsAtPoison,
        ),
        Broken(
            "the ERP asks once for every row",
            fails=[
                "test_planning_needs_calls_for_pages_not_for_customers",
                "test_a_run_needs_calls_for_pages_not_for_customers",
                "test_a_recovery_needs_calls_for_pages_not_for_customers",
            ],
            adapter=Chatty,
        ),
        Broken(
            "the ERP reads the whole log",
            fails=["test_a_plan_over_an_old_log_needs_no_more_calls"],
            adapter=Thorough,
        ),
    )


def test_every_test_of_the_engines_contract_is_failed_by_something_broken() -> None:
    failed = {test for broken in TestBrokenEngines.broken for test in broken.fails}
    assert failed == set(contract_tests(EngineContract))
