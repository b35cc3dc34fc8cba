"""What becomes of a message at a mail server, wherever the conversation ends."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from dunwell.command import Message
from dunwell.errors import ConfigurationError, DeniedError, UnavailableError
from dunwell.hooks import Settings
from dunwell.log.entry import Result
from dunwell.port import Found, Sending
from dunwell_mail.smtp import SmtpChannel, judge, open_smtp
from dunwell_mail.wire import Answer, Step

ANA, LUIS = "ana@acme.example", "luis@acme.example"


@dataclass
class Inbox:
    """An aiosmtpd handler: keeps what it accepts, refuses what it is told to refuse."""

    mail_from: str = ""
    rcpt: dict[str, str] = field(default_factory=dict)
    data: str = ""
    envelopes: list[Envelope] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail_from:
            return self.mail_from
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.data:
            return self.data
        self.envelopes.append(envelope)
        self.sessions.append(session)
        return "250 OK"

    @property
    def mails(self) -> list[bytes]:
        return [e.content for e in self.envelopes if isinstance(e.content, bytes)]


@contextlib.contextmanager
def serving(inbox: Inbox, **options: Any) -> Iterator[int]:
    """Run a real server on a free port of this machine; its port."""
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def sending(key: str, address: str = ANA, text: str = "T\n") -> Sending:
    return Sending(key, Message("t", "en", "email", address, "Ana", "S", text), "C-1")


def channel(port: int, secret: str | None = None, **values: Any) -> SmtpChannel:
    table = {"host": "127.0.0.1", "port": port, "tls": "none", "from": "ar@company.example"}
    settings = Settings({**table, **values}, Path("/nowhere"), lambda name: secret)
    made = open_smtp(settings)
    assert isinstance(made, SmtpChannel)
    return made


def short(result: Result) -> tuple[str, str, str]:
    return result.status, result.reason, result.delivery


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def test_messages_arrive_whole_over_one_connection(inbox: Inbox) -> None:
    text = ".\n..dots\nñ 🚀\n" + "x" * 2000 + "\n"
    with serving(inbox) as port:
        mail = channel(port)
        results = [*mail.send([sending("k-0", text=text), sending("k-1", LUIS)])]
        results += mail.send([sending("k-2")])
        mail.close()
        mail.close()
    assert [short(r) for r in results] == [("done", "", "accepted")] * 3
    assert [e.rcpt_tos for e in inbox.envelopes] == [[ANA], [LUIS], [ANA]]
    assert len({id(session) for session in inbox.sessions}) == 1
    first = message_from_bytes(inbox.mails[0], policy=default)
    assert first.get_content().replace("\r\n", "\n") == text
    assert first["Message-ID"] == "<k-0@company.example>"


def test_a_key_is_handed_over_once(inbox: Inbox) -> None:
    with serving(inbox) as port:
        mail = channel(port)
        statuses = [r.status for r in mail.send([sending("k-0"), sending("k-0")])]
        statuses += [r.status for r in mail.send([sending("k-0")])]
        mail.close()
    assert statuses == ["done", "already_done", "already_done"]
    assert len(inbox.mails) == 1


@pytest.mark.parametrize(
    ("answer", "becomes"),
    [
        ("550 5.1.1 ana@acme.example unknown", ("failed", "never", "refused")),
        ("550 no such user", ("failed", "never", "refused")),
        ("554 5.7.1 relay access denied", ("failed", "never", "")),
        ("530 5.7.0 authenticate first", ("failed", "later", "")),
        ("450 4.2.0 greylisted", ("failed", "later", "")),
        ("452 4.2.2 mailbox full", ("failed", "later", "")),
    ],
)
def test_a_refused_recipient_fails_alone(
    inbox: Inbox, answer: str, becomes: tuple[str, str, str]
) -> None:
    inbox.rcpt[ANA] = answer
    with serving(inbox) as port:
        mail = channel(port)
        results = mail.send([sending("k-0", LUIS), sending("k-1", ANA), sending("k-2", LUIS)])
        mail.close()
    assert [short(r) for r in results] == [
        ("done", "", "accepted"),
        becomes,
        ("done", "", "accepted"),
    ]
    assert ANA not in results[1].detail
    assert len({id(session) for session in inbox.sessions}) == 1


@pytest.mark.parametrize(
    ("answer", "becomes"),
    [
        ("554 5.6.0 content refused", ("failed", "never", "")),
        ("552 5.3.4 too large", ("failed", "never", "")),
        ("550 5.1.1 unknown after all", ("failed", "never", "refused")),
        ("451 4.3.0 try again", ("failed", "later", "")),
    ],
)
def test_a_refused_content_says_nothing_of_the_address_unless_its_code_does(
    inbox: Inbox, answer: str, becomes: tuple[str, str, str]
) -> None:
    inbox.data = answer
    with serving(inbox) as port:
        mail = channel(port)
        (result,) = mail.send([sending("k-0")])
        inbox.data = ""
        (after,) = mail.send([sending("k-1")])
        mail.close()
    assert short(result) == becomes
    assert after.status == "done"


def test_a_refused_sender_is_no_fault_of_the_address(inbox: Inbox) -> None:
    inbox.mail_from = "550 5.7.1 not yours"
    with serving(inbox) as port:
        mail = channel(port)
        (result,) = mail.send([sending("k-0")])
        mail.close()
    assert short(result) == ("failed", "later", "")
    assert result.detail == "the server answered 550 5.7.1 to the sender step"


def test_a_port_where_nobody_answers_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="cannot be reached"):
        channel(free_port()).send([sending("k-0")])


def test_a_mail_server_cannot_be_asked() -> None:
    mail = channel(25)
    assert mail.blind
    assert list(mail.look_up(["k-0", "k-1"])) == [Found.CANNOT_TELL] * 2
    assert list(mail.outcomes(since=date(2026, 1, 1))) == []


class Tls:
    """An authority made for the test, a certificate of it, and the contexts that use them."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.ca)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self.context)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return Tls(tmp_path_factory.mktemp("tls"))


def known(server: Any, session: Any, envelope: Any, mechanism: Any, data: Any) -> AuthResult:
    right = (data.login, data.password) == (b"me", b"secret")
    return AuthResult(success=right, handled=right)


def test_starttls_protects_the_login_and_the_message(inbox: Inbox, tls: Tls) -> None:
    options = {"tls_context": tls.context, "require_starttls": True, "authenticator": known}
    with serving(inbox, **options) as port:
        settings = {"host": "localhost", "tls": "starttls", "ca": str(tls.ca), "user": "me"}
        mail = channel(port, "secret", **settings)
        assert list(mail.check()) == []
        assert [r.status for r in mail.send([sending("k-0")])] == ["done"]
        mail.close()
        with pytest.raises(DeniedError, match="the login was refused: 535") as caught:
            channel(port, "wrong!", **settings).send([sending("k-1")])
        with pytest.raises(ConfigurationError, match="password is not"):
            channel(port, None, **settings).send([sending("k-1")])
    assert "wrong!" not in str(caught.value)
    assert inbox.sessions[0].ssl is not None
    assert inbox.sessions[0].authenticated
    assert "secret" not in repr(mail)


def test_tls_from_the_first_byte(inbox: Inbox, tls: Tls) -> None:
    with serving(inbox, ssl_context=tls.context) as port:
        mail = channel(port, host="localhost", tls="implicit", ca=str(tls.ca))
        assert [r.status for r in mail.send([sending("k-0")])] == ["done"]
        mail.close()


@pytest.mark.parametrize("way", ["starttls", "implicit"])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    inbox: Inbox, tls: Tls, way: str
) -> None:
    own = {"tls_context": tls.context} if way == "starttls" else {"ssl_context": tls.context}
    with serving(inbox, **own) as port:
        with pytest.raises(ConfigurationError, match="certificate"):
            channel(port, host="localhost", tls=way).send([sending("k-0")])
        # right authority, but the name on the certificate is another
        with pytest.raises(ConfigurationError, match="certificate"):
            channel(port, tls=way, ca=str(tls.ca)).send([sending("k-0")])
    assert inbox.mails == []


def test_a_server_without_starttls_is_never_used_in_the_clear(inbox: Inbox) -> None:
    with serving(inbox) as port:
        with pytest.raises(ConfigurationError, match="does not offer STARTTLS"):
            channel(port, tls="starttls").send([sending("k-0")])
        with pytest.raises(ConfigurationError, match="TLS"):
            channel(port, tls="implicit").send([sending("k-0")])
    assert inbox.mails == []


def test_settings_are_checked_when_the_channel_is_opened(tmp_path: Path) -> None:
    for change, words in (
        ({"host": ""}, "the setting 'host' is missing"),
        ({"host": "mail.acme.example"}, "tls is 'none' for 'mail.acme.example'"),
        ({"tls": "ssl"}, "unknown tls 'ssl'"),
        ({"timeout": "25"}, "'timeout' is a whole number"),
        ({"final_timeout": 0}, "'final_timeout' is a whole number"),
        ({"ca": "none.pem"}, "there is no such file"),
        ({"tls": "unprotected", "user": "me"}, "readable to everybody"),
        ({"tlss": "x"}, "did you mean 'tls'"),
        ({"password": "x"}, "does not belong in the file"),
        ({"return_path": "x"}, "'return_path' is not an e-mail address"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            channel(25, **change)
    assert channel(25, host="mail.acme.example", tls="unprotected").settings.port == 25


def test_check_names_a_folder_of_bounces_that_is_not_there(inbox: Inbox) -> None:
    with serving(inbox) as port:
        (problem,) = channel(port, bounces="none").check()
    assert problem.message == "'bounces' names nothing that is there"


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("code", [400, 421, 450, 500, 550, 554, 599])
def test_every_refusal_has_a_meaning_and_none_is_taken_for_sent(step: Step, code: int) -> None:
    result = judge("k", Answer(step, code))
    assert result.status == "failed"
    assert result.reason in ("later", "never")
    assert (result.reason == "never") <= (code >= 500)
