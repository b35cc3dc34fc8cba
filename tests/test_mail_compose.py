"""An e-mail says what the plan says, and its headers are ours whatever anybody is called."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dunwell.command import Attachment, Message
from dunwell.port import Sending
from dunwell_mail.address import plain_address
from dunwell_mail.compose import UnsendableError, as_bytes, compose, message_id
from dunwell_mail.settings import Sender

AT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
SENDER = Sender("ar@company.example", "Example Ltd", "answers@company.example")
KEY = "betc364bsyhzfrupj4cq-0"
ALLOWED = {
    "from", "to", "reply-to", "subject", "date", "message-id", "auto-submitted", "x-dunwell-key",
    "x-dunwell-debtor", "content-language", "mime-version", "content-type",
    "content-transfer-encoding",
}  # fmt: skip
NASTY = st.text(
    st.one_of(
        st.sampled_from("\r\n\x00\x0b\x85\u2028\u202e ,;:<>@\"'\\=?()é🚀א\ud800"), st.characters()
    ),
    max_size=120,
)


def message(
    *,
    address: str = "ana@acme.example",
    name: str = "Ana",
    subject: str = "Reminder",
    text: str = "Hello\n",
    html: str = "",
    sender_name: str = "",
    attachments: tuple[Attachment, ...] = (),
) -> Message:
    return Message(
        "first_notice", "es_MX", "email", address, name, subject, text, html,
        sender_name=sender_name, attachments=attachments,
    )  # fmt: skip


def written(made: Message, *, debtor: str = "C-1") -> tuple[bytes, EmailMessage]:
    raw = as_bytes(compose(Sending(KEY, made, debtor), SENDER, at=AT))
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    return raw, mail


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def header(raw: bytes, name: str) -> str:
    return str(message_from_bytes(raw)[name]).replace("\r\n", "")


def decoded(text: str) -> str:
    """RFC 2047 read to the letter: no space between encoded words, as the newer parser leaves."""
    return str(make_header(decode_header(text)))


def test_the_headers_are_complete_and_carry_the_key() -> None:
    _, mail = written(message())
    assert mail["From"] == "Example Ltd <ar@company.example>"
    assert mail["To"] == "Ana <ana@acme.example>"
    assert mail["Reply-To"] == "answers@company.example"
    assert mail["Message-ID"] == f"<{KEY}@company.example>" == message_id(KEY, SENDER)
    assert mail["Date"].datetime == AT
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Dunwell-Key"] == KEY
    assert mail["X-Dunwell-Debtor"] == "C-1"
    assert mail["Content-Language"] == "es-MX"
    assert {name.lower() for name in mail} <= ALLOWED


def test_text_and_html_are_alternatives_and_attachments_stand_beside_them() -> None:
    attached = Attachment("estado_añadido.html", "text/html", "<p>ñ</p>")
    _, mail = written(message(text="uno\n", html="<p>uno</p>", attachments=(attached,)))
    assert mail.get_content_type() == "multipart/mixed"
    assert [p.get_content_type() for p in mail.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/html",
    ]  # fmt: skip
    (file,) = mail.iter_attachments()
    assert file.get_filename() == attached.name
    assert file.get_content() == attached.text
    assert body(mail, "plain") == "uno\n"
    assert body(mail, "html") == "<p>uno</p>"
    assert written(message())[1].get_content_type() == "text/plain"


INJECTED = "Ana\r\nBcc: all@acme.example\r\n\r\nHello"


@given(NASTY, NASTY, NASTY, NASTY, NASTY)
@example(INJECTED, "", "", "", "")
@example("", INJECTED, "", "", "")
@example("", "", INJECTED, "", "")
@example("", "", "", INJECTED, "")
@example("", "", "", "", INJECTED)
def test_no_name_and_no_subject_adds_a_header_or_a_recipient(
    name: str, subject: str, sender_name: str, file: str, debtor: str
) -> None:
    attached = Attachment(file, "text/html", "x")
    made = message(name=name, subject=subject, sender_name=sender_name, attachments=(attached,))
    raw, mail = written(made, debtor=debtor)
    assert {header.lower() for header in mail} <= ALLOWED
    assert len(mail.keys()) == len(set(mail.keys()))
    assert [a.addr_spec for a in mail["To"].addresses] == ["ana@acme.example"]
    assert [a.addr_spec for a in mail["From"].addresses] == ["ar@company.example"]
    assert body(mail, "plain") == "Hello\n"
    assert raw.isascii()
    assert max(len(row) for row in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")


PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
WORDS = st.lists(PRINTABLE, min_size=1, max_size=12).map(" ".join)


@given(WORDS, WORDS)
def test_what_was_composed_reads_back_word_for_word(name: str, subject: str) -> None:
    name = name[:150].strip()
    raw, _ = written(message(name=name, subject=subject))
    shown, address = parseaddr(header(raw, "To"))
    assert (decoded(shown), address) == (name, "ana@acme.example")
    assert decoded(header(raw, "Subject")) == subject


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=600))
def test_the_text_reads_back_as_it_was(text: str) -> None:
    raw, mail = written(message(text=text + "\n", html=f"<p>{text}</p>"))
    assert body(mail, "plain") == text + "\n"
    assert body(mail, "html") == f"<p>{text}</p>"
    assert max(len(row) for row in raw.split(b"\r\n")) <= 100


@pytest.mark.parametrize(
    ("written_as", "sent_as"),
    [
        ("ana@acme.example", "ana@acme.example"),
        (" a.b+c@x-1.example ", "a.b+c@x-1.example"),
        ("ana@müller.example", "ana@xn--mller-kva.example"),
        ("postmaster@localhost", "postmaster@localhost"),
        ("ana@straße.example", None),
        ("josé@acme.example", None),
        ("", None),
        ("ana", None),
        ("@acme.example", None),
        ("a@b@c.example", None),
        ("a..b@acme.example", None),
        ("a b@acme.example", None),
        ("a@acme..example", None),
        ("a@-x.example", None),
        ("a@acme.example>\r\nRCPT TO:<b@c.example", None),
        ("a@acme.example\r\nBcc: b@c.example", None),
        ('"a b"@acme.example', None),
        ("Ana <ana@acme.example>", None),
        ("a@" + "x" * 64 + ".example", None),
        ("x" * 65 + "@acme.example", None),
    ],
)
def test_an_address_is_sent_to_only_if_it_is_one(written_as: str, sent_as: str | None) -> None:
    assert plain_address(written_as) == sent_as


@given(NASTY)
def test_no_address_holds_a_sign_that_means_anything_to_a_server(text: str) -> None:
    for address in (text, f"{text}@acme.example", f"ana@{text}"):
        found = plain_address(address)
        assert found is None or not set(found) & set('\r\n\x00<> ,;:"')


def test_what_cannot_be_sent_names_neither_person_nor_address() -> None:
    with pytest.raises(UnsendableError) as caught:
        compose(Sending(KEY, message(address="secret person@x")), SENDER, at=AT)
    assert "secret" not in str(caught.value)
    with pytest.raises(UnsendableError, match="not a key"):
        compose(Sending("../../etc", message()), SENDER, at=AT)
