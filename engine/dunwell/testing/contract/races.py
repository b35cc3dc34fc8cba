"""Races: what changes while a plan waits, and engines that do not agree on the time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from dunwell.testing.contract.engine_base import CHANGES, EngineBase
from dunwell.testing.contract.office import Office, act

QUARTER = timedelta(minutes=15)


class RaceContract(EngineBase):
    """A plan does what it says as long as it is true, once, whoever else is at work."""

    @pytest.mark.parametrize("change", CHANGES)
    def test_what_changes_between_plan_and_apply_is_skipped(
        self, office: Office, change: str
    ) -> None:
        books = office.books()
        plan = office.plan()
        CHANGES[change](office, books)
        receipts = office.apply(plan)
        mine = {(r.result.status, r.result.reason) for r in receipts if r.debtor == books.reminded}
        assert mine == {("skipped", "changed")}
        assert {r.result.status for r in receipts if r.debtor != books.reminded} == {"done"}
        assert office.sent(books.reminded) == []

    def test_a_second_run_on_the_same_day_plans_nothing(self, office: Office) -> None:
        office.books()
        assert office.run()
        again = office.plan()
        assert [c for account in again.accounts for c in account.commands] == []
        assert office.apply(again) == []

    def test_a_plan_that_is_applied_twice_does_nothing_the_second_time(
        self, office: Office
    ) -> None:
        books = office.books()
        plan = office.plan()
        assert {r.result.status for r in office.apply(plan)} == {"done"}
        ends = office.ends(books)
        again = {(r.result.status, r.result.reason) for r in office.apply(plan)}
        assert again == {("skipped", "changed")}
        assert office.ends(books) == ends

    def test_of_two_engines_with_one_plan_one_does_it(self, office: Office) -> None:
        books = office.books()
        plan = office.plan()
        # the second goes all the way between the refresh and the claim of the first
        receipts = office.apply(plan, act("append", 1, lambda: office.apply(plan)))
        assert {(r.result.status, r.result.reason) for r in receipts} == {
            ("skipped", "superseded")
        }
        assert max(len(office.sent(c)) for c in books.customers.values()) == 1

    def test_while_a_claim_is_young_nobody_else_decides(self, office: Office) -> None:
        _, points = Office(office.harness.anew()).undisturbed()
        office.books()
        office.crash(points - 2)
        blocked = office.plan()
        assert [c for account in blocked.accounts for c in account.commands] == []
        assert all("still at work" in " ".join(a.notes) for a in blocked.accounts)

    def test_a_run_after_midnight_repeats_nothing_of_the_one_before(self, office: Office) -> None:
        books = office.books()
        on = office.adapter.describe().on
        before = office.plan()
        while True:  # nobody knows the ERP's zone, so midnight is felt for
            office.sleep(QUARTER)
            if office.adapter.describe().on > on:
                break
            before = office.plan()
        assert before.header.on == on
        office.run()
        sent = office.sent(books.reminded)
        assert len(sent) == 1
        office.run()
        assert office.sent(books.reminded) == sent

    def test_a_claim_of_yesterday_is_recovered_today_and_not_repeated(
        self, office: Office
    ) -> None:
        wanted, points = Office(office.harness.anew()).undisturbed()
        books = office.books()
        office.crash(points - 2)
        office.sleep(timedelta(days=1))
        office.run()
        assert office.ends(books) == wanted

    def test_engines_in_zones_fourteen_hours_apart_agree(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not hasattr(time, "tzset"):
            pytest.skip("the zone of this process cannot be changed")
        books = office.books()
        for _ in _zones(monkeypatch):
            office.run()
            assert office.sent(books.reminded) == ["first"]

    @pytest.mark.parametrize("days", [-1, 1])
    def test_an_engine_whose_clock_is_a_day_off_does_the_same(
        self, office: Office, monkeypatch: pytest.MonkeyPatch, days: int
    ) -> None:
        wanted, points = Office(office.harness.anew()).undisturbed()
        books = office.books()
        office.crash(points - 2)
        late = office.books("Called")
        right = time.time  # noqa: TID251 - the clock that must not matter
        monkeypatch.setattr(time, "time", lambda: right() + days * 86_400)
        assert {r.result.status for r in office.run() if r.debtor in late.names} == {"done"}
        assert office.memory(books.reminded).claim is not None, "the lease is young"
        office.outlive()
        office.run()
        assert office.ends(books) == wanted

    def test_an_engine_whose_clock_steps_back_while_it_applies_does_the_same(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office.books()
        right = time.time  # noqa: TID251 - the clock that must not matter
        steps = iter(range(0, 10_000_000, 7_200))
        monkeypatch.setattr(time, "time", lambda: right() - next(steps))
        assert {r.result.status for r in office.run()} == {"done"}


def _zones(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for zone in ("UTC-14", "UTC", "UTC+12"):  # POSIX names them by what is added to get UTC
        with monkeypatch.context() as there:
            there.setenv("TZ", zone)
            time.tzset()
            yield zone
    time.tzset()
