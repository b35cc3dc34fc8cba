"""Every test of the contract about the log catches an adapter that is broken on purpose."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

from dunwell.log.entry import Entry, GarbledError, decode
from dunwell.port import (
    Appended,
    Capabilities,
    Capability,
    Effect,
    Heads,
    Lost,
    Refused,
    Strength,
    Won,
)
from dunwell.testing import Erp, Face, MemoryAdapter
from dunwell.testing.contract import AppendContract, HeadsContract
from dunwell.testing.contract.catching import Broken, BrokenHarness, Catches, contract_tests
from dunwell.testing.memory import EVERYTHING

RACES = ("test_of_many_writers_one_wins_each_position", "test_all_readers_see_the_same_winner")


def numbered(erp: Erp, debtor: str) -> list[Entry]:
    """The log of a debtor as it is stored."""
    return erp.logbook._numbered.setdefault(debtor, [])


class SearchThenCreate(MemoryAdapter):
    """Looks whether the position is free, and then writes."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        answers: list[Appended] = []
        for entry in entries:
            known = numbered(self.erp, entry.debtor)
            head = max((each.position or 0 for each in known), default=0)
            if entry.position != head + 1:
                taken = entry.position is not None and entry.position <= head
                answers.append(Lost() if taken else Refused("a gap"))
                continue
            time.sleep(0.002)
            known.append(replace(entry, at=self.erp.now))
            answers.append(Won())
        self.erp.calls += 1
        return answers


class LowestIdWins(SearchThenCreate):
    """Creates, reads back, and believes the lowest identifier; identifiers come before commit."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        answers: list[Appended] = []
        for entry in entries:
            known = numbered(self.erp, entry.debtor)
            if entry.position is None or entry.position > len(known) + 1:
                answers.append(Refused("a gap"))
                continue
            if entry.position <= len({each.position for each in known}):
                answers.append(Lost())
                continue
            drawn = int(self.erp.draw("id").split("-")[1])
            time.sleep(0.002 if drawn % 2 else 0.0)
            known.append(replace(entry, at=self.erp.now, direction=str(drawn)))  # type: ignore[arg-type]
            rivals = [int(e.direction) for e in known if e.position == entry.position]
            won = drawn == min(rivals)
            if not won:
                known.remove(next(e for e in known if e.direction == str(drawn)))
            answers.append(Won() if won else Lost())
        self.erp.calls += 1
        return answers


class LastWriterWins(MemoryAdapter):
    """Writes over what is there."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        with self._request():
            answers: list[Appended] = []
            for entry in entries:
                known = numbered(self.erp, entry.debtor)
                if entry.position is None or entry.position > len(known) + 1:
                    answers.append(Refused("a gap"))
                    continue
                known[entry.position - 1 : entry.position] = [replace(entry, at=self.erp.now)]
                answers.append(Won())
            return answers


class NoGaps(MemoryAdapter):
    """Takes any position that is free."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        answers = super().append(entries)
        for place, (entry, answer) in enumerate(zip(entries, answers, strict=True)):
            if isinstance(answer, Refused):
                numbered(self.erp, entry.debtor).append(replace(entry, at=self.erp.now))
                answers = [*answers[:place], Won(), *answers[place + 1 :]]
        return answers


class ByDebtor(MemoryAdapter):
    """Sorts a batch by debtor, and answers in that order."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        return super().append(sorted(entries, key=lambda entry: entry.debtor, reverse=True))


class NoEmptyBatch(MemoryAdapter):
    """Cannot do nothing."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        assert entries, "an empty batch"
        return super().append(entries)


class TakesNothing(MemoryAdapter):
    """Refuses every entry."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        return [Refused("full") for _ in entries]


def altered(edit: Callable[[Entry], Entry]) -> type[MemoryAdapter]:
    """An adapter that stores entries otherwise than they were given."""

    class Alters(MemoryAdapter):
        def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
            answers = super().append(entries)
            for debtor in {entry.debtor for entry in entries}:
                known = numbered(self.erp, debtor)
                given = {entry.nonce: entry for entry in entries}
                known[:] = [edit(given[e.nonce]) if e.nonce in given else e for e in known]
            return answers

    return Alters


def stamped(edit: Callable[[Entry], Entry]) -> type[MemoryAdapter]:
    """The same, but with the ERP's stamp."""

    class Edits(MemoryAdapter):
        def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
            return super().append([edit(entry) for entry in entries])

    return Edits


def heads_edited(edit: Callable[[list[Entry]], list[Entry]]) -> type[MemoryAdapter]:
    """An adapter whose heads are not what they should be."""

    class Edits(MemoryAdapter):
        def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
            found = super().heads(debtors=debtors, since=since)
            return Heads(edit(list(found.entries)), found.now)

    return Edits


class CachedHeads(MemoryAdapter):
    """Keeps what it has read until it writes itself."""

    cache: dict[str, Heads]

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        kept = self.__dict__.setdefault("cache", {})
        name = f"{debtors} {since}"
        if name not in kept:
            kept[name] = super().heads(debtors=debtors, since=since)
        return self.cache[name]

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        self.__dict__.pop("cache", None)
        return super().append(entries)


class OwnMemory(MemoryAdapter):
    """Knows only what this instance wrote."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        self.__dict__.setdefault("nonces", set()).update(entry.nonce for entry in entries)
        return super().append(entries)

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        found = super().heads(debtors=debtors, since=since)
        mine = self.__dict__.get("nonces", set())
        return Heads([e for e in found.entries if not e.nonce or e.nonce in mine], found.now)


class OldestOutcome(MemoryAdapter):
    """Finds an outcome, but not the newest."""

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        found = super().heads(debtors=debtors, since=since)
        entries = [
            next((o for o in numbered(self.erp, e.debtor) if o.kind == "outcome"), e)
            if e.kind == "outcome"
            else e
            for e in found.entries
        ]
        return Heads(entries, found.now)


class NobodyIsEverybody(MemoryAdapter):
    """Takes no debtors for all debtors."""

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        return super().heads(debtors=debtors or None, since=since)


class AlwaysEverybody(MemoryAdapter):
    """Answers with everybody, whoever was asked for."""

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        return super().heads(since=since)


class SlowClock(MemoryAdapter):
    """Says the time of an hour ago."""

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        found = super().heads(debtors=debtors, since=since)
        return Heads(found.entries, found.now - timedelta(hours=1))


class FromTomorrow(MemoryAdapter):
    """Takes `since` for the day after."""

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        found = super().heads(debtors=debtors, since=since)
        kept = [e for e in found.entries if e.position or e.at.date() > since]
        return Heads(kept, found.now)


class LongLog(MemoryAdapter):
    """Gives all of the log."""

    def log(self, debtor: str | None = None, *, limit: int = 200) -> Sequence[Entry]:
        return super().log(debtor)


class CountsItself(MemoryAdapter):
    """Takes Dunwell's notes for contacts of people."""

    def _note(self, effect: Effect) -> Face:
        self.erp.contacted(effect.debtor, channel="note")
        return super()._note(effect)


class CountsItsMail(MemoryAdapter):
    """Finds its own message in the mail of the ERP."""

    def capabilities(self) -> Capabilities:
        strengths = {**EVERYTHING.strengths, Capability.REMIND: Strength("native")}
        return replace(EVERYTHING, strengths=strengths)

    def __init__(self, erp: Erp, *, page_rows: int) -> None:
        super().__init__(erp, capabilities=self.capabilities(), page_rows=page_rows)

    def _remind(self, effect: Effect) -> Face:
        self.erp.contacted(effect.debtor, channel="email")
        return super()._remind(effect)


class LogOnFaces(Erp):
    """The log hangs on the faces, and goes with them."""

    def delete_faces(self, customer: str) -> None:
        super().delete_faces(customer)
        numbered(self, customer).clear()


class ContactsOfBranches(Erp):
    """A contact stays with the branch, whoever pays."""

    def contacted(
        self,
        customer: str,
        *,
        channel: str,
        text: str = "",
        company: str = "",
        direction: Literal["out", "in"] = "out",
    ) -> None:
        payer = self.rows["customers"][customer].pop("payer", None)
        super().contacted(
            customer, channel=channel, text=text, company=company, direction=direction
        )
        self.rows["customers"][customer]["payer"] = payer


class OneProcess(BrokenHarness):
    """In each process another memory."""

    def elsewhere(self) -> Callable[[], MemoryAdapter]:
        return MemoryAdapter


def readable(entry: Entry) -> bool:
    """Whether an entry can be read."""
    try:
        decode(entry)
    except GarbledError:
        return entry.position is None
    return True


BROKEN = [
    Broken("search then create", RACES, SearchThenCreate),
    Broken("lowest id wins", RACES, LowestIdWins),
    Broken(
        "last writer wins",
        (
            *RACES,
            "test_a_stale_position_is_lost",
            "test_each_entry_of_a_batch_is_answered_in_order",
            "test_the_faces_may_go_but_the_position_stays_taken",
        ),
        LastWriterWins,
    ),
    Broken(
        "gaps are filled",
        ("test_a_gap_is_refused", "test_each_entry_of_a_batch_is_answered_in_order"),
        NoGaps,
    ),
    Broken("answers by debtor", ("test_each_entry_of_a_batch_is_answered_in_order",), ByDebtor),
    Broken("no empty batch", ("test_an_empty_batch_is_fine",), NoEmptyBatch),
    Broken(
        "one process",
        ("test_writers_in_two_processes_exclude_each_other",),
        harness=OneProcess,
    ),
    Broken("cached heads", ("test_a_won_entry_is_seen_by_a_new_instance_at_once",), CachedHeads),
    Broken("the engine's clock", ("test_the_erp_stamps_the_time",), altered(lambda entry: entry)),
    Broken(
        "bodies without markup",
        ("test_an_entry_comes_back_as_it_was_written",),
        stamped(lambda entry: replace(entry, body=entry.body.replace("<", ""))),
    ),
    Broken(
        "the log hangs on faces",
        ("test_the_faces_may_go_but_the_position_stays_taken",),
        erp=LogOnFaces,
    ),
    Broken(
        "own memory",
        (
            "test_a_won_entry_is_seen_by_a_new_instance_at_once",
            "test_a_story_of_six_stages_means_the_same_to_a_new_instance",
            "test_an_open_claim_is_seen",
            "test_all_readers_see_the_same_winner",
        ),
        OwnMemory,
    ),
    Broken(
        "the oldest outcome",
        (
            "test_a_story_of_six_stages_means_the_same_to_a_new_instance",
            "test_a_garbled_entry_is_shown_and_garbles_only_its_debtor",
        ),
        OldestOutcome,
    ),
    Broken(
        "the newest twenty",
        (
            "test_all_that_follows_the_newest_outcome_is_there",
            "test_without_an_outcome_all_entries_are_there",
        ),
        heads_edited(lambda entries: entries[-20:]),
    ),
    Broken(
        "no bounces",
        (
            "test_a_bounce_after_the_outcome_takes_the_stage_back",
            "test_all_that_follows_the_newest_outcome_is_there",
            "test_without_an_outcome_all_entries_are_there",
        ),
        heads_edited(lambda entries: [e for e in entries if e.kind != "delivery"]),
    ),
    Broken(
        "garbled entries are skipped",
        ("test_a_garbled_entry_is_shown_and_garbles_only_its_debtor",),
        heads_edited(lambda entries: [e for e in entries if readable(e)]),
    ),
    Broken("nobody is everybody", ("test_nobody_asked_for_is_nobody",), NobodyIsEverybody),
    Broken(
        "always everybody",
        (
            "test_only_the_debtors_asked_for_are_there",
            "test_nobody_asked_for_is_nobody",
            "test_a_garbled_entry_is_shown_and_garbles_only_its_debtor",
        ),
        AlwaysEverybody,
    ),
    Broken("a slow clock", ("test_heads_carry_the_erps_clock",), SlowClock),
    Broken(
        "no people",
        (
            "test_a_persons_call_is_in_the_log_as_theirs",
            "test_a_persons_mail_is_in_the_log_as_theirs",
            "test_a_call_with_a_branch_is_in_the_log_of_who_pays",
            "test_a_contact_today_is_there_when_asked_since_today",
        ),
        heads_edited(lambda entries: [e for e in entries if e.position]),
        raises=(ValueError,),
    ),
    Broken(
        "no channel",
        ("test_a_persons_mail_is_in_the_log_as_theirs",),
        heads_edited(lambda entries: [replace(e, channel="") for e in entries]),
    ),
    Broken(
        "contacts of branches",
        ("test_a_call_with_a_branch_is_in_the_log_of_who_pays",),
        erp=ContactsOfBranches,
    ),
    Broken(
        "from tomorrow", ("test_a_contact_today_is_there_when_asked_since_today",), FromTomorrow
    ),
    Broken("counts itself", ("test_what_dunwell_did_is_not_a_persons_contact",), CountsItself),
    Broken(
        "counts its mail", ("test_a_message_of_dunwell_is_not_a_persons_contact",), CountsItsMail
    ),
    Broken("a long log", ("test_the_log_is_newest_first_and_no_longer_than_asked",), LongLog),
]


class TestBrokenLogs(Catches, AppendContract, HeadsContract):
    broken = BROKEN
    special = (
        "test_writers_in_two_processes_exclude_each_other",
        "test_a_message_of_dunwell_is_not_a_persons_contact",
    )


def test_an_adapter_that_takes_nothing_fails_at_the_first_step() -> None:
    adapter = TakesNothing()
    try:
        AppendContract().test_the_next_position_is_won(adapter, adapter.erp)
    except AssertionError:
        return
    raise AssertionError("the contract did not notice")


def test_every_test_about_the_log_catches_something() -> None:
    caught = {name for broken in BROKEN for name in broken.fails}
    caught.add("test_the_next_position_is_won")
    assert caught == {*contract_tests(AppendContract), *contract_tests(HeadsContract)}
