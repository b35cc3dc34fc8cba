"""Heads: what an engine that knows nothing must read to know all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dunwell.log.fold import fold
from dunwell.port import Adapter, Capability
from dunwell.testing.contract.base import ContractBase, requires
from dunwell.testing.contract.deeds import (
    LONG_AGO,
    claim,
    delivery,
    do,
    entries,
    memory,
    outcome,
    plain,
    reached,
    reminder,
    write,
)
from dunwell.testing.harness import Harness
from dunwell.testing.people import People

STAGES = ("courtesy", "first_notice", "second_notice", "call", "stop_supply", "agency")


class HeadsContract(ContractBase):
    """The memory of the next run."""

    def test_a_story_of_six_stages_means_the_same_to_a_new_instance(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        for step, stage in enumerate(STAGES):
            write(adapter, claim(adapter, debtor, 2 * step + 1))
            write(adapter, outcome(adapter, debtor, 2 * step + 2, reached(stage)))
        told = memory(harness.open(), debtor)
        assert told == fold(adapter.log(debtor)), "heads and the whole log mean the same"
        assert (told.state, told.head) == (reached("agency"), 12)

    def test_all_that_follows_the_newest_outcome_is_there(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        write(adapter, outcome(adapter, debtor, 1, reached("call")))
        write(adapter, *(delivery(debtor, n, f"key-{n}") for n in range(2, 252)))
        assert [entry.position for entry in entries(adapter, debtor)] == list(range(1, 252))

    def test_without_an_outcome_all_entries_are_there(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        write(adapter, *(delivery(debtor, n, f"key-{n}") for n in range(1, 31)))
        assert [entry.position for entry in entries(adapter, debtor)] == list(range(1, 31))

    def test_an_open_claim_is_seen(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        write(adapter, outcome(adapter, debtor, 1), claim(adapter, debtor, 2, nonce="busy"))
        seen = memory(harness.open(), debtor).claim
        assert seen is not None
        assert seen.entry.nonce == "busy"

    def test_a_bounce_after_the_outcome_takes_the_stage_back(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        write(adapter, outcome(adapter, debtor, 1, reached("call", via="mail-1")))
        write(adapter, delivery(debtor, 2, "mail-1", bounced=True))
        assert memory(adapter, debtor).state.items == ()

    def test_a_garbled_entry_is_shown_and_garbles_only_its_debtor(
        self, adapter: Adapter, people: People
    ) -> None:
        broken, well = people.customer("Broken"), people.customer("Well")
        write(adapter, outcome(adapter, well, 1, reached("call")))
        write(adapter, outcome(adapter, broken, 1, reached("call")))
        write(adapter, replace(outcome(adapter, broken, 2), body='{"claim":'))
        assert memory(adapter, broken).garbled
        assert memory(adapter, well).state == reached("call")

    def test_only_the_debtors_asked_for_are_there(self, adapter: Adapter, people: People) -> None:
        one, two, three = (people.customer(name) for name in ("One", "Two", "Three"))
        for debtor in (one, two, three):
            write(adapter, claim(adapter, debtor, 1))
            people.call(debtor)
        found = adapter.heads(debtors=[one, three], since=LONG_AGO).entries
        assert {entry.debtor for entry in found} == {one, three}
        everybody = adapter.heads(since=LONG_AGO).entries
        assert {entry.debtor for entry in everybody} == {one, two, three}

    def test_nobody_asked_for_is_nobody(self, adapter: Adapter, people: People) -> None:
        write(adapter, claim(adapter, people.customer(), 1))
        assert list(adapter.heads(debtors=[], since=LONG_AGO).entries) == []

    def test_heads_carry_the_erps_clock(self, adapter: Adapter) -> None:
        before = adapter.describe().now
        now = adapter.heads(since=LONG_AGO).now
        after = adapter.describe().now
        assert now.utcoffset() == timedelta(0), "instants are UTC"
        assert before <= now <= after

    def test_a_persons_call_is_in_the_log_as_theirs(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        people.call(debtor)
        (entry,) = entries(adapter, debtor)
        assert (entry.by, entry.kind, entry.position) == ("person", "contact", None)
        assert [found.kind for found in adapter.log(debtor)] == ["contact"]

    def test_a_persons_mail_is_in_the_log_as_theirs(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        people.mail(debtor)
        (entry,) = entries(adapter, debtor)
        assert (entry.by, entry.channel, entry.direction) == ("person", "email", "out")

    def test_a_call_with_a_branch_is_in_the_log_of_who_pays(
        self, adapter: Adapter, people: People
    ) -> None:
        parent = people.customer("Parent")
        people.call(people.customer("Branch", payer=parent))
        assert [entry.by for entry in entries(adapter, parent)] == ["person"]

    def test_a_contact_today_is_there_when_asked_since_today(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        people.call(debtor)
        found = adapter.heads(debtors=[debtor], since=adapter.describe().on).entries
        assert [entry.by for entry in found] == ["person"]

    def test_what_dunwell_did_is_not_a_persons_contact(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        do(adapter, debtor, plain(adapter))
        assert memory(adapter, debtor).people == ()

    @requires(Capability.REMIND)
    def test_a_message_of_dunwell_is_not_a_persons_contact(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        do(adapter, debtor, reminder())
        assert memory(adapter, debtor).people == ()

    def test_the_log_is_newest_first_and_no_longer_than_asked(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        write(adapter, *(delivery(debtor, n, f"key-{n}") for n in range(1, 9)))
        assert [entry.position for entry in adapter.log(debtor, limit=3)] == [8, 7, 6]
