"""What goes wrong between Dunwell and QuickBooks Online: at most one mail, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dunwell.command import Command, Message
from dunwell.errors import DeniedError, UnansweredError, UnavailableError
from dunwell.port import Adapter, Effect, Found, Lost, Won
from dunwell.testing.contract.deeds import (
    claim,
    entries,
    memory,
    note,
    one,
    outcome,
    prepare,
    reached,
    rows,
    sought,
    statuses,
    write,
)
from dunwell_quickbooks.adapter import QuickBooksAdapter
from dunwell_quickbooks.head import find_head
from dunwell_quickbooks.pace import Pace

from tests.quickbooks_kit import Clerks, adapter_to, another
from tests.quickbooks_service import Service, Trouble

SEND, CUSTOMER, ATTACH = r"^POST \S+/send", r"^POST \S+/customer\?", r"^POST \S+/attachable\?"


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def clerks(service: Service) -> Clerks:
    return Clerks(service)


@pytest.fixture
def adapter(service: Service, tmp_path: Path) -> QuickBooksAdapter:
    return adapter_to(service, tmp_path, remind="quickbooks")


def mail(*items: str, to: str = "ap@acme.example") -> Command:
    message = Message("first", "en", "email", to, "Acme", "Reminder", "please pay")
    return Command("remind", "remind", "standard", "first", items=items, message=message)


def claimed(adapter: Adapter, debtor: str, *commands: Command) -> list[Effect]:
    """Effects under a claim that names the items, as the engine writes it."""
    from dunwell.log.entry import ClaimBody, Claimed, encode
    from dunwell.log.keys import claim_key, effect_key

    said = adapter.describe()
    known = entries(adapter, debtor)
    position = max((entry.position or 0 for entry in known), default=0) + 1
    key = claim_key(said.tenant, debtor, position)
    names = tuple(
        Claimed(effect_key(key, n), "", c.kind, c.action, c.ladder, c.source, items=c.items)
        for n, c in enumerate(commands)
    )
    body = encode(ClaimBody(said.tenant, said.on, 900, "plan", names))
    write(adapter, replace(claim(adapter, debtor, position), key=key, body=body))
    deadline = said.now + timedelta(seconds=900)
    return [Effect(effect_key(key, n), debtor, "", c, deadline) for n, c in enumerate(commands)]


# -- mailing an invoice -------------------------------------------------------------------------


def test_an_invoice_is_mailed_once_under_its_key(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    item = clerks.invoice(customer=debtor)
    effects = claimed(adapter, debtor, mail(item))
    assert statuses(adapter.execute(effects)) == ["done"]
    assert statuses(adapter.execute(effects)) == ["already_done"]
    again = another(service, tmp_path, remind="quickbooks")
    assert statuses(again.execute(effects)) == ["already_done"]
    assert service.books.mails == [(item, "ap@acme.example")]
    assert again.look_up([replace(sought(effects[0]))]) == [Found.PRESENT]


@pytest.mark.parametrize("what", ["reset", "500", "truncated", "empty"])
def test_an_invoice_whose_answer_was_lost_is_found_as_mailed_and_not_mailed_again(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, what: str
) -> None:
    debtor = clerks.customer()
    item = clerks.invoice(customer=debtor)
    effects = claimed(adapter, debtor, mail(item))
    service.troubles.append(Trouble(what, SEND))
    assert statuses(adapter.execute(effects)) == ["done"]
    assert statuses(adapter.execute(effects)) == ["already_done"]
    assert len(service.books.mails) == 1


def test_what_cannot_be_known_is_unknown_and_never_mailed_blindly(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    item = clerks.invoice(customer=debtor)
    effects = claimed(adapter, debtor, mail(item))
    service.troubles.append(Trouble("refused", SEND))  # the line breaks before it arrives
    assert statuses(adapter.execute(effects)) == ["unknown"]
    other = another(service, tmp_path, remind="quickbooks")
    assert statuses(other.execute(effects)) == ["unknown"]
    assert service.books.mails == []
    service.now += timedelta(hours=1)
    assert other.look_up([sought(effects[0])]) == [Found.CANNOT_TELL]


def test_an_engine_that_stops_before_it_mails_leaves_a_doubt_and_no_mail(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    item = clerks.invoice(customer=debtor)
    effects = claimed(adapter, debtor, mail(item))
    service.troubles.append(Trouble("reset", CUSTOMER))  # it is begun, and nobody heard of it
    with pytest.raises(UnansweredError):
        adapter.execute(effects)
    other = another(service, tmp_path, remind="quickbooks")
    assert statuses(other.execute(effects)) == ["unknown"]
    assert service.books.mails == []


def test_a_claim_that_never_began_to_mail_is_absent_once_its_time_is_over(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    effects = claimed(adapter, debtor, mail(clerks.invoice(customer=debtor)))
    assert adapter.look_up([sought(effects[0])]) == [Found.CANNOT_TELL]
    service.now += timedelta(seconds=900 + 131)
    assert adapter.look_up([sought(effects[0])]) == [Found.ABSENT]
    assert statuses(adapter.execute(effects)) == ["skipped"]


def _paid(clerks: Clerks, customer: str, item: str) -> None:
    clerks.pay(item)


def _voided(clerks: Clerks, customer: str, item: str) -> None:
    clerks.books.void(item)


def _deleted(clerks: Clerks, customer: str, item: str) -> None:
    clerks.delete_invoice(item)


def _disputed(clerks: Clerks, customer: str, item: str) -> None:
    clerks.dispute(item)


def _promised(clerks: Clerks, customer: str, item: str) -> None:
    clerks.promise(customer, "900 EUR", by=clerks.on + timedelta(days=5))


def _held(clerks: Clerks, customer: str, item: str) -> None:
    clerks.place_hold(customer)


def _excluded(clerks: Clerks, customer: str, item: str) -> None:
    clerks.exclude(customer, reason="in talks")


def _inactive(clerks: Clerks, customer: str, item: str) -> None:
    clerks.archive(customer)


def _sent(clerks: Clerks, customer: str, item: str) -> None:
    clerks.mail(customer)


@pytest.mark.parametrize(
    "change",
    [_paid, _voided, _deleted, _disputed, _promised, _held, _excluded, _inactive, _sent],
)
@pytest.mark.parametrize("late", [False, True])
def test_what_people_did_meanwhile_stops_the_mail(
    service: Service,
    clerks: Clerks,
    adapter: QuickBooksAdapter,
    change: Callable[[Clerks, str, str], None],
    late: bool,
) -> None:
    debtor = clerks.customer()
    item = clerks.invoice(customer=debtor)
    effects = claimed(adapter, debtor, mail(item))
    if late:  # after the changes were read, just before the invoice is looked at again
        service.troubles.append(
            Trouble("act", "FROM Invoice WHERE Id", deed=lambda: change(clerks, debtor, item))
        )
    else:
        change(clerks, debtor, item)
    assert statuses(adapter.execute(effects)) == ["skipped"]
    assert [who for who in service.books.mails if who[1] == "ap@acme.example"] == []


def test_two_engines_at_once_mail_once(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    item = clerks.invoice(customer=debtor)
    effects = claimed(adapter, debtor, mail(item))
    other = another(service, tmp_path, remind="quickbooks")
    said: list[str] = []
    service.troubles.append(
        Trouble("act", CUSTOMER, deed=lambda: said.extend(statuses(other.execute(effects))))
    )
    said += statuses(adapter.execute(effects))
    assert len(service.books.mails) == 1
    assert sorted(said) == ["already_done", "done"]


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


def test_a_line_that_breaks_half_way_never_says_that_nothing_was_done(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    effects: list[Effect] = []
    for name in ("One", "Two"):
        debtor = clerks.customer(name)
        effects += claimed(adapter, debtor, mail(clerks.invoice(customer=debtor)))
    service.troubles.append(Trouble("429", r"FROM Invoice WHERE Id", nth=2, times=99))
    with pytest.raises(UnansweredError, match="half way"):
        adapter.execute(effects)
    service.troubles.clear()
    assert statuses(adapter.execute(effects)) == ["already_done", "done"]
    assert len(service.books.mails) == 2


def test_a_send_that_is_throttled_to_the_end_was_not_done(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    effects = claimed(adapter, debtor, mail(clerks.invoice(customer=debtor)))
    service.troubles.append(Trouble("429", SEND, times=99))
    assert statuses(adapter.execute(effects)) == ["failed"]
    assert service.books.mails == []


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


def test_sub_customers_whose_bill_goes_to_the_parent_are_one_debtor(
    clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    parent = clerks.customer("Parent")
    branch = clerks.customer("Branch", payer=parent)
    own = clerks.customer("Own bills", payer=parent)
    clerks.change("Customer", own, BillWithParent=False)
    item = clerks.invoice(customer=branch)
    clerks.invoice(customer=own)
    assert [row["id"] for row in rows(adapter, "items", debtors=[parent])] == [item]
    assert one(adapter, "customers", own)["payer"] is None


def test_a_repeated_number_names_two_items(clerks: Clerks, adapter: QuickBooksAdapter) -> None:
    debtor = clerks.customer("O'Neill & Söhne + 🦊")
    twice = [clerks.invoice("1001", customer=debtor) for _ in range(2)]
    found = rows(adapter, "items")
    assert [row["number"] for row in found] == ["1001", "1001"]
    assert sorted(str(row["id"]) for row in found) == sorted(twice)
    assert one(adapter, "customers", debtor)["name"] == "O'Neill & Söhne + 🦊"


def test_the_newest_rate_of_a_document_is_the_rate(
    clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor, on = clerks.customer(), clerks.on
    old = on - timedelta(days=9)
    clerks.invoice(customer=debtor, amount="9 USD", issued=old, ExchangeRate=0.5)
    clerks.invoice(customer=debtor, amount="9 USD", issued=on, ExchangeRate=0.9271)
    (row,) = rows(adapter, "rates")
    assert (row["currency"], row["rate"], row["on"]) == ("USD", "0.9271", on)


def test_a_customer_type_that_says_hold_is_a_hold_by_hand(
    clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    kind = clerks.books.create("CustomerType", {"Name": "Credit Hold"})["Id"]
    debtor = clerks.customer()
    clerks.change("Customer", debtor, CustomerTypeRef={"value": kind})
    assert [(row["value"], row["by"]) for row in rows(adapter, "holds")] == [
        ("Credit Hold", "person")
    ]
    assert [row["customer"] for row in rows(adapter, "exclusions")] == [debtor]
