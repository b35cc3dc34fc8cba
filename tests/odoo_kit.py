"""The harness of an Odoo, stand-in or live: people, adapters, and what goes wrong on the line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from dunwell.money import Money
from dunwell.port import Adapter
from dunwell.testing.contract import Harness
from dunwell_odoo.adapter import OdooAdapter
from dunwell_odoo.door import Door, Line
from dunwell_odoo.names import ACTION, MODULE
from dunwell_odoo.options import Options
from dunwell_odoo.setup.admin import Admin
from dunwell_odoo.setup.making import make, making
from dunwell_odoo.wire import PATIENCE

from tests.loopback import served
from tests.odoo_facts import stand_in
from tests.odoo_people import Clerks
from tests.odoo_rpc import InProcess, Rpc, live
from tests.odoo_service import Service

ZONE = ZoneInfo("Europe/Paris")
WAIT = 120.0
"""Seconds, as the product waits: a live Odoo on a busy machine needs more than httpx gives."""
CHANGES = re.compile(
    rb'/load|/create|message_post|/write|/unlink|"(load|create|write|unlink)",'
    rb'|"do": ?"(append|execute)"|"bury": ?true'
)


class Wire(httpx.BaseTransport):
    """The line of all adapters of a harness: it counts, it breaks, it loses answers."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.calls = 0
        self.down = False
        self.trouble, self.change, self.times = "", False, 0

    def disturb(self, trouble: str, *, change: bool) -> None:
        """Answer the next request so, or the next that changes something; reads each time."""
        self.trouble, self.change = trouble, change
        self.times = 1 if change else 1 + len(PATIENCE)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        if self.down:
            raise httpx.ConnectError("the line is cut", request=request)
        answer = self.inner.handle_request(request)
        told = str(request.url).encode() + request.content
        if not self.times or (self.change and not CHANGES.search(told)):
            return answer
        self.times -= 1
        answer.read()
        if self.trouble == "nonsense":
            page = b"<html>the gateway is busy</html>"
            return httpx.Response(200, headers={"Content-Type": "text/html"}, content=page)
        if self.trouble == "late":
            raise httpx.ReadTimeout("nobody waits any more", request=request)
        raise httpx.ReadError("the answer was lost", request=request)


class OdooHarness(Harness):
    """One company of one Odoo. `bare`: nobody has run the set-up."""

    batch_rows = 500

    def __init__(
        self, engine: Rpc, admin: Rpc, version: int, transport: httpx.BaseTransport, *,
        bare: bool = False, page_rows: int = 100, service: Service | None = None,
        remind: str = "odoo",
    ) -> None:  # fmt: skip
        self.engine, self.admin, self.version, self.bare = engine, admin, version, bare
        self.page_rows, self.service, self.remind = page_rows, service, remind
        self.shift, self.zone = timedelta(), ZONE
        self.opened: list[OdooAdapter] = []
        self.wire = Wire(transport)
        self.client = httpx.Client(transport=self.wire, timeout=WAIT)
        if not bare:
            self._set_up()
        told = not bare and bool(self.found(f"{MODULE}.automation_gone"))
        self.people = self.clerks = Clerks(
            admin, engine.uid, self.today, new=version >= 19, told=told
        )
        self.clerks.found(f"Kit {engine.uid}-{self.unique()}")

    def _set_up(self) -> None:
        set_up(self.door(self.admin), self.engine.login)

    def unique(self) -> int:
        """A number that no other company's name has."""
        return int(self.admin("res.company", "search_count", domain=[]))

    def found(self, xid: str) -> list[Any]:
        """What an external id names."""
        module, _, name = xid.partition(".")
        domain = [["module", "=", module], ["name", "=", name]]
        return self.admin.find("ir.model.data", domain, "res_id")

    def now(self) -> datetime:
        """The instant, as Odoo tells it and tests moved it."""
        told = self.admin("mail.message", "default_get", fields=["date"])["date"]
        return datetime.fromisoformat(f"{told}+00:00") + self.shift

    def today(self) -> date:
        return self.now().astimezone(self.zone).date()

    # -- adapters -------------------------------------------------------------------------------

    def door(self, user: Rpc, key: str = "") -> Door:
        """A door of the product's own."""
        return Door(
            Line(user.base), database=user.database, login=user.login, key=key or user.key,
            client=httpx.Client(transport=self.wire, timeout=WAIT), sleep=lambda seconds: None,
        )  # fmt: skip

    def open(self, key: str = "") -> OdooAdapter:
        options = Options(
            url=self.engine.base, database=self.engine.database, login=self.engine.login,
            timezone=self.zone.key, remind=self.remind,  # type: ignore[arg-type]
        )  # fmt: skip
        adapter = OdooAdapter(self.door(self.engine, key), options, page_rows=self.page_rows)
        adapter.clock.shift = self.shift
        self.opened.append(adapter)
        return adapter

    def open_as_stranger(self) -> Adapter:
        return self.open("wrong")

    def calls(self) -> int:
        return self.wire.calls

    def disconnect(self) -> None:
        self.wire.down = True

    def lose_answer(self) -> None:
        self.wire.disturb("lost", change=True)

    def answer_late(self, *, change: bool = False) -> None:
        self.wire.disturb("late", change=change)

    def answer_nonsense(self, *, change: bool = False) -> None:
        self.wire.disturb("nonsense", change=change)

    def live_in(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)

    def pass_time(self, span: timedelta) -> None:
        if self.service is not None:
            self.service.database.clock.move(span)
        else:
            self.shift += span
            for adapter in self.opened:
                adapter.clock.shift = self.shift

    def crowd(self, customers: int) -> None:
        clerks, first = self.clerks, self._crowd
        for start in range(0, customers, 200):
            numbers = range(first + start, first + min(start + 200, customers))
            rows = [{"name": f"Customer {n}", "is_company": True, "email": f"c{n}@c.example"}
                    for n in numbers]  # fmt: skip
            made = self.admin("res.partner", "create", vals_list=rows, context=clerks.here)
            clerks.partners += made
            given = [
                (f"C-{n}", customer, Money(90_000, "EUR"))
                for n, customer in zip(numbers, made, strict=True)
            ]
            clerks.invoices(given, company=clerks.main)
        self._crowd += customers

    def close(self) -> None:
        """Leave a live Odoo as other tests expect it: no log, no messages, no holds."""
        self.wire.down, self.wire.times = False, 0
        if self.service is None:
            clean(self.clerks)
        self.client.close()


class StandIn(OdooHarness):
    """A fresh stand-in."""

    def __init__(self, version: int, **more: Any) -> None:
        world = stand_in(version)
        assert world.service is not None
        super().__init__(
            world.engine, world.admin, version, InProcess(world.service),
            service=world.service, **more,
        )  # fmt: skip

    def anew(self) -> Harness:
        return type(self)(self.version, bare=self.bare)


class OnLoopback(StandIn):
    """A stand-in that other processes reach, too; `url` is where."""

    url = ""

    def elsewhere(self) -> Callable[[], Adapter]:
        return partial(
            open_elsewhere, self.url, self.engine.database, self.engine.login, self.engine.key
        )


class Live(OdooHarness):
    """The Odoo that the environment names."""

    def __init__(self, values: Any, **more: Any) -> None:
        engine, admin, version = live(values)
        super().__init__(engine, admin, version, httpx.HTTPTransport(), **more)

    def _set_up(self) -> None:
        ready(self)

    def elsewhere(self) -> Callable[[], Adapter]:
        own = self.engine
        return partial(open_elsewhere, own.base, own.database, own.login, own.key)


def open_elsewhere(url: str, database: str, login: str, key: str) -> Adapter:
    """The adapter in another process."""
    options = Options(url=url, database=database, login=login, timezone=ZONE.key)
    door = Door(Line(url), database=database, login=login, key=key)
    return OdooAdapter(door, options)


def set_up(door: Door, login: str) -> None:
    """What an administrator runs once; nothing where it was run."""
    admin = Admin(door)
    make(admin, making(admin, login), lambda step: None)


def clean(clerks: Clerks) -> None:
    """Take away what a test left that others would read."""
    admin = clerks.admin
    everything = {"active_test": False}

    def drop(model: str, domain: list[Any]) -> None:
        ids = admin(model, "search", domain=domain, context=everything)
        if ids:
            admin(model, "unlink", ids)

    partners = clerks.partners
    moves = admin("account.move", "search", domain=[["company_id", "in", clerks.companies]])
    for model, ids in (("res.partner", partners), ("account.move", moves)):
        drop("mail.activity", [["res_model", "=", model], ["res_id", "in", ids]])
        drop("mail.message", [["model", "=", model], ["res_id", "in", ids]])
    keys = ["|", ["name", "=like", "log\\_%"], ["name", "=like", "effect\\_%"]]
    drop("ir.model.data", [["module", "=", MODULE], *keys])
    admin("res.partner", "write", partners, vals={"customer_rank": 0})  # no customers of others
    for user in clerks.hired:
        admin("res.users", "write", [user], vals={"active": False})


@lru_cache
def _once(base: str, database: str) -> list[bool]:
    return []


def ready(harness: Live) -> None:
    """The set-up of a live Odoo, once: nobody takes it away between tests."""
    done = _once(harness.engine.base, harness.engine.database)
    if not done:
        set_up(harness.door(harness.admin), harness.engine.login)
        done.append(True)


def set_up_was_run(values: Any) -> bool:
    """Whether there is the server action on the Odoo that the environment names."""
    _, admin, _ = live(values)
    domain = [["module", "=", MODULE], ["name", "=", ACTION.partition(".")[2]]]
    return bool(admin.find("ir.model.data", domain, "name"))


@contextmanager
def on_loopback(harness: OnLoopback) -> Iterator[OnLoopback]:
    """The harness, while its stand-in is served."""
    assert harness.service is not None
    with served(harness.service) as harness.url:
        yield harness
