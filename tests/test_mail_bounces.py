"""What came back is matched to what was sent, and nothing that strangers send stops a run."""

from __future__ import annotations

import mailbox
from contextlib import closing
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.command import Message
from dunwell.log.keys import address_hash
from dunwell.port import Sending
from dunwell_mail.bounces import parse_report, read_bounces
from dunwell_mail.compose import as_bytes, compose
from dunwell_mail.settings import Sender

AT = datetime(2026, 3, 2, tzinfo=UTC)
SENDER = Sender("ar@company.example")
KEY = "betc364bsyhzfrupj4cq-0"
ANA = "Ana@acme.example"
HASH = address_hash("email", ANA)


def sent(key: str = KEY) -> bytes:
    message = Message("t", "en", "email", ANA, "Ana", "S", "T\n")
    return as_bytes(compose(Sending(key, message, "C 1/ñ"), SENDER, at=AT))


def report(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    original: bytes | None = None,
    headers_only: bool = False,
    more: str = "",
    envelope: str = "",
    day: str = "Tue, 03 Mar 2026 10:00:00 +0000",
) -> bytes:
    head = dedent("""\
        From: MAILER-DAEMON@mx.acme.example
        To: ar@company.example
        Subject: Undelivered Mail Returned to Sender
        Date: DAY
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary="B"

        --B
        Content-Type: text/plain

        I am sorry.

        --B
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.acme.example
        ENVELOPE

        Final-Recipient: rfc822; forwarded@elsewhere.example
        Action: ACTION
        Status: STATUS
        Diagnostic-Code: smtp; 550 5.1.1 <Ana@acme.example>: unknown

        """)
    words = {"DAY": day, "ENVELOPE\n": envelope and envelope + "\n", "ACTION": action}
    for word, value in {**words, "STATUS": status}.items():
        head = head.replace(word, value, 1)
    parts = more.encode() + head.encode()
    if original is not None:
        kind = b"text/rfc822-headers" if headers_only else b"message/rfc822"
        body = original.partition(b"\r\n\r\n")[0] + b"\r\n" if headers_only else original
        parts += b"--B\nContent-Type: " + kind + b"\n\n" + body + b"\n"
    return parts + b"--B--\n"


def parsed(raw: bytes) -> list[tuple[str, str, str, str, date, str]]:
    found = parse_report(raw, domain=SENDER.domain, arrived=date(2026, 1, 1))
    return [(d.key, d.debtor, d.delivery, d.address_hash, d.on, d.detail) for d in found]


BOUNCED = (KEY, "C 1/ñ", "bounced", HASH, date(2026, 3, 3), "5.1.1")


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_returned_message_is_a_bounce_of_the_address_that_we_wrote(headers_only: bool) -> None:
    assert parsed(report(original=sent(), headers_only=headers_only)) == [BOUNCED]


def test_a_report_without_the_message_is_matched_by_what_it_answers_to() -> None:
    forwarded = address_hash("email", "forwarded@elsewhere.example")
    bounced = (KEY, "", "bounced", forwarded, date(2026, 3, 3), "5.1.1")
    reply = report(more=f"In-Reply-To: <{KEY}@company.example>\n")
    assert parsed(reply) == [bounced]
    assert parsed(report(envelope=f"Original-Envelope-Id: {KEY}")) == [bounced]


def test_a_delay_says_nothing_and_a_delivery_is_one() -> None:
    assert parsed(report(action="delayed", status="4.4.1", original=sent())) == []
    (delivered,) = parsed(report(action="delivered", status="2.0.0", original=sent()))
    assert delivered[2] == "delivered"


def test_giving_up_after_trying_is_a_bounce_whatever_the_status() -> None:
    (bounced,) = parsed(report(status="4.4.7", original=sent()))
    assert bounced[2] == "bounced"


def test_what_is_no_report_or_not_ours_is_passed_over() -> None:
    answer = EmailMessage()
    answer["In-Reply-To"] = f"<{KEY}@company.example>"
    answer.set_content("We paid yesterday.")
    assert parsed(answer.as_bytes()) == []
    assert parsed(report()) == []
    assert parsed(report(more=f"In-Reply-To: <{KEY}@another.example>\n")) == []
    assert parsed(b"") == []


def test_a_report_without_a_day_counts_from_the_day_it_arrived() -> None:
    (bounced,) = parsed(report(original=sent(), day="soon"))
    assert bounced[4] == date(2026, 1, 1)


@given(st.binary(max_size=400), st.integers(0, 3000))
def test_no_damaged_mail_stops_the_reading(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int
) -> None:
    folder = tmp_path_factory.mktemp("bounces")
    raw = report(original=sent())
    (folder / "a.eml").write_bytes(raw[:at] + noise + raw[at + len(noise) :])
    (folder / "b.eml").write_bytes(report(original=sent("other-1")))
    found = read_bounces(folder, domain=SENDER.domain, since=date(1, 1, 1))
    assert "other-1" in {d.key for d in found}


def test_a_maildir_an_mbox_and_a_folder_of_files_say_the_same(tmp_path: Path) -> None:
    raw = report(original=sent())
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "1.eml").write_bytes(raw)
    (tmp_path / "files" / "1.txt").write_bytes(report(original=sent("not-1")))
    with closing(mailbox.Maildir(tmp_path / "maildir")) as maildir:
        maildir.add(raw)
    with closing(mailbox.mbox(tmp_path / "mbox")) as mbox:
        mbox.add(raw)
        mbox.add(b"Subject: hello\n\nFrom me\n")
    for place in ("files", "maildir", "mbox"):
        found = read_bounces(tmp_path / place, domain="COMPANY.example", since=date(2026, 3, 3))
        assert [d.key for d in found] == [KEY]
        assert read_bounces(tmp_path / place, domain="x", since=date(2026, 3, 4)) == []


def test_one_message_that_came_back_twice_is_told_once(tmp_path: Path) -> None:
    days = ("Wed, 04 Mar 2026 10:00:00 +0000", "Tue, 03 Mar 2026 10:00:00 +0000")
    for number, day in enumerate(days):
        (tmp_path / f"{number}.eml").write_bytes(report(original=sent(), day=day))
    (found,) = read_bounces(tmp_path, domain=SENDER.domain, since=date(2026, 1, 1))
    assert found.on == date(2026, 3, 3)


def test_reading_changes_nothing(tmp_path: Path) -> None:
    with closing(mailbox.mbox(tmp_path / "mbox")) as mbox:
        mbox.add(report(original=sent()))
    before = (tmp_path / "mbox").read_bytes(), sorted(tmp_path.iterdir())
    read_bounces(tmp_path / "mbox", domain=SENDER.domain, since=date(2026, 1, 1))
    assert ((tmp_path / "mbox").read_bytes(), sorted(tmp_path.iterdir())) == before
