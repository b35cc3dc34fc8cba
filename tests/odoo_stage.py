"""The story's world in Odoo: its own mail, and somebody who sells."""

from __future__ import annotations

from contextlib import closing

from dunwell.port import Capability
from dunwell.testing.contract.deeds import rows

from tests.odoo_kit import OdooHarness
from tests.odoo_rpc import Said
from tests.story import World


def world(harness: OdooHarness) -> World:
    """An Odoo for the story; where no rule stops orders, the form's warning is heeded."""
    admin, clerks = harness.admin, harness.clerks
    with closing(harness.open()) as adapter:
        enforced = adapter.capabilities()[Capability.HOLD].level == "enforced"

    def sells(customer: str) -> bool:
        if not enforced:
            with closing(harness.open()) as adapter:
                return not any(row["customer"] == customer for row in rows(adapter, "holds"))
        order = admin.create(
            "sale.order", context=clerks.here, partner_id=int(customer), company_id=clerks.main
        )
        try:
            admin("sale.order", "action_confirm", [order])
        except Said:
            return False
        return True

    def received(address: str) -> list[str]:
        """What Odoo's mail server has taken for somebody, its queue having had its turn."""
        if harness.service is None:
            queue = admin.xid("mail.ir_cron_mail_scheduler_action")
            admin("ir.cron", "method_direct_trigger", [queue])
        sent = [
            ["res_partner_id", "in", clerks.partners],
            ["res_partner_id.email", "=", address],
            ["notification_status", "=", "sent"],
        ]
        found = admin.find("mail.notification", sent, "mail_message_id")
        ids = [row["mail_message_id"] for row in found]
        messages = admin.find("mail.message", [["id", "in", ids]], "subject")
        return [str(row["subject"]) for row in messages]

    return World(harness, received, sells)
