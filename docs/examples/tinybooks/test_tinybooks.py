"""The adapter keeps the contract of the port: its people, its harness, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from sqlite3 import Connection

import pytest

from dunwell.money import Money, parse_money
from dunwell.port import Adapter
from dunwell.testing import Face, People
from dunwell.testing.contract import (
    AdapterContract,
    Harness,
    MemoryContract,
    MoneyContract,
    PagingContract,
    PlanContract,
    ReadingContract,
)
from dunwell_tinybooks.adapter import TinybooksAdapter, TinybooksReader
from dunwell_tinybooks.client import Client
from dunwell_tinybooks.erp import Document, Tinybooks, found


class Clerks(People):
    """Who works in Tinybooks; what it has no screen for stays as it is in `People`."""

    def __init__(self, erp: Tinybooks) -> None:
        self.erp = erp
        (company,) = erp.find("company").documents
        self.company_id = company["id"]

    @property
    def on(self) -> date:
        """Today."""
        return self.erp.clock().date()

    def make(self, kind: str, **body: object) -> str:
        """Create a document."""
        return self.erp.create([(kind, body)])[0]

    def many(self, kind: str, bodies: Sequence[Document]) -> list[str]:
        """Create documents, as many at a time as a call may bring."""
        return Client(self.erp).create([(kind, body) for body in bodies])

    def customer(
        self,
        name: str = "Acme",
        *,
        payer: str = "",
        email: str = "ap@acme.example",
        tags: Sequence[str] = (),
        credit_limit: Money | None = None,
    ) -> str:
        return self.make("customer", name=name, payer=payer or None, email=email)

    def person(self, name: str, *, email: str = "") -> str:
        self.make("person", name=name, email=email)
        return email

    def change_email(self, customer: str, email: str) -> None:
        self.erp.change(customer, email=email)

    def invoice(
        self,
        number: str = "",
        *,
        customer: str = "",
        amount: Money | str = "900 EUR",
        issued: date | None = None,
        due: date | None = None,
        company: str = "",
    ) -> str:
        customer = customer or self.erp.find("customer", newest=True).documents[0]["id"]
        issued = issued or self.on
        due = due or issued + timedelta(days=30)
        return self.make("invoice", **self.bill(number, customer, amount, issued=issued, due=due))

    def invoice_without_due_date(
        self, number: str, *, customer: str, amount: Money | str = "900 EUR"
    ) -> str:
        return self.make("invoice", **self.bill(number, customer, amount))

    def bill(
        self,
        number: str,
        customer: str,
        amount: Money | str = "900 EUR",
        *,
        issued: date | None = None,
        due: date | None = None,
    ) -> Document:
        """An invoice."""
        worth = parse_money(amount) if isinstance(amount, str) else amount
        total = f"{worth.decimal():f}"
        return {
            "number": number or "F",
            "customer": customer,
            "company": self.company_id,
            "issued": (issued or self.on).isoformat(),
            "due": due.isoformat() if due else None,
            "currency": worth.currency,
            "amount": total,
            "open": total,
        }

    def move_due_date(self, item: str, due: date) -> None:
        self.erp.change(item, due=due.isoformat())

    def delete_invoice(self, item: str) -> None:
        self.erp.delete(item)

    def pay(self, item: str, amount: Money | str | None = None, *, on: date | None = None) -> str:
        return self.settle(item, amount, on or self.on, "payment")

    def write_off(self, item: str, amount: Money | str | None = None) -> None:
        self.settle(item, amount, self.on, "write_off")

    def settle(self, item: str, amount: Money | str | None, on: date, kind: str) -> str:
        """Pay or write off."""
        (invoice,) = self.erp.find("invoice", where={"id": [item]}).documents
        if amount is None:
            total = invoice["open"]
        else:
            worth = parse_money(amount) if isinstance(amount, str) else amount
            total = f"{worth.decimal():f}"
        try:
            return self.erp.pay(item, total, on, kind=kind)
        except ValueError:
            return pytest.skip("Tinybooks takes no overpayments")

    def exclude(
        self, customer: str, *, item: str = "", reason: str = "", until: date | None = None
    ) -> str:
        mark = {"reason": reason, "since": self.on.isoformat()}
        mark["until"] = until.isoformat() if until else ""
        self.erp.change(customer, leave_alone=mark)
        return customer

    def end_exclusion(self, exclusion: str) -> None:
        self.erp.change(exclusion, leave_alone=None)

    def call(self, customer: str, text: str = "called them") -> None:
        self.make("note", customer=customer, topic="call", text=text)

    def mail(self, customer: str, text: str = "wrote to them") -> None:
        self.make("note", customer=customer, topic="mail", text=text)

    def finish_task(self, key: str, outcome: str = "") -> None:
        self.end_task(key, state="done", outcome=outcome)

    def cancel_task(self, key: str) -> None:
        self.end_task(key, state="cancelled")

    def end_task(self, key: str, **fields: object) -> None:
        """Change a task for the last time."""
        (task,) = self.erp.find("task", where={"reference": [key]}).documents
        self.erp.change(task["id"], ended=self.on.isoformat(), **fields)

    def delete_task(self, key: str) -> None:
        (task,) = self.erp.find("task", where={"reference": [key]}).documents
        self.erp.delete(task["id"])

    def faces(self, customer: str) -> Sequence[Face]:
        made = {"customer": [customer], "topic": ["dunwell"]}
        notes = self.erp.find("note", where=made).documents
        return [
            *(Face("note", note["reference"], note["text"]) for note in notes),
            *(self.face(task) for task in self.erp.find("task", where=made).documents),
        ]

    def face(self, task: Document) -> Face:
        """A task as people see it."""
        due = date.fromisoformat(task["due"]) if task.get("due") else None
        return Face("task", task["reference"], task["summary"], task["owner"], due)

    def delete_faces(self, customer: str) -> None:
        for kind in ("note", "task"):
            made = {"customer": [customer], "topic": ["dunwell"]}
            for document in self.erp.find(kind, where=made).documents:
                self.erp.delete(document["id"])


class Watched(Tinybooks):
    """Counts its calls, and goes wrong when told to."""

    calls = 0
    line = "up"
    waits = False  # for a call that changes something

    @contextmanager
    def call(self, *, changes: bool = False) -> Iterator[Connection]:
        self.calls += 1
        if self.line == "down":
            raise ConnectionRefusedError("the line is down")
        with super().call(changes=changes) as books:
            yield books
        if changes or not self.waits:
            line, self.line, self.waits = self.line, "up", False
            if line == "late":
                raise TimeoutError
            if line == "nonsense":
                raise ValueError


class TinybooksHarness(Harness):
    """A fresh set of books for each test; people and adapter each have their own line."""

    def __init__(
        self, folder: Path, step: Callable[[Tinybooks], Adapter] = TinybooksAdapter
    ) -> None:
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
        self.path = folder / "books.db"
        self.step = step
        found(self.path, company="Acme Tools", currency="EUR", timezone="Europe/Madrid")
        self.erp = Watched(self.path, lambda: self.now)
        self.people = self.clerks = Clerks(Tinybooks(self.path, lambda: self.now))

    def open(self) -> Adapter:
        return self.step(self.erp)

    def calls(self) -> int:
        return self.erp.calls

    def crowd(self, customers: int) -> None:
        clerks, start = self.clerks, self._crowd
        self._crowd += customers
        names = [f"Customer {start + n}" for n in range(customers)]
        made = clerks.many("customer", [{"name": name} for name in names])
        clerks.many(
            "invoice", [clerks.bill(name, owes) for name, owes in zip(names, made, strict=True)]
        )

    def pass_time(self, span: timedelta) -> None:
        self.now += span

    def elsewhere(self) -> Callable[[], Adapter]:
        return partial(open_books, self.path)

    def disconnect(self) -> None:
        self.erp.line = "down"

    def lose_answer(self) -> None:
        self.answer_late(change=True)

    def answer_late(self, *, change: bool = False) -> None:
        self.erp.line, self.erp.waits = "late", change

    def answer_nonsense(self, *, change: bool = False) -> None:
        self.erp.line, self.erp.waits = "nonsense", change

    def open_as_stranger(self) -> Adapter:
        return TinybooksAdapter(PrivateBooks(self.path))


class PrivateBooks(Tinybooks):
    """Books that are not for us."""

    def about(self) -> Document:
        raise PermissionError("unknown user")


def open_books(path: Path) -> Adapter:
    """The adapter in another process."""
    return TinybooksAdapter(Tinybooks(path))


class TestReader(ReadingContract, MoneyContract, PagingContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> TinybooksHarness:
        return TinybooksHarness(tmp_path, TinybooksReader)


class TestEngine(MemoryContract, PlanContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> TinybooksHarness:
        return TinybooksHarness(tmp_path)


class TestTinybooks(AdapterContract):
    sizes = (10, 150, 350)
    old_entries = 1_000

    @pytest.fixture
    def harness(self, tmp_path: Path) -> TinybooksHarness:
        return TinybooksHarness(tmp_path)
