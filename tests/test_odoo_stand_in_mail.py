"""How an Odoo keeps, posts and imports messages, and who wins a race: facts of the stand-in."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.odoo_facts import WORLDS, World, refused, world

COLUMNS = ("id", "model", "res_id", "subject", "body", "message_type", "message_id",
           "subtype_id/.id", "is_internal")  # fmt: skip
ONCE = {"noupdate": True, "mode": "update"}
HIDDEN = '<p>text</p><span title="dunwell:1:3:eJwAB+/=="></span>'


@pytest.fixture(scope="module", params=WORLDS)
def odoo(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from world(request.param)


def named() -> str:
    return f"__facts__.{uuid.uuid4().hex}"


def row(odoo: World, partner: int, xid: str, body: str = "<p>x</p>", **changed: str) -> list[str]:
    cells = {
        "id": xid, "model": "res.partner", "res_id": str(partner), "subject": "Fact",
        "body": body, "message_type": "notification", "message_id": f"<{xid}@facts>",
        "subtype_id/.id": str(odoo.subtype(internal=True)), "is_internal": "1",
    }  # fmt: skip
    return [changed.get(name, cells[name]) for name in COLUMNS]


def load(odoo: World, *rows: list[str], rpc: Any = None) -> dict[str, Any]:
    told = (rpc or odoo.engine)(
        "mail.message", "load", fields=list(COLUMNS), data=list(rows), context=ONCE
    )
    assert isinstance(told, dict)
    return told


def body(odoo: World, number: int) -> str:
    return str(odoo.engine("mail.message", "read", [number], fields=["body"])[0]["body"])


def post(odoo: World, partner: int, to: int, **more: Any) -> int:
    told = odoo.engine("res.partner", "message_post", [partner], **{
        "body": "<p>Pay, please</p>", "body_is_html": True, "subject": "Reminder",
        "message_type": "comment", "subtype_id": odoo.subtype(internal=False),
        "partner_ids": [to], **more,
    })  # fmt: skip
    return int(told[0] if odoo.new else told)


def outcome(odoo: World, message: int) -> tuple[str, object]:
    fields = ["notification_status", "failure_type", "notification_type"]
    (found,) = odoo.engine(
        "mail.notification", "search_read", domain=[["mail_message_id", "=", message]],
        fields=fields,
    )  # fmt: skip
    return found["notification_status"], found["failure_type"]


class TestImport:
    def test_a_name_is_taken_once(self, odoo: World) -> None:
        partner, xid = odoo.partner(), named()
        first = load(odoo, row(odoo, partner, xid, "<p>mine</p>"))
        again = load(odoo, row(odoo, partner, xid, "<p>yours</p>"))
        assert first["messages"] == again["messages"] == []
        assert first["ids"] == again["ids"]
        assert body(odoo, first["ids"][0]) == "<p>mine</p>"

    def test_a_name_is_known_with_its_module(self, odoo: World) -> None:
        partner, xid = odoo.partner(), named()
        (number,) = load(odoo, row(odoo, partner, xid))["ids"]
        found = odoo.engine("mail.message", "get_external_id", [number])
        assert found == {str(number): xid}

    def test_a_batch_is_all_or_nothing(self, odoo: World) -> None:
        partner, good, bad = odoo.partner(), named(), named()
        told = load(odoo, row(odoo, partner, good), row(odoo, partner, bad, res_id="abc"))
        assert told["ids"] is False
        assert [one["record"] for one in told["messages"]] == [1]
        kept = odoo.engine(
            "mail.message", "search", domain=[["message_id", "=", f"<{good}@facts>"]]
        )
        assert kept == []

    @pytest.mark.parametrize(
        "wrong",
        [{"subtype_id/.id": "999999"}, {"res_id": "999999"}, {"message_type": "no such"}],
    )
    def test_what_cannot_be_is_said_and_not_raised(
        self, odoo: World, wrong: dict[str, str]
    ) -> None:
        told = load(odoo, row(odoo, odoo.partner(), named(), **wrong))
        assert told["ids"] is False
        assert told["messages"][0]["type"] == "error"

    def test_an_unknown_column_is_raised(self, odoo: World) -> None:
        with pytest.raises(Exception, match="no_field"):
            odoo.engine("mail.message", "load", fields=["id", "no_field"], data=[["a.b", "1"]])

    def test_who_may_not_write_the_customer_may_not_write_its_log(self, odoo: World) -> None:
        plain = odoo.person("base.group_user")
        told = load(odoo, row(odoo, odoo.partner(), named()), rpc=plain)
        assert told["ids"] is False
        assert told["messages"]

    def test_a_position_goes_with_its_message(self, odoo: World) -> None:
        partner, xid = odoo.partner(), named()
        (first,) = load(odoo, row(odoo, partner, xid))["ids"]
        odoo.engine("mail.message", "unlink", [first])
        (second,) = load(odoo, row(odoo, partner, xid))["ids"]
        assert second != first

    def test_of_writers_at_the_same_moment_one_wins(self, odoo: World) -> None:
        partner, rounds, writers = odoo.partner(), 6, 4
        names = [named() for _ in range(rounds)]
        start = threading.Barrier(writers)

        def contend(writer: int) -> list[tuple[str, str]]:
            """Who stands under each name, as this writer reads it in the end."""
            seen = []
            for xid in names:
                start.wait(timeout=60)
                mine = row(odoo, partner, xid, f"<p>writer {writer}</p>")
                told = load(odoo, mine)
                while not told["ids"]:
                    assert told["messages"], "the loser is told, not raised at"
                    told = load(odoo, mine)
                seen.append((xid, body(odoo, told["ids"][0])))
            return seen

        with ThreadPoolExecutor(writers) as pool:
            runs = list(pool.map(contend, range(writers)))
        assert all(run == runs[0] for run in runs)


class TestBodies:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("plain", "<p>plain</p>"),
            (HIDDEN, HIDDEN),
            ("<p>a<br/>b</p>", "<p>a<br>b</p>"),
            ("<p>a & b < c \U0001f600 ‮</p>", "<p>a &amp; b &lt; c \U0001f600 ‮</p>"),
            ("<p>x</p><script>alert(1)</script>", "<p>x</p>"),
            ('<p onclick="x()" data-a="1" title="t">x</p>', '<p title="t">x</p>'),
            ('<a href="javascript:x">x</a>', '<a href="">x</a>'),
            ('<p title="a &quot;b&quot; \'c\' &lt;d&gt;">x</p>',
             '<p title="a &quot;b&quot; \'c\' &lt;d&gt;">x</p>'),
            ("<p>nul\x00 bell\x07</p>", "<p>nul  bell</p>"),
        ],
    )  # fmt: skip
    def test_markup_is_cleaned(self, odoo: World, given: str, kept: str) -> None:
        made = odoo.engine.create(
            "mail.message", model="res.partner", res_id=odoo.partner(), body=given,
            message_type="comment", subtype_id=odoo.subtype(internal=True),
        )  # fmt: skip
        assert body(odoo, made) == kept

    def test_the_import_keeps_what_a_message_keeps(self, odoo: World) -> None:
        (made,) = load(odoo, row(odoo, odoo.partner(), named(), HIDDEN))["ids"]
        assert body(odoo, made) == HIDDEN

    def test_a_text_that_is_posted_is_no_markup(self, odoo: World) -> None:
        partner = odoo.partner()
        made = post(odoo, partner, partner, body="<b>& more</b>", body_is_html=False)
        assert body(odoo, made) == "<p>&lt;b&gt;&amp; more&lt;/b&gt;</p>"


class TestPosting:
    def test_only_the_addressed_get_it(self, odoo: World) -> None:
        partner = odoo.partner()
        made = post(odoo, partner, partner, message_id=f"<{named()}@facts>")
        assert outcome(odoo, made) == ("sent", False)
        (found,) = odoo.engine(
            "mail.message", "search_read", domain=[["id", "=", made]], load=None,
            fields=["notified_partner_ids", "author_id", "subject", "message_type", "res_id"],
        )  # fmt: skip
        assert found["notified_partner_ids"] == [partner]
        assert (found["subject"], found["res_id"]) == ("Reminder", partner)

    def test_its_message_id_finds_it(self, odoo: World) -> None:
        partner, name = odoo.partner(), f"<{named()}@facts>"
        made = post(odoo, partner, partner, message_id=name)
        domain = [["message_id", "in", [name, "<nobody@facts>"]]]
        assert odoo.engine("mail.message", "search", domain=domain) == [made]
        again = post(odoo, partner, partner, message_id=name)
        assert again != made, "a Message-Id can be used twice"

    def test_an_invoice_can_be_written_on_by_who_reads_it(self, odoo: World) -> None:
        partner = odoo.partner()
        move = odoo.invoice(partner)
        told = odoo.engine(
            "account.move", "message_post", [move], body="x", partner_ids=[partner],
            subtype_id=odoo.subtype(internal=False), message_type="comment",
        )  # fmt: skip
        assert outcome(odoo, told[0] if odoo.new else told) == ("sent", False)

    @pytest.mark.parametrize("email", [False, "no address"])
    def test_no_address_is_told_in_the_notification(self, odoo: World, email: str | bool) -> None:
        partner = odoo.partner(email=email)
        made = post(odoo, partner, partner)
        assert outcome(odoo, made) == ("exception", "mail_email_invalid")

    def test_a_mailbox_that_does_not_exist_is_told(self, odoo: World) -> None:
        if odoo.service is not None:
            odoo.service.database.refuse.add("refuse@acme.example")
        partner = odoo.partner(email="refuse@acme.example")
        status, _ = outcome(odoo, post(odoo, partner, partner))
        assert status == "exception"

    def test_what_is_queued_waits_for_the_queue(self, odoo: World) -> None:
        partner = odoo.partner()
        made = post(odoo, partner, partner, force_send=False)
        assert outcome(odoo, made)[0] == "ready"
        odoo.admin("mail.mail", "process_email_queue")
        assert outcome(odoo, made)[0] == "sent"

    def test_unknown_arguments_are_refused(self, odoo: World) -> None:
        partner = odoo.partner()
        for wrong in ({"nonsense": 1}, {} if odoo.new else {"notify_skip_followers": True}):
            if wrong:
                assert refused(
                    odoo.engine, "res.partner", "message_post", [partner], body="x", **wrong
                ) == "builtins.ValueError"  # fmt: skip

    def test_it_is_on_one_record(self, odoo: World) -> None:
        two = [odoo.partner(), odoo.partner()]
        assert refused(odoo.engine, "res.partner", "message_post", two, body="x") == (
            "builtins.ValueError"
        )

    def test_an_employee_may_not_write_on_what_it_may_not_change(self, odoo: World) -> None:
        plain = odoo.person("base.group_user")
        partner = odoo.partner()
        denied = "odoo.exceptions.AccessError"
        assert refused(plain, "res.partner", "message_post", [partner], body="x") == denied
        made = post(odoo, partner, partner)
        assert refused(plain, "mail.message", "unlink", [made]) == denied
        move = odoo.invoice(partner)
        assert refused(plain, "account.move", "message_post", [move], body="x") == denied

    def test_messages_on_what_one_may_not_read_are_not_found(self, odoo: World) -> None:
        plain = odoo.person("base.group_user")
        move = odoo.invoice(odoo.partner())
        told = odoo.engine("account.move", "message_post", [move], body="x")
        made = told[0] if odoo.new else told
        assert plain("mail.message", "search", domain=[["id", "=", made]]) == []
        assert refused(plain, "mail.message", "read", [made], fields=["body"]) == (
            "odoo.exceptions.AccessError"
        )

    def test_deleting_in_the_client_only_empties_it(self, odoo: World) -> None:
        partner = odoo.partner()
        made = post(odoo, partner, partner)
        odoo.admin("mail.message", "write", [made], vals={"body": ""})
        assert body(odoo, made) == ""

    def test_followers_hear_of_comments_but_not_of_what_is_ours(self, odoo: World) -> None:
        def own(rpc: Any) -> int:
            (found,) = odoo.admin.find("res.users", [["id", "=", rpc.uid]], "partner_id")
            return int(found["partner_id"])

        follower = odoo.person("base.group_user", "base.group_partner_manager")
        partner = odoo.partner()
        odoo.admin("res.partner", "message_subscribe", [partner], partner_ids=[own(follower)])
        told = odoo.engine(
            "res.partner", "message_post", [partner], body="x", message_type="comment",
            subtype_xmlid="mail.mt_comment", partner_ids=[partner],
            context={"mail_create_nosubscribe": True},
        )  # fmt: skip
        made = told[0] if odoo.new else told
        (found,) = odoo.engine("mail.message", "read", [made], fields=["notified_partner_ids"])
        assert set(found["notified_partner_ids"]) == {partner, own(follower), own(odoo.admin)}
        silent = post(odoo, partner, partner)
        assert outcome(odoo, silent) == ("sent", False), "the addressed alone"
