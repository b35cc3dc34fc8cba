"""One conversation with a mail server, in steps that say how far a message came when it broke."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from dunwell.errors import ConfigurationError, DeniedError, UnavailableError
from dunwell_mail.settings import Smtp

_ENHANCED = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})\b")
_BODY_END = b".\r\n"


class Step(Enum):
    """Where in the conversation an answer, or the lack of one, belongs."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"  # before the final dot: nothing can have left
    END = "end"  # the final dot was begun: only an answer tells


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said at a step: its code, and the enhanced one ("" where there is none)."""

    step: Step
    code: int
    enhanced: str = ""

    @property
    def words(self) -> str:
        """The codes for people; never the server's text, which names addresses."""
        shown = f"{self.code} {self.enhanced}".strip()
        return f"the server answered {shown} to the {self.step.value} step"


class BrokenError(Exception):
    """The connection broke or went silent at a step."""

    def __init__(self, step: Step) -> None:
        self.step = step
        super().__init__(f"the connection broke at the {step.value} step")


@dataclass(slots=True)
class Wire:
    """An open, authenticated connection; every error closes it."""

    smtp: smtplib.SMTP
    patience: float  # seconds for the answer to a whole message
    answered: bool = False  # it has answered to a message before

    def deliver(self, sender: str, recipient: str, mail: bytes, key: str) -> Answer:
        """Send one mail to one recipient: the last answer, or a BrokenError with the step."""
        dsn = self.smtp.has_extn("dsn")
        size = [f"SIZE={len(mail)}"] if self.smtp.has_extn("size") else []
        report = [f"ENVID={key}", "RET=HDRS"] if dsn else []
        answer = self._ask(Step.SENDER, f"FROM:<{sender}>", [*size, *report])
        self.answered = True
        if answer.code // 100 != 2:
            return self._reset(answer)
        report = ["NOTIFY=FAILURE"] if dsn else []
        answer = self._ask(Step.RECIPIENT, f"TO:<{recipient}>", report)
        if answer.code // 100 != 2:
            return self._reset(answer)
        answer = self._talk(Step.DATA, lambda: self.smtp.docmd("DATA"))
        if answer.code != 354:
            return self._reset(answer)
        self._write(Step.DATA, _stuffed(mail))
        if self.smtp.sock is not None:
            self.smtp.sock.settimeout(self.patience)
        self._write(Step.END, _BODY_END)
        answer = self._talk(Step.END, self.smtp.getreply)
        if self.smtp.sock is not None:
            self.smtp.sock.settimeout(self.smtp.timeout)
        return self._reset(answer) if answer.code // 100 != 2 else answer

    def close(self) -> None:
        """Say goodbye and let go; never raises."""
        try:
            self.smtp.quit()
        except (OSError, smtplib.SMTPException):
            self.smtp.close()

    def _ask(self, step: Step, path: str, options: list[str]) -> Answer:
        verb = "MAIL" if step is Step.SENDER else "RCPT"
        return self._talk(step, lambda: self.smtp.docmd(verb, " ".join([path, *options])))

    def _talk(self, step: Step, say: Callable[[], tuple[int, bytes]]) -> Answer:
        try:
            code, text = say()
        except (OSError, smtplib.SMTPException) as error:
            self.smtp.close()
            raise BrokenError(step) from error
        if not 200 <= code < 600:  # no answer of this protocol
            self.smtp.close()
            raise BrokenError(step)
        enhanced = _ENHANCED.match(text)
        return Answer(step, code, enhanced[1].decode() if enhanced else "")

    def _write(self, step: Step, data: bytes) -> None:
        try:
            self.smtp.send(data)
        except (OSError, smtplib.SMTPException) as error:
            self.smtp.close()
            raise BrokenError(step) from error

    def _reset(self, answer: Answer) -> Answer:
        """Make the connection ready for the next mail after a refusal; drop it if that fails."""
        if answer.code == 421:
            self.smtp.close()
            return answer
        try:
            self.smtp.rset()
        except (OSError, smtplib.SMTPException):
            self.smtp.close()
        return answer

    @property
    def open(self) -> bool:
        """Whether there is still a connection."""
        return self.smtp.sock is not None


def connect(settings: Smtp, password: str | None) -> Wire:
    """Connect, protect and authenticate. Nothing is sent of any message.

    UnavailableError: nobody answers. ConfigurationError: the certificate or the protection is not
    as configured. DeniedError: the password is wrong.
    """
    smtp = _connected(settings)
    try:
        _greet(smtp, settings)
        if settings.user:
            _login(smtp, settings, password)
    except BaseException:
        smtp.close()
        raise
    assert smtp.sock is not None
    # The end of a message is a write of three bytes: it must not wait for the one before.
    smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Wire(smtp, settings.final_timeout)


def _connected(settings: Smtp) -> smtplib.SMTP:
    try:
        if settings.tls == "implicit":
            return smtplib.SMTP_SSL(
                settings.host,
                settings.port,
                settings.sender.domain,
                timeout=settings.timeout,
                context=_tls(settings),
            )
        return smtplib.SMTP(
            settings.host, settings.port, settings.sender.domain, timeout=settings.timeout
        )
    except ssl.SSLCertVerificationError as error:
        raise _certificate() from error
    except ssl.SSLError as error:
        raise ConfigurationError("the mail server does not speak TLS on this port") from error
    except smtplib.SMTPConnectError as error:
        raise UnavailableError(f"the mail server refuses to talk: {error.smtp_code}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise UnavailableError("the mail server cannot be reached") from error


def _greet(smtp: smtplib.SMTP, settings: Smtp) -> None:
    try:
        smtp.ehlo_or_helo_if_needed()
        if settings.tls != "starttls":
            return
        if not smtp.has_extn("starttls"):
            raise ConfigurationError("the mail server does not offer STARTTLS: set another 'tls'")
        code, _ = smtp.starttls(context=_tls(settings))
        if code != 220:
            raise UnavailableError(f"the mail server refuses STARTTLS: {code}")
        smtp.ehlo()
    except ssl.SSLCertVerificationError as error:
        raise _certificate() from error
    except ssl.SSLError as error:
        raise ConfigurationError("the mail server and Dunwell find no common TLS") from error
    except smtplib.SMTPResponseException as error:
        raise UnavailableError(f"the mail server refuses to talk: {error.smtp_code}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise UnavailableError("the mail server broke the connection") from error


def _login(smtp: smtplib.SMTP, settings: Smtp, password: str | None) -> None:
    if password is None:
        raise ConfigurationError("'user' is set, and the password is not in the environment")
    try:
        smtp.login(settings.user, password)
    except smtplib.SMTPNotSupportedError as error:
        raise ConfigurationError("the mail server takes no user and password here") from error
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code // 100 == 4:
            raise UnavailableError(f"no login at the moment: {error.smtp_code}") from None
        remedy = "whoever runs the mail server gives the right user and password"
        raise DeniedError(f"the login was refused: {error.smtp_code}", remedy=remedy) from None
    except (OSError, smtplib.SMTPException):
        raise UnavailableError("the mail server broke the connection at login") from None


def _stuffed(mail: bytes) -> bytes:
    """The mail as DATA carries it: lines that start with a dot get another one."""
    lines = mail.split(b"\r\n")
    body = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def _certificate() -> ConfigurationError:
    return ConfigurationError(
        "the certificate of the mail server is not trusted: name its authority in 'ca'"
    )


def _tls(settings: Smtp) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca and str(settings.ca))
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError("'ca' is not a file of certificates in PEM form") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
