"""What is read of QuickBooks Online: facts as the books have them, marks as people leave them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dunwell.log.entry import State, TaskState
from dunwell.testing.contract.deeds import one, outcome, rows, statuses, task, write
from dunwell_quickbooks.adapter import QuickBooksAdapter

from tests.quickbooks_kit import Clerks, adapter_to, another, claimed, responding
from tests.quickbooks_service import Service, Trouble


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


# -- exchange rates -----------------------------------------------------------------------------


def test_the_company_s_own_rate_of_the_day_goes_before_those_of_documents(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    debtor, on = clerks.customer(), clerks.on
    clerks.invoice(customer=debtor, amount="9 USD", ExchangeRate=0.5)
    clerks.invoice(customer=debtor, amount="9 GBP", ExchangeRate=1.1)
    service.books.rate("USD", "0.92", on)
    service.books.rate("USD", "0.4", on - timedelta(days=1))
    found = {str(row["currency"]): (row["rate"], row["on"]) for row in rows(adapter, "rates")}
    assert found == {"USD": ("0.92", on), "GBP": ("1.1", on)}, "what is not listed: its document"


def test_the_rates_of_a_day_are_asked_for_once(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    clerks.invoice(customer=clerks.customer(), amount="9 USD")
    service.books.rate("USD", "0.92", clerks.on)
    asked = Trouble("act", "FROM ExchangeRate", times=99)
    service.troubles.append(asked)
    for engine in (adapter, adapter_to(service, tmp_path)):
        for _ in range(2):
            assert [row["rate"] for row in rows(engine, "rates")] == ["0.92"]
        engine.close()
    assert asked.seen == 1
    service.now += timedelta(days=1)
    service.books.rate("USD", "0.93", clerks.on)
    assert [row["rate"] for row in rows(adapter_to(service, tmp_path), "rates")] == ["0.93"]


def test_nobody_asks_for_rates_where_all_is_owed_in_the_home_currency(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    clerks.invoice(customer=clerks.customer())
    service.troubles.append(Trouble("500", "FROM ExchangeRate", times=99))
    assert rows(adapter, "rates") == []


def test_a_company_without_a_list_of_rates_has_those_of_its_documents(
    service: Service, clerks: Clerks, adapter: QuickBooksAdapter
) -> None:
    clerks.invoice(customer=clerks.customer(), amount="9 USD", ExchangeRate=0.5)
    service.missing.add("ExchangeRate")
    assert [row["rate"] for row in rows(adapter, "rates")] == ["0.5"]


# -- tasks --------------------------------------------------------------------------------------


def given(adapter: QuickBooksAdapter, debtor: str, summary: str = "call them") -> str:
    """A task that the log knows; its key."""
    (effect,) = claimed(adapter, debtor, task(summary))
    assert statuses(adapter.execute([effect])) == ["done"]
    on = adapter.describe().on
    known = TaskState(effect.key, "", "standard/call", "task", (), on)
    write(adapter, outcome(adapter, debtor, 2, State(tasks=(known,))))
    return effect.key


def state(adapter: QuickBooksAdapter, key: str) -> tuple[object, object] | None:
    found = [row for row in rows(adapter, "tasks") if row["key"] == key]
    return (found[0]["state"], found[0]["outcome"]) if found else None


@pytest.mark.parametrize("knows", [True, False])
@pytest.mark.parametrize("summary", ["call them", "call them " * 500])
def test_each_way_in_which_a_task_ends_is_a_fact_of_its_own(
    clerks: Clerks,
    service: Service,
    adapter: QuickBooksAdapter,
    tmp_path: Path,
    knows: bool,
    summary: str,
) -> None:
    keys = [given(adapter, clerks.customer(f"C{n}"), summary) for n in range(4)]
    clerks.finish_task(keys[1], "they pay on Monday")
    clerks.cancel_task(keys[2])
    clerks.delete_task(keys[3])
    adapter.close()
    service.now += timedelta(days=1)
    engine = adapter_to(service, tmp_path) if knows else another(service, tmp_path)
    assert [state(engine, key) for key in keys] == [
        ("open", None),
        ("done", "they pay on Monday"),
        ("cancelled", None),
        None,
    ]


def test_all_open_tasks_are_asked_for_in_one_call_of_a_run(
    clerks: Clerks, service: Service, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    keys = [given(adapter, clerks.customer(f"C{n}")) for n in range(20)]
    adapter.close()
    service.now += timedelta(days=1)
    engine = adapter_to(service, tmp_path)
    asked = Trouble("act", "FROM Attachable", times=99)
    service.troubles.append(asked)
    for _ in range(3):
        assert {row["key"] for row in rows(engine, "tasks")} == set(keys)
    assert asked.seen == 1


def test_a_task_that_this_cache_does_not_know_is_found_by_the_day_it_was_given(
    clerks: Clerks, service: Service, adapter: QuickBooksAdapter, tmp_path: Path
) -> None:
    adapter.describe()
    adapter.close()
    key = given(adapter_to(service, tmp_path), clerks.customer())  # and it never closes
    service.now += timedelta(days=1)
    assert state(adapter_to(service, tmp_path), key) == ("open", None)


# -- lists of names, and long lists of Ids ------------------------------------------------------


def test_terms_are_read_where_an_invoice_names_them(
    clerks: Clerks, service: Service, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    clerks.invoice("1001", customer=debtor)
    asked = Trouble("act", "FROM Term", times=99)
    service.troubles.append(asked)
    assert [row["terms"] for row in rows(adapter, "items")] == [None]
    assert asked.seen == 0
    terms = clerks.books.create("Term", {"Name": "Net 10", "DueDays": 10})["Id"]
    service.now += timedelta(days=1)  # it is old when it is used for the first time
    clerks.invoice("1002", customer=debtor, SalesTermRef={"value": terms})
    clerks.invoice("1003", customer=debtor, SalesTermRef={"value": "99999"})
    for _ in range(2):
        assert {row["number"]: row["terms"] for row in rows(adapter, "items")} == {
            "1001": None, "1002": "Net 10", "1003": None,
        }  # fmt: skip
    assert asked.seen <= 1


def test_a_list_of_ids_that_is_refused_is_asked_for_in_shorter_ones(
    clerks: Clerks, service: Service, adapter: QuickBooksAdapter
) -> None:
    debtor = clerks.customer()
    items = [clerks.invoice(customer=debtor) for _ in range(130)]
    adapter.describe()
    service.longest = 60
    before = service.metered
    found = adapter.company.reread("Invoice", items)
    assert set(found) == set(items)
    assert service.metered - before <= 5, "refusals are not metered"


def test_pages_of_one_row_more_than_asked_for_lose_nothing(
    clerks: Clerks, service: Service, tmp_path: Path
) -> None:
    debtor = clerks.customer()
    items = [clerks.invoice(customer=debtor) for _ in range(25)]
    service.extra = 1
    found = rows(adapter_to(service, tmp_path, page=10), "items")
    assert {row["id"] for row in found} == set(items)


def test_invoices_that_people_mailed_are_told_by_doctor_as_perhaps_mailed_by_quickbooks(
    clerks: Clerks, service: Service, adapter: QuickBooksAdapter
) -> None:
    item = clerks.invoice(customer=clerks.customer())
    assert not any("mailed again" in note for note in adapter.describe().notes)
    service.now += timedelta(days=9)
    clerks.books.send(item, "ap@c.example")
    notes = adapter.describe().notes
    assert any("1 invoices were mailed again" in note for note in notes), notes
