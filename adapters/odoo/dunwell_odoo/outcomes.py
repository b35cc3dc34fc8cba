"""What became of messages after Odoo took them, read from its own notifications."""

from __future__ import annotations

import re
from datetime import date, timedelta

from dunwell.log.keys import address_hash
from dunwell.port import Delivery
from dunwell_odoo import names
from dunwell_odoo.asking import EVERYTHING, Ask, Question, these
from dunwell_odoo.installed import Installed
from dunwell_odoo.partners import address, phone
from dunwell_odoo.site import Site
from dunwell_odoo.values import instant

SIZE = 2_000
BAD_ADDRESS = (
    "mail_bounce", "mail_email_invalid", "mail_email_missing", "sms_number_missing",
    "sms_number_format", "sms_invalid_destination",
)  # fmt: skip
"""Failures for which the address is to blame, and not Odoo or its mail server."""


_REFUSED = re.compile(r"SMTPRecipientsRefused.*\(5\d\d,", re.S)
"""What stands in the reason when a mail server turned the recipient away for good."""


def outcomes(ask: Ask, installed: Installed, site: Site, since: date) -> list[Delivery]:
    """Reminders that came back (`bounced`) or could not leave (`refused`), since a day.

    Where the address is not to blame it has no hash: the message goes there again.
    """
    subtype = installed.id(names.SUBTYPE_REMINDER)
    if not subtype:
        return []
    early = since - timedelta(days=1)
    domain = [
        ["mail_message_id.subtype_id", "=", subtype],
        ["mail_message_id.date", ">=", early.isoformat()],
        ["notification_status", "in", ["bounce", "exception"]],
    ]
    extra = sorted(installed.fields & {"mobile"})
    spec = these(
        "notification_type", "notification_status", "failure_type", "failure_reason",
        mail_message_id=these("message_id", "date"),
        res_partner_id=these("email", "phone", "commercial_partner_id", *extra),
    )  # fmt: skip
    found = []
    for page in ask.whole(Question("mail.notification", domain, spec, SIZE, EVERYTHING)):
        for row in page:
            message, partner = row["mail_message_id"], row["res_partner_id"]
            key = names.key_of(message["message_id"] or "")
            if not key or not partner:
                continue
            channel = "sms" if row["notification_type"] == "sms" else "email"
            to = (address(partner["email"]) if channel == "email" else phone(partner)) or ""
            why = row["failure_type"] or row["notification_status"]
            blame = why in BAD_ADDRESS or row["notification_status"] == "bounce"
            blame = blame or bool(_REFUSED.search(row["failure_reason"] or ""))
            found.append(
                Delivery(
                    key,
                    str(partner["commercial_partner_id"] or partner["id"]),
                    "bounced" if row["notification_status"] == "bounce" else "refused",
                    address_hash(channel, to) if blame and to else "",
                    site.main.on(instant(message["date"])),
                    f"Odoo says: {why}",
                    channel,
                )
            )
    return found
