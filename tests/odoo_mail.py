"""Odoo's chatter: messages, who got them and whether they arrived, and how they are posted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Any, ClassVar

from tests.odoo_activities import ACTIVITY_MODELS
from tests.odoo_env import Env, rpc_model
from tests.odoo_fields import (
    Field,
    Fields,
    behind,
    char,
    flag,
    html,
    many,
    one,
    pick,
    whole,
)
from tests.odoo_loading import Record
from tests.odoo_texts import to
from tests.odoo_thread import Followers, author
from tests.odoo_writing import Values

TYPES = ("email", "comment", "email_outgoing", "notification", "auto_comment",
         "user_notification", "sms", "snailmail")  # fmt: skip
_ADDRESS = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+")


def _now(env: Env) -> str:
    return env.store.now()


class Message(Record):
    _name, _words = "mail.message", "Message"
    _order = "id desc"
    _title = "record_name"
    fields: ClassVar[Fields] = {
        "subject": char(), "date": Field("datetime", default=_now), "body": html(default=""),
        "preview": char(compute="_preview", search=False), "model": char(),
        "res_id": whole(indexed=True), "record_name": char(),
        "message_type": pick(*TYPES, need=True, default="comment"),
        "subtype_id": one("mail.message.subtype"), "is_internal": flag(),
        "author_id": one("res.partner", default=author), "email_from": char(),
        "reply_to": char(), "message_id": char(indexed=True), "parent_id": one("mail.message"),
        "partner_ids": many("res.partner"), "attachment_ids": many("ir.model"),
        "notified_partner_ids": many("res.partner", compute="_notified"),
        "notification_ids": behind("mail.notification", "mail_message_id"),
        "mail_activity_type_id": one("mail.activity.type"),
    }  # fmt: skip

    def _prepared(self, values: Values) -> dict[str, Any]:
        given = dict(values)
        number = self.env.store.last[self._name] + 1
        given["message_id"] = given.get("message_id") or f"<{number}.odoo@kit.example>"
        author = self.env["res.partner"].sudo().browse(given.get("author_id") or 0)
        given["email_from"] = given.get("email_from") or author.email_formatted
        if given.get("record_name") is None and given.get("model") and given.get("res_id"):
            there = self.env[given["model"]].sudo().browse(given["res_id"])
            there._there(there.ids)
            given["record_name"] = there._label(there.id)
        return given

    def _rule(self, operation: str, ids: Sequence[int]) -> list[int]:
        rows, me = self._rows(), author(self.env)
        mine = {me} if operation in ("read", "write") else set()
        return [n for n in ids if rows[n]["author_id"] in mine or self._granted(operation, n)]

    def _granted(self, operation: str, number: int) -> bool:
        """Whether the record it is on lets the user."""
        row = self._rows()[number]
        if operation == "read" and author(self.env) in self._notified(number):
            return True
        if not row["model"] or not row["res_id"]:
            return operation == "create"
        target = self.env[row["model"]].browse(row["res_id"])
        right = {"read": "read", "create": getattr(target, "_post_right", "write")}
        need = right.get(operation, "write")
        if not target._may(need) or not target.exists():
            return False
        return bool(target._rule(need, target.ids))

    def _checked(self, operation: str) -> None:
        if operation == "create":
            for number in self.ids:
                row = self._rows()[number]
                if row["model"] and row["res_id"]:
                    target = self.env[row["model"]].browse(row["res_id"])
                    target._there(target.ids)
        super()._checked(operation)

    def _preview(self, number: int) -> str:
        text = re.sub(r"<[^>]*>", " ", self._rows()[number]["body"] or "")
        return unescape(re.sub(r"\s+", " ", text)).strip()[:190]

    def _notified(self, number: int) -> tuple[int, ...]:
        rows = self.env.store.rows["mail.notification"]
        found = self.env.store.find("mail.notification", "mail_message_id", number)
        return tuple(rows[one]["res_partner_id"] for one in sorted(found))

    def _removing(self) -> None:
        for number in self.ids:
            for model in ("mail.notification", "mail.mail"):
                for found in [*self.env.store.find(model, "mail_message_id", number)]:
                    self.env.store.delete(model, found)


class Subtype(Record):
    _name, _words = "mail.message.subtype", "Message subtypes"
    _order = "sequence, id"
    fields: ClassVar[Fields] = {
        "name": char(need=True), "default": flag(default=True), "internal": flag(),
        "hidden": flag(), "sequence": whole(default=1), "description": Field("text"),
        "res_model": char(),
    }  # fmt: skip


class Notification(Record):
    _name, _words = "mail.notification", "Message Notifications"
    fields: ClassVar[Fields] = {
        "mail_message_id": one("mail.message"), "res_partner_id": one("res.partner"),
        "author_id": one("res.partner"), "is_read": flag(),
        "notification_type": pick("inbox", "email", "sms", "snail"),
        "notification_status": pick("ready", "process", "pending", "sent", "bounce", "exception",
                                    "canceled", default="ready"),
        "failure_type": char(), "failure_reason": Field("text"),
    }  # fmt: skip

    def _told(self, status: str, kind: Any = False, reason: Any = False) -> None:
        values = {"notification_status": status, "failure_type": kind, "failure_reason": reason}
        self.env.store.update(self._name, self.id, values)

    def _mail(self) -> None:
        """Hand it to the mail server."""
        database, row = self.env.database, self._rows().get(self.id)
        if row is None:
            return
        message = self.env.store.rows["mail.message"][row["mail_message_id"]]
        partner = self.env.store.rows["res.partner"][row["res_partner_id"]]
        found = _ADDRESS.search(partner["email"] or "")
        if found is None:
            said = False if self.env.version < 19 else "At least one valid recipient address"
            self._told("exception", "mail_email_invalid", said)
        elif not message["email_from"] and self.env.version >= 19:
            self._told("exception", "mail_from_missing", "")
        elif not database.smtp:
            self._told("exception", "mail_smtp", "Mail delivery failed")
        elif found[0] in database.refuse:
            said = f"SMTPRecipientsRefused: {{'{found[0]}': (550, b'no')}}"
            self._told("exception", "unknown", said)
        else:
            database.mails.append({
                "to": found[0], "subject": message["subject"] or message["record_name"],
                "body": message["body"], "message_id": message["message_id"],
                "from": message["email_from"], "reply_to": message["reply_to"],
            })  # fmt: skip
            self._told("sent", False, "")

    def _text(self, content: str = "") -> Any:
        """The text message that it is, in its queue."""
        row = self._rows()[self.id]
        message = self.env.store.rows["mail.message"][row["mail_message_id"]]
        partner = self.env.store.rows["res.partner"][row["res_partner_id"]]
        text = content or unescape(re.sub(r"<[^>]*>", "", message["body"]))
        return self.env["sms.sms"].sudo().create({
            "number": to(partner), "body": text, "partner_id": row["res_partner_id"],
            "mail_message_id": row["mail_message_id"], "notification_id": self.id,
        })  # fmt: skip


class Mail(Record):
    _name, _words = "mail.mail", "Outgoing Mails"
    fields: ClassVar[Fields] = {
        "mail_message_id": one("mail.message"), "notification_id": one("mail.notification"),
        "message_id": char(), "state": pick("outgoing", "sent", "exception", "cancel"),
    }  # fmt: skip

    @rpc_model
    def process_email_queue(self, ids: Sequence[int] | None = None) -> None:
        self._right("write")
        for number, row in sorted(self._rows().items()):
            if row["state"] == "outgoing":
                self.env["mail.notification"].sudo().browse(row["notification_id"])._mail()
                self.env.store.delete(self._name, number)


MAIL_MODELS: tuple[type[Record], ...] = (
    Followers, Message, Subtype, Notification, Mail, *ACTIVITY_MODELS,
)  # fmt: skip
