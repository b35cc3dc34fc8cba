"""Faults: the engine learns which of three things it may do next: retry, look up, or stop."""

from __future__ import annotations

import pytest

from dunwell.errors import (
    ConfigurationError,
    ContractBrokenError,
    DeniedError,
    UnansweredError,
    UnavailableError,
)
from dunwell.port import Adapter, Capability, Won
from dunwell.testing.contract.base import ContractBase, requires
from dunwell.testing.contract.deeds import LONG_AGO, claim, entries, plain, prepare, rows, statuses
from dunwell.testing.contract.effects import keys
from dunwell.testing.harness import Harness
from dunwell.testing.people import People


class FaultContract(ContractBase):
    """A line that breaks, an answer that is lost, late or nonsense, a door that stays shut."""

    def test_a_broken_line_is_unavailable(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        entry = claim(adapter, people.customer(), 1)
        harness.disconnect()
        for call in (
            adapter.describe,
            lambda: rows(adapter, "items"),
            lambda: adapter.heads(since=LONG_AGO),
            lambda: adapter.append([entry]),
            adapter.log,
        ):
            with pytest.raises(UnavailableError):
                call()

    def test_an_effect_over_a_broken_line_is_unavailable(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        effects = prepare(adapter, debtor, plain(adapter))
        harness.disconnect()
        with pytest.raises(UnavailableError):
            adapter.execute(effects)
        assert keys(people, debtor) == []

    def test_a_lost_answer_to_append_is_unanswered_and_the_log_tells(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        entry = claim(adapter, debtor, 1, nonce="mine")
        harness.lose_answer()
        with pytest.raises(UnansweredError):
            adapter.append([entry])
        assert [found.nonce for found in entries(harness.open(), debtor)] == ["mine"]

    def test_a_lost_answer_to_append_leaves_the_next_position_free(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        first, second = claim(adapter, debtor, 1), claim(adapter, debtor, 2)
        harness.lose_answer()
        with pytest.raises(UnansweredError):
            adapter.append([first])
        assert list(harness.open().append([second])) == [Won()]

    def test_a_lost_answer_to_an_effect_is_unanswered(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        effects = prepare(adapter, people.customer(), plain(adapter))
        harness.lose_answer()
        with pytest.raises(UnansweredError):
            adapter.execute(effects)

    @requires(Capability.EFFECT, "atomic", "looked_up")
    def test_an_effect_whose_answer_was_lost_is_not_done_again(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        effects = prepare(adapter, debtor, plain(adapter))
        harness.lose_answer()
        with pytest.raises(UnansweredError):
            adapter.execute(effects)
        assert statuses(harness.open().execute(effects)) == ["already_done"]
        assert keys(people, debtor) == [effects[0].key]

    def test_rows_that_come_too_late_are_unavailable_and_can_be_asked_for_again(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        item = people.invoice(customer=people.customer())
        rows(adapter, "companies")  # so that what comes now is what was asked for
        harness.answer_late()
        with pytest.raises(UnavailableError):
            rows(adapter, "items")
        assert [row["id"] for row in rows(adapter, "items")] == [item]

    def test_an_answer_to_append_that_comes_too_late_is_unanswered_and_the_log_tells(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        entry = claim(adapter, debtor, 1, nonce="mine")
        harness.answer_late(change=True)
        with pytest.raises(UnansweredError):
            adapter.append([entry])
        assert [found.nonce for found in entries(harness.open(), debtor)] == ["mine"]

    def test_nonsense_in_place_of_rows_is_not_taken_for_rows(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        item = people.invoice(customer=people.customer())
        rows(adapter, "companies")
        harness.answer_nonsense()
        with pytest.raises((UnavailableError, ContractBrokenError)):
            rows(adapter, "items")
        assert [row["id"] for row in rows(adapter, "items")] == [item]

    def test_nonsense_in_place_of_an_answer_to_append_is_no_reason_to_try_again(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        entry = claim(adapter, debtor, 1, nonce="mine")
        harness.answer_nonsense(change=True)
        with pytest.raises((UnansweredError, ContractBrokenError)):
            adapter.append([entry])
        assert [found.nonce for found in entries(harness.open(), debtor)] == ["mine"]

    def test_a_stranger_is_told_that_the_door_is_shut(self, harness: Harness) -> None:
        with pytest.raises((ConfigurationError, DeniedError)):
            harness.open_as_stranger().describe()

    def test_closing_twice_is_fine(self, harness: Harness) -> None:
        adapter = harness.open()
        adapter.describe()
        adapter.close()
        adapter.close()
