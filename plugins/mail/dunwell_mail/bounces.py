"""Reads the mails that came back (RFC 3464) and says which of our messages did not arrive."""

from __future__ import annotations

import email
import email.policy
import email.utils
import mailbox
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from email.message import Message as Mail
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from dunwell.log.keys import address_hash
from dunwell.port import Delivery
from dunwell_mail.compose import DEBTOR_HEADER, KEY_HEADER

_LARGEST = 20_000_000  # bytes of one returned mail
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_BECAME: dict[str, Literal["bounced", "delivered"]] = {
    "failed": "bounced",
    "delivered": "delivered",
}


def read_bounces(place: Path, *, domain: str, since: date) -> list[Delivery]:
    """What came back on or after a day, each message once, the oldest first.

    `place` is a Maildir, an mbox file, or a folder of `.eml` files; `domain` is the one in our own
    Message-IDs. Mails that are no reports, or reports on mails that are not ours, are passed over.
    """
    found: dict[tuple[str, str], Delivery] = {}
    for raw, arrived in _mails(place):
        try:
            deliveries = parse_report(raw, domain=domain, arrived=arrived)
        except Exception:
            continue  # strangers send what they like; no mail of theirs stops a run
        for delivery in deliveries:
            key = (delivery.key, delivery.delivery)
            if delivery.on >= since and (key not in found or delivery.on < found[key].on):
                found[key] = delivery
    return sorted(found.values(), key=lambda d: (d.on, d.key, d.delivery))


def parse_report(raw: bytes, *, domain: str, arrived: date) -> list[Delivery]:
    """What one mail reports of our messages; nothing if it is no delivery report."""
    mail = email.message_from_bytes(raw, policy=email.policy.compat32)
    if mail.get_content_type() != "multipart/report":
        return []
    report = _first(mail, ("message/delivery-status", "message/global-delivery-status"))
    if report is None:
        return []
    blocks = [part for part in report.get_payload() if isinstance(part, Mail)]
    original = _original(mail)
    key = _key(mail, original, blocks, domain)
    if not key:
        return []
    on = _day(mail, arrived)
    debtor = unquote(_header(original, DEBTOR_HEADER)) if original else ""
    deliveries = []
    for block in blocks[1:] or blocks:
        became = _BECAME.get(_header(block, "Action").lower())
        if became is None:
            continue
        status = _STATUS.search(_header(block, "Status"))
        hashed = address_hash("email", _recipient(original, block))
        detail = status[0] if status else ""
        deliveries.append(Delivery(key, debtor, became, hashed, on, detail))
    return deliveries


def _mails(place: Path) -> Iterator[tuple[bytes, date]]:
    """Each mail and the day on which its file was written; what cannot be read is passed over."""
    if place.is_file():
        yield from _mbox(place)
        return
    folders = [place / "new", place / "cur"] if (place / "cur").is_dir() else [place]
    for folder in folders:
        for path in _files(folder, maildir=folder != place):
            try:
                stat = path.stat()
                if stat.st_size <= _LARGEST:
                    yield path.read_bytes(), _utc_day(stat.st_mtime)
            except OSError:
                continue


def _files(folder: Path, *, maildir: bool) -> Iterable[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_file() and (maildir or p.suffix == ".eml"))


def _mbox(place: Path) -> Iterator[tuple[bytes, date]]:
    day = _utc_day(place.stat().st_mtime)
    box = mailbox.mbox(place, create=False)
    try:
        for name in box.keys():  # noqa: SIM118 - a mailbox iterates over its messages
            yield box.get_bytes(name), day
    finally:
        box.close()


def _utc_day(seconds: float) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()


def _first(mail: Mail, types: tuple[str, ...]) -> Mail | None:
    return next((part for part in mail.walk() if part.get_content_type() in types), None)


def _original(mail: Mail) -> Mail | None:
    """The headers of the mail that came back, however much of it was returned."""
    part = _first(mail, ("message/rfc822", "message/global"))
    if part is not None:
        inner = part.get_payload()
        return inner[0] if isinstance(inner, list) and isinstance(inner[0], Mail) else None
    part = _first(mail, ("text/rfc822-headers", "message/global-headers"))
    if part is None:
        return None
    content = part.get_payload(decode=True)
    return email.message_from_bytes(content) if isinstance(content, bytes) else None


def _key(mail: Mail, original: Mail | None, blocks: Iterable[Mail], domain: str) -> str:
    """Our key: in the returned headers, the envelope id, or what the report answers to."""
    if original is not None and _KEY.fullmatch(written := _header(original, KEY_HEADER)):
        return written
    ours = re.compile(rf"<([A-Za-z0-9][A-Za-z0-9_-]{{0,63}})@{re.escape(domain)}>", re.IGNORECASE)
    sources = [_header(original, "Message-ID")] if original is not None else []
    sources += [_header(mail, name) for name in ("In-Reply-To", "References")]
    for source in sources:
        if found := ours.search(source):
            return found[1]
    for block in blocks:
        if _KEY.fullmatch(envelope := _header(block, "Original-Envelope-Id")):
            return envelope
    return ""


def _recipient(original: Mail | None, block: Mail) -> str:
    """The address as we wrote it; a forwarder reports one that we never knew."""
    if original is not None:
        for _, address in email.utils.getaddresses([_header(original, "To")]):
            if address:
                return address
    for name in ("Original-Recipient", "Final-Recipient"):
        kind, _, address = _header(block, name).partition(";")
        if kind.strip().lower() in ("rfc822", "utf-8") and address.strip():
            return address.strip()
    return ""


def _day(mail: Mail, arrived: date) -> date:
    try:
        return email.utils.parsedate_to_datetime(_header(mail, "Date")).date()
    except (ValueError, OverflowError):
        return arrived


def _header(mail: Mail, name: str) -> str:
    return " ".join(str(mail.get(name, "")).split())
