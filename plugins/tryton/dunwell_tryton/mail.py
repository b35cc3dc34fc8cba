"""Reminders by Tryton's own mail: it leaves by Tryton's server and is kept with the party."""

from __future__ import annotations

from email.utils import formataddr
from html import escape

from dunwell.command import Message
from dunwell.errors import AdapterError, UnansweredError, UnavailableError
from dunwell.log.entry import Result
from dunwell.port import Effect
from dunwell_tryton.client import Client
from dunwell_tryton.companion import mark
from dunwell_tryton.wire import RefusedError


def send(client: Client, effect: Effect) -> Result:
    """Send one mail; it never raises: what cannot be told is unknown."""
    message = effect.command.message
    if message is None or message.channel != "email":
        return Result(effect.key, "rejected", detail="Tryton sends e-mail only")
    try:
        client.call(
            "model.ir.email.send", address(message), "", "", one_line(message.subject),
            body(message, effect.key),
            [[each.name, each.text.encode()] for each in message.attachments],
            ["party.party", int(effect.debtor)], [], [],
            changes=True,
        )  # fmt: skip
    except UnavailableError as error:
        return Result(effect.key, "failed", "later", detail=str(error))
    except RefusedError as error:
        return Result(effect.key, "failed", "never", delivery="refused", detail=str(error))
    except UnansweredError as error:
        return Result(effect.key, "unknown", detail=str(error))
    except AdapterError as error:
        if refused(str(error)):
            return Result(effect.key, "failed", "never", delivery="refused", detail=str(error))
        return Result(effect.key, "unknown", detail=str(error))
    return Result(effect.key, "done", delivery="accepted")


def refused(told: str) -> bool:
    """Whether the mail server turned the recipient away, in the words that reach us.

    `{'ap@acme.example': (550, b'no such mailbox')}`: before anything was sent.
    """
    return "{'" in told and "': (5" in told


def address(message: Message) -> str:
    """The recipient; a name that breaks the line would be a header of its own."""
    return formataddr((one_line(message.name), one_line(message.address)))


def one_line(text: str) -> str:
    """A text without any break."""
    return " ".join(text.split())


def body(message: Message, key: str) -> str:
    """The mail in HTML, as Tryton takes it, with the key where nobody sees it."""
    text = message.html
    if not text:
        text = "".join(
            f"<p>{'<br/>'.join(escape(line) for line in part.splitlines())}</p>"
            for part in message.text.split("\n\n")
        )
    return f"{text}<!-- {mark(key)} -->"
