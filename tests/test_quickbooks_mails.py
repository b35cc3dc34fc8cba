"""Invoices that QuickBooks Online mails: at most once, and never what people stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dunwell.errors import UnansweredError
from dunwell.port import Effect, Found
from dunwell.testing.contract.deeds import delivery, sought, statuses, write
from dunwell_quickbooks.adapter import QuickBooksAdapter

from tests.quickbooks_kit import Clerks, adapter_to, another, claimed, mail, responding
from tests.quickbooks_service import Service, Trouble

SEND, CUSTOMER = r"^POST \S+/send", r"^POST \S+/customer\?"


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


def test_a_line_that_breaks_half_way_never_says_that_nothing_was_done(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    effects: list[Effect] = []
    for name in ("One", "Two"):
        debtor = clerks.customer(name)
        effects += claimed(adapter, debtor, mail(clerks.invoice(customer=debtor)))
    service.troubles.append(Trouble("429", CUSTOMER, nth=2, times=99))
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


# -- what changed between the decision and the mail ---------------------------------------------


def _put_off(clerks: Clerks, customer: str, item: str) -> None:
    clerks.move_due_date(item, clerks.on + timedelta(days=60))


def _paid_in_part(clerks: Clerks, customer: str, item: str) -> None:
    clerks.pay(item, "10 EUR")


def _given_away(clerks: Clerks, customer: str, item: str) -> None:
    clerks.change("Invoice", item, CustomerRef={"value": clerks.customer("Other")})


def _of_a_branch(clerks: Clerks, customer: str, item: str) -> None:
    branch = clerks.customer("Branch", payer=customer)
    clerks.change("Invoice", item, CustomerRef={"value": branch})
    clerks.write("Customer", branch, "DO NOT CONTACT")


@pytest.mark.parametrize("change", [_put_off, _paid_in_part, _given_away, _of_a_branch])
def test_an_invoice_that_is_not_as_it_was_decided_by_is_not_mailed(
    service: Service,
    clerks: Clerks,
    adapter: QuickBooksAdapter,
    change: Callable[[Clerks, str, str], None],
) -> None:
    debtor = clerks.customer()
    item = clerks.invoice(customer=debtor)
    effects = claimed(adapter, debtor, mail(item))
    change(clerks, debtor, item)
    assert statuses(adapter.execute(effects)) == ["skipped"]
    assert service.books.mails == []


def test_a_stop_that_a_person_writes_in_the_last_moment_stops_the_mail(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    effects = claimed(adapter, debtor, mail(clerks.invoice(customer=debtor)))
    stop = Trouble("act", CUSTOMER, deed=lambda: clerks.exclude(debtor, reason="in talks"))
    service.troubles.append(stop)  # all is read, and the customer is about to be written
    assert statuses(adapter.execute(effects)) == ["skipped"]
    assert service.books.mails == []


def test_what_is_old_when_its_turn_comes_is_read_again(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    effects: list[Effect] = []
    items = []
    for name in ("One", "Two", "Three"):
        debtor = clerks.customer(name)
        items.append(clerks.invoice(customer=debtor))
        effects += claimed(adapter, debtor, mail(items[-1]))

    def slow() -> None:
        service.now += timedelta(seconds=91)
        clerks.pay(items[1])

    service.troubles.append(Trouble("act", SEND, deed=slow))
    before = service.metered
    assert statuses(adapter.execute(effects)) == ["done", "skipped", "done"]
    assert service.metered - before == 2, "one call for all of them, and one when it was old"
    assert [number for number, _ in service.books.mails] == [items[0], items[2]]


# -- several invoices in one reminder -----------------------------------------------------------


@pytest.mark.parametrize("what", ["429", "refused"])
def test_a_reminder_of_which_a_part_left_is_for_a_person_and_says_which(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, what: str
) -> None:
    debtor = clerks.customer()
    first, second, third = (clerks.invoice(customer=debtor) for _ in range(3))
    effects = claimed(adapter, debtor, mail(first, second, third))
    service.troubles.append(Trouble(what, rf"^POST \S+/{second}/send", times=99))
    (result,) = adapter.execute(effects)
    assert result.status == "unknown"
    left = [number for number, _ in service.books.mails]
    if what == "429":  # known to be refused: the others go on
        assert left == [first, third]
        assert f"{first}, {third} were mailed, {second} were not" in result.detail
    else:  # nobody knows: nothing more leaves
        assert left == [first]
        assert f"whether invoice {second}" in result.detail
    service.troubles.clear()
    assert statuses(adapter.execute(effects)) == ["unknown"]
    assert [number for number, _ in service.books.mails] == left, "it is never gone on with"


def test_a_reminder_that_was_refused_from_the_start_was_not_sent_and_may_be_again(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    effects = claimed(adapter, debtor, mail(clerks.invoice(customer=debtor), to="no address"))
    (result,) = adapter.execute(effects)
    assert (result.status, result.delivery) == ("failed", "refused")
    assert service.books.mails == []


def test_a_reminder_that_runs_out_of_time_between_its_invoices_is_for_a_person(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    first, second = (clerks.invoice(customer=debtor) for _ in range(2))
    effects = claimed(adapter, debtor, mail(first, second))

    def slow() -> None:
        service.now += timedelta(seconds=800)

    service.troubles.append(Trouble("act", SEND, deed=slow))
    (result,) = adapter.execute(effects)
    assert result.status == "unknown"
    assert [number for number, _ in service.books.mails] == [first]


# -- what is found afterwards -------------------------------------------------------------------


def test_that_a_mail_was_begun_survives_what_others_write_into_the_log(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    effects = claimed(adapter, debtor, mail(clerks.invoice(customer=debtor)))
    service.troubles.append(Trouble("refused", SEND))
    assert statuses(adapter.execute(effects)) == ["unknown"]
    write(adapter, delivery(debtor, 2, "another message"))  # as `dunwell approve` may
    service.now += timedelta(hours=1)
    for engine in (adapter, another(service, tmp_path, remind="quickbooks")):
        assert engine.look_up([sought(effects[0])]) == [Found.CANNOT_TELL]


def test_a_head_that_a_person_removes_after_the_mail_makes_nothing_absent(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    effects = claimed(adapter, debtor, mail(clerks.invoice(customer=debtor)))
    assert statuses(adapter.execute(effects)) == ["done"]
    clerks.rewrite("Customer", debtor, lambda notes: "")
    service.now += timedelta(hours=1)
    for engine in (adapter, another(service, tmp_path, remind="quickbooks")):
        assert engine.look_up([sought(effects[0])]) == [Found.CANNOT_TELL]


def test_many_reminders_are_looked_up_in_few_calls(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    effects: list[Effect] = []
    for number in range(30):
        debtor = clerks.customer(f"Customer {number}")
        effects += claimed(adapter, debtor, mail(clerks.invoice(customer=debtor)))
    adapter.execute(effects)
    before = service.metered
    found = adapter.look_up([sought(effect) for effect in effects])
    assert found == [Found.PRESENT] * 30
    assert service.metered - before <= 2
