"""Messages that Odoo sends: by which channel, to whom, in what words, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dunwell.cli import main
from dunwell.cli.demands import demands
from dunwell.cli.wording import TemplateWording
from dunwell.errors import Place, Problem
from dunwell.facts import Registry
from dunwell.hooks import load_plugins
from dunwell.log.keys import address_hash
from dunwell.message import Templates, check_templates
from dunwell.message.check import rich_facts
from dunwell.policy.tree import House
from dunwell.port import Capabilities, Capability, Delivery, Found, Strength
from dunwell.run.daily import run_daily
from dunwell.run.engine import Engine
from dunwell.source.house import load_house
from dunwell.testing import MemoryChannel
from dunwell.testing.contract.deeds import do, finish, prepare, sought, statuses
from dunwell_odoo.adapter import OdooAdapter
from dunwell_odoo.names import MODULE

from tests.odoo_cases import WHERE, adapter, letter, raised
from tests.odoo_kit import OdooHarness, StandIn

MOBILE = "+33 6 12 34 56 78"
NOBODY = "+33600000001"  # the gateway says that there is no such number
POLICY = """
policy: standard
currency: EUR
contact:
  channels: [email, sms]
ladder:
  - stage: first
    when: {days_past_due: {at_least: 3}}
    do: [remind: {template: first_notice}]
"""


@pytest.fixture(params=WHERE)
def odoo(request: pytest.FixtureRequest) -> Iterator[OdooHarness]:
    with raised(request.param) as harness:
        yield harness


def house(folder: Path, erp: str = "odoo") -> tuple[House | None, list[Problem]]:
    """The policy, as it is read where this ERP is configured."""
    path = folder / "standard.yaml"
    path.write_text(POLICY, "utf-8")
    return load_house([path], registry=Registry(), channels=load_plugins().carried(erp))


def ran(odoo: OdooHarness, folder: Path) -> list[Any]:
    """What a run of the policy did to customers of this test: the commands with their results."""
    rules, problems = house(folder)
    assert rules is not None, problems
    with adapter(odoo) as made:
        wording = TemplateWording(Templates())
        engine = Engine(made, rules, Registry(), wording, plain=True)
        receipts = run_daily(engine).receipts
    mine = {str(number) for number in odoo.clerks.partners}
    return [each for each in receipts if each.debtor in mine]


def mobile(odoo: OdooHarness, customer: str, number: str, **more: object) -> None:
    field = "mobile" if odoo.version < 19 else "phone"
    odoo.admin("res.partner", "write", [int(customer)], vals={field: number, **more})


def posted(odoo: OdooHarness, customer: str) -> list[Any]:
    """The messages that a customer got, with the invoice or customer whose chatter has them."""
    domain = [["partner_ids", "in", [int(customer)]], ["message_id", "like", "@dunwell>"]]
    fields = ("message_type", "body", "model", "res_id", "author_id", "message_id")
    return odoo.admin.find("mail.message", domain, *fields)


def drain(odoo: OdooHarness) -> None:
    """Odoo's scheduled actions, which a test server may not run by itself."""
    if odoo.service is not None:
        odoo.admin("mail.mail", "process_email_queue")
        return
    for xid in ("mail.ir_cron_mail_scheduler_action", "sms.ir_cron_sms_scheduler_action"):
        odoo.admin("ir.cron", "method_direct_trigger", [odoo.admin.xid(xid)])


def told(odoo: OdooHarness, key: str) -> list[tuple[str, Any]]:
    """How Odoo says that a message of ours fared."""
    domain = [["mail_message_id.message_id", "=", f"<{key}@dunwell>"]]
    rows = odoo.admin.find("mail.notification", domain, "notification_status", "failure_type")
    return [(row["notification_status"], row["failure_type"]) for row in rows]


def bounce(odoo: OdooHarness, key: str, address: str) -> None:
    """The mail that comes back; the stand-in is told what Odoo makes of it."""
    if odoo.service is not None:
        domain = [["mail_message_id.message_id", "=", f"<{key}@dunwell>"]]
        (found,) = odoo.admin.find("mail.notification", domain, "failure_type")
        values = {"notification_status": "bounce", "failure_type": "mail_bounce"}
        odoo.service.database.store.update("mail.notification", found["id"], values)
        return
    (domain_,) = odoo.admin.find("mail.alias.domain", [], "bounce_email")[:1]
    said = DSN.format(to=domain_["bounce_email"], key=key, address=address)
    odoo.admin("mail.thread", "message_process", model=False, message=said)


def heard(made: OdooAdapter, odoo: OdooHarness) -> list[Delivery]:
    """What came back of the messages of this test."""
    mine = {str(number) for number in odoo.clerks.partners}
    news = made.outcomes(since=odoo.today() - timedelta(7))
    return [word for word in news if word.debtor in mine]


DSN = """From: MAILER-DAEMON@c.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-Id: <dsn-{key}@c.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

no such mailbox
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; c.example

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-Id: <{key}@dunwell>
To: {address}

--b--
"""


class TestTexts:
    """A text message where there is no address for mail."""

    def test_a_customer_without_an_address_gets_a_text_message(
        self, odoo: OdooHarness, tmp_path: Path
    ) -> None:
        customer = odoo.people.customer("No Mail SL", email="")
        mobile(odoo, customer, MOBILE, lang="es_ES")
        due = odoo.today() - timedelta(5)
        odoo.people.invoice("T-1", customer=customer, amount="900 EUR", due=due)
        (receipt,) = ran(odoo, tmp_path)
        message = receipt.command.message
        assert (receipt.result.status, message.channel, message.html) == ("done", "sms", "")
        assert "A pagar a" in message.text
        assert "900,00" in message.text
        (sent,) = posted(odoo, customer)
        assert (sent["message_type"], sent["model"]) == ("sms", "account.move")
        assert sent["author_id"]
        drain(odoo)
        assert told(odoo, receipt.result.key) == [("pending", False)]
        if odoo.service is not None:
            (text,) = odoo.service.database.texts
            assert text["to"] == MOBILE
            assert text["text"].startswith(message.text)  # and then the token of the link
            assert not text["text"].endswith("access_token=")
        assert ran(odoo, tmp_path) == []  # and never again

    def test_whoever_has_an_address_gets_mail(self, odoo: OdooHarness, tmp_path: Path) -> None:
        customer = odoo.people.customer("Both Ltd", email="both@c.example")
        mobile(odoo, customer, MOBILE)
        due = odoo.today() - timedelta(5)
        odoo.people.invoice("T-2", customer=customer, amount="900 EUR", due=due)
        (receipt,) = ran(odoo, tmp_path)
        assert receipt.command.message.channel == "email"
        (sent,) = posted(odoo, customer)
        assert sent["message_type"] == "comment"

    def test_a_number_that_is_none_is_not_used_again(
        self, odoo: OdooHarness, tmp_path: Path
    ) -> None:
        customer = odoo.people.customer("Wrong SL", email="")
        mobile(odoo, customer, NOBODY)
        due = odoo.today() - timedelta(5)
        odoo.people.invoice("T-3", customer=customer, amount="900 EUR", due=due)
        (receipt,) = ran(odoo, tmp_path)
        drain(odoo)
        with adapter(odoo) as made:
            (word,) = heard(made, odoo)
        assert (word.key, word.delivery, word.channel) == (receipt.result.key, "refused", "sms")
        assert word.address_hash == address_hash("sms", NOBODY)
        kinds = [each.command.kind for each in ran(odoo, tmp_path)]
        assert kinds == ["task"]  # no channel is left: a person has to look
        assert len(posted(odoo, customer)) == 1

    def test_a_text_message_is_sent_once_whoever_asks_again(self, odoo: OdooHarness) -> None:
        customer = odoo.people.customer("Once SL", email="")
        mobile(odoo, customer, MOBILE)
        with adapter(odoo) as made:
            effects = prepare(made, customer, letter(MOBILE, channel="sms"))
            first = made.execute(effects)
            again = made.execute(effects)
            assert statuses(first) == ["done"]
            assert statuses(again) == ["already_done"]
            assert made.look_up([sought(effects[0])]) == [Found.PRESENT]
            finish(made, customer, list(again))
        assert len(posted(odoo, customer)) == 1

    def test_a_number_that_the_customer_has_no_more_gets_nothing(self, odoo: OdooHarness) -> None:
        customer = odoo.people.customer("Moved SL", email="")
        with adapter(odoo) as made:
            (result,) = do(made, customer, letter(MOBILE, channel="sms"))
        assert (result.status, result.reason) == ("skipped", "changed")
        assert posted(odoo, customer) == []


class TestOutcomes:
    """What Odoo says later of what it took."""

    @pytest.fixture
    def send(self, odoo: OdooHarness) -> Callable[[str], tuple[str, list[Delivery]]]:
        """Send to an address; the key, and what came back of it."""

        def send(email: str) -> tuple[str, list[Delivery]]:
            customer = odoo.people.customer("Acme", email=email)
            with adapter(odoo) as made:
                effects = prepare(made, customer, letter(email))
                finish(made, customer, list(made.execute(effects)))
                drain(odoo)
                return effects[0].key, heard(made, odoo)

        return send

    def test_what_arrived_is_no_news(
        self, odoo: OdooHarness, send: Callable[[str], tuple[str, list[Delivery]]]
    ) -> None:
        key, news = send("ok@c.example")
        assert told(odoo, key) == [("sent", False)]
        assert news == []

    def test_an_address_that_the_mail_server_refuses_is_to_blame(
        self, odoo: OdooHarness, send: Callable[[str], tuple[str, list[Delivery]]]
    ) -> None:
        email = "refuse-me@c.example"
        if odoo.service is not None:
            odoo.service.database.refuse.add(email)
        key, (word,) = send(email)
        assert (word.key, word.delivery, word.channel) == (key, "refused", "email")
        assert word.address_hash == address_hash("email", email)
        assert word.on == odoo.today()
        assert "c.example" not in word.detail

    def test_an_address_that_went_while_the_mail_waited_is_not_held_against_another(
        self, odoo: OdooHarness
    ) -> None:
        if odoo.service is not None:
            odoo.service.database.crons = False
        customer = odoo.people.customer("Acme", email="ap@acme.example")
        with adapter(odoo) as made:
            effects = prepare(made, customer, letter("ap@acme.example"))
            finish(made, customer, list(made.execute(effects)))
            odoo.people.change_email(customer, "")
            drain(odoo)
            (word,) = heard(made, odoo)
        assert (word.key, word.delivery, word.address_hash) == (effects[0].key, "refused", "")
        assert word.detail.startswith("Odoo says: mail_email_")

    def test_a_mail_that_bounced_is_told_with_its_address(
        self, odoo: OdooHarness, send: Callable[[str], tuple[str, list[Delivery]]]
    ) -> None:
        key, _ = send("gone@c.example")
        bounce(odoo, key, "gone@c.example")
        with adapter(odoo) as made:
            (word,) = heard(made, odoo)
        assert (word.key, word.delivery) == (key, "bounced")
        assert word.address_hash == address_hash("email", "gone@c.example")

    def test_odoos_own_mail_server_is_no_fault_of_the_address(
        self, odoo: OdooHarness, send: Callable[[str], tuple[str, list[Delivery]]]
    ) -> None:
        if odoo.service is None:
            pytest.skip("a live server keeps its mail server")
        odoo.service.database.smtp = False
        key, (word,) = send("ok@c.example")
        assert (word.key, word.delivery, word.address_hash) == (key, "refused", "")

    def test_what_waits_in_the_queue_is_neither_lost_nor_news(self, odoo: OdooHarness) -> None:
        if odoo.service is not None:
            odoo.service.database.crons = False
        customer = odoo.people.customer("Acme")
        with adapter(odoo) as made:
            effects = prepare(made, customer, letter("ap@acme.example"))
            finish(made, customer, list(made.execute(effects)))
            assert told(odoo, effects[0].key) == [("ready", False)]
            assert heard(made, odoo) == []
            assert made.look_up([sought(effects[0])]) == [Found.PRESENT]

    def test_it_stands_in_the_chatter_who_sent_it(self, odoo: OdooHarness) -> None:
        customer = odoo.people.customer("Acme")
        with adapter(odoo) as made:
            do(made, customer, letter("ap@acme.example"))
        (sent,) = posted(odoo, customer)
        (user,) = odoo.admin.find("res.users", [["id", "=", odoo.engine.uid]], "partner_id")
        assert sent["author_id"] == user["partner_id"]
        domain = [["model", "=", "res.partner"], ["res_id", "=", int(customer)],
                  ["subtype_id", "=", odoo.admin.xid(f"{MODULE}.subtype_log")]]  # fmt: skip
        written = odoo.admin.find("mail.message", domain, "author_id", "is_internal")
        assert len(written) == 2  # the claim and its outcome
        assert {row["author_id"] for row in written} == {user["partner_id"]}
        assert all(row["is_internal"] for row in written)


class TestLanguage:
    """A policy may name what the ERP carries, and nothing that it does not."""

    def test_sms_is_a_channel_where_odoo_is_configured(self, tmp_path: Path) -> None:
        rules, problems = house(tmp_path)
        assert (rules is not None, problems) == (True, [])

    @pytest.mark.parametrize("erp", ["ledger", ""])
    def test_and_none_where_nothing_carries_it(self, tmp_path: Path, erp: str) -> None:
        rules, problems = house(tmp_path, erp)
        assert rules is None
        assert "the channel 'sms' is not available" in problems[0].message

    def test_editors_know_it_where_odoo_is_configured(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        config = tmp_path / "dunwell.toml"
        for erp, known in (("odoo", True), ("ledger", False)):
            config.write_text(f'[erp]\nadapter = "{erp}"\n', "utf-8")
            told = CliRunner().invoke(main, ["schema", "--json"])
            assert ('"sms"' in told.output) is known

    def test_each_shipped_template_has_a_short_text_in_each_language(self) -> None:
        templates = Templates()
        for name in templates.names():
            for language in ("en", "es"):
                found = templates.find(name, language)
                assert found is not None
                assert templates.shortens(found)
                short = templates.render_short(name, language, rich_facts())
                assert "\n" not in short.text
                assert len(short.text) < 306  # two text messages without special letters
                assert "Example Ltd" in short.text

    def test_a_language_without_a_short_text_is_told(self, tmp_path: Path) -> None:
        own = tmp_path / "mine.de.j2"
        blocks = "{% block subject %}Mahnung{% endblock %}{% block text %}Bitte{% endblock %}"
        own.write_text(blocks, "utf-8")
        where = {"mine": Place("p.yaml", 3, 1)}
        (problem,) = check_templates(where, ["de"], [tmp_path], short=where)
        assert problem.message == "the template 'mine' has no short text in 'de'"
        own.write_text(f"{blocks}{{% block short %}}Kurz{{% endblock %}}", "utf-8")
        assert check_templates(where, ["de"], [tmp_path], short=where) == []

    @pytest.mark.parametrize(
        ("remind", "texts", "found"),
        [
            ("native", "native", []),
            ("native", "none", [("no channel carries 'sms'", "no credit")]),
            ("none", "native", [
                ("no channel carries 'email' or 'sms', and 'odoo' sends no messages itself",
                 "add [channels.email], [channels.sms] to dunwell.toml"),
            ]),
        ],
    )  # fmt: skip
    def test_check_says_which_channel_nobody_carries(
        self, tmp_path: Path, remind: str, texts: str, found: list[tuple[str, str]]
    ) -> None:
        rules, _ = house(tmp_path)
        assert rules is not None
        able = Capabilities(
            {Capability.REMIND: Strength(remind), Capability.APPEND: Strength("exclusive")},
            carries={"sms": Strength(texts, "no credit")},
        )
        places = {"erp": Place("dunwell.toml", 1, 1)}
        said = demands(rules, able, (), erp="odoo", places=places)
        assert [(problem.message, problem.hint) for problem in said] == found


class TestWhoSends:
    """What a house's own channel carries is not taken from it, but e-mail, which is Odoo's."""

    def test_a_channel_of_the_configuration_goes_before_odoos_own(
        self, odoo: OdooHarness, tmp_path: Path
    ) -> None:
        rules, _ = house(tmp_path)
        assert rules is not None
        with adapter(odoo) as made:
            own = Engine(made, rules, Registry(), TemplateWording(Templates()))
            theirs = replace(own, channels={"sms": MemoryChannel("sms")})
            assert own.ways == theirs.ways == {"email", "sms"}
            assert own.by_erp("remind", "sms")
            assert not theirs.by_erp("remind", "sms")
            assert theirs.by_erp("remind", "email")
            assert own.by_erp("task", "")
            assert not own.by_erp("tell", "email")

    def test_without_the_server_action_odoo_carries_no_text_messages(self) -> None:
        harness = StandIn(17, bare=True)
        try:
            customer = harness.people.customer("No Mail SL", email="")
            mobile(harness, customer, MOBILE)
            with adapter(harness) as made:
                assert not made.capabilities().carries["sms"].there
                (result,) = do(made, customer, letter(MOBILE, channel="sms"))
            assert (result.status, result.detail) == (
                "rejected",
                "Odoo does not send this message",
            )
        finally:
            harness.close()
