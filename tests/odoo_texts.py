"""Odoo's module for text messages: its queue, the account that pays for them, its gateway."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.odoo_fields import Fields, char, one, pick
from tests.odoo_loading import Record


class Account(Record):
    _name, _words = "iap.account", "IAP Account"
    fields: ClassVar[Fields] = {"service_name": char(need=True)}


class Text(Record):
    _name, _words = "sms.sms", "Outgoing SMS"
    fields: ClassVar[Fields] = {
        "number": char(), "body": char(), "partner_id": one("res.partner"),
        "mail_message_id": one("mail.message"), "notification_id": one("mail.notification"),
        "state": pick("outgoing", "pending", "error", "sent", default="outgoing"),
    }  # fmt: skip

    def _process_queue(self) -> None:
        """What the scheduled action does; nobody may call it from outside."""
        for number, row in sorted(self._rows().items()):
            if row["state"] == "outgoing":
                self.browse(number)._send()

    def _send(self) -> None:
        """Hand it to the gateway, which numbers please or not."""
        database, row = self.env.database, self._rows()[self.id]
        told = self.env["mail.notification"].sudo().browse(row["notification_id"])
        number = str(row["number"] or "")
        why = "" if number else "sms_number_missing"
        why = why or ("sms_number_format" if "0000" in number else "")
        why = why or ("" if database.credit else "sms_credit")
        self.env.store.update(self._name, self.id, {"state": "error" if why else "pending"})
        if why:
            told._told("exception", why)
        else:
            database.texts.append({"to": number, "text": row["body"]})
            told._told("pending")


TEXT_MODELS: tuple[type[Record], ...] = (Account, Text)


def to(partner: dict[str, Any]) -> str:
    """Where a text message to a partner goes."""
    return str(partner.get("mobile") or partner["phone"] or "")
