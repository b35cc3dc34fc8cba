"""What goes wrong between Dunwell and QuickBooks Online: nothing is done twice or lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dunwell.command import Command
from dunwell.errors import DeniedError, UnansweredError, UnavailableError
from dunwell.port import Lost, Refused, Won
from dunwell.testing.contract.deeds import (
    claim,
    delivery,
    entries,
    finish,
    memory,
    note,
    one,
    outcome,
    prepare,
    reached,
    statuses,
    write,
)
from dunwell_quickbooks.adapter import QuickBooksAdapter
from dunwell_quickbooks.head import find_head
from dunwell_quickbooks.pace import Pace

from tests.quickbooks_kit import Clerks, adapter_to, another, claimed, mail, responding
from tests.quickbooks_service import Service, Trouble

CUSTOMER, ATTACH = r"^POST \S+/customer\?", r"^POST \S+/attachable\?"


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
    return adapter_to(service, tmp_path, remind="quickbooks")


# -- the log ------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["reset", "500", "truncated", "empty"])
def test_a_note_whose_answer_was_lost_is_attached_once(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, what: str
) -> None:
    debtor = clerks.customer()
    service.troubles.append(Trouble(what, ATTACH))
    write(adapter, claim(adapter, debtor, 1))
    assert len(service.books.rows["Attachable"]) == 1


def test_a_note_without_a_head_is_no_claim_of_who_wrote_it(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    first = claim(adapter, debtor, 1, nonce="first")
    service.troubles.append(Trouble("429", CUSTOMER, times=99))
    with pytest.raises(UnansweredError):
        adapter.append([first])
    service.troubles.clear()
    assert entries(adapter, debtor) == []
    service.books.delete("Attachable", next(iter(service.books.rows["Attachable"])))
    other = another(service, tmp_path)
    write(other, claim(other, debtor, 1, nonce="second"))
    assert list(adapter.append([first])) == [Lost("second")]


def test_a_claim_whose_writer_died_before_its_head_is_held_open_by_the_next_engine(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    service.troubles.append(Trouble("429", CUSTOMER, times=99))
    with pytest.raises(UnansweredError):
        adapter.append([claim(adapter, debtor, 1, nonce="died")])
    service.troubles.clear()
    other = another(service, tmp_path)
    assert [entry.nonce for entry in entries(other, debtor)] == ["died"]
    write(other, outcome(other, debtor, 2))
    assert [entry.position for entry in entries(adapter, debtor)] == [2]


def test_a_head_that_a_person_removed_is_found_again_by_an_engine_that_knows_nothing(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    write(adapter, claim(adapter, debtor, 1))
    write(adapter, outcome(adapter, debtor, 2, reached("call")))
    clerks.rewrite("Customer", debtor, lambda notes: "")
    for engine in (adapter, another(service, tmp_path)):
        assert [entry.position for entry in entries(engine, debtor)] == [2]
    assert list(adapter.append([claim(adapter, debtor, 3)])) == [Won()]


def test_a_note_of_the_log_that_a_person_deleted_leaves_the_debtor_alone(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    write(adapter, outcome(adapter, debtor, 1, reached("call")))
    service.books.delete("Attachable", next(iter(service.books.rows["Attachable"])))
    assert memory(another(service, tmp_path), debtor).garbled


def test_notes_that_a_person_copied_to_another_customer_leave_that_one_alone(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor, other = clerks.customer("One"), clerks.customer("Two")
    write(adapter, outcome(adapter, debtor, 1, reached("call")))
    notes = str(service.books.rows["Customer"][debtor]["Notes"])
    clerks.write("Customer", other, notes)
    assert memory(adapter, other).garbled
    assert memory(adapter, debtor).state == reached("call")
    (answer,) = adapter.append([claim(adapter, other, 2)])
    assert "another customer" in str(answer)


def test_a_large_state_is_kept_in_parts_and_read_back(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    from hashlib import sha256

    from dunwell.log.entry import ItemState, State

    debtor = clerks.customer()
    on = adapter.describe().on
    names = [sha256(str(n).encode()).hexdigest() for n in range(200)]
    state = State(tuple(ItemState(name, "standard", "call", 0, on, via=name) for name in names))
    write(adapter, outcome(adapter, debtor, 1, state))
    assert len(service.books.rows["Attachable"]) > 5
    assert memory(another(service, tmp_path), debtor).state == state


def test_full_notes_refuse_the_entry_and_say_so(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    clerks.write("Customer", debtor, "x" * 1990)
    (answer,) = adapter.append([claim(adapter, debtor, 1)])
    assert "full" in str(answer)
    assert service.books.rows["Customer"][debtor]["Notes"] == "x" * 1990


def test_a_person_who_edits_the_customer_meanwhile_loses_nothing(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    write(adapter, claim(adapter, debtor, 1))
    service.troubles.append(
        Trouble("act", CUSTOMER, deed=lambda: clerks.write("Customer", debtor, "pays late"))
    )
    write(adapter, outcome(adapter, debtor, 2, reached("call")))
    notes = service.books.rows["Customer"][debtor]["Notes"]
    assert "pays late" in notes
    head = find_head(notes)
    assert head is not None
    assert head.position == 2


def test_what_people_wrote_and_entered_is_never_cleared(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    clerks.write("Customer", debtor, "Ask for Ana.\n  Indented; with 'quotes' & emoji 🦊")
    clerks.change("Customer", debtor, PrimaryPhone={"FreeFormNumber": "+34 600"})
    before = dict(service.books.rows["Customer"][debtor])
    adapter.execute(prepare(adapter, debtor, note("called them")))
    after = service.books.rows["Customer"][debtor]
    assert str(after["Notes"]).startswith(before["Notes"] + "\n[dunwell 1 ")
    ignored = ("Notes", "SyncToken", "MetaData")
    assert {k: v for k, v in after.items() if k not in ignored} == {
        k: v for k, v in before.items() if k not in ignored
    }


@pytest.mark.parametrize("kind", ["claim", "started"])
@pytest.mark.parametrize(
    ("line", "goes_on"),
    [("DO NOT CONTACT", False), ("HOLD", False), ("DISPUTE", False), ("likes tea", True)],
)
def test_a_stop_that_a_person_writes_in_the_last_moment_refuses_what_would_act(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, kind: str, line: str,
    goes_on: bool,
) -> None:  # fmt: skip
    debtor = clerks.customer()
    write(adapter, claim(adapter, debtor, 1))
    made = replace(claim(adapter, debtor, 2), kind=kind)  # type: ignore[arg-type]
    deed = Trouble("act", CUSTOMER, deed=lambda: clerks.write("Customer", debtor, line))
    service.troubles.append(deed)
    (answer,) = adapter.append([made])
    assert isinstance(answer, Won if goes_on else Refused), answer
    head = find_head(service.books.rows["Customer"][debtor]["Notes"])
    assert head is not None
    assert head.position == (2 if goes_on else 1)
    write(adapter, outcome(adapter, debtor, 3 if goes_on else 2))  # what ends goes on


def test_a_new_address_in_the_last_moment_refuses_what_would_act(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    adapter.describe()
    deed = Trouble("act", CUSTOMER, deed=lambda: clerks.change_email(debtor, "new@c.example"))
    service.troubles.append(deed)
    (answer,) = adapter.append([claim(adapter, debtor, 1)])
    assert isinstance(answer, Refused)


def test_what_others_write_into_the_log_between_a_claim_and_its_effects_stops_nothing(
    clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path, service: Service
) -> None:
    debtor = clerks.customer()
    effects = claimed(adapter, debtor, note("called them"))
    other = adapter_to(service, tmp_path)
    write(other, delivery(debtor, 2, "another message"))  # as `dunwell approve` may
    assert statuses(adapter.execute(effects)) == ["done"]
    assert [face.text for face in clerks.faces(debtor)] == ["called them"], "attached once"


def test_what_another_engine_did_and_settled_is_done_for_the_one_that_claimed_it(
    clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path, service: Service
) -> None:
    debtor = clerks.customer()
    effects = claimed(adapter, debtor, note("called them"))
    other = adapter_to(service, tmp_path)
    finish(other, debtor, other.execute(effects))
    assert statuses(adapter.execute(effects)) == ["already_done"]
    assert len(clerks.faces(debtor)) == 1


# -- the line -----------------------------------------------------------------------------------


def test_a_token_that_ends_in_the_middle_of_a_run_is_refreshed_once(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    adapter.describe()
    service.troubles.append(Trouble("401", "^POST"))
    before = service.refreshed
    write(adapter, claim(adapter, debtor, 1))
    assert service.refreshed == before + 1


def test_a_token_that_is_refused_again_stops_with_a_word_to_a_person(
    service: Service, adapter: QuickBooksAdapter
) -> None:
    service.troubles.append(Trouble("401", "company", times=99))
    before = service.calls
    with pytest.raises(DeniedError, match="connect"):
        adapter.describe()
    assert service.calls - before <= 4


def test_a_429_is_waited_for_and_asked_again(
    service: Service, clerks: Clerks, tmp_path: Path
) -> None:
    adapter = adapter_to(service, tmp_path)
    waited: list[float] = []
    adapter.company.door.sleep = waited.append
    service.troubles.append(Trouble("429", "query", times=2))
    adapter.describe()
    assert len(waited) == 2
    assert min(waited) >= 60, "there is no Retry-After"


def test_a_429_that_does_not_end_is_unavailable(
    service: Service, adapter: QuickBooksAdapter
) -> None:
    service.troubles.append(Trouble("429", "query", times=99))
    with pytest.raises(UnavailableError, match="429"):
        adapter.describe()


@pytest.mark.parametrize("what", ["reset", "500", "truncated", "empty"])
def test_a_read_that_breaks_is_asked_for_again(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, what: str
) -> None:
    item = clerks.invoice(customer=clerks.customer())
    service.troubles.append(Trouble(what, "FROM Invoice"))
    assert one(adapter, "items", item)["balance"] == 90_000


def test_a_stale_token_is_read_again_and_merged(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    adapter.describe()
    service.troubles.append(Trouble("stale", CUSTOMER))
    write(adapter, claim(adapter, debtor, 1))


def test_every_write_has_a_requestid_and_every_call_a_minorversion(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    item = clerks.invoice(customer=debtor)
    hold = Command("hold", "hold:orders", "standard", "stop", name="orders", value="overdue")
    adapter.execute(claimed(adapter, debtor, mail(item), note("x" * 4_000), hold))
    assert service.sloppy == []
    assert [w for w in service.writes if "delete" in w] == []


def test_requests_never_pass_the_limits(service: Service, tmp_path: Path) -> None:
    service.limits = True
    adapter = adapter_to(service, tmp_path)

    def sleep(seconds: float) -> None:
        service.now += timedelta(seconds=seconds)

    adapter.company.door.pace = Pace(
        per_second=10, per_minute=500, tick=lambda: service.now.timestamp(), sleep=sleep
    )
    for _ in range(1_200):
        adapter.company.door.query("SELECT COUNT(*) FROM Term")
    assert service.throttled == 0


def test_engines_on_one_machine_keep_the_limits_together(service: Service, tmp_path: Path) -> None:
    service.limits = True

    def sleep(seconds: float) -> None:
        service.now += timedelta(seconds=seconds)

    engines = [adapter_to(service, tmp_path) for _ in range(3)]
    for engine in engines:
        engine.company.door.pace = Pace(
            per_second=10, per_minute=500, tick=lambda: service.now.timestamp(), sleep=sleep,
            file=tmp_path / "requests.pace",
        )  # fmt: skip
    for number in range(700):
        engines[number % 3].company.door.query("SELECT COUNT(*) FROM Term")
    assert service.throttled == 0


@pytest.mark.parametrize("content", [b"", b"x" * 7, b"\xff" * 64, b"\x00" * 64])
def test_a_file_of_requests_that_makes_no_sense_stops_nobody(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "requests.pace"
    file.write_bytes(content)
    slept: list[float] = []
    pace = Pace(per_second=2, per_minute=500, tick=lambda: 9.0, sleep=slept.append, file=file)
    pace.wait()
    pace.wait()
    assert slept == []


def _pays(clerks: Clerks, customer: str, item: str) -> None:
    clerks.pay(item)


def _voids(clerks: Clerks, customer: str, item: str) -> None:
    clerks.books.void(item)


def _deletes(clerks: Clerks, customer: str, item: str) -> None:
    clerks.delete_invoice(item)


def _credits(clerks: Clerks, customer: str, item: str) -> None:
    clerks.credit("C-1", "900 EUR", customer=customer)


@pytest.mark.parametrize("change", [_pays, _voids, _deletes, _credits])
@pytest.mark.parametrize("branch", [False, True])
def test_a_message_of_ours_does_not_begin_when_what_is_owed_changed_since_its_claim(
    service: Service,
    clerks: Clerks,
    adapter: QuickBooksAdapter,
    change: Callable[[Clerks, str, str], None],
    branch: bool,
) -> None:
    debtor = clerks.customer()
    owner = clerks.customer("Branch", payer=debtor) if branch else debtor
    item = clerks.invoice(customer=owner)
    first = claim(adapter, debtor, 1)
    write(adapter, first)
    change(clerks, owner, item)
    begins = replace(first, position=2, kind="started", nonce="begins")
    before = service.metered
    (answer,) = adapter.append([begins])
    assert isinstance(answer, Refused), answer
    assert service.metered == before, "it is seen by a write, which is not metered"
    assert "[dunwell 1 " in service.books.rows["Customer"][debtor]["Notes"]


def test_a_message_of_ours_begins_when_nothing_changed(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    clerks.invoice(customer=debtor)
    write(adapter, claim(adapter, debtor, 1))
    clerks.change("Customer", debtor, PrimaryPhone={"FreeFormNumber": "+34 600"})
    write(adapter, replace(claim(adapter, debtor, 2), kind="started"))
