"""An entry of the log as an internal note on the customer, and back.

People read its text. The machine's part is the title of an empty span beside it: packed, so that
no cleaning of HTML touches it, whatever names and texts are in it.
"""

from __future__ import annotations

import base64
import re
import zlib
from datetime import datetime
from html import escape, unescape

import msgspec

from dunwell.log.entry import By, Entry, Kind
from dunwell_odoo.names import message_id

MARK = "dunwell:1"
"""What the machine's part begins with, and its format; after it the position, then the rest."""

_PART = re.compile(r'title="dunwell:1:(\d+):([A-Za-z0-9+/=]*)"')
_PLAIN = re.compile(r"<[^>]*>")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
LIMIT = 50_000_000
"""Bytes of an entry: nobody packs more than that into a note."""


class Told(msgspec.Struct, frozen=True, array_like=True):
    """The machine's part: all of an entry but what Odoo itself says of the note."""

    debtor: str
    company: str | None
    kind: str
    key: str
    by: str
    direction: str
    channel: str
    body: str
    text: str
    nonce: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Told).decode


def subject(kind: str) -> str:
    """The subject of the notes of one kind of entry: they are counted by it.

    >>> subject("outcome")
    'Dunwell: outcome'
    """
    return f"Dunwell: {kind}"


def note(entry: Entry) -> dict[str, object]:
    """An entry as the values of a message."""
    return {
        "model": "res.partner",
        "res_id": int(entry.debtor),
        "subject": subject(entry.kind),
        "body": body(entry),
        "message_type": "notification",  # so that nobody edits it by accident
        "message_id": message_id(f"{_UNSAFE.sub('-', entry.key)}.{entry.kind}"),
    }


def body(entry: Entry) -> str:
    """The text for people and the part for the machine."""
    told = Told(
        entry.debtor, entry.company, entry.kind, entry.key, entry.by, entry.direction,
        entry.channel, entry.body, entry.text, entry.nonce,
    )  # fmt: skip
    packed = base64.b64encode(zlib.compress(_encode(told), 6)).decode()
    return f'{paragraphs(entry.text)}<span title="{MARK}:{entry.position}:{packed}"></span>'


def paragraphs(text: str) -> str:
    r"""A plain text as HTML that shows the same.

    >>> paragraphs("a < b\nand\n\nmore")
    '<p>a &lt; b<br>and</p><p>more</p>'
    """
    parts = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    return "".join(f"<p>{escape(part.strip()).replace(chr(10), '<br>')}</p>" for part in parts)


def plain(html: str) -> str:
    """The text of a note: what people read."""
    broken = re.sub(r"<br\s*/?>|</p>\s*<p[^>]*>|</div>\s*<div[^>]*>", "\n", html or "")
    lines = (" ".join(line.split()) for line in unescape(_PLAIN.sub("", broken)).splitlines())
    return "\n".join(line for line in lines if line)


def entry(debtor: str, html: str, at: datetime) -> Entry | None:
    """The entry of a note; one that cannot be read garbles its debtor, who is then left alone.

    None for what was written for another debtor: Odoo merged two customers.
    """
    found = _PART.search(html or "")
    if found is None:
        return garbled(debtor, 1, at)
    position = int(found[1])
    try:
        told = _unpacked(found[2])
    except (ValueError, zlib.error, msgspec.MsgspecError):
        return garbled(debtor, position, at)
    if told.debtor != debtor:
        return None
    kind: Kind = told.kind  # type: ignore[assignment]
    by: By = told.by  # type: ignore[assignment]
    return Entry(
        debtor, told.company, position, kind, told.key, at, by, told.direction,  # type: ignore[arg-type]
        told.channel, told.body, told.text, told.nonce,
    )  # fmt: skip


def nonce(html: str) -> str:
    """The nonce of the entry in a note; empty where it cannot be told."""
    found = _PART.search(html or "")
    try:
        return _unpacked(found[2]).nonce if found else ""
    except (ValueError, zlib.error, msgspec.MsgspecError):
        return ""


def garbled(debtor: str, position: int, at: datetime) -> Entry:
    """What stands for an entry that cannot be read."""
    return Entry(debtor, None, position, "outcome", "", at, "dunwell", text="cannot be read")


def _unpacked(packed: str) -> Told:
    unzip = zlib.decompressobj()
    text = unzip.decompress(base64.b64decode(packed, validate=True), LIMIT)
    if not unzip.eof:
        raise ValueError("it is cut off, or larger than any entry")
    return _decode(text)


__all__ = ["body", "entry", "garbled", "nonce", "note", "paragraphs", "plain", "subject"]
