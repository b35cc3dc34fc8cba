"""How many metered reads a run costs, and that the cache saves calls and decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.model import TABLES, Describe
from dunwell.port import Effect
from dunwell.testing.contract.deeds import claim, note, outcome, reached, rows, write
from dunwell.testing.contract.office import Office
from dunwell_quickbooks.adapter import QuickBooksAdapter

from tests.quickbooks_books import RefusalError
from tests.quickbooks_kit import Clerks, QuickBooksHarness, adapter_to, another
from tests.quickbooks_service import REALM, Service


def fill(
    service: Service, *, customers: int, open_: int, paid: int, age: timedelta = timedelta()
) -> None:
    """A company of so many customers, open invoices, and paid ones with a payment each."""
    books = service.books
    stamp = (books.now() - age).astimezone(books.zone).isoformat(timespec="seconds")
    made = {"CreateTime": stamp, "LastUpdatedTime": stamp}

    def put(kind: str, **fields: Any) -> str:
        books.drawn += 1
        number = str(books.drawn)
        row = {"Id": number, "SyncToken": "0", "MetaData": dict(made), **fields}
        books.rows[kind][number] = row
        return number

    known = [
        put("Customer", DisplayName=f"Customer {n}", CompanyName=f"Customer {n}", Active=True,
            CurrencyRef={"value": "EUR"}, PrimaryEmailAddr={"Address": f"c{n}@c.example"})
        for n in range(customers)
    ]  # fmt: skip
    for n in range(open_ + paid):
        owner = known[n % customers]
        issued = books.on - timedelta(days=20 + n % 500)
        item = put(
            "Invoice", DocNumber=str(1000 + n), TxnDate=issued.isoformat(), TotalAmt=Decimal(100),
            DueDate=(issued + timedelta(days=30)).isoformat(), EmailStatus="NotSet",
            CustomerRef={"value": owner}, CurrencyRef={"value": "EUR"},
        )  # fmt: skip
        if n >= open_:
            line = {"Amount": Decimal(100), "LinkedTxn": [{"TxnId": item, "TxnType": "Invoice"}]}
            payment = put(
                "Payment", TxnDate=(issued + timedelta(days=9)).isoformat(), Line=[line],
                TotalAmt=Decimal(100), CustomerRef={"value": owner}, CurrencyRef={"value": "EUR"},
            )  # fmt: skip
            books.apply(books.rows["Payment"][payment])


def read_all(adapter: QuickBooksAdapter) -> dict[str, list[dict[str, object]]]:
    """Every table and the heads, as a run reads them."""
    day = adapter.describe().on - timedelta(days=400)
    found = {table: rows(adapter, table) for table in TABLES}
    entries = adapter.heads(since=day).entries
    said: list[dict[str, object]] = [
        {"debtor": e.debtor, "position": e.position, "body": e.body} for e in entries
    ]
    return found | {"log": said}


class Told:
    """What an engine knows of the ERP when it writes a claim."""

    def describe(self) -> Describe:
        at = datetime(2026, 3, 2, 8, tzinfo=UTC)
        return Describe(f"quickbooks:{REALM}", "quickbooks", at.date(), at)


def act_on(adapter: QuickBooksAdapter, debtors: list[str]) -> None:
    """What an apply does for a batch of debtors: refresh, claims, outcomes."""
    first, second = claim(Told(), "", 1), outcome(Told(), "", 1, reached("call"))  # type: ignore[arg-type]
    on = adapter.describe().on
    for table in TABLES:
        rows(adapter, table, debtors=debtors)
    heads = adapter.heads(debtors=debtors, since=on).entries
    ends = {entry.debtor: entry.position or 0 for entry in heads}
    for entry, ahead in ((first, 1), (second, 2)):
        write(
            adapter,
            *(replace(entry, debtor=d, position=ends.get(d, 0) + ahead) for d in debtors),
        )
    adapter.execute([Effect("key-1", debtors[0], "", note("x"), adapter.company.clock.now())])


@pytest.mark.slow
def test_a_large_company_costs_at_most_45_reads_at_first_and_6_on_a_day_with_50_changes(
    tmp_path: Path,
) -> None:
    service = Service()
    fill(service, customers=1_000, open_=5_000, paid=10_000, age=timedelta(days=2))
    clerks = Clerks(service)
    adapter = adapter_to(service, tmp_path)
    found = read_all(adapter)
    assert [len(found[table]) for table in ("customers", "items", "settlements")] == [
        1_000, 5_000, 10_000,
    ]  # fmt: skip
    debtors = sorted(service.books.rows["Customer"])[:100]
    act_on(adapter, debtors)
    adapter.close()
    assert service.metered <= 45, service.metered
    service.now += timedelta(days=1)
    for number in sorted(service.books.rows["Invoice"])[:50]:
        clerks.change("Invoice", number, PrivateNote="looked at")
    before = service.metered
    adapter = adapter_to(service, tmp_path)
    read_all(adapter)
    act_on(adapter, debtors[:50])
    adapter.close()
    assert service.metered - before <= 6, service.metered - before


def test_a_run_of_the_engine_on_a_day_with_changes_costs_at_most_6_reads(tmp_path: Path) -> None:
    office = Office(QuickBooksHarness(tmp_path))
    harness = office.harness
    assert isinstance(harness, QuickBooksHarness)
    for _ in range(5):
        office.books()
    office.run()
    for adapter in harness.made:
        adapter.close()
    office.sleep(timedelta(days=8))
    for adapter in harness.made:
        adapter.close()
    before = harness.service.metered
    office.run()
    assert harness.service.metered - before <= 6


@given(acts=st.lists(st.tuples(st.sampled_from("cieapvdrkmw"), st.integers(0, 9)), max_size=14))
@settings(max_examples=25)
def test_what_changed_gives_the_same_facts_as_reading_everything(
    acts: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    service, folder = Service(), tmp_path_factory.mktemp("qb")
    clerks = Clerks(service)
    clerks.invoice(customer=clerks.customer())
    adapter = adapter_to(service, folder)
    read_all(adapter)
    for act, n in acts:
        _do(clerks, act, n)
        service.now += timedelta(minutes=7)
        if n == 3:
            adapter.close()
            adapter = adapter_to(service, folder)
        read_all(adapter)
    known = read_all(adapter)
    anew = read_all(another(service, folder))
    for table in known:
        assert sorted(map(repr, known[table])) == sorted(map(repr, anew[table])), table


def _do(clerks: Clerks, act: str, n: int) -> None:
    books = clerks.books
    customers, invoices = list(books.rows["Customer"]), list(books.rows["Invoice"])
    active = [c for c in customers if books.rows["Customer"][c]["Active"]] or [clerks.customer()]
    customer = active[n % len(active)]
    item = invoices[n % len(invoices)] if invoices else clerks.invoice(customer=customer)
    payments = list(books.rows["Payment"])
    deeds: dict[str, Callable[[], object]] = {
        "c": lambda: clerks.customer(payer=customer if n % 2 else ""),
        "i": lambda: clerks.invoice(customer=customer),
        "e": lambda: clerks.change_email(customer, f"n{n}@c.example"),
        "a": lambda: clerks.archive(customer) if len(active) > 1 else None,
        "p": lambda: clerks.pay(item, "10 EUR"),
        "v": lambda: books.void(item),
        "d": lambda: None if books.applied.get(("Invoice", item)) else clerks.delete_invoice(item),
        "r": lambda: books.delete("Payment", payments[n % len(payments)]) if payments else None,
        "k": lambda: clerks.credit(f"G-{n}", "5 EUR", customer=customer),
        "m": lambda: books.send(item, "x@c.example"),
        "w": lambda: clerks.write("Customer", customer, "DO NOT CONTACT"),
    }
    with suppress(RefusalError):  # what the service does not let people do
        deeds[act]()


def test_more_changes_than_can_be_told_lose_nothing(tmp_path: Path) -> None:
    service = Service()
    fill(service, customers=20, open_=100, paid=0)
    clerks = Clerks(service)
    adapter = adapter_to(service, tmp_path)
    read_all(adapter)
    fill(service, customers=30, open_=1_100, paid=40)
    clerks.change_email(min(service.books.rows["Customer"]), "new@c.example")
    known, anew = read_all(adapter), read_all(another(service, tmp_path))
    for table in known:
        assert sorted(map(repr, known[table])) == sorted(map(repr, anew[table])), table


def test_a_cache_that_is_older_than_the_service_tells_is_read_anew(tmp_path: Path) -> None:
    service = Service()
    clerks = Clerks(service)
    item = clerks.invoice(customer=clerks.customer())
    adapter = adapter_to(service, tmp_path)
    read_all(adapter)
    adapter.close()
    clerks.delete_invoice(item)
    service.now += timedelta(days=45)
    assert rows(adapter_to(service, tmp_path), "items") == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"realm": 3}', b"\xff"])
def test_a_cache_that_cannot_be_read_costs_calls_only(tmp_path: Path, content: bytes) -> None:
    service = Service()
    clerks = Clerks(service)
    clerks.invoice(customer=clerks.customer())
    adapter = adapter_to(service, tmp_path)
    known = read_all(adapter)
    adapter.close()
    (cache,) = (tmp_path / ".dunwell").rglob("*.cache.json")
    cache.write_bytes(content)
    assert read_all(adapter_to(service, tmp_path)) == known


def test_a_payment_link_is_asked_for_and_survives_a_change(tmp_path: Path) -> None:
    service = Service()
    clerks = Clerks(service)
    item = clerks.invoice(customer=clerks.customer())
    service.books.links = "https://pay.example/"
    adapter = adapter_to(service, tmp_path, payment_links=True)
    for word in ("first", "second"):
        (row,) = rows(adapter, "items")
        assert row["link"] == f"https://pay.example/{item}"
        clerks.change("Invoice", item, PrivateNote=word)
