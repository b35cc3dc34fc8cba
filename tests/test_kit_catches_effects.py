"""Every test of the contract about effects and faults catches an adapter broken on purpose."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import TypeVar

from dunwell.errors import ContractBrokenError, UnansweredError, UnavailableError
from dunwell.log.entry import Entry, Result
from dunwell.model.tables import PageLike
from dunwell.port import Adapter, Appended, Effect, Found, Sought
from dunwell.testing import Erp, Face, MemoryAdapter
from dunwell.testing.contract import EffectContract, FaultContract
from dunwell.testing.contract.catching import Broken, BrokenHarness, Catches, contract_tests

T = TypeVar("T")


def forget(erp: Erp, key: str) -> None:
    """Forget that a key was used; what was made under it stays."""
    if key in erp.works:
        erp.works[f"{key} before"] = erp.works.pop(key)


class NoKeys(MemoryAdapter):
    """Does what it is told, each time it is told."""

    def _perform(self, effect: Effect) -> Result:
        forget(self.erp, effect.key)
        return super()._perform(effect)


class OwnKeys(MemoryAdapter):
    """Knows only the keys of this instance."""

    def _perform(self, effect: Effect) -> Result:
        mine = self.__dict__.setdefault("mine", set())
        if effect.key not in mine:
            forget(self.erp, effect.key)
        mine.add(effect.key)
        return super()._perform(effect)


class ByMeaning(MemoryAdapter):
    """Takes an equal command for the same effect."""

    def _perform(self, effect: Effect) -> Result:
        known = self.__dict__.setdefault("known", {})
        meant = (effect.debtor, effect.command)
        if known.get(meant, effect.key) != effect.key:
            return Result(effect.key, "already_done")
        result = super()._perform(effect)
        if result.status == "done":
            known[meant] = effect.key
        return result


class LooksThenDoes(MemoryAdapter):
    """Looks for the key, and then does the effect."""

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        new = [effect.key for effect in effects if effect.key not in self.erp.works]
        time.sleep(0.05)
        for key in new:
            forget(self.erp, key)
        return super().execute(effects)


class NoDeadline(MemoryAdapter):
    """Does not look at the clock."""

    def _perform(self, effect: Effect) -> Result:
        return super()._perform(replace(effect, deadline=self.erp.now))


class DeadlineFirst(MemoryAdapter):
    """Looks at the clock before it looks at the key."""

    def _perform(self, effect: Effect) -> Result:
        if self.erp.now > effect.deadline:
            return Result(effect.key, "skipped", "busy")
        return super()._perform(effect)


class RaisesForStrangers(MemoryAdapter):
    """Raises where it should say that it knows no such customer."""

    def _perform(self, effect: Effect) -> Result:
        self.erp.rows["customers"][effect.debtor]
        return super()._perform(effect)


class RaisesForCommands(MemoryAdapter):
    """Raises where it should say that it cannot."""

    def _perform(self, effect: Effect) -> Result:
        self._acts()[effect.command.kind]
        return super()._perform(effect)


class AllOrNothing(MemoryAdapter):
    """One bad command takes the batch with it."""

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        before = dict(self.erp.works)
        results = super().execute(effects)
        if any(result.status == "rejected" for result in results):
            self.erp.works = before
            return [Result(effect.key, "rejected") for effect in effects]
        return results


class NewFirst(MemoryAdapter):
    """Answers with what was done, and then with the rest."""

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        return sorted(super().execute(effects), key=lambda result: result.status != "done")


class SaysDone(MemoryAdapter):
    """Says that it did it."""

    def _perform(self, effect: Effect) -> Result:
        result = super()._perform(effect)
        if effect.key in self.erp.works:
            self.erp.works[effect.key].face = None
        return result


class NoEmptyBatch(MemoryAdapter):
    """Cannot do nothing."""

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        assert effects, "an empty batch"
        return super().execute(effects)


class Escapes(MemoryAdapter):
    """Takes text for markup."""

    def _note(self, effect: Effect) -> Face:
        face = super()._note(effect)
        return replace(face, text=face.text.replace("&", "&amp;"))


def found(answer: Callable[[list[Found]], list[Found]]) -> type[MemoryAdapter]:
    """An adapter that looks up, and then says something else."""

    class Says(MemoryAdapter):
        def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
            return answer(list(super().look_up(sought)))

    return Says


class RemembersRefusals(MemoryAdapter):
    """Keeps the key of what it did not do."""

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        refused = self.__dict__.get("refused", set())
        return [
            Found.PRESENT if each.key in refused else said
            for each, said in zip(sought, super().look_up(sought), strict=True)
        ]

    def _perform(self, effect: Effect) -> Result:
        result = super()._perform(effect)
        if result.status == "rejected":
            self.__dict__.setdefault("refused", set()).add(effect.key)
        return result


# -- faults -------------------------------------------------------------------------------------


class OwnErrors(MemoryAdapter):
    """Lets the errors of its library through."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        return _foreign(lambda: super(OwnErrors, self).append(entries))

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        return _foreign(lambda: super(OwnErrors, self).execute(effects))


def _foreign(act: Callable[[], T]) -> T:
    try:
        return act()
    except (UnavailableError, UnansweredError) as error:
        raise ConnectionError(str(error)) from error


class Queues(MemoryAdapter):
    """Keeps for later what it cannot do now, and says that it is done."""

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        try:
            return super().execute(effects)
        except UnavailableError:
            return [Result(effect.key, "done") for effect in effects]


class RetriesAppend(MemoryAdapter):
    """Appends again when no answer came."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        try:
            return super().append(entries)
        except UnansweredError:
            return super().append(entries)


class AppendsElsewhere(MemoryAdapter):
    """Appends at the next position when no answer came, and still does not know."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        try:
            return super().append(entries)
        except UnansweredError:
            next_ones = [replace(e, position=(e.position or 0) + 1) for e in entries]
            super().append(next_ones)
            raise


class RetriesEffects(NoKeys):
    """Does it again when no answer came."""

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        try:
            return super().execute(effects)
        except UnansweredError:
            return super().execute(effects)

    def _perform(self, effect: Effect) -> Result:
        return super()._perform(effect) if self.erp.link == "lost" else self._once(effect)

    def _once(self, effect: Effect) -> Result:
        return MemoryAdapter._perform(self, effect)


class AnyTrouble(MemoryAdapter):
    """Has one word for all that goes wrong: it may have been done."""

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        try:
            yield from super().read(table, debtors=debtors, since=since)
        except (UnavailableError, ContractBrokenError) as error:
            raise UnansweredError(str(error)) from error


class Hopes(MemoryAdapter):
    """Has another word for it: nothing was done."""

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        try:
            return super().append(entries)
        except UnansweredError as error:
            raise UnavailableError(str(error)) from error


class NoRows(MemoryAdapter):
    """Finds nothing in what it cannot read."""

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        with suppress(ContractBrokenError):
            yield from super().read(table, debtors=debtors, since=since)


class ClosesOnce(MemoryAdapter):
    """Cannot be closed twice."""

    def close(self) -> None:
        assert self.__dict__.setdefault("open", True)
        self.__dict__["open"] = False


class OpenDoor(BrokenHarness):
    """Takes anybody in."""

    def open_as_stranger(self) -> Adapter:
        return self.open()


ONCE = (
    "test_an_effect_is_done_once_under_its_key",
    "test_a_batch_half_done_is_finished_by_doing_it_again",
    "test_of_many_workers_with_one_key_one_does_it",
    "test_an_effect_whose_answer_was_lost_is_not_done_again",
)
LATE = (
    "test_past_its_deadline_nothing_is_done",
    "test_who_slept_past_the_lease_does_nothing",
)
POISON = (
    "test_a_poisoned_command_does_not_sink_the_batch",
    "test_five_hundred_mixed_commands_get_one_receipt_each_in_order",
)
LOST_APPEND = (
    "test_a_lost_answer_to_append_is_unanswered_and_the_log_tells",
    "test_a_lost_answer_to_append_leaves_the_next_position_free",
)
LOST_EFFECT = (
    "test_a_lost_answer_to_an_effect_is_unanswered",
    "test_an_effect_whose_answer_was_lost_is_not_done_again",
)

LATE_APPEND = (
    "test_an_answer_to_append_that_comes_too_late_is_unanswered_and_the_log_tells",
    "test_nonsense_in_place_of_an_answer_to_append_is_no_reason_to_try_again",
)
LATE_ROWS = "test_rows_that_come_too_late_are_unavailable_and_can_be_asked_for_again"
NO_ROWS = "test_nonsense_in_place_of_rows_is_not_taken_for_rows"

BROKEN = [
    Broken(
        "no keys",
        (
            *ONCE,
            "test_one_key_twice_in_a_batch_is_done_once",
            "test_what_was_done_in_time_stays_done_after_the_deadline",
        ),
        NoKeys,
    ),
    Broken("keys of its own instance", ONCE, OwnKeys),
    Broken("looks then does", ("test_of_many_workers_with_one_key_one_does_it",), LooksThenDoes),
    Broken("by meaning", ("test_the_same_command_under_a_new_key_is_done_again",), ByMeaning),
    Broken("no deadline", LATE, NoDeadline),
    Broken(
        "deadline first",
        ("test_what_was_done_in_time_stays_done_after_the_deadline",),
        DeadlineFirst,
    ),
    Broken(
        "raises for strangers",
        ("test_an_unknown_debtor_is_rejected_not_raised", *POISON),
        RaisesForStrangers,
        raises=(KeyError,),
    ),
    Broken(
        "raises for commands",
        (
            "test_a_command_it_cannot_do_is_rejected_not_raised",
            "test_a_rejected_effect_is_not_called_present",
            POISON[1],
        ),
        RaisesForCommands,
        raises=(KeyError,),
    ),
    Broken("all or nothing", POISON, AllOrNothing),
    Broken(
        "new first",
        (
            "test_a_batch_half_done_is_finished_by_doing_it_again",
            POISON[0],
            POISON[1],
        ),
        NewFirst,
    ),
    Broken("no empty batch", ("test_nothing_to_do_is_fine",), NoEmptyBatch),
    Broken("text as markup", ("test_text_is_only_text",), Escapes),
    Broken(
        "says done",
        (
            "test_an_effect_is_done_and_seen",
            "test_an_effect_is_done_once_under_its_key",
            "test_one_key_twice_in_a_batch_is_done_once",
            "test_a_batch_half_done_is_finished_by_doing_it_again",
            "test_the_same_command_under_a_new_key_is_done_again",
            "test_of_many_workers_with_one_key_one_does_it",
            "test_a_poisoned_command_does_not_sink_the_batch",
            "test_text_is_only_text",
            "test_an_effect_whose_answer_was_lost_is_not_done_again",
        ),
        SaysDone,
        raises=(ValueError,),
    ),
    Broken(
        "eager absent",
        (
            "test_what_was_just_done_is_never_called_absent",
            "test_who_says_it_can_look_up_finds_what_it_did",
            "test_look_ups_are_answered_in_order",
        ),
        found(lambda answers: [Found.ABSENT for _ in answers]),
    ),
    Broken(
        "never sure",
        (
            "test_who_says_it_can_look_up_finds_what_it_did",
            "test_look_ups_are_answered_in_order",
        ),
        found(lambda answers: [Found.CANNOT_TELL for _ in answers]),
    ),
    Broken(
        "claimed is done",
        (
            "test_what_was_never_done_is_not_called_present",
            "test_a_rejected_effect_is_not_called_present",
            "test_look_ups_are_answered_in_order",
        ),
        found(lambda answers: [Found.PRESENT for _ in answers]),
    ),
    Broken(
        "looks up in its own order",
        ("test_look_ups_are_answered_in_order",),
        found(lambda answers: sorted(answers, key=lambda answer: answer.value)),
    ),
    Broken(
        "remembers refusals", ("test_a_rejected_effect_is_not_called_present",), RemembersRefusals
    ),
    Broken(
        "its library's errors",
        (
            "test_a_broken_line_is_unavailable",
            "test_an_effect_over_a_broken_line_is_unavailable",
            *LOST_APPEND,
            *LATE_APPEND,
            *LOST_EFFECT,
        ),
        OwnErrors,
        raises=(ConnectionError,),
    ),
    Broken("queues", ("test_an_effect_over_a_broken_line_is_unavailable",), Queues),
    Broken("appends again", (*LOST_APPEND, *LATE_APPEND), RetriesAppend),
    Broken("appends elsewhere", (*LOST_APPEND, *LATE_APPEND), AppendsElsewhere),
    Broken(
        "any trouble",
        ("test_a_broken_line_is_unavailable", LATE_ROWS, NO_ROWS),
        AnyTrouble,
        raises=(UnansweredError,),
    ),
    Broken("hopes", (*LOST_APPEND, *LATE_APPEND), Hopes, raises=(UnavailableError,)),
    Broken("no rows", (NO_ROWS,), NoRows),
    Broken("does again", LOST_EFFECT, RetriesEffects),
    Broken(
        "an open door",
        ("test_a_stranger_is_told_that_the_door_is_shut",),
        harness=OpenDoor,
    ),
    Broken("closes once", ("test_closing_twice_is_fine",), ClosesOnce),
]


class TestBrokenEffects(Catches, EffectContract, FaultContract):
    broken = BROKEN


def test_every_test_about_effects_and_faults_catches_something() -> None:
    caught = {name for broken in BROKEN for name in broken.fails}
    assert caught == {*contract_tests(EffectContract), *contract_tests(FaultContract)}
