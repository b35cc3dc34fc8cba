"""Makes the e-mail of a message: what the plan says, word for word, with no room for more."""

from __future__ import annotations

import re
from datetime import datetime
from email.charset import QP, Charset
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message as Part
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime
from io import BytesIO
from urllib.parse import quote

from dunwell.command import Attachment
from dunwell.port import Sending
from dunwell_mail.address import plain_address
from dunwell_mail.settings import Sender

KEY_HEADER = "X-Dunwell-Key"
DEBTOR_HEADER = "X-Dunwell-Debtor"
"""Percent-encoded; comes back with a bounce and says whose log the bounce belongs to."""

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_NOT_PRINTED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\ufeff\ud800-\udfff]+"
)
_ATOM = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")
_WIDTH = 76
_LONGEST = 990  # a longer header comes from no sane name or subject


class UnsendableError(ValueError):
    """The message cannot be an e-mail; the text names no person and no address."""


def compose(sending: Sending, sender: Sender, *, at: datetime) -> Part:
    """The e-mail: text and HTML as alternatives, attachments beside them, all in ASCII lines.

    `at` is the Date header, with its zone. Raises UnsendableError for an address that cannot be
    written to or a key that is none.
    """
    message, key = sending.message, sending.key
    if not _KEY.fullmatch(key):
        raise UnsendableError("the key of the message is not a key")
    to = plain_address(message.address)
    if to is None:
        raise UnsendableError("the address is not one that e-mail can be sent to")
    reply_to = plain_address(message.reply_to or sender.reply_to or "")
    debtor = quote(sending.debtor, safe="", errors="replace")
    root = _body(message.text, message.html, message.attachments)
    headers = {
        "From": mailbox(message.sender_name or sender.name, sender.address, "From"),
        "To": mailbox(message.name, to, "To"),
        "Reply-To": reply_to or "",
        "Subject": words(message.subject, "Subject"),
        "Date": format_datetime(at),
        "Message-ID": message_id(key, sender),
        "Auto-Submitted": "auto-generated",
        KEY_HEADER: key,
        DEBTOR_HEADER: debtor if len(debtor) < _LONGEST else "",
        "Content-Language": message.language.replace("_", "-") if message.language else "",
    }
    for name, value in headers.items():
        if value:
            root[name] = value
    return root


def message_id(key: str, sender: Sender) -> str:
    """What names the message for ever: the key at the sender's domain."""
    return f"<{key}@{sender.domain}>"


def as_bytes(mail: Part) -> bytes:
    """The bytes as they travel: CRLF, lines of at most 998 characters, ASCII."""
    out = BytesIO()
    # Every header is folded already; nothing is folded anew.
    policy = compat32.clone(linesep="\r\n", max_line_length=0, mangle_from_=False)
    BytesGenerator(out, policy=policy).flatten(mail)
    return out.getvalue()


def words(text: str, header: str) -> str:
    """Text for a header: as it is, or RFC 2047 words; its only line breaks are folds."""
    text = " ".join(_NOT_PRINTED.sub(" ", text).split())[:_LONGEST]
    if text.isascii() and "=?" not in text and len(text) + len(header) + 2 <= _WIDTH:
        return text
    if text.isascii() and "=?" not in text and all(len(word) <= 70 for word in text.split()):
        return Header(text, "us-ascii", maxlinelen=_WIDTH, header_name=header).encode()
    return Header(text, "utf-8", maxlinelen=_WIDTH, header_name=header).encode()


def mailbox(name: str, address: str, header: str) -> str:
    """`Name <address>`, the name quoted or encoded so that it is never anything but a name."""
    name = " ".join(_NOT_PRINTED.sub(" ", name).split())[:200]
    if not name:
        return address
    if name.isascii() and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        shown = name if _ATOM.fullmatch(name) else f'"{quoted}"'
    else:
        shown = Header(name, "utf-8", maxlinelen=_WIDTH, header_name=header).encode()
    return f"{shown}\n <{address}>" if len(shown) + len(address) > 60 else f"{shown} <{address}>"


def _body(text: str, html: str, attachments: tuple[Attachment, ...]) -> Part:
    body: Part = _text(text, "plain")
    if html:
        both = MIMEMultipart("alternative")
        both.attach(body)
        both.attach(_text(html, "html"))
        body = both
    if not attachments:
        return body
    mixed = MIMEMultipart("mixed")
    mixed.attach(body)
    for attachment in attachments:
        mixed.attach(_attached(attachment))
    return mixed


def _text(text: str, subtype: str) -> Part:
    """Quoted-printable UTF-8: short ASCII lines, whatever the text and whatever the server."""
    charset = Charset("utf-8")
    charset.body_encoding = QP
    part = MIMENonMultipart("text", subtype)
    part.set_payload(text.encode("utf-8", "replace").decode("utf-8"), charset)
    return part


def _attached(attachment: Attachment) -> Part:
    main, _, sub = attachment.type.partition("/")
    data = attachment.text.encode("utf-8", "replace")
    part: Part
    if main == "text" and sub.isalnum():
        part = MIMEApplication(data, "octet-stream")
        part.replace_header("Content-Type", f'text/{sub}; charset="utf-8"')
    else:
        part = MIMEApplication(data, "octet-stream")
    name = _NOT_PRINTED.sub(" ", attachment.name).replace("/", "_").replace("\\", "_")
    plain = name.isascii()
    part.add_header(
        "Content-Disposition", "attachment", filename=name if plain else ("utf-8", "", name)
    )
    return part
