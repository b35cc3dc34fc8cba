"""The embedded ledger keeps the contract of the port."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dunwell.hooks import Settings
from dunwell.money import Money
from dunwell.port import Adapter
from dunwell.testing import Face, People
from dunwell.testing.contract import AdapterContract, Harness
from dunwell.testing.rows import money
from dunwell_ledger import books, people, reading
from dunwell_ledger.adapter import LedgerAdapter
from dunwell_ledger.clock import Clock
from dunwell_ledger.plugin import open_adapter
from dunwell_ledger.store import Ledger, create

MAIN = "main"
START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Clerks(People):
    """The people of a ledger, who use its own functions."""

    def __init__(self, path: Path) -> None:
        self.ledger: Ledger = create(path, identity="contract")
        self.now = START
        self.drawn = 0
        self.zone = ZoneInfo("Europe/Madrid")
        self.put("companies", id=MAIN, name=MAIN, currency="EUR", timezone=self.zone.key)

    @property
    def on(self) -> date:
        return self.now.astimezone(self.zone).date()

    def desk(self) -> AbstractContextManager[sqlite3.Connection]:
        return self.ledger.writing()

    def put(self, table: str, **row: str | int | None) -> str:
        with self.desk() as connection:
            books.put(connection, table, [row])
        return str(row["id"])

    def company(self, name: str, *, currency: str = "EUR") -> str:
        return self.put("companies", id=name, name=name, currency=currency)

    def person(self, name: str, *, email: str = "") -> str:
        return self.put("people", id=email or name, name=name, email=email or None)

    def customer(
        self,
        name: str = "Acme",
        *,
        payer: str = "",
        email: str = "ap@acme.example",
        tags: Sequence[str] = (),
        credit_limit: Money | None = None,
    ) -> str:
        return self.put(
            "customers",
            id=name,
            name=name,
            payer=payer or None,
            email=email,
            tags=",".join(tags),
            credit_limit=credit_limit.minor if credit_limit else None,
            credit_currency=credit_limit.currency if credit_limit else None,
        )

    def change_email(self, customer: str, email: str) -> None:
        self.put("customers", id=customer, email=email)

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
        if not customer:
            with self.ledger.reading() as connection:
                newest = "SELECT id FROM customers ORDER BY n DESC LIMIT 1"
                customer = connection.execute(newest).fetchone()[0]
        return self.item(
            number, customer, amount, company=company, issued=issued, due=due or self.on
        )

    def invoice_without_due_date(
        self, number: str, *, customer: str, amount: Money | str = "900 EUR"
    ) -> str:
        return self.item(number, customer, amount)

    def item(
        self,
        number: str,
        customer: str,
        amount: Money | str,
        *,
        company: str = "",
        issued: date | None = None,
        due: date | None = None,
        **columns: str,
    ) -> str:
        self.drawn += 1
        worth = money(amount)
        row: dict[str, str | int | None] = {
            "id": f"item-{self.drawn}",
            "customer": customer,
            "company": company or MAIN,
            "number": number or f"F-{self.drawn}",
            "issued": (issued or self.on).isoformat(),
            "due": due.isoformat() if due else None,
            "currency": worth.currency,
            "amount": worth.minor,
        }
        return self.put("items", **{**row, **columns})

    def instalments(
        self, number: str, parts: Sequence[tuple[date, Money]], *, customer: str
    ) -> Sequence[str]:
        return [
            self.item(number, customer, amount, due=due, kind="instalment", document=number)
            for due, amount in parts
        ]

    def delete_invoice(self, item: str) -> None:
        with self.desk() as connection:
            connection.execute("DELETE FROM items WHERE id = ?", (item,))

    def move_due_date(self, item: str, due: date) -> None:
        with self.desk() as connection:
            connection.execute("UPDATE items SET due = ? WHERE id = ?", (due.isoformat(), item))

    def rate(self, currency: str, rate: str, *, on: date, company: str = "") -> None:
        row = {"company": company or MAIN, "currency": currency, "on": on.isoformat()}
        with self.desk() as connection:
            books.put(connection, "rates", [{**row, "rate": rate}])

    def pay(self, item: str, amount: Money | str | None = None, *, on: date | None = None) -> str:
        return self.settle(item, amount, on or self.on, kind="payment")

    def settle(self, item: str, amount: Money | str | None, on: date, *, kind: Any) -> str:
        find = "SELECT customer, currency, balance FROM items WHERE id = ?"
        with self.desk() as connection:
            customer, currency, balance = connection.execute(find, (item,)).fetchone()
            worth = Money(balance, currency) if amount is None else money(amount)
            people.pay(connection, customer, worth, on, items=[item], kind=kind)
            newest = connection.execute("SELECT max(n) FROM allocations").fetchone()
        return str(newest[0])

    def reverse(self, settlement: str) -> None:
        find = "SELECT c.id FROM credits c, allocations a WHERE a.n = ? AND c.n = a.credit"
        with self.desk() as connection:
            payment = connection.execute(find, (settlement,)).fetchone()[0]
            people.reverse(connection, payment, self.on)

    def write_off(self, item: str, amount: Money | str | None = None) -> None:
        self.settle(item, amount, self.on, kind="write_off")

    def credit(self, number: str, amount: Money | str, *, customer: str, item: str = "") -> str:
        with self.desk() as connection:
            name = people.pay(
                connection,
                customer,
                money(amount),
                self.on,
                company=MAIN,
                items=[],
                kind="credit_note",
                number=number,
            )
            link = "UPDATE credits SET item = nullif(?, '') WHERE id = ?"
            connection.execute(link, (item, name))
        return name

    def promise(
        self, customer: str, amount: Money | str, *, by: date, items: Sequence[str] = ()
    ) -> str:
        with self.desk() as connection:
            return people.promise(
                connection,
                customer,
                money(amount),
                made=self.on,
                by=by,
                company=MAIN,
                items=items,
            )

    def move_promise(self, promise: str, *, by: date) -> str:
        find = "SELECT customer, amount, currency FROM promises WHERE id = ?"
        with self.ledger.reading() as connection:
            customer, minor, currency = connection.execute(find, (promise,)).fetchone()
        self.withdraw_promise(promise)
        return self.promise(customer, Money(minor, currency), by=by)

    def withdraw_promise(self, promise: str) -> None:
        with self.desk() as connection:
            people.end(connection, "promises", promise, self.on)

    def dispute(self, item: str, amount: Money | str | None = None, *, reason: str = "") -> str:
        part = None if amount is None else money(amount)
        with self.desk() as connection:
            return people.dispute(connection, item, self.on, amount=part, reason=reason)

    def end_dispute(self, dispute: str) -> None:
        with self.desk() as connection:
            people.end(connection, "disputes", dispute, self.on)

    def exclude(
        self, customer: str, *, item: str = "", reason: str = "", until: date | None = None
    ) -> str:
        with self.desk() as connection:
            return people.exclude(
                connection, customer, self.on, until=until, item=item, reason=reason
            )

    def end_exclusion(self, exclusion: str) -> None:
        self.put("exclusions", id=exclusion, until=(self.on - timedelta(days=1)).isoformat())

    def call(self, customer: str, text: str = "called them") -> None:
        with self.desk() as connection:
            people.contact(connection, customer, "phone", text, at=self.now)

    def mail(self, customer: str, text: str = "wrote to them") -> None:
        with self.desk() as connection:
            people.contact(connection, customer, "email", text, at=self.now)

    def place_hold(self, customer: str, kind: str = "orders", *, company: str = "") -> None:
        with self.desk() as connection:
            people.place_hold(connection, customer, kind, self.on, by="ana", company=company)

    def lift_hold(self, customer: str, kind: str = "orders", *, company: str = "") -> None:
        with self.desk() as connection:
            people.lift_hold(connection, customer, kind, self.on, by="ana")

    def change_hold(self, customer: str, kind: str, value: str) -> None:
        change = "UPDATE holds SET value = ? WHERE customer = ? AND kind = ? AND ours = 1"
        with self.desk() as connection:
            connection.execute(change, (value, customer, kind))

    def finish_task(self, key: str, outcome: str = "") -> None:
        with self.desk() as connection:
            people.end_task(connection, key, self.on, outcome=outcome)

    def cancel_task(self, key: str) -> None:
        with self.desk() as connection:
            people.end_task(connection, key, self.on, state="cancelled")

    def delete_task(self, key: str) -> None:
        with self.desk() as connection:
            people.delete_task(connection, key)

    def faces(self, customer: str) -> Sequence[Face]:
        with self.ledger.reading() as connection:
            notes = connection.execute(
                "SELECT key, text FROM notes WHERE customer = ? AND key IS NOT NULL", (customer,)
            ).fetchall()
            tasks = connection.execute(
                "SELECT key, summary, assignee, due FROM tasks WHERE customer = ?", (customer,)
            ).fetchall()
        return [
            *(Face("note", key, text) for key, text in notes),
            *(
                Face("task", key, text, owner or "", date.fromisoformat(due) if due else None)
                for key, text, owner, due in tasks
            ),
        ]

    def delete_faces(self, customer: str) -> None:
        with self.desk() as connection:
            connection.execute("DELETE FROM notes WHERE customer = ?", (customer,))
            connection.execute("DELETE FROM tasks WHERE customer = ?", (customer,))


class LedgerHarness(Harness):
    """A ledger in a folder; its statements are counted, and one commit can lose its answer."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.losing = False
        harness = self

        class Watched(sqlite3.Connection):
            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                harness.asked += sql.lstrip().startswith(("SELECT", "WITH", "BEGIN"))
                answer = super().execute(sql, *parameters)
                if sql == "COMMIT" and harness.losing:
                    harness.losing = False
                    raise sqlite3.OperationalError("disk I/O error")
                return answer

        monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Watched))
        monkeypatch.setattr(reading, "PAGE", self.page_rows)
        self.path = folder / "ledger.sqlite"
        self.folder, self.monkeypatch = folder, monkeypatch
        self.others: list[LedgerHarness] = []
        self.people = self.clerks = Clerks(self.path)
        self.opened: list[LedgerAdapter] = []

    def anew(self) -> LedgerHarness:
        for other in self.others:
            other.close()
        self.others = [LedgerHarness(Path(mkdtemp(dir=self.folder)), self.monkeypatch)]
        return self.others[0]

    def open(self) -> Adapter:
        adapter = LedgerAdapter(Ledger(self.path, wait=30), clock=Clock(fixed=self.clerks.now))
        self.opened.append(adapter)
        return adapter

    def calls(self) -> int:
        return self.asked

    def crowd(self, customers: int) -> None:
        names = [f"Customer {self._crowd + n}" for n in range(customers)]
        self._crowd += customers
        owed: dict[str, str | int] = {"company": MAIN, "currency": "EUR", "amount": 90_000}
        with self.clerks.desk() as desk:
            books.put(desk, "customers", [{"id": name, "name": name} for name in names])
            items = [{"id": f"F {n}", "customer": n, "number": f"F {n}", **owed} for n in names]
            books.put(desk, "items", items)

    def pass_time(self, span: timedelta) -> None:
        self.clerks.now += span
        for adapter in self.opened:
            adapter.clock = Clock(fixed=self.clerks.now)

    def live_in(self, timezone: str) -> None:
        self.clerks.zone = ZoneInfo(timezone)
        with self.clerks.desk() as desk:
            desk.execute("UPDATE companies SET timezone = ? WHERE id = ?", (timezone, MAIN))

    def elsewhere(self) -> Callable[[], Adapter]:
        values = {"path": self.path.name, "now": self.clerks.now}
        return partial(open_adapter, Settings(values, self.path.parent, os.getenv))

    def disconnect(self) -> None:
        for adapter in self.opened:
            adapter.close()
        self.path.rename(self.path.with_suffix(".moved"))

    def lose_answer(self) -> None:
        self.losing = True

    def open_as_stranger(self) -> Adapter:
        return open_adapter(Settings({"path": "nobody.sqlite"}, self.path.parent))

    def close(self) -> None:
        """Let go of the file."""
        for adapter in self.opened:
            adapter.close()
        for other in self.others:
            other.close()
        self.clerks.ledger.close()


class TestLedger(AdapterContract):
    @pytest.fixture
    def harness(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LedgerHarness]:
        harness = LedgerHarness(tmp_path, monkeypatch)
        yield harness
        harness.close()
