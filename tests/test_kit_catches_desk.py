"""Every test of the contract about holds, tasks and promises catches a broken adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import msgspec

from dunwell.log.entry import Result
from dunwell.port import Effect
from dunwell.testing import Erp, Face, MemoryAdapter
from dunwell.testing.contract import HoldContract, TaskContract
from dunwell.testing.contract.catching import Broken, Catches, contract_tests, misread
from dunwell.testing.rows import Row


def valued(effect: Effect, value: str) -> Effect:
    """The same effect with another mark."""
    return replace(effect, command=msgspec.structs.replace(effect.command, value=value))


class Boolean(MemoryAdapter):
    """A hold is a yes or a no, and nobody's."""

    def _release(self, effect: Effect) -> Result | None:
        self.erp.lift_hold(effect.debtor, effect.command.name)
        return None


class IgnoresMarks(MemoryAdapter):
    """Takes back its line whatever it says now."""

    def _release(self, effect: Effect) -> Result | None:
        ours = self._ours(effect)
        return super()._release(valued(effect, str(ours["value"]) if ours else ""))


class KeepsHolds(MemoryAdapter):
    """Says that it released."""

    def _release(self, effect: Effect) -> Result | None:
        return None if self._ours(effect) else Result(effect.key, "already_done")


class FailsToRelease(MemoryAdapter):
    """Fails where there is nothing to release."""

    def _release(self, effect: Effect) -> Result | None:
        if self._ours(effect) is None:
            return Result(effect.key, "failed", "never")
        return super()._release(effect)


class OneMoreHold(MemoryAdapter):
    """Places another hold beside its own."""

    def _hold(self, effect: Effect) -> Result | None:
        if self._ours(effect) is None:
            return super()._hold(effect)
        command = effect.command
        self.erp.place_hold(
            effect.debtor, command.name, company=effect.company, value=command.value, by="dunwell"
        )
        return None


class PlacesAgain(MemoryAdapter):
    """Places a hold that does not stand, whoever lifted it."""

    def _perform(self, effect: Effect) -> Result:
        if effect.command.kind == "hold" and self._ours(effect) is None:
            self.erp.works.pop(effect.key, None)
        return super()._perform(effect)


class ShortMarks(MemoryAdapter):
    """Cuts marks to what its field can hold."""

    def _hold(self, effect: Effect) -> Result | None:
        return super()._hold(valued(effect, effect.command.value[:8]))


class EveryCompany(MemoryAdapter):
    """Blocks in all companies and does not say so."""

    def _hold(self, effect: Effect) -> Result | None:
        done = super()._hold(effect)
        for _, row in self.erp.holds(effect.debtor, effect.command.name):
            row["company"] = None
        return done


class AnyKind(MemoryAdapter):
    """Places holds of which it knows nothing."""

    def _hold(self, effect: Effect) -> Result | None:
        if effect.command.name in self._capabilities.hold_kinds:
            return super()._hold(effect)
        self.erp.place_hold(effect.debtor, effect.command.name)
        return None


class NoLimitAfterwards(MemoryAdapter):
    """Blocks credit by its limit, and takes a limit of zero for none."""

    def _hold(self, effect: Effect) -> Result | None:
        row = self.erp.rows["customers"][effect.debtor]
        self.__dict__["old"] = row["credit_limit"]
        row["credit_limit"] = 0
        return super()._hold(effect)

    def _release(self, effect: Effect) -> Result | None:
        row = self.erp.rows["customers"][effect.debtor]
        row["credit_limit"] = self.__dict__.get("old") or None
        return super()._release(effect)


class OneTag(MemoryAdapter):
    """Sets the tags to the one it was given."""

    def _tag(self, effect: Effect) -> Result | None:
        self.erp.change("customers", effect.debtor, tags=[effect.command.name])
        return None


class FirstName(MemoryAdapter):
    """Gives a task to the first name, whether there is such a person or not."""

    def _task(self, effect: Effect) -> Face:
        return replace(super()._task(effect), owner=effect.command.assign[0])


class NoDueDate(MemoryAdapter):
    """Forgets until when."""

    def _task(self, effect: Effect) -> Face:
        return replace(super()._task(effect), due=None)


class CountsInUtc(MemoryAdapter):
    """Says of what was noted on which day it was in Greenwich."""

    def _rows(
        self, table: str, keys: Sequence[str], chosen: frozenset[str] | None, since: date | None
    ) -> list[Row]:
        rows = super()._rows(table, keys, chosen, since)
        if table != "promises":
            return rows
        return [{**row, "made": self.erp.now.date()} for row in rows]


class MovedInPlace(Erp):
    """A moved promise is the old one with another day."""

    def move_promise(self, promise: str, *, by: date) -> str:
        self.change("promises", promise, by=by)
        return promise


OPEN = ("test_a_new_task_is_open",)

BROKEN = [
    Broken(
        "boolean without owner",
        (
            "test_a_persons_hold_survives_ours_and_its_release",
            "test_a_mark_that_a_person_changed_is_left_alone",
        ),
        Boolean,
    ),
    Broken("ignores marks", ("test_a_mark_that_a_person_changed_is_left_alone",), IgnoresMarks),
    Broken(
        "keeps holds",
        (
            "test_hold_and_release_leave_nothing_behind",
            "test_a_persons_hold_survives_ours_and_its_release",
            "test_a_mark_that_a_person_changed_is_left_alone",
        ),
        KeepsHolds,
    ),
    Broken(
        "fails to release",
        ("test_releasing_what_a_person_lifted_is_no_failure",),
        FailsToRelease,
    ),
    Broken("one more hold", ("test_a_hold_that_stands_already_stands_once",), OneMoreHold),
    Broken(
        "places again",
        ("test_what_a_person_lifted_is_not_placed_again_under_the_same_key",),
        PlacesAgain,
    ),
    Broken(
        "short marks",
        (
            "test_a_hold_stands_with_its_mark",
            "test_a_hold_that_stands_already_stands_once",
            "test_another_company_is_free_or_the_scope_says_so",
            "test_hold_and_release_leave_nothing_behind",
            "test_a_persons_hold_survives_ours_and_its_release",
        ),
        ShortMarks,
    ),
    Broken(
        "every company",
        ("test_another_company_is_free_or_the_scope_says_so",),
        EveryCompany,
    ),
    Broken("any kind", ("test_a_kind_of_hold_that_is_not_declared_is_not_placed",), AnyKind),
    Broken(
        "no limit afterwards",
        ("test_a_credit_limit_is_afterwards_what_it_was",),
        NoLimitAfterwards,
    ),
    Broken(
        "one tag",
        ("test_a_tag_comes_and_goes_beside_the_others",),
        OneTag,
    ),
    Broken(
        "first name",
        ("test_a_task_goes_to_the_first_who_exists",),
        FirstName,
    ),
    Broken("no due date", ("test_a_task_has_an_owner_and_a_due_date",), NoDueDate),
    Broken(
        "states of its own",
        OPEN,
        misread("tasks", lambda row: {**row, "state": str(row["state"]).replace("open", "todo")}),
    ),
    Broken(
        "done tasks are gone",
        ("test_a_finished_task_is_done_with_its_outcome",),
        misread("tasks", lambda row: None if row["state"] == "done" else row),
    ),
    Broken(
        "cancelled tasks are done",
        ("test_a_cancelled_task_is_cancelled",),
        misread(
            "tasks",
            lambda row: {**row, "state": "done" if row["state"] == "cancelled" else row["state"]},
        ),
    ),
    Broken(
        "a promise of the first item",
        ("test_a_promise_is_read_as_it_was_noted",),
        misread("promises", lambda row: {**row, "items": []}),
    ),
    Broken(
        "moved in place",
        ("test_a_moved_promise_is_ended_and_another_counts",),
        erp=MovedInPlace,
    ),
    Broken(
        "counts in UTC",
        ("test_what_is_noted_counts_on_the_companys_own_day_at_any_hour",),
        CountsInUtc,
    ),
    Broken(
        "ended promises are gone",
        (
            "test_a_moved_promise_is_ended_and_another_counts",
            "test_a_withdrawn_promise_is_ended",
        ),
        misread("promises", lambda row: None if row.get("ended") else row),
    ),
    Broken(
        "disputes never end",
        ("test_a_dispute_is_read_until_it_ends",),
        misread("disputes", lambda row: {**row, "ended": None}),
    ),
    Broken(
        "all of it is zero",
        ("test_a_dispute_of_all_has_no_amount",),
        misread("disputes", lambda row: {**row, "amount": row["amount"] or 0}),
    ),
    Broken(
        "excluded for ever",
        ("test_an_exclusion_is_read_until_it_ends",),
        misread("exclusions", lambda row: {**row, "until": None}),
    ),
]


class Trash(Erp):
    """Deleted tasks are still there."""

    def delete_task(self, key: str) -> None:
        self.works[key].face = None


BROKEN.append(Broken("a bin for tasks", ("test_a_deleted_task_is_gone",), erp=Trash))


class TestBrokenDesks(Catches, HoldContract, TaskContract):
    broken = BROKEN


def test_every_test_about_holds_and_tasks_catches_something() -> None:
    caught = {name for broken in BROKEN for name in broken.fails}
    assert caught == {*contract_tests(HoldContract), *contract_tests(TaskContract)}
