"""What all subjects of the engine's contract share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import SimpleNamespace

import pytest

from dunwell.run import perform
from dunwell.testing.contract.base import ContractBase
from dunwell.testing.contract.office import Books, Office
from dunwell.testing.harness import Harness
from dunwell.testing.people import People, absent


class EngineBase(ContractBase):
    """The same `harness` as the contract of adapters; the office is made from it."""

    @pytest.fixture
    def office(self, harness: Harness) -> Office:
        """The engine over a fresh ERP."""
        return Office(harness)

    @pytest.fixture(autouse=True)
    def _hurried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody waits before a second try."""
        hurried = SimpleNamespace(**{**vars(time), "sleep": lambda seconds: None})
        monkeypatch.setattr(perform, "time", hurried)


def _paid(people: People, books: Books) -> None:
    people.pay(books.items["Reminded-1"])


def _disputed(people: People, books: Books) -> None:
    people.dispute(books.items["Reminded-1"])


def _excluded(people: People, books: Books) -> None:
    people.exclude(books.reminded, reason="in talks")


def _moved(people: People, books: Books) -> None:
    people.change_email(books.reminded, "new@c.example")


def _written(people: People, books: Books) -> None:
    people.mail(books.reminded)


def _called(people: People, books: Books) -> None:
    people.call(books.reminded)


def _credited(people: People, books: Books) -> None:
    people.credit("CN-1", "10 EUR", customer=books.reminded)


Change = Callable[[Office, Books], object]


def _invoiced(office: Office, books: Books) -> None:
    on = office.adapter.describe().on
    due = on - timedelta(7)
    office.people.invoice("late one", customer=books.reminded, issued=due, due=due)


def _promised(office: Office, books: Books) -> None:
    by = office.adapter.describe().on + timedelta(30)
    office.people.promise(books.reminded, "200 EUR", by=by)


def _put_off(office: Office, books: Books) -> None:
    on = office.adapter.describe().on
    office.people.move_due_date(books.items["Reminded-1"], on + timedelta(90))


def _blocked(office: Office, books: Books) -> None:
    kinds = office.adapter.capabilities().hold_kinds
    if not kinds:
        absent("holds")
    office.people.place_hold(books.reminded, kinds[0])


def _by_people(act: Callable[[People, Books], None]) -> Change:
    return lambda office, books: act(office.people, books)


CHANGES: Mapping[str, Change] = {
    "a payment": _by_people(_paid),
    "a dispute": _by_people(_disputed),
    "an exclusion": _by_people(_excluded),
    "a new address": _by_people(_moved),
    "a person's mail": _by_people(_written),
    "a person's call": _by_people(_called),
    "a credit": _by_people(_credited),
    "a promise": _promised,
    "a person's hold": _blocked,
    "an invoice": _invoiced,
    "a due date put off": _put_off,
}
"""What happens to the customer who gets a message, between two moments of a run."""
