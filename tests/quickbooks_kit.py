"""Ways to the stand-in of QuickBooks Online, and the people in it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import responses
from requests.adapters import BaseAdapter

from dunwell.command import Command, Message
from dunwell.hooks import Settings
from dunwell.log.entry import ClaimBody, Claimed, encode
from dunwell.log.keys import claim_key, effect_key
from dunwell.money import Money
from dunwell.port import Adapter, Effect
from dunwell.testing import Face, People
from dunwell.testing.contract import Harness
from dunwell.testing.contract.deeds import claim, entries, write
from dunwell.testing.people import absent
from dunwell.testing.rows import money
from dunwell_quickbooks.adapter import QuickBooksAdapter
from dunwell_quickbooks.bundle import note_key, note_text
from dunwell_quickbooks.head import without_hold
from dunwell_quickbooks.opening import opened
from dunwell_quickbooks.pace import Pace
from dunwell_quickbooks.plugin import open_adapter

from tests.quickbooks_books import Books, Entity
from tests.quickbooks_service import CLIENT, REALM, SECRET, ResetError, Service, Trouble

BASE = "http://127.0.0.1:9"
FIRST = "refresh-0"


def secrets(name: str) -> str | None:
    """What the environment would say."""
    return {"client_secret": SECRET, "refresh_token": FIRST}.get(name)


def wrong_secrets(name: str) -> str | None:
    """Secrets of somebody else."""
    return {"client_secret": SECRET, "refresh_token": "stolen"}.get(name)


class NoPace(Pace):
    """Lets every request leave at once."""

    def __init__(self) -> None:
        super().__init__(per_second=10, per_minute=500)

    def wait(self) -> None:
        return


Answered = tuple[int, dict[str, str], bytes]


def asked(service: Service, request: requests.PreparedRequest) -> Answered:
    """What the stand-in answers to a request: status, headers, body."""
    parts = urlsplit(request.url or "")
    body = request.body or b""
    raw = body.encode() if isinstance(body, str) else body
    environ = {
        "REQUEST_METHOD": request.method, "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query, "CONTENT_LENGTH": str(len(raw)),
        "CONTENT_TYPE": request.headers.get("Content-Type", ""), "wsgi.input": io.BytesIO(raw),
    }  # fmt: skip
    for name, value in request.headers.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    head: list[Any] = []
    content = b"".join(service(environ, lambda *given: head.extend(given)))
    return int(head[0].split()[0]), dict(head[1]), content


# -- through `responses` ------------------------------------------------------------------------


@contextmanager
def responding() -> Iterator[None]:
    """Requests are answered by `responses`; those to this machine's own servers go through."""
    with responses.mock:
        responses.add_passthru("http://127.0.0.1")
        yield


def address_of(service: Service) -> str:
    """Where a stand-in is found while `responses` answers."""
    return f"https://quickbooks-{id(service)}.test"


def session_to(service: Service) -> requests.Session:
    """A session whose requests reach the stand-in through `responses`."""
    base = re.compile(re.escape(address_of(service)))

    def answer(request: requests.PreparedRequest) -> Answered | Exception:
        try:
            return asked(service, request)
        except ResetError as error:
            return requests.exceptions.ConnectionError(error)

    if not any(known.url == base for known in responses.registered()):
        for method in ("GET", "POST"):
            responses.add_callback(method, base, callback=answer, content_type=None)
    return requests.Session()


# -- without `responses`: for the contract, whose threads ask much ------------------------------


class InProcess(BaseAdapter):
    """Requests that reach the stand-in without a socket."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self.service, self.cut = service, False

    def send(
        self, request: requests.PreparedRequest, *args: Any, **given: Any
    ) -> requests.Response:
        if self.cut:
            raise requests.exceptions.ConnectTimeout("the line is cut")
        answer = requests.Response()
        try:
            answer.status_code, headers, answer._content = asked(self.service, request)
        except ResetError as error:
            raise requests.exceptions.ConnectionError(error) from error
        answer.headers.update(headers)
        answer.url, answer.request = request.url or "", request
        return answer

    def close(self) -> None:
        """Nothing to let go of."""


def line_to(service: Service) -> requests.Session:
    """A session whose requests reach the stand-in with nothing in between."""
    session = requests.Session()
    session.mount("https://", InProcess(service))
    return session


def settings_for(folder: Path, base: str = BASE, **changed: Any) -> Settings:
    """`[erp]` as a user would write it for a test server."""
    values = {
        "adapter": "quickbooks", "realm": REALM, "client_id": CLIENT, "api_base": base,
        "token_url": f"{base}/oauth2/v1/tokens/bearer", "timezone": "Europe/Madrid",
    }  # fmt: skip
    return Settings({**values, **changed}, folder, secrets)


def adapter_to(
    service: Service,
    folder: Path,
    *,
    session: requests.Session | None = None,
    page: int = 1000,
    page_rows: int = 10_000,
    **changed: Any,
) -> QuickBooksAdapter:
    """A new adapter; it sees the stand-in's clock as its own, and never waits."""
    return opened(
        settings_for(folder, address_of(service), **changed),
        session=session or session_to(service),
        tick=lambda: service.now.timestamp(),
        moment=lambda: service.now.timestamp() + 10 * service.books.edits,
        sleep=lambda seconds: None,
        pace=NoPace(),
        page=page,
        page_rows=page_rows,
    )


def another(service: Service, folder: Path, **changed: Any) -> QuickBooksAdapter:
    """An adapter of the same connection that knows nothing: what was read before is deleted."""
    for cache in (folder / ".dunwell").rglob("*.cache.json"):
        cache.unlink()
    return adapter_to(service, folder, **changed)


# -- loopback -----------------------------------------------------------------------------------


# -- people -------------------------------------------------------------------------------------


class Clerks(People):
    """The people of a company on QuickBooks Online, in its own screens."""

    def __init__(self, service: Service) -> None:
        self.service = service

    @property
    def books(self) -> Books:
        """The records; people take their time with each of them."""
        self.service.books.edits += 1
        return self.service.books

    @property
    def on(self) -> date:
        return self.books.on

    def customer(
        self,
        name: str = "Acme",
        *,
        payer: str = "",
        email: str = "ap@acme.example",
        tags: Sequence[str] = (),
        credit_limit: Money | None = None,
    ) -> str:
        if tags or credit_limit is not None:
            absent("tags or credit limits")
        row: Entity = {"DisplayName": self._free(name), "CompanyName": name[:100]}
        row |= {"PrimaryEmailAddr": {"Address": email}} if email else {}
        if payer:
            row |= {"ParentRef": {"value": payer}, "Job": True, "BillWithParent": True}
        return str(self.books.create("Customer", row)["Id"])

    def _free(self, name: str) -> str:
        taken = {row["DisplayName"] for row in self.books.rows["Customer"].values()}
        return name if name not in taken else f"{name} ({len(taken)})"

    def archive(self, customer: str) -> None:
        self.change("Customer", customer, Active=False)

    def change(self, kind: str, number: str, **fields: Any) -> None:
        with self.books.lock:
            row = self.books.rows[kind][number]
            given = {"Id": number, "SyncToken": row["SyncToken"], "sparse": True, **fields}
            self.books.update(kind, given)

    def change_email(self, customer: str, email: str) -> None:
        self.change("Customer", customer, PrimaryEmailAddr={"Address": email})

    def invoice(
        self,
        number: str = "",
        *,
        customer: str = "",
        amount: Money | str = "900 EUR",
        issued: date | None = None,
        due: date | None = None,
        company: str = "",
        **fields: Any,
    ) -> str:
        if company:
            absent("second company")
        worth = money(amount)
        owner = customer or max(self.books.rows["Customer"], key=int)
        row: Entity = {
            "CustomerRef": {"value": owner}, "TxnDate": (issued or self.on).isoformat(),
            "DueDate": (due or self.on).isoformat(), "CurrencyRef": {"value": worth.currency},
            "Line": [{"Amount": worth.decimal(), "DetailType": "SalesItemLineDetail"}],
        }  # fmt: skip
        row |= {"DocNumber": number} if number else {}
        return str(self.books.create("Invoice", {**row, **fields})["Id"])

    def invoice_without_due_date(
        self, number: str, *, customer: str, amount: Money | str = "900 EUR"
    ) -> str:
        made = self.invoice(number, customer=customer, amount=amount)
        del self.books.rows["Invoice"][made]["DueDate"]
        return made

    def delete_invoice(self, item: str) -> None:
        self.books.delete("Invoice", item)

    def move_due_date(self, item: str, due: date) -> None:
        self.change("Invoice", item, DueDate=due.isoformat())

    def pay(self, item: str, amount: Money | str | None = None, *, on: date | None = None) -> str:
        with self.books.lock:
            invoice = self.books.read("Invoice", item)
            worth = invoice["Balance"] if amount is None else money(amount).decimal()
            used = min(worth, invoice["Balance"])
            row = {
                "CustomerRef": invoice["CustomerRef"], "CurrencyRef": invoice["CurrencyRef"],
                "TotalAmt": worth, "TxnDate": (on or self.on).isoformat(),
                "Line": [{"Amount": used, "LinkedTxn": [{"TxnId": item, "TxnType": "Invoice"}]}],
            }  # fmt: skip
            return f"{self.books.create('Payment', row)['Id']}:{item}"

    def reverse(self, settlement: str) -> None:
        self.books.delete("Payment", settlement.partition(":")[0])

    def credit(self, number: str, amount: Money | str, *, customer: str, item: str = "") -> str:
        if item:
            absent("credit memo of an invoice before it is applied")
        worth = money(amount)
        row = {
            "CustomerRef": {"value": customer}, "CurrencyRef": {"value": worth.currency},
            "DocNumber": number, "Line": [{"Amount": worth.decimal()}],
        }  # fmt: skip
        return f"CreditMemo-{self.books.create('CreditMemo', row)['Id']}"

    # -- what people write into notes -----------------------------------------------------------

    def write(self, kind: str, number: str, line: str) -> None:
        """Add a line to the notes of a customer or an invoice."""
        name = "Notes" if kind == "Customer" else "PrivateNote"
        with self.books.lock:
            old = str(self.books.rows[kind][number].get(name) or "")
            self.change(kind, number, **{name: f"{old}\n{line}".strip("\n")})

    def rewrite(self, kind: str, number: str, edit: Callable[[str], str]) -> None:
        """Edit the notes of a customer or an invoice."""
        name = "Notes" if kind == "Customer" else "PrivateNote"
        with self.books.lock:
            old = str(self.books.rows[kind][number].get(name) or "")
            self.change(kind, number, **{name: edit(old)})

    def mark_of(self, mark: str) -> tuple[str, str, str]:
        """Where a mark stands: kind, Id and the line."""
        from dunwell_quickbooks.marks import find_marks

        for kind, name in (("Customer", "Notes"), ("Invoice", "PrivateNote")):
            for number, row in self.books.rows[kind].items():
                for found in find_marks(str(row.get(name) or ""), f"{kind.lower()}-{number}"):
                    if found.id == mark:
                        return kind, number, found.line
        raise KeyError(mark)

    def noted(self, kind: str, number: str, line: str) -> str:
        """Write a mark; its identifier."""
        from dunwell_quickbooks.marks import find_marks

        self.write(kind, number, line)
        name = "Notes" if kind == "Customer" else "PrivateNote"
        text = str(self.books.rows[kind][number][name])
        return find_marks(text, f"{kind.lower()}-{number}")[-1].id

    def promise(
        self, customer: str, amount: Money | str, *, by: date, items: Sequence[str] = ()
    ) -> str:
        worth = money(amount)
        line = f"PROMISE {by} {worth.decimal():f} {worth.currency} made {self.on}"
        line += f" for {', '.join(items)}" if items else ""
        return self.noted("Customer", customer, line)

    def move_promise(self, promise: str, *, by: date) -> str:
        _, customer, line = self.mark_of(promise)
        self.withdraw_promise(promise)
        words = line.split()
        return self.noted("Customer", customer, " ".join([words[0], str(by), *words[2:]]))

    def withdraw_promise(self, promise: str) -> None:
        kind, number, line = self.mark_of(promise)
        self.rewrite(kind, number, lambda old: old.replace(line, f"{line} ended {self.on}"))

    def dispute(self, item: str, amount: Money | str | None = None, *, reason: str = "") -> str:
        worth = "" if amount is None else f" {money(amount)}"
        return self.noted("Invoice", item, f"DISPUTE{worth} {reason} since {self.on}")

    def end_dispute(self, dispute: str) -> None:
        kind, number, line = self.mark_of(dispute)
        self.rewrite(kind, number, lambda old: old.replace(line, ""))

    def exclude(
        self, customer: str, *, item: str = "", reason: str = "", until: date | None = None
    ) -> str:
        line = f"DO NOT CONTACT {reason}" + (f" until {until}" if until else "")
        return self.noted("Invoice" if item else "Customer", item or customer, line)

    def end_exclusion(self, exclusion: str) -> None:
        self.end_dispute(exclusion)

    def call(self, customer: str, text: str = "called them") -> None:
        self.write("Customer", customer, f"CALLED {self.on} {text}")

    def mail(self, customer: str, text: str = "wrote to them") -> None:
        with self.books.lock:
            mine = [number for number, row in self.books.rows["Invoice"].items()
                    if row["CustomerRef"]["value"] == customer]  # fmt: skip
        if not mine:
            absent("mail without an invoice")
        self.books.send(mine[-1], "somebody@c.example")

    def place_hold(self, customer: str, kind: str = "orders", *, company: str = "") -> None:
        self.write("Customer", customer, f"HOLD {kind}")

    def lift_hold(self, customer: str, kind: str = "orders", *, company: str = "") -> None:
        def lifted(notes: str) -> str:
            lines = without_hold(notes, kind).split("\n")
            return "\n".join(line for line in lines if line != f"HOLD {kind}")

        self.rewrite("Customer", customer, lifted)

    def change_hold(self, customer: str, kind: str, value: str) -> None:
        line = f"[dunwell hold {kind}] "

        def changed(text: str) -> str:
            lines = text.split("\n")
            return "\n".join(line + value if old.startswith(line) else old for old in lines)

        self.rewrite("Customer", customer, changed)

    # -- tasks ----------------------------------------------------------------------------------

    def task_of(self, key: str) -> tuple[str, str, str]:
        """The Id of a task's note, whose it is, and the code by which people end it."""
        with self.books.lock:
            for number, row in self.books.rows["Attachable"].items():
                text = str(row.get("Note"))
                if note_key(text) == key and text.startswith("TASK "):
                    owner = row["AttachableRef"][0]["EntityRef"]["value"]
                    return number, str(owner), text.split()[1]
        raise KeyError(key)

    def finish_task(self, key: str, outcome: str = "") -> None:
        _, customer, code = self.task_of(key)
        self.write("Customer", customer, f"DONE {code} {outcome}".strip())

    def cancel_task(self, key: str) -> None:
        _, customer, code = self.task_of(key)
        self.write("Customer", customer, f"CANCELLED {code}")

    def delete_task(self, key: str) -> None:
        number, _, _ = self.task_of(key)
        self.books.delete("Attachable", number)

    # -- what Dunwell made ----------------------------------------------------------------------

    def _attached(self, customer: str) -> dict[str, Entity]:
        with self.books.lock:
            return {
                number: dict(row)
                for number, row in self.books.rows["Attachable"].items()
                if note_key(str(row.get("Note"))) and any(
                    ref["EntityRef"]["value"] == customer for ref in row["AttachableRef"]
                )
            }  # fmt: skip

    def faces(self, customer: str) -> Sequence[Face]:
        found: dict[str, str] = {}
        for row in self._attached(customer).values():
            key = note_key(row["Note"])
            found[key] = found.get(key, "") + note_text(row["Note"])
        return [
            Face("task" if text.startswith("TASK ") else "note", key, text)
            for key, text in found.items()
        ]

    def delete_faces(self, customer: str) -> None:
        for number in self._attached(customer):
            self.books.delete("Attachable", number)


class QuickBooksHarness(Harness):
    """The stand-in with its people; adapters share no memory, only the cache where one is."""

    batch_rows = 1  # a head is written for each debtor: in a batch nobody has tried it

    def __init__(self, folder: Path, **changed: Any) -> None:
        self.folder, self.changed = folder, changed
        self.service = Service()
        self.people = self.clerks = Clerks(self.service)
        self.made: list[QuickBooksAdapter] = []
        self.base = ""
        self.freshly = 0

    def anew(self) -> Harness:
        self.freshly += 1
        return type(self)(self.folder / f"anew-{self.freshly}", **self.changed)

    def open(self) -> QuickBooksAdapter:
        adapter = adapter_to(
            self.service, self.folder, session=line_to(self.service), page=self.page_rows,
            page_rows=self.page_rows, **self.changed,
        )  # fmt: skip
        self.made.append(adapter)
        return adapter

    def calls(self) -> int:
        return self.service.calls

    def pass_time(self, span: timedelta) -> None:
        self.service.now += span

    def elsewhere(self) -> Callable[[], QuickBooksAdapter]:
        if not self.base:
            absent("life outside this process without loopback")
        settings = settings_for(self.folder, self.base, requests_per_second=10)
        return partial(open_adapter, settings)  # type: ignore[return-value]

    def disconnect(self) -> None:
        for adapter in self.made:
            line = adapter.company.door.session.get_adapter("https://")
            assert isinstance(line, InProcess)
            line.cut = True

    def lose_answer(self) -> None:
        self.service.troubles.append(Trouble("reset", r"^POST \S+/customer\?"))

    def open_as_stranger(self) -> QuickBooksAdapter:
        settings = settings_for(self.folder / "stranger", address_of(self.service))
        stranger = Settings(settings.values, settings.folder, wrong_secrets)
        return opened(stranger, session=line_to(self.service), sleep=lambda seconds: None)


# -- what an engine does ------------------------------------------------------------------------


def mail(*items: str, to: str = "ap@acme.example") -> Command:
    message = Message("first", "en", "email", to, "Acme", "Reminder", "please pay")
    return Command("remind", "remind", "standard", "first", items=items, message=message)


def claimed(adapter: Adapter, debtor: str, *commands: Command) -> list[Effect]:
    """Effects under a claim that names the items, as the engine writes it."""
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
