"""Tokens, the code flow, the command line, and clients of other people against the stand-in."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import urllib.request
import webbrowser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from click.testing import CliRunner
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import AuthorizationException, QuickbooksException
from quickbooks.objects.attachable import Attachable
from quickbooks.objects.base import AttachableRef
from quickbooks.objects.customer import Customer
from quickbooks.objects.exchangerate import ExchangeRate
from quickbooks.objects.invoice import Invoice

from dunwell.cli import main
from dunwell.errors import ConfigurationError, DeniedError, UnavailableError
from dunwell.hooks import Settings
from dunwell.testing.contract.deeds import claim, one, rows, write
from dunwell_quickbooks import connecting
from dunwell_quickbooks.opening import opened, tokens_of
from dunwell_quickbooks.options import read_options
from dunwell_quickbooks.plugin import open_adapter
from dunwell_quickbooks.tokens import FileStore, Grant, KeyringStore, Tokens

from tests.loopback import served
from tests.quickbooks_kit import (
    BASE,
    Clerks,
    NoPace,
    adapter_to,
    address_of,
    responding,
    secrets,
    session_to,
    settings_for,
)
from tests.quickbooks_service import CLIENT, REALM, SECRET, Service, Trouble


@pytest.fixture(autouse=True)
def _by_responses() -> Iterator[None]:
    with responding():
        yield


@pytest.fixture
def service() -> Service:
    return Service()


def tokens(service: Service, folder: Path, store: Any = None) -> Tokens:
    settings = settings_for(folder, address_of(service))
    made = tokens_of(read_options(settings.values, folder), settings, session=session_to(service))
    made.store = store or made.store
    return made


# -- tokens -------------------------------------------------------------------------------------


def test_the_newest_refresh_token_is_kept_before_the_access_token_is_used(
    service: Service, tmp_path: Path
) -> None:
    kept: list[str] = []

    class Watched(FileStore):
        def save(self, grant: Grant) -> None:
            kept.append(grant.refresh)
            raise OSError("the disk is full")

    made = tokens(service, tmp_path, Watched(tmp_path / "tokens.json"))
    with pytest.raises(OSError, match="full"):
        made.access()
    assert kept == [service.refresh]
    assert service.calls == 1, "nothing was asked with a token that is not kept"


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
def test_only_the_user_can_read_the_tokens(service: Service, tmp_path: Path) -> None:
    made = tokens(service, tmp_path)
    made.access()
    assert isinstance(made.store, FileStore)
    assert stat.S_IMODE(made.store.path.stat().st_mode) == 0o600
    made.store.path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="others can read"):
        made.store.load()


def test_of_many_who_need_a_new_token_one_refreshes(service: Service, tmp_path: Path) -> None:
    with served(service) as base:
        settings = settings_for(tmp_path, base)
        options = read_options(settings.values, tmp_path)
        each = [tokens_of(options, settings) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(lambda one: one.access(), each))
    assert len(found) == 1
    assert service.refreshed == 1


def test_an_old_refresh_token_is_refused_with_the_remedy(service: Service, tmp_path: Path) -> None:
    service.grant()  # somebody else refreshed
    with pytest.raises(DeniedError, match="connect"):
        tokens(service, tmp_path).access()


def test_a_new_token_in_the_environment_replaces_one_that_is_kept(
    service: Service, tmp_path: Path
) -> None:
    tokens(service, tmp_path).access()
    service.grant()  # what is kept is worth nothing now
    made = tokens(service, tmp_path)
    made._first = lambda: service.refresh
    assert made.access() in service.access


def test_a_wrong_secret_is_told_from_a_wrong_token(service: Service, tmp_path: Path) -> None:
    made = tokens(service, tmp_path)
    made._secret = lambda: "another"
    with pytest.raises(DeniedError, match="CLIENT_SECRET"):
        made.access()


def test_the_keyring_holds_tokens_as_the_file_does(service: Service, tmp_path: Path) -> None:
    held: dict[tuple[str, str], str] = {}
    ring = SimpleNamespace(
        get_password=lambda service, name: held.get((service, name)),
        set_password=lambda service, name, value: held.update({(service, name): value}),
        delete_password=lambda service, name: held.pop((service, name)),
    )
    store = KeyringStore(REALM, ring)
    made = tokens(service, tmp_path, store)
    made.access()
    assert store.load() is not None
    assert made.revoke()
    assert held == {}
    assert not made.revoke()


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"realm": None}, "realm"),
        ({"raelm": "1"}, "did you mean 'realm'"),
        ({"api_base": "http://quickbooks.example"}, "https"),
        ({"token_store": "paper"}, "token_store"),
        ({"remind": "both"}, "remind"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"history_months": 0}, "history_months"),
        ({"requests_per_second": 11}, "requests_per_second"),
    ],
)
def test_a_wrong_setting_says_what_to_write(
    tmp_path: Path, changed: dict[str, Any], word: str
) -> None:
    given = settings_for(tmp_path, **changed)
    values = {key: value for key, value in given.values.items() if value is not None}
    with pytest.raises(ConfigurationError, match=word):
        open_adapter(Settings(values, tmp_path, secrets))


# -- the code flow ------------------------------------------------------------------------------


def write_config(folder: Path, base: str, more: str = "") -> None:
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "dunwell.toml").write_text(
        "policies = ['policies']\n"
        f"[erp]\nadapter = 'quickbooks'\nrealm = '{REALM}'\nclient_id = '{CLIENT}'\n"
        f"api_base = '{base}'\ntoken_url = '{base}/oauth2/v1/tokens/bearer'\n{more}"
        "[channels.email]\nvia = 'folder'\nfolder = 'out'\nfrom = 'ar@us.example'\n"
    )


def test_a_person_connects_by_the_browser_and_disconnects(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUNWELL_QUICKBOOKS_CLIENT_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)

    def browser(address: str) -> bool:
        asked = {k: v[-1] for k, v in parse_qs(urlsplit(address).query).items()}
        assert asked["scope"] == "com.intuit.quickbooks.accounting"
        back = f"{asked['redirect_uri']}?state={asked['state']}&code=the-code&realmId={REALM}"
        back = back.replace("localhost", "127.0.0.1")
        threading.Thread(target=lambda: urllib.request.urlopen(back).close()).start()
        return True

    monkeypatch.setattr(webbrowser, "open", browser)
    with served(service) as base:
        write_config(tmp_path, base)
        done = CliRunner().invoke(main, ["quickbooks", "connect", "--port", "0"])
        assert done.exit_code == 0, done.output
        assert "connected company" in done.output
        values = settings_for(tmp_path, base).values
        secret = {"client_secret": SECRET}.get
        adapter = open_adapter(Settings(values, tmp_path, secret))
        assert adapter.describe().tenant == f"quickbooks:{REALM}"
        adapter.close()
        done = CliRunner().invoke(main, ["quickbooks", "disconnect"])
        assert "disconnected" in done.output
    assert service.refresh == "revoked"
    left = {path.suffix for path in (tmp_path / ".dunwell/quickbooks").iterdir()}
    assert left == {".lock"}, "nothing of what was known"


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("/callback?state=other&code=c", DeniedError),
        ("/callback?state=s&error=access_denied", DeniedError),
        ("/callback?state=s", DeniedError),
        ("/callback?state=s&code=c&realmId=1", ConfigurationError),
    ],
)
def test_an_answer_to_another_question_is_refused(address: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        connecting.code_in(address, state="s", realm="2")


# -- the command line ---------------------------------------------------------------------------


def test_doctor_says_what_works_and_what_a_run_costs(service: Service, tmp_path: Path) -> None:
    Clerks(service).invoice(customer=Clerks(service).customer())
    with served(service) as base:
        write_config(tmp_path, base)
        (tmp_path / "policies" / "p.yaml").write_text(
            "house: h\npolicies: [p]\n---\npolicy: p\ncurrency: EUR\nladder:\n"
            "  - stage: s\n    when: {days_past_due: {at_least: 5}}\n"
            "    do: [{tag: {tag: late}}]\n"
        )
        told = dunwell(tmp_path, "doctor", "--format", "json")
    assert told.stdout, told.stderr
    found = json.loads(told.stdout)
    notes = " ".join(found["notes"])
    for word in ("plan", "metered reads", "automatic reminders", "EUR", "UTC+01:00"):
        assert word in notes, word
    assert found["capabilities"]["hold"]["strength"] == "advisory"
    problems = [(problem.get("line"), problem["message"]) for problem in found["problems"]]
    assert (9, "'quickbooks' does not tag customers") in problems, problems


POLICY = """\
house: h
policies: [p]
roles: {collector: ana@us.example}
---
policy: p
currency: EUR
ladder:
  - stage: first
    when: {days_past_due: {at_least: 5}}
    do:
      - hold: {kind: orders, reason: overdue}
      - remind: {template: first_notice}
      - task: {summary: call them, assign: [collector], due: 2 days}
"""


@pytest.mark.parametrize("remind", ["channel", "quickbooks"])
def test_a_run_by_the_command_line_reminds_once_and_a_second_one_does_nothing(
    service: Service, tmp_path: Path, remind: str
) -> None:
    clerks = Clerks(service)
    debtor = clerks.customer("O'Neill & Sons")
    due = clerks.on - timedelta(days=9)
    item = clerks.invoice("1001", customer=debtor, issued=due, due=due)
    with served(service) as base:
        write_config(tmp_path, base, f"remind = '{remind}'\n")
        (tmp_path / "policies" / "p.yaml").write_text(POLICY)
        for done in (4, 0):
            told = dunwell(tmp_path, "run", "--format", "json")
            assert told.returncode == 0, told.stdout + told.stderr
            assert json.loads(told.stdout)["done"] == done, told.stdout
    mailed = [message_from_bytes(f.read_bytes()) for f in (tmp_path / "out").glob("*.eml")]
    to = sorted(str(mail["To"]) for mail in mailed)
    assert to.count("ana@us.example") == 1, "whoever has the task is told"
    assert [len(to), len(service.books.mails)] == ([2, 0] if remind == "channel" else [1, 1])
    assert {number for number, _ in service.books.mails} <= {item}
    notes = str(service.books.rows["Customer"][debtor]["Notes"])
    assert "[dunwell 2 2026-03-02 n" in notes or "[dunwell 3 2026-03-02 n" in notes
    assert "[dunwell hold orders] " in notes
    assert [face.kind for face in clerks.faces(debtor)] == ["task"]


def test_a_promise_is_recorded_where_people_see_it(service: Service, tmp_path: Path) -> None:
    clerks = Clerks(service)
    debtor = clerks.customer("O'Neill & Sons")
    clerks.write("Customer", debtor, "likes tea")
    item = clerks.invoice("1001", customer=debtor)
    with served(service) as base:
        write_config(tmp_path, base)
        words = ("promise", "O'Neill & Sons", "450 EUR", "2026-03-12", "--item", "1001")
        told = dunwell(tmp_path, "quickbooks", *words)
        assert told.returncode == 0, told.stderr
        unknown = dunwell(tmp_path, "quickbooks", "promise", "Nobody", "450 EUR", "2026-03-12")
        assert unknown.returncode == 4
        assert "no customer 'Nobody'" in unknown.stderr
    line = "PROMISE 2026-03-12 450.00 EUR made 2026-03-02 for 1001"
    assert service.books.rows["Customer"][debtor]["Notes"] == f"likes tea\n{line}"
    (row,) = rows(adapter_to(service, tmp_path), "promises")
    assert (row["amount"], row["items"], str(row["by"])) == (45_000, [item], "2026-03-12")


def test_a_log_that_cannot_be_read_is_shown_and_repaired_by_the_command_line(
    service: Service, tmp_path: Path
) -> None:
    clerks = Clerks(service)
    debtor = clerks.customer("O'Neill & Sons")
    due = clerks.on - timedelta(days=9)
    clerks.invoice("1001", customer=debtor, issued=due, due=due)
    with served(service) as base:
        write_config(tmp_path, base)
        (tmp_path / "policies" / "p.yaml").write_text(POLICY)
        assert dunwell(tmp_path, "run").returncode == 0
        whole = dunwell(tmp_path, "quickbooks", "repair", debtor)
        assert whole.stdout == f"the log of customer {debtor} is whole\n"
        logs = [
            n for n, r in service.books.rows["Attachable"].items() if "[dunwell log]" in r["Note"]
        ]
        service.books.delete("Attachable", logs[-1])
        next(tmp_path.rglob("*.cache.json")).unlink()
        shown = dunwell(tmp_path, "plan").stdout
        assert f"dunwell quickbooks repair {debtor}" in shown
        words = ("quickbooks", "repair", "O'Neill & Sons")
        told = dunwell(tmp_path, *words).stdout
        keep = f"--keep {logs[0]} --by YOU --because WHY"
        assert told.splitlines()[-1].endswith(keep), told
        assert dunwell(tmp_path, *words, "--keep", logs[0]).returncode == 2
        why = ("--by", "ana", "--because", "somebody cleaned up")
        assert dunwell(tmp_path, *words, "--keep", "1", *why).returncode == 4
        done = dunwell(tmp_path, *words, "--keep", logs[0], *why)
        assert "1 entries are lost" in done.stdout, done.stderr
        after = dunwell(tmp_path, "run", "--format", "json")
    assert after.returncode == 3, "what was claimed then is unknown"
    assert json.loads(after.stdout)["left_alone"] == 0
    assert len(list((tmp_path / "out").glob("*.eml"))) <= 4, "nobody is reminded again"
    to = [str(message_from_bytes(f.read_bytes())["To"]) for f in (tmp_path / "out").glob("*.eml")]
    assert sum("acme.example" in address for address in to) == 1


def dunwell(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does."""
    environ = {
        **os.environ,
        "DUNWELL_QUICKBOOKS_CLIENT_SECRET": SECRET,
        "DUNWELL_QUICKBOOKS_REFRESH_TOKEN": "refresh-0",
    }
    return subprocess.run(
        [sys.executable, "-c", "from dunwell.cli import main; main()", *words],
        cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_group_is_shown_by_dunwell_itself() -> None:
    shown = CliRunner().invoke(main, ["quickbooks", "--help"])
    assert "connect" in shown.output
    assert "disconnect" in shown.output


# -- by responses, and by the client library of other people ------------------------------------


@responses.activate
def test_a_429_in_xml_is_told_by_its_status(tmp_path: Path) -> None:
    url = f"{BASE}/v3/company/{REALM}"
    token = {"access_token": "a", "refresh_token": "r", "expires_in": 3600}
    responses.post(f"{BASE}/oauth2/v1/tokens/bearer", json=token)
    xml, soon = "<IntuitResponse/>", {"Retry-After": "7"}
    responses.post(f"{url}/query", status=429, body=xml, headers=soon)
    responses.post(f"{url}/query", status=429, body=xml)
    responses.post(f"{url}/query", json={"QueryResponse": {}, "time": "2026-03-02T01:00:00-07:00"})
    waited: list[float] = []
    adapter = opened(settings_for(tmp_path), sleep=waited.append, pace=NoPace())
    assert adapter.company.door.query("SELECT * FROM Term") == {}
    assert 7 <= waited[0] < 9
    assert waited[1] >= 60
    assert {call.request.headers["Accept"] for call in responses.calls} == {"application/json"}
    assert "minorversion=75" in str(responses.calls[-1].request.url)


@responses.activate
def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    responses.post(
        f"{BASE}/oauth2/v1/tokens/bearer", body=requests.exceptions.ConnectTimeout("nobody")
    )
    with pytest.raises(UnavailableError):
        open_adapter(settings_for(tmp_path)).describe()


@pytest.fixture
def library(service: Service) -> Any:
    """A client of python-quickbooks on the stand-in, by loopback."""
    with served(service) as base:
        access = service.grant()["access_token"]
        session: Any = requests.Session()
        session.access_token = access
        client = QuickBooks(company_id=REALM, minorversion=75, use_decimal=True)
        client.session, client.sandbox = session, False
        client.api_url_v3 = f"{base}/v3"
        yield client
        session.close()


def test_the_client_library_reads_and_writes_the_stand_in(
    service: Service, library: QuickBooks
) -> None:
    customer = Customer()
    customer.DisplayName = "O'Neill & Sons"
    customer.save(qb=library)
    clerks = Clerks(service)
    item = clerks.invoice("1001", customer=customer.Id)
    found = Invoice.filter(DocNumber="1001", qb=library)
    assert [invoice.Id for invoice in found] == [item]
    assert Customer.filter(DisplayName="O'Neill & Sons", qb=library)[0].Id == customer.Id
    assert Invoice.count("Balance > '0'", qb=library) == 1
    invoice = found[0]
    invoice.BillEmail = None
    invoice.send(qb=library, send_to="ap@acme.example")
    assert service.books.mails == [(item, "ap@acme.example")]


def test_the_client_library_reads_changes_notes_and_rates_of_the_stand_in(
    service: Service, library: QuickBooks
) -> None:
    clerks = Clerks(service)
    customer = clerks.customer("O'Neill & Sons")
    item = clerks.invoice("1001", customer=customer)
    service.books.rate("USD", "0.92", clerks.on)
    attached = Attachable()
    attached.Note = "Ask for Ana. 🦊"
    reference = AttachableRef()
    reference.EntityRef = {"type": "Customer", "value": customer}
    attached.AttachableRef = [reference]
    attached.save(qb=library)
    assert Attachable.get(attached.Id, qb=library).Note == "Ask for Ana. 🦊"
    (rate,) = ExchangeRate.filter(SourceCurrencyCode="USD", qb=library)
    assert (rate.Rate, rate.TargetCurrencyCode) == (Decimal("0.92"), "EUR")
    changed = change_data_capture(
        [Invoice, Customer], service.now - timedelta(hours=1), qb=library
    )
    assert [invoice.Id for invoice in changed.Invoice] == [item]
    assert [one.DisplayName for one in changed.Customer] == ["O'Neill & Sons"]
    assert [one.Id for one in Customer.where("DisplayName LIKE 'O\\'Neill%'", qb=library)] == [
        customer
    ]


def test_the_client_library_meets_the_refusals_of_the_stand_in(
    service: Service, library: QuickBooks
) -> None:
    customer = Customer()
    customer.DisplayName = "Acme"
    customer.save(qb=library)
    stale = Customer.get(customer.Id, qb=library)
    customer.Notes = "first"
    customer.save(qb=library)
    stale.Notes = "second"
    with pytest.raises(QuickbooksException) as caught:
        stale.save(qb=library)
    assert caught.value.error_code == 5010
    many = [Customer() for _ in range(3)]
    for number, one_ in enumerate(many):
        one_.DisplayName = f"Batch {number % 2}"
    done = batch_create(many, qb=library)
    assert [len(done.successes), len(done.faults)] == [2, 1]
    service.access.clear()
    with pytest.raises(AuthorizationException):
        Customer.all(qb=library)


# -- kill ---------------------------------------------------------------------------------------


def test_a_process_that_is_killed_leaves_a_log_that_the_next_one_reads(
    service: Service, tmp_path: Path
) -> None:
    debtor = Clerks(service).customer()
    killed: list[subprocess.Popen[bytes]] = []
    with served(service) as base:
        code = (
            "import sys; from pathlib import Path\n"
            "from tests.quickbooks_kit import settings_for\n"
            "from dunwell_quickbooks.plugin import open_adapter\n"
            "from dunwell.testing.contract.deeds import claim\n"
            f"adapter = open_adapter(settings_for(Path({str(tmp_path)!r}), {base!r}))\n"
            f"adapter.append([claim(adapter, {debtor!r}, 1, nonce='killed')])\n"
        )
        service.troubles.append(
            Trouble("reset", r"^POST \S+/customer\?", deed=lambda: killed[0].kill())
        )
        root = Path(__file__).parent.parent
        killed.append(subprocess.Popen([sys.executable, "-c", code], cwd=root))
        assert killed[0].wait(timeout=120) != 0
    adapter = adapter_to(service, tmp_path)
    write(adapter, claim(adapter, debtor, 2))
    assert [entry.nonce for entry in adapter.log(debtor)][-1] == "killed"
    assert one(adapter, "customers", debtor)["name"] == "Acme"
