"""Crashes: an engine that stops anywhere, and another one that goes on."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from itertools import islice, product
from typing import ClassVar, TypeVar
from unittest import SkipTest

import pytest

from dunwell.errors import UnavailableError
from dunwell.testing.contract.engine_base import CHANGES, EngineBase
from dunwell.testing.contract.office import Office, act
from dunwell.testing.harness import Harness
from dunwell.testing.hostile import Crash, Fault, Sabotage, What

T = TypeVar("T")

EFFECTS = ("append", "execute", "send")
"""The calls that change something."""

LAST = 8
"""So many points before its end a run begins to send."""

CALLS = ("describe", "read", "heads", *EFFECTS)

FAILURES: tuple[What, ...] = ("lost", "down", "foreign")

HALVES: tuple[What, ...] = ("partly", "repeated", "short")
"""What may happen to a batch."""


class CrashContract(EngineBase):
    """Whatever stops, fails or sleeps: every meaning is settled once.

    A run has some 80 points at which it may stop; every so many of them are tried, and of what
    may change or fail there. All of them (1) are for an ERP that answers in a blink.
    """

    every: ClassVar[int] = 1

    def test_a_crash_at_any_call_ends_as_an_undisturbed_run(self, harness: Harness) -> None:
        wanted, points = Office(harness).undisturbed()
        assert points > 40
        for point in range(1, points + 1, self.every):
            office = Office(harness.anew())
            books = office.books()
            office.crash(point)
            office.resume()
            assert office.ends(books) == wanted, f"crash at point {point}"

    def test_a_crash_while_another_is_recovered_ends_as_an_undisturbed_run(
        self, harness: Harness
    ) -> None:
        wanted, points = Office(harness).undisturbed()
        for point in range(2, points + 1, 3 * self.every):
            office = Office(harness.anew())
            books = office.books()
            office.crash(points - 2)  # all is done, nothing is written down
            office.outlive()
            with suppress(Crash):
                office.run(Sabotage(crash_at=point))
            office.resume()
            assert office.ends(books) == wanted, f"crash at point {point} of the recovery"

    def test_on_a_channel_that_cannot_be_asked_a_crash_leaves_at_most_one_message_in_doubt(
        self, harness: Harness
    ) -> None:
        whole = Office(harness.anew(), blind=True)
        if whole.native:
            pytest.skip("the ERP sends messages itself")
        books, sabotage = whole.books(), Sabotage()
        whole.run(sabotage)
        wanted = sum(len(whole.sent(c)) for c in books.customers.values())
        for point in range(1, sabotage.points + 1, self.every):
            office = Office(harness.anew(), blind=True)
            books = office.books()
            office.crash(point)
            office.resume()
            sent = [len(office.sent(c)) for c in books.customers.values()]
            doubts = [u for c in books.customers.values() for u in office.memory(c).state.unknowns]
            assert max(sent) == 1, f"crash at point {point}"
            assert len(doubts) <= 1, f"crash at point {point}"
            assert wanted - len(doubts) <= sum(sent) <= wanted, f"crash at point {point}"

    def test_whatever_changes_after_a_crash_no_customer_gets_a_second_message(
        self, harness: Harness
    ) -> None:
        _, points = Office(harness.anew()).undisturbed("Reminded")
        late = range(points - LAST, points + 1)
        for change, point in self._some(product(CHANGES, late)):
            with suppress(SkipTest):  # this ERP has no such thing
                self._changed_after_a_crash(harness, point, change)

    def _some(self, tried: Iterable[T]) -> Iterable[T]:
        """Every so many of all that may be tried."""
        return islice(tried, 0, None, self.every)

    def _changed_after_a_crash(self, harness: Harness, point: int, change: str) -> None:
        office = Office(harness.anew())
        books = office.books("Reminded")
        office.crash(point)
        before = office.sent(books.reminded)
        CHANGES[change](office, books)
        office.outlive()
        office.run()
        again = office.sent(books.reminded)
        # what is new since the message may be asked for, once, and nothing else
        late = change == "an invoice" and before != []
        assert len(again) <= 1 + late, f"{change} after a crash at point {point}"
        office.run()
        assert office.sent(books.reminded) == again, f"{change}, point {point}"

    def test_a_call_that_fails_in_any_way_sends_nothing_twice_and_loses_nothing(
        self, harness: Harness
    ) -> None:
        wanted, _ = Office(harness).undisturbed()
        tried = [*product(FAILURES, CALLS, (1, 2, 3)), *product(HALVES, EFFECTS, (1, 2, 3))]
        for what, method, nth in self._some(tried):
            office = Office(harness.anew())
            books = office.books()
            with suppress(Exception):  # it may stop with an error
                office.run(Sabotage(Fault(method, what, nth)))
            for _ in range(2):
                office.outlive()
                office.run()
            assert office.ends(books) == wanted, f"{method} {what} at call {nth}"

    @pytest.mark.parametrize("method", ["execute", "send"])
    def test_an_error_that_nobody_knows_counts_as_unanswered_and_is_not_tried_again(
        self, office: Office, method: str
    ) -> None:
        if method == "send" and office.native:
            pytest.skip("the ERP sends messages itself")
        office.books("Held")
        sabotage = Sabotage(Fault(method, "foreign"))
        receipts = office.run(sabotage)
        assert sabotage.calls[method] == 1
        assert {receipt.result.status for receipt in receipts} == {"done"}, "it was looked up"

    def test_a_run_that_fails_before_its_first_effect_does_nothing_and_says_so(
        self, office: Office
    ) -> None:
        books = office.books()
        plan = office.plan()
        for what in ("lost", "foreign"):
            receipts = office.apply(plan, Sabotage(Fault("read", what, 5)))
            assert {r.result.status for r in receipts} == {"failed"}, what
            assert len(receipts) == sum(len(account.commands) for account in plan.accounts)
        with pytest.raises(UnavailableError):  # nothing was begun: it may be tried again
            office.apply(plan, Sabotage(Fault("read", "down", 5)))
        assert {tuple(office.sent(c)) for c in books.customers.values()} == {()}

    @pytest.mark.parametrize("method", ["append", "execute"])
    def test_a_claimer_that_sleeps_past_its_lease_does_nothing_when_it_wakes(
        self, harness: Harness, method: str
    ) -> None:
        wanted, _ = Office(harness).undisturbed()
        for nth in self._some((1, 2)):
            office = Office(harness.anew())
            books = office.books()

            def asleep(office: Office = office) -> None:
                office.outlive()
                office.run()

            office.run(act(method, nth, asleep))
            office.outlive()
            office.run()
            assert office.ends(books) == wanted, f"asleep before {method} {nth}"

    @pytest.mark.parametrize("method", CALLS)
    def test_a_second_engine_in_the_middle_of_a_run_does_nothing_twice(
        self, harness: Harness, method: str
    ) -> None:
        wanted, _ = Office(harness).undisturbed()
        for nth in self._some((1, 2, 15)):
            office = Office(harness.anew())
            books = office.books()
            office.run(act(method, nth, office.run))
            office.sleep(timedelta(seconds=1))
            office.run()
            assert office.ends(books) == wanted, f"a second engine before {method} {nth}"
