"""Reminders by Odoo itself: posted where people look for them, to the addressed alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dunwell.command import Message
from dunwell.port import Effect
from dunwell_odoo import codec, names
from dunwell_odoo.asking import EVERYTHING, Ask, Question, Record, parts, these
from dunwell_odoo.installed import Installed
from dunwell_odoo.partners import address, phone
from dunwell_odoo.values import numbers

SIZE = 5_000
SKIPS_FOLLOWERS = (18, 0)
"""Since then a message can be told to leave followers out; before, its own subtype does that."""
_UNLINKED = re.compile(r"/my/invoices/(\d+)\?access_token=(?![\w-])")


@dataclass(frozen=True, slots=True)
class Target:
    """To whom a message goes, and from whose chatter: the invoice's, where it is about one."""

    partner: int
    invoice: int = 0


def targets(ask: Ask, letters: Mapping[int, Effect], extra: Iterable[str]) -> dict[int, Target]:
    """The targets of messages; those whose address nobody there has any more are not among them.

    Two calls a page. `extra` are fields of partners that not every Odoo has.
    """
    family: dict[int, list[Record]] = {}
    debtors = numbers([effect.debtor for effect in letters.values()])
    spec = these("name", "email", "phone", "commercial_partner_id", "active", *extra)
    for part in parts(debtors, SIZE):
        domain = [["commercial_partner_id", "in", list(part)]]
        for row in ask.all(Question("res.partner", domain, spec, SIZE, EVERYTHING)):
            family.setdefault(row["commercial_partner_id"], []).append(row)
    invoices: dict[str, int] = {}
    items = numbers([item for effect in letters.values() for item in effect.command.items])
    for part in parts(items, SIZE):
        domain = [["id", "in", list(part)], ["move_id.move_type", "!=", "entry"]]
        for row in ask.all(Question("account.move.line", domain, these("move_id"), SIZE)):
            invoices[str(row["id"])] = row["move_id"]
    found = {}
    for n, effect in letters.items():
        message = effect.command.message
        assert message is not None
        partner = _addressed(message, family.get(int(effect.debtor), ()))
        about = {invoices.get(item, 0) for item in effect.command.items}
        if partner:
            found[n] = Target(partner, about.pop() if len(about) == 1 else 0)
    return found


def _addressed(message: Message, family: Iterable[Record]) -> int:
    """Who has the address: by name where several have it, else whoever was there first."""
    wanted = message.address.strip().casefold()
    having = [
        row
        for row in family
        if ((address(row["email"]) if message.channel == "email" else phone(row)) or "")
        .strip()
        .casefold()
        == wanted
    ]
    having.sort(key=lambda row: (row["name"] != message.name, not row["active"], row["id"]))
    return having[0]["id"] if having else 0


def place(effect: Effect, target: Target) -> tuple[str, int]:
    """The record whose chatter gets the message.

    About one invoice: there. About several: the customer's, where nobody has to guess which; so
    with a statement, which is of them all (and Odoo 19 lets only who may change an invoice attach
    something to it).
    """
    message = effect.command.message
    if target.invoice and not (message and message.attachments):
        return "account.move", target.invoice
    return "res.partner", int(effect.debtor)


def unlinked(body: str) -> list[int]:
    """The invoices whose pages a message names without a token.

    >>> unlinked('<a href="/my/invoices/7?access_token=">, /my/invoices/8?access_token=6d87')
    [7]
    """
    return sorted({int(number) for number in _UNLINKED.findall(body)})


def arguments(
    effect: Effect, target: Target, installed: Installed
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `message_post` is given, and its context."""
    message = effect.command.message
    assert message is not None
    context = {
        "mail_create_nosubscribe": True,  # nobody follows because of us
        "mail_post_autofollow": False,
    }
    given: dict[str, Any] = {
        "partner_ids": [target.partner],
        "message_id": names.message_id(effect.key),
        "subtype_id": installed.id(names.SUBTYPE_REMINDER),
    }
    if message.channel == "sms":
        # its queue, since a transaction that Odoo has to begin anew would send it twice
        given |= {"message_type": "sms", "body": message.text, "put_in_queue": True}
        return given, context
    given |= {
        "message_type": "comment",
        "subject": " ".join(message.subject.split()),
        "body": message.html or codec.paragraphs(message.text),
        "body_is_html": True,
        "email_add_signature": False,
        "attachments": [[each.name, each.text] for each in message.attachments],
    }
    if message.reply_to:
        given["reply_to"] = message.reply_to
    if installed.version >= SKIPS_FOLLOWERS:
        given["notify_skip_followers"] = True
    return given, context
