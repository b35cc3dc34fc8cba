"""Memory: what an engine knows that has just been installed, from the log alone."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, cast

import pytest

from dunwell.model import Describe
from dunwell.port import Adapter
from dunwell.run import planfile
from dunwell.run.desk import approve, collect, resolve
from dunwell.run.plan import make_plan
from dunwell.testing.contract.deeds import delivery, write
from dunwell.testing.contract.engine_base import EngineBase
from dunwell.testing.contract.ladder import STORY
from dunwell.testing.contract.office import Books, Office, act
from dunwell.testing.harness import Harness
from dunwell.testing.hostile import Crash

STEP = timedelta(days=8)
"""A stage is reached a week after the one before."""


class MemoryContract(EngineBase):
    """The log is all the memory there is."""

    old_entries: ClassVar[int] = 10_000

    def test_a_story_of_six_stages_means_the_same_to_a_new_engine(self, office: Office) -> None:
        books = office.books("Reminded")
        item = books.items["Reminded-1"]
        for stage in STORY:
            office.run()
            state = office.state(books.reminded, item)
            assert state is not None
            assert state.stage == stage
            assert office.memory(books.reminded) == office.memory(books.reminded)
            again = office.plan()
            assert [c for account in again.accounts for c in account.commands] == []
            office.sleep(STEP)

    def test_a_plan_over_an_old_log_needs_no_more_calls(self, office: Office) -> None:
        books = office.books("Reminded")
        office.run()
        young = _calls(office)
        with closing(office.adapter) as adapter:
            head = office.memory(books.reminded).head
            for start in range(head + 1, head + self.old_entries, 500):
                batch = [delivery(books.reminded, n, f"k{n}") for n in range(start, start + 500)]
                write(adapter, *batch)
        office.sleep(STEP)
        office.run()
        state = office.state(books.reminded, books.items["Reminded-1"])
        assert state is not None
        assert state.stage == "second"
        assert _calls(office) <= young

    def test_a_garbled_log_is_left_alone_and_shown_and_stops_nobody_else(
        self, office: Office
    ) -> None:
        books = office.books("Reminded", "Held")
        with closing(office.adapter) as adapter:
            entry = delivery(books.reminded, 1, "key")
            write(adapter, replace(entry, body='{"key":'))
        plan = office.plan()
        notes = {account.debtor: account.notes for account in plan.accounts}
        assert "its log cannot be read" in " ".join(notes[books.reminded])
        assert {r.debtor for r in office.apply(plan)} == {books.customers["Held"]}
        assert office.sent(books.reminded) == []

    def test_a_bounced_reminder_goes_out_again_once_under_a_new_claim(
        self, office: Office
    ) -> None:
        books = _bounced(office)
        office.people.change_email(books.reminded, "new@c.example")
        first = office.memory(books.reminded).head
        for _ in range(3):
            office.sleep(timedelta(days=1))
            office.run()
        assert office.sent(books.reminded) == ["first", "first"]
        assert office.memory(books.reminded).head > first
        assert len({sending.key for sending in office.channel.sent}) == 2

    def test_after_a_bounce_the_item_stands_where_it_stood(self, office: Office) -> None:
        books = _bounced(office)
        assert office.state(books.reminded, books.items["Reminded-1"]) is None
        office.sleep(STEP)
        receipts = office.run()
        assert [r.command.action for r in receipts if r.command.kind == "remind"] == []
        assert office.sent(books.reminded) == ["first"], "no address is left, nothing severer goes"

    def test_a_bounce_is_written_down_once(self, office: Office) -> None:
        books = _bounced(office)
        head = office.memory(books.reminded).head
        made = office.engine()
        with closing(made.adapter):
            assert collect(made, office.adapter.describe().on - timedelta(30)) == []
        assert office.memory(books.reminded).head == head

    def test_a_delivered_reminder_never_goes_out_again(self, office: Office) -> None:
        books = office.books("Reminded")
        office.run()
        for _ in range(3):
            office.sleep(timedelta(days=1))
            office.run()
        assert office.sent(books.reminded) == ["first"]

    def test_a_claim_that_came_to_nothing_leaves_the_stage_as_it_was(self, office: Office) -> None:
        books = office.books("Reminded")
        item = books.items["Reminded-1"]
        office.run()
        known = office.state(books.reminded, item)
        office.sleep(STEP)
        _crash_after_claim(office)
        assert office.state(books.reminded, item) == known
        office.outlive()
        office.run()
        assert office.sent(books.reminded) == ["first", "second"]

    @pytest.mark.parametrize("sent", [True, False])
    def test_an_unknown_outcome_waits_for_a_person_and_then_counts_as_they_say(
        self, harness: Harness, sent: bool
    ) -> None:
        office = Office(harness, blind=True)
        books, key = _in_doubt(office)
        for _ in range(2):
            office.sleep(STEP)
            office.run()
        assert office.sent(books.reminded) in ([], ["first"]), "unknown is never sent again"
        known = len(office.sent(books.reminded))
        assert office.state(books.reminded, books.items["Reminded-1"]) is None
        made = office.engine()
        with closing(made.adapter):
            resolve(made, key, sent=sent, because="they said so", by="ana")
        state = office.state(books.reminded, books.items["Reminded-1"])
        assert (state.stage if state else None) == ("first" if sent else None)
        office.run()
        new = office.sent(books.reminded)[known:]
        assert new == (["second"] if sent else ["first"])

    def test_an_approval_survives_the_deletion_of_every_file(
        self, office: Office, tmp_path: Path
    ) -> None:
        books = office.books("Reminded", amount="1000 EUR")
        for _ in STORY[:4]:
            office.run()
            office.sleep(STEP)
        office.run()
        file = tmp_path / "plan.jsonl"
        planfile.write(office.plan(), file)
        plan = planfile.load(file)
        assert [w.stage for a in plan.accounts for w in a.waiting] == ["last"]
        made = office.engine()
        with closing(made.adapter):
            approve(made, plan, by="the manager")
        file.unlink()
        office.sleep(timedelta(days=1))
        office.run()
        assert office.sent(books.reminded)[-1] == "last"

    def test_a_copy_of_the_erp_stops_before_its_first_effect(self, office: Office) -> None:
        books = office.books("Reminded")
        office.run()
        office.sleep(STEP)
        made = office.engine()
        copy = cast("Adapter", Elsewhere(made.adapter))
        with closing(made.adapter), pytest.raises(planfile.StoppedError, match="copy or a clone"):
            make_plan(replace(made, adapter=copy))
        assert office.sent(books.reminded) == ["first"]


class Elsewhere:
    """An adapter to a copy of the ERP, which has a name of its own."""

    def __init__(self, inner: Adapter) -> None:
        self.inner = inner

    def describe(self) -> Describe:
        """As the copy says."""
        return replace(self.inner.describe(), tenant="a copy")

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


def _calls(office: Office) -> int:
    before = office.harness.calls()
    office.plan()
    return office.harness.calls() - before


def _bounced(office: Office) -> Books:
    """A customer whose first reminder has come back."""
    _own_channel(office)
    books = office.books("Reminded")
    office.run()
    office.channel.bounce(office.channel.sent[-1])
    made = office.engine()
    with closing(made.adapter):
        collect(made, made.adapter.describe().on - timedelta(30))
    return books


def _in_doubt(office: Office) -> tuple[Books, str]:
    """A customer of whose first reminder nobody can tell whether it left."""
    _own_channel(office)
    books = office.books("Reminded")
    address = f"reminded{office.harness.groups}@c.example"
    office.channel.behave[address] = "lost"
    office.run()
    office.channel.behave.clear()
    (unknown,) = office.memory(books.reminded).state.unknowns
    return books, unknown.command.key


def _own_channel(office: Office) -> None:
    if office.native:
        pytest.skip("the ERP sends messages itself")


def _crash_after_claim(office: Office) -> None:
    def stop() -> None:
        raise Crash("stopped before the effect")

    with pytest.raises(Crash):
        office.run(act("execute" if office.native else "send", 1, stop))
