"""How many metered reads a run costs, and that the cache saves calls and decides nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dunwell.calendar import Duration
from dunwell.facts import Registry
from dunwell.log.entry import Result
from dunwell.model import TABLES
from dunwell.policy.tree import Action, House, Policy, Stage
from dunwell.policy.tree import Test as Aged
from dunwell.port import Sending
from dunwell.run.daily import run_daily
from dunwell.run.engine import Engine
from dunwell.testing import MemoryChannel
from dunwell.testing.contract.deeds import rows
from dunwell.testing.contract.office import Office
from dunwell.testing.wording import PlainWording
from dunwell_quickbooks.adapter import QuickBooksAdapter

from tests.quickbooks_books import RefusalError
from tests.quickbooks_kit import (
    Clerks,
    QuickBooksHarness,
    adapter_to,
    another,
    line_to,
    responding,
)
from tests.quickbooks_service import Service


@pytest.fixture(autouse=True)
def _by_responses() -> Iterator[None]:
    with responding():
        yield


def fill(
    service: Service,
    *,
    customers: int,
    open_: int,
    paid: int,
    age: timedelta = timedelta(),
    due: int = 1_000,
) -> None:
    """A company of so many customers, open invoices, and paid ones with a payment each.

    `due` is how many open invoices of a customer are due.
    """
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
        issued = books.on - timedelta(days=40 + n % 460)
        if n < open_ and n >= due * customers:
            issued = books.on
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


class Slow(MemoryChannel):
    """A mail server that cannot be asked, and takes its time."""

    def __init__(self, service: Service) -> None:
        super().__init__(blind=True)
        self.service = service

    def send(self, sendings: Sequence[Sending]) -> Sequence[Result]:
        self.service.now += timedelta(seconds=0.3)
        return super().send(sendings)


def house() -> House:
    hold = Action("hold", "hold:orders", hold="orders", reason="overdue")
    remind = Action("remind", "remind", template="first")
    stage = Stage("first", (hold, remind), Aged("days_past_due", "at_least", 5))
    return House("house", (Policy("p", "EUR", (stage,)),))


def run(
    service: Service, folder: Path, remind: str, of: House | None = None
) -> Counter[tuple[str, str]]:
    """A whole run of the engine, at the speed that the limits of the service allow."""
    adapter = adapter_to(service, folder, session=line_to(service), remind=remind)
    adapter.moment.tick = lambda: service.now.timestamp()
    channels = {"email": Slow(service)} if remind == "channel" else {}
    made = Engine(
        adapter, of or house(), Registry(), PlainWording(), channels=channels, plain=True,
        workers=1, tick=lambda: service.now.timestamp(),
    )  # fmt: skip
    receipts = run_daily(made).receipts
    adapter.close()
    return Counter((r.command.kind, r.result.status) for r in receipts)


@pytest.mark.slow
@pytest.mark.parametrize("remind", ["channel", "quickbooks"])
def test_a_large_company_costs_at_most_45_reads_at_first_and_6_on_a_day_with_50_changes(
    tmp_path: Path, remind: str
) -> None:
    service = Service()
    fill(
        service, customers=1_000, open_=5_000, paid=10_000, age=timedelta(days=2),
        due=1 if remind == "quickbooks" else 5,
    )  # fmt: skip
    service.each = timedelta(seconds=60 / 450)
    begun = service.now
    assert run(service, tmp_path, remind) == {("hold", "done"): 1_000, ("remind", "done"): 1_000}
    assert service.now - begun > timedelta(minutes=10), "nothing of it was read at once"
    assert service.metered <= 45, service.metered
    service.now += timedelta(days=1)
    clerks = Clerks(service)
    owed = [n for n in service.books.rows["Invoice"] if clerks.books.read("Invoice", n)["Balance"]]
    for number in owed[:25]:
        clerks.pay(number)
    for number in owed[25:50]:
        clerks.move_due_date(number, clerks.on - timedelta(days=9))
    before = service.metered
    run(service, tmp_path, remind)
    assert service.metered - before <= 6, service.metered - before


def test_a_day_with_50_changes_costs_at_most_6_reads_whatever_there_is_to_ask_for(
    tmp_path: Path,
) -> None:
    service = Service()
    clerks, on = Clerks(service), service.books.on
    late = on - timedelta(days=9)
    items = []
    for number in range(60):
        debtor = clerks.customer(f"Customer {number}")
        for currency in ("EUR", "USD"):
            item = clerks.invoice(customer=debtor, amount=f"9 {currency}", issued=late, due=late)
            items.append(item)
    task = Action("task", "task", summary="call them")
    remind = Action("remind", "remind", template="first")
    first = Stage("first", (task, remind), Aged("days_past_due", "at_least", 5))
    second = Stage("second", (remind,), first.when, after=Duration(1, "days"))
    both = House("house", (Policy("p", "EUR", (first, second)),))
    for day in range(2):
        service.books.rate("USD", "0.9", on + timedelta(days=day))
    assert run(service, tmp_path, "quickbooks", both)["remind", "done"] == 60
    service.now += timedelta(days=1)
    for item in items[:50]:
        clerks.move_due_date(item, late - timedelta(days=1))
    before = service.metered
    assert run(service, tmp_path, "quickbooks", both)["remind", "done"] == 60
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
@example(acts=[("c", 0), ("d", 0), ("c", 0)])  # as many invoices as before, and another one
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


def test_many_changes_of_one_kind_are_read_by_pages_and_a_deletion_among_them_is_noticed(
    tmp_path: Path,
) -> None:
    service = Service()
    fill(service, customers=20, open_=100, paid=3_000, age=timedelta(days=9))
    clerks = Clerks(service)
    adapter = adapter_to(service, tmp_path)
    read_all(adapter)
    paid = [
        n for n in service.books.rows["Invoice"] if not clerks.books.read("Invoice", n)["Balance"]
    ]
    service.now += timedelta(days=1)
    for number in paid[:1_100]:
        clerks.change("Invoice", number, PrivateNote="looked at")
    for deleted in (False, True):
        if deleted:
            service.now += timedelta(minutes=1)
            clerks.delete_invoice(min(service.books.rows["Invoice"], key=int))
        before = service.metered
        known = read_all(adapter)
        asked = service.metered - before
        anew = read_all(another(service, tmp_path))
        for table in known:
            assert sorted(map(repr, known[table])) == sorted(map(repr, anew[table])), table
        assert asked <= (6 + 2 + 2 + 4 * deleted), asked
