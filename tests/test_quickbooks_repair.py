"""A log that cannot be read any more: it is shown, left alone, and goes on when a person says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dunwell.errors import ConfigurationError, UnansweredError
from dunwell.port import Won
from dunwell.testing.contract.deeds import claim, memory, outcome, reached, write
from dunwell_quickbooks.adapter import QuickBooksAdapter
from dunwell_quickbooks.head import find_head
from dunwell_quickbooks.mending import NONE, damage, mend

from tests.quickbooks_kit import Clerks, adapter_to, another, claimed, mail, responding
from tests.quickbooks_service import Service, Trouble

CUSTOMER = r"^POST \S+/customer\?"
WHO = {"by": "ana", "because": "looked at it"}


@pytest.fixture(autouse=True)
def _by_responses() -> Iterator[None]:
    with responding():
        yield


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def clerks(service: Service) -> Clerks:
    return Clerks(service)


@pytest.fixture
def adapter(service: Service, tmp_path: Path) -> QuickBooksAdapter:
    return adapter_to(service, tmp_path)


def stop_before_the_head(service: Service, adapter: QuickBooksAdapter, debtor: str) -> None:
    """An engine writes its claim, and dies before the head names it."""
    service.troubles.append(Trouble("429", CUSTOMER, times=99))
    with pytest.raises(UnansweredError):
        adapter.append([claim(adapter, debtor, 1)])
    service.troubles.clear()


def notes_of(service: Service) -> list[str]:
    return sorted(service.books.rows["Attachable"], key=int)


def fresh(service: Service, folder: Path) -> QuickBooksAdapter:
    """An engine that knows nothing."""
    made = another(service, folder)
    made.describe()
    return made


def test_a_log_that_is_whole_is_left_as_it_is(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    adapter.describe()
    assert damage(adapter.logbook, debtor).why == ""
    write(adapter, outcome(adapter, debtor, 1, reached("call")))
    assert damage(adapter.logbook, debtor).why == ""
    with pytest.raises(ConfigurationError, match="whole"):
        mend(adapter.logbook, debtor, notes_of(service)[0], **WHO)


def test_two_engines_that_died_in_the_same_place_leave_a_customer_whom_a_person_gives_back(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    adapter.describe()
    other = adapter_to(service, tmp_path)
    other.describe()
    stop_before_the_head(service, adapter, debtor)
    stop_before_the_head(service, other, debtor)
    engine = fresh(service, tmp_path)
    garbled = memory(engine, debtor).garbled
    assert f"dunwell quickbooks repair {debtor}" in garbled, "nobody can tell which one counts"
    found = damage(engine.logbook, debtor)
    assert [choice.note for choice in found.choices] == notes_of(service)[::-1]
    said = mend(engine.logbook, debtor, found.choices[0].note, **WHO)
    assert "nothing is lost" in said
    for one in (engine, fresh(service, tmp_path)):
        assert memory(one, debtor).head == 1
        assert memory(one, debtor).claim is not None, "it is recovered when its time is over"
    write(engine, outcome(engine, debtor, 2))


def test_a_log_goes_on_from_an_older_note_and_what_was_claimed_then_is_unknown(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    write(adapter, outcome(adapter, debtor, 1, reached("call")))
    (effect,) = claimed(adapter, debtor, mail(clerks.invoice(customer=debtor)))
    write(adapter, outcome(adapter, debtor, 3, reached("stop")))
    service.books.delete("Attachable", notes_of(service)[-1])
    engine = fresh(service, tmp_path)
    found = damage(engine.logbook, debtor)
    assert "deleted" in found.why
    assert [(choice.last, choice.lost) for choice in found.choices] == [(2, 1), (1, 2)]
    mend(engine.logbook, debtor, found.choices[0].note, **WHO)
    for one in (engine, fresh(service, tmp_path)):
        known = memory(one, debtor)
        assert (known.head, known.claim) == (4, None), "no position is used twice"
        assert [item.stage for item in known.state.items] == ["call"]
        assert [unknown.command.key for unknown in known.state.unknowns] == [effect.key]
    assert list(engine.append([claim(engine, debtor, 5)])) == [Won()]
    texts = [entry.text for entry in engine.log(debtor)]
    assert any("repaired by ana" in text and "looked at it" in text for text in texts)


def test_a_log_of_which_nothing_is_left_begins_anew_behind_what_there_was(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    clerks.write("Customer", debtor, "likes tea")
    write(adapter, outcome(adapter, debtor, 1, reached("call")))
    service.books.delete("Attachable", notes_of(service)[0])
    engine = fresh(service, tmp_path)
    assert damage(engine.logbook, debtor).choices == ()
    mend(engine.logbook, debtor, NONE, **WHO)
    known = memory(fresh(service, tmp_path), debtor)
    assert (known.head, known.state.items, known.garbled) == (2, (), "")
    assert service.books.rows["Customer"][debtor]["Notes"].startswith("likes tea\n[dunwell 2 ")


def test_a_head_that_was_copied_from_another_customer_is_taken_out(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor, other = clerks.customer("One"), clerks.customer("Two")
    write(adapter, outcome(adapter, debtor, 1, reached("call")))
    line = str(service.books.rows["Customer"][debtor]["Notes"])
    clerks.write("Customer", other, f"likes tea\n{line}\nand biscuits")
    engine = fresh(service, tmp_path)
    assert "another customer" in damage(engine.logbook, other).why
    mend(engine.logbook, other, NONE, **WHO)
    assert service.books.rows["Customer"][other]["Notes"] == "likes tea\nand biscuits"
    assert list(engine.append([claim(engine, other, 1)])) == [Won()]
    assert memory(engine, debtor).state == reached("call")


def test_a_note_that_cannot_be_kept_is_refused_and_something_left_is_not_thrown_away(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    write(adapter, outcome(adapter, debtor, 1, reached("call")))
    write(adapter, outcome(adapter, debtor, 2, reached("stop")))
    service.books.delete("Attachable", notes_of(service)[-1])
    engine = fresh(service, tmp_path)
    before = dict(service.books.rows["Customer"][debtor])
    for wrong in (NONE, "99999", notes_of(service)[-1] + "0"):
        with pytest.raises(ConfigurationError):
            mend(engine.logbook, debtor, wrong, **WHO)
    assert service.books.rows["Customer"][debtor] == before


def test_a_person_who_edits_the_customer_meanwhile_loses_nothing_by_a_repair(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    write(adapter, outcome(adapter, debtor, 1, reached("call")))
    write(adapter, outcome(adapter, debtor, 2, reached("stop")))
    service.books.delete("Attachable", notes_of(service)[-1])
    engine = fresh(service, tmp_path)
    deed = Trouble("act", CUSTOMER, deed=lambda: clerks.write("Customer", debtor, "pays late"))
    service.troubles.append(deed)
    mend(engine.logbook, debtor, notes_of(service)[0], **WHO)
    notes = str(service.books.rows["Customer"][debtor]["Notes"])
    assert "pays late" in notes
    head = find_head(notes)
    assert head is not None
    assert head.position == 3
    assert len(re.findall(r"\[dunwell \d", notes)) == 1
    service.now += timedelta(days=1)
    assert memory(fresh(service, tmp_path), debtor).state == reached("call")
