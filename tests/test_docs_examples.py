"""Every example plugin is dropped into a folder, loaded from there and used."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dunwell.casefile.plain import PlainWording
from dunwell.command import Message
from dunwell.errors import ConfigurationError, DeniedError, UnavailableError
from dunwell.facts import Registry
from dunwell.hooks import Plugins, Settings, load_plugins
from dunwell.log.keys import address_hash
from dunwell.port import Channel, Found, Sending
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.run.planfile import Plan
from dunwell.source.house import load_house
from dunwell.testing import Erp, MemoryAdapter, MemoryChannel

EXAMPLES = Path(__file__).parents[1] / "plugins" / "examples"
MONDAY = date(2026, 3, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as `[plugins] folder` names one, with all examples in it."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "plugins"))


def brought(folder: Path) -> Plugins:
    plugins = load_plugins(folder=folder)
    assert plugins.problems == []
    return plugins


def planned(erp: Erp, policy: str, plugins: Plugins, folder: Path) -> Plan:
    """The plan of a policy with all that the plugins bring."""
    file = folder.parent / "policy.yaml"
    file.write_text(policy, "utf-8")
    registry = Registry(plugins.facts.values())
    codes = {code for each in plugins.calendars.values() for code in each.source.codes()}
    house, problems = load_house([file], registry=registry, channels=["email"], calendars=codes)
    assert house is not None, problems
    engine = Engine(
        MemoryAdapter(erp),
        house,
        registry,
        PlainWording(),
        channels={"email": MemoryChannel()},
        calendars=tuple(each.source for each in plugins.calendars.values()),
        vetoes=tuple(plugins.vetoes.values()),
        plain=True,
    )
    return make_plan(engine).plan


def reminded(plan: Plan) -> list[str]:
    return [a.debtor for a in plan.accounts for c in a.commands if c.kind == "remind"]


def test_every_example_loads_and_brings_what_its_page_says(folder: Path) -> None:
    brings = {p.name: p.brings for p in brought(folder).installed if p.file}
    assert brings == {
        "closures": ("calendar closures",),
        "customer_age": ("fact customer_age",),
        "insolvency": ("veto insolvency",),
        "mail_service": ("channel email via mail_service",),
    }


def test_a_fact_of_a_plugin_decides(folder: Path) -> None:
    erp = Erp(on=MONDAY)
    for name, since in (("New", date(2026, 1, 2)), ("Old", date(2020, 1, 2)), ("Unknown", None)):
        erp.customer(name, since=since)
        erp.invoice(f"F-{name}", customer=name, due=date(2026, 2, 2))
    policy = """
policy: p
currency: EUR
ladder:
  - stage: first_notice
    for: {customer_age: {under: 90}}
    when: {days_past_due: {at_least: 5}}
    do: [{remind: {template: first_notice}}]
"""
    assert reminded(planned(erp, policy, brought(folder), folder)) == ["New"]


def test_a_calendar_of_a_plugin_moves_a_due_date(folder: Path) -> None:
    source = brought(folder).calendars["closures"].source
    closed = source.closed_days("ACME", 2026)
    assert date(2026, 8, 10) in closed
    assert date(2026, 8, 24) not in closed
    assert date(2026, 1, 1) in closed, "what began in December goes on"
    assert {day.year for day in closed} == {2026}
    erp = Erp(on=date(2026, 8, 28))
    erp.customer("Acme")
    erp.invoice("F-1", customer="Acme", due=date(2026, 8, 12))
    policy = """
policy: p
currency: EUR
calendar: {holidays: [ES, ACME], closed_day: {due: next_business_day}}
ladder:
  - stage: first_notice
    when: {days_past_due: {at_least: 5}}
    do: [{remind: {template: first_notice}}]
"""
    plugins = brought(folder)
    assert reminded(planned(erp, policy, plugins, folder)) == [], "due on Monday the 24th"
    erp.on = date(2026, 8, 31)
    assert reminded(planned(erp, policy, plugins, folder)) == ["Acme"]


def test_a_veto_of_a_plugin_stops_and_the_plan_says_why(folder: Path) -> None:
    (folder / "insolvent.txt").write_text("Broke\n", "utf-8")
    erp = Erp(on=MONDAY)
    for name in ("Broke", "Fine"):
        erp.customer(name)
        erp.invoice(f"F-{name}", customer=name, due=date(2026, 2, 2))
    policy = """
policy: p
currency: EUR
ladder:
  - stage: first_notice
    when: {days_past_due: {at_least: 5}}
    do: [{remind: {template: first_notice}}]
"""
    plan = planned(erp, policy, brought(folder), folder)
    assert reminded(plan) == ["Fine"]
    (broke,) = (account for account in plan.accounts if account.debtor == "Broke")
    assert any("on the list of insolvencies" in note for note in broke.notes)


# -- the mail service -----------------------------------------------------------------------------


@dataclass
class Service:
    """What the service on the other side knows."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, str]] = field(default_factory=list)
    failing: bool = False
    url: str = ""


@contextmanager
def served(service: Service) -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/events"):
                self.answer(200, service.events)
            elif self.path == "/account":
                self.answer(200, {})
            else:
                found = self.path.rpartition("/")[2] in service.messages
                self.answer(200 if found else 404, {})

        def do_POST(self) -> None:
            mail = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if mail["key"] in service.messages:
                self.answer(409, {})
            elif mail["to"].endswith("@nowhere.example"):
                self.answer(422, {})
            else:
                service.messages[mail["key"]] = mail
                self.answer(500 if service.failing else 202, {})

        def answer(self, status: int, body: object) -> None:
            if self.headers["Authorization"] != "Bearer secret":
                status = 401
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        service.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    with served(Service()) as running:
        yield running


def opened(folder: Path, url: str, token: str | None = "secret") -> Channel:
    plugin = brought(folder).channels["email", "mail_service"]
    values = {"via": "mail_service", "url": url, "from": "ar@acme.example"}
    return plugin.open(Settings(values, folder, lambda name: token))


def sending(key: str, address: str = "ap@acme.example") -> Sending:
    message = Message("first", "en", "email", address, "Acme", "Reminder", "please pay")
    return Sending(key, message, "C-1", "main")


def test_a_message_leaves_once_under_its_key(folder: Path, service: Service) -> None:
    channel = opened(folder, service.url)
    assert list(channel.check()) == []
    assert [r.status for r in channel.send([sending("k1"), sending("k1")])] == [
        "done",
        "already_done",
    ]
    assert [service.messages["k1"][name] for name in ("to", "subject")] == [
        "ap@acme.example",
        "Reminder",
    ]
    assert list(channel.look_up(["k1", "k2"])) == [Found.PRESENT, Found.ABSENT]
    channel.close()


def test_an_address_that_is_refused_is_never_tried_again(folder: Path, service: Service) -> None:
    (result,) = opened(folder, service.url).send([sending("k1", "x@nowhere.example")])
    assert (result.status, result.reason, result.delivery) == ("failed", "never", "refused")


def test_an_answer_that_tells_nothing_is_unknown_and_can_be_looked_up(
    folder: Path, service: Service
) -> None:
    service.failing = True
    channel = opened(folder, service.url)
    assert [result.status for result in channel.send([sending("k1")])] == ["unknown"]
    assert list(channel.look_up(["k1"])) == [Found.PRESENT]


def test_a_service_that_is_not_there_is_unavailable(folder: Path) -> None:
    with served(Service()) as gone:
        url = gone.url
    with pytest.raises(UnavailableError):
        opened(folder, url).send([sending("k1")])


def test_a_wrong_token_is_denied_and_none_is_a_mistake_of_the_configuration(
    folder: Path, service: Service
) -> None:
    with pytest.raises(DeniedError, match="new token"):
        opened(folder, service.url, "wrong").send([sending("k1")])
    assert [str(problem) for problem in opened(folder, service.url, "wrong").check()]
    with pytest.raises(ConfigurationError, match="DUNWELL_MAIL_SERVICE_TOKEN"):
        opened(folder, service.url, None)


def test_bounces_come_back_with_their_key(folder: Path, service: Service) -> None:
    service.events = [
        {
            "key": "k1",
            "debtor": "C-1",
            "what": "bounced",
            "to": "ap@acme.example",
            "on": "2026-03-03",
        }
    ]
    (word,) = opened(folder, service.url).outcomes(since=MONDAY)
    assert (word.key, word.debtor, word.delivery) == ("k1", "C-1", "bounced")
    assert word.address_hash == address_hash("email", "ap@acme.example")
