"""Effects: each is done once under its key, and each is answered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from dunwell.command import Command
from dunwell.port import Adapter, Capability, Effect, Found
from dunwell.testing.contract.base import ContractBase, requires
from dunwell.testing.contract.deeds import (
    do,
    finish,
    note,
    plain,
    prepare,
    reminder,
    sought,
    statuses,
)
from dunwell.testing.harness import Harness
from dunwell.testing.people import People


def keys(people: People, debtor: str) -> list[str]:
    """The keys of all that people see of Dunwell's work for a debtor."""
    return sorted(face.key for face in people.faces(debtor))


class EffectContract(ContractBase):
    """Doing, doing again, and looking up."""

    def test_an_effect_is_done_and_seen(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        (effect,) = prepare(adapter, debtor, plain(adapter, "see me"))
        assert statuses(adapter.execute([effect])) == ["done"]
        (face,) = people.faces(debtor)
        assert "see me" in face.text

    def test_nothing_to_do_is_fine(self, adapter: Adapter) -> None:
        assert list(adapter.execute([])) == []
        assert list(adapter.look_up([])) == []

    def test_an_effect_is_done_once_under_its_key(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        effects = prepare(adapter, debtor, plain(adapter))
        adapter.execute(effects)
        assert statuses(adapter.execute(effects)) == ["already_done"]
        assert statuses(harness.open().execute(effects)) == ["already_done"]
        assert keys(people, debtor) == [effects[0].key]

    def test_one_key_twice_in_a_batch_is_done_once(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        (effect,) = prepare(adapter, debtor, plain(adapter))
        assert statuses(adapter.execute([effect, effect])) == ["done", "already_done"]
        assert keys(people, debtor) == [effect.key]

    def test_a_batch_half_done_is_finished_by_doing_it_again(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        effects = prepare(adapter, debtor, *(plain(adapter, f"n{n}") for n in range(4)))
        adapter.execute(effects[:2])
        again = harness.open().execute(effects)
        assert statuses(again) == ["already_done", "already_done", "done", "done"]
        assert keys(people, debtor) == sorted(effect.key for effect in effects)

    def test_the_same_command_under_a_new_key_is_done_again(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        for _ in range(2):
            assert statuses(do(adapter, debtor, plain(adapter))) == ["done"]
        assert len(keys(people, debtor)) == 2

    @requires(Capability.EFFECT, "atomic", "looked_up")
    def test_of_many_workers_with_one_key_one_does_it(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        effects = prepare(adapter, debtor, plain(adapter))
        workers = [harness.open() for _ in range(8)]
        with ThreadPoolExecutor(len(workers)) as pool:
            results = list(pool.map(lambda worker: worker.execute(effects)[0].status, workers))
        assert sorted(results) == ["already_done"] * 7 + ["done"]
        assert keys(people, debtor) == [effects[0].key]

    def test_past_its_deadline_nothing_is_done(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        (effect,) = prepare(adapter, debtor, plain(adapter))
        past = adapter.describe().now - timedelta(seconds=2)
        assert statuses(adapter.execute([replace(effect, deadline=past)])) == ["skipped"]
        assert keys(people, debtor) == []

    def test_who_slept_past_the_lease_does_nothing(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        effects = prepare(adapter, debtor, plain(adapter), lease=60)
        harness.pass_time(timedelta(seconds=61))
        assert statuses(adapter.execute(effects)) == ["skipped"]
        assert keys(people, debtor) == []

    def test_what_was_done_in_time_stays_done_after_the_deadline(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        effects = prepare(adapter, debtor, plain(adapter), lease=60)
        adapter.execute(effects)
        harness.pass_time(timedelta(seconds=61))
        assert statuses(adapter.execute(effects)) == ["already_done"]

    # -- receipts -------------------------------------------------------------------------------

    def test_an_unknown_debtor_is_rejected_not_raised(
        self, adapter: Adapter, people: People
    ) -> None:
        (effect,) = prepare(adapter, people.customer(), plain(adapter))
        assert statuses(adapter.execute([replace(effect, debtor="nobody")])) == ["rejected"]

    def test_a_command_it_cannot_do_is_rejected_not_raised(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        commands = [Command("adopt", "adopt", "standard", "call")]
        if not adapter.capabilities()[Capability.REMIND].there:
            commands.append(reminder())
        results = adapter.execute(prepare(adapter, debtor, *commands))
        assert statuses(results) == ["rejected"] * len(commands)

    def test_a_poisoned_command_does_not_sink_the_batch(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        first, poison, last = prepare(
            adapter, debtor, *(plain(adapter, f"n{n}") for n in range(3))
        )
        poison = replace(poison, debtor="'; DROP TABLE customers; --")
        results = adapter.execute([first, poison, last])
        assert statuses(results) == ["done", "rejected", "done"]
        assert keys(people, debtor) == sorted([first.key, last.key])

    def test_five_hundred_mixed_commands_get_one_receipt_each_in_order(
        self, adapter: Adapter, people: People
    ) -> None:
        effects: list[Effect] = []
        wanted: list[str] = []
        for customer in range(25):
            debtor = people.customer(f"Customer {customer}")
            batch = prepare(adapter, debtor, *(plain(adapter, f"n{n}") for n in range(20)))
            batch[7] = replace(batch[7], debtor="nobody")
            batch[13] = replace(batch[13], command=Command("adopt", "adopt", "p", "s"))
            effects += batch
            wanted += ["rejected" if n in (7, 13) else "done" for n in range(20)]
        results = adapter.execute(effects)
        assert [result.key for result in results] == [effect.key for effect in effects]
        said = enumerate(zip(statuses(results), wanted, strict=True))
        wrong = [(n, got, want) for n, (got, want) in said if got != want]
        assert not wrong, f"{len(wrong)} commands, among them {wrong[:3]}"  # all fill the screen

    # -- looking up -----------------------------------------------------------------------------

    def test_what_was_just_done_is_never_called_absent(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        effects = prepare(adapter, people.customer(), plain(adapter))
        adapter.execute(effects)
        for reader in (adapter, harness.open()):
            (found,) = reader.look_up([sought(effects[0])])
            assert found is not Found.ABSENT

    @requires(Capability.EFFECT, "atomic", "looked_up")
    def test_who_says_it_can_look_up_finds_what_it_did(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        effects = prepare(adapter, debtor, plain(adapter))
        finish(adapter, debtor, adapter.execute(effects))
        assert list(harness.open().look_up([sought(effects[0])])) == [Found.PRESENT]

    def test_what_was_never_done_is_not_called_present(
        self, adapter: Adapter, people: People
    ) -> None:
        effects = prepare(adapter, people.customer(), plain(adapter), plain(adapter))
        adapter.execute(effects[:1])
        (found,) = adapter.look_up([sought(effects[1])])
        assert found is not Found.PRESENT

    def test_a_rejected_effect_is_not_called_present(
        self, adapter: Adapter, people: People
    ) -> None:
        (effect,) = prepare(adapter, people.customer(), Command("adopt", "adopt", "p", "s"))
        adapter.execute([effect])
        (found,) = adapter.look_up([sought(effect)])
        assert found is not Found.PRESENT

    def test_look_ups_are_answered_in_order(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        effects = prepare(adapter, debtor, *(plain(adapter, f"n{n}") for n in range(6)))
        adapter.execute(effects[::2])
        answers = [found is Found.PRESENT for found in adapter.look_up([*map(sought, effects)])]
        wanted = [True, False] * 3
        blind = adapter.capabilities()[Capability.EFFECT].level == "blind"
        assert answers == ([False] * 6 if blind else wanted)

    @requires(Capability.NOTE)
    def test_text_is_only_text(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        text = "5 < 6 & {{ 7 * 7 }} '; -- é 漢"
        do(adapter, debtor, note(text))
        (face,) = people.faces(debtor)
        assert face.text == text
