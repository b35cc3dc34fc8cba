"""Append: one writer wins a position, everybody knows who, and nothing takes it back."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import ClassVar

from dunwell.port import Adapter, Capability, Lost, Refused, Won
from dunwell.testing.contract.base import ContractBase, requires
from dunwell.testing.contract.deeds import (
    claim,
    delivery,
    do,
    entries,
    outcome,
    plain,
    write,
)
from dunwell.testing.contract.racing import race
from dunwell.testing.harness import Harness
from dunwell.testing.hostile import HOSTILE_TEXT
from dunwell.testing.people import People


class AppendContract(ContractBase):
    """The log of a debtor as the one place where writers meet.

    `writers` race for so many positions: `rounds`. Where a call takes long, take fewer rounds,
    but enough to see a race lost: break the comparison on purpose, and look.
    """

    writers: ClassVar[int] = 8
    rounds: ClassVar[int] = 50

    def test_the_next_position_is_won(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        first = adapter.append([claim(adapter, debtor, 1)])
        second = adapter.append([outcome(adapter, debtor, 2)])
        assert [*first, *second] == [Won(), Won()]

    def test_a_stale_position_is_lost(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        write(adapter, claim(adapter, debtor, 1, nonce="first"), outcome(adapter, debtor, 2))
        (answer,) = adapter.append([claim(adapter, debtor, 1, nonce="late")])
        assert isinstance(answer, Lost)
        assert answer.nonce in ("first", ""), "the winner is the one who was first"
        assert [entry.position for entry in adapter.log(debtor)] == [2, 1]

    def test_a_gap_is_refused(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        (answer,) = adapter.append([claim(adapter, debtor, 2)])
        assert isinstance(answer, Refused)
        assert not adapter.log(debtor)

    def test_an_empty_batch_is_fine(self, adapter: Adapter) -> None:
        assert list(adapter.append([])) == []

    def test_each_entry_of_a_batch_is_answered_in_order(
        self, adapter: Adapter, people: People
    ) -> None:
        one, two, three = (people.customer(name) for name in ("One", "Two", "Three"))
        write(adapter, claim(adapter, two, 1))
        batch = [
            claim(adapter, one, 1),
            claim(adapter, two, 1),
            claim(adapter, three, 2),
            outcome(adapter, one, 2),
        ]
        answers = [type(answer) for answer in adapter.append(batch)]
        assert answers == [Won, Lost, Refused, Won]

    def test_a_won_entry_is_seen_by_a_new_instance_at_once(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        other = harness.open()
        assert entries(other, debtor) == []  # whatever it may keep, it keeps from now on
        write(adapter, claim(adapter, debtor, 1, nonce="mine"))
        for reader in (other, harness.open()):
            assert [entry.nonce for entry in entries(reader, debtor)] == ["mine"]
            reader.close()

    def test_an_entry_comes_back_as_it_was_written(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        written = delivery(debtor, 1, HOSTILE_TEXT)
        write(adapter, written)
        (read,) = entries(adapter, debtor)
        same = ("debtor", "company", "position", "kind", "key", "by", "body", "nonce")
        for name in same:
            assert getattr(read, name) == getattr(written, name), name

    def test_the_erp_stamps_the_time(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        before = adapter.describe().now
        write(adapter, claim(adapter, debtor, 1))
        after = adapter.describe().now
        (entry,) = entries(adapter, debtor)
        assert entry.at.utcoffset() == timedelta(0), "instants are UTC"
        second = timedelta(seconds=1)  # some ERPs keep whole seconds
        assert before - second <= entry.at <= after + second

    def test_the_faces_may_go_but_the_position_stays_taken(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        item = people.invoice(customer=debtor)
        do(adapter, debtor, plain(adapter))
        people.delete_faces(debtor)
        people.delete_invoice(item)
        (answer,) = adapter.append([claim(adapter, debtor, 1)])
        assert isinstance(answer, Lost)
        assert [entry.position for entry in adapter.log(debtor)] == [2, 1]

    @requires(Capability.APPEND, "exclusive")
    def test_of_many_writers_one_wins_each_position(
        self, harness: Harness, people: People
    ) -> None:
        debtor = people.customer()
        with ThreadPoolExecutor(self.writers) as pool:
            runs = [
                pool.submit(race, harness.open, debtor, self.rounds) for _ in range(self.writers)
            ]
            wins = sorted(position for run in runs for position in run.result())
        assert wins == list(range(1, self.rounds + 1)), "each position has exactly one winner"

    @requires(Capability.APPEND, "exclusive")
    def test_writers_in_two_processes_exclude_each_other(
        self, harness: Harness, people: People
    ) -> None:
        debtor = people.customer()
        work = (harness.elsewhere(), debtor, self.rounds)
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            wins = sorted(p for run in pool.starmap(race, [work, work]) for p in run)
        assert wins == list(range(1, self.rounds + 1)), "each position has exactly one winner"

    @requires(Capability.APPEND, "exclusive")
    def test_all_readers_see_the_same_winner(self, harness: Harness, people: People) -> None:
        debtor = people.customer()
        writers = [harness.open() for _ in range(self.writers)]
        start = Barrier(self.writers)
        rounds = min(self.rounds, 10)
        tenant = writers[0].describe().tenant

        def contend(number: int) -> list[str]:
            """Start each position together with all others; the nonces of those won."""
            won = []
            for position in range(1, rounds + 1):
                nonce = f"{position}:{number}"
                entry = claim(writers[number], debtor, position, nonce=nonce, tenant=tenant)
                start.wait(timeout=60)
                (answer,) = writers[number].append([entry])
                won += [entry.nonce] if isinstance(answer, Won) else []
            return won

        with ThreadPoolExecutor(self.writers) as pool:
            won = [nonce for run in pool.map(contend, range(self.writers)) for nonce in run]
        assert len(won) == rounds, "each position has exactly one winner"
        for writer in writers:
            assert {entry.nonce for entry in entries(writer, debtor)} == set(won)
            writer.close()
