"""Payments of the stand-in for Odoo: those that have no entry until the bank tells of them."""

from __future__ import annotations

from typing import ClassVar

from tests.odoo_env import rpc
from tests.odoo_fields import Field, Fields, char, many, money, one, pick
from tests.odoo_loading import Record


class Payment(Record):
    _name, _words = "account.payment", "Payments"
    fields: ClassVar[Fields] = {
        "name": char(), "move_id": one("account.move"), "amount": money(),
        "partner_id": one("res.partner"), "company_id": one("res.company"),
        "currency_id": one("res.currency"), "journal_id": one("account.journal"),
        "date": Field("date"), "outstanding_account_id": one("account.account"),
        "payment_type": pick("inbound", "outbound", default="inbound"),
        "partner_type": pick("customer", "supplier", default="customer"),
        "invoice_ids": many("account.move", first=18),
        "state": pick("draft", "in_process", "paid", "canceled", default="draft", first=18),
    }  # fmt: skip

    @rpc
    def action_post(self) -> None:
        self._become("in_process")

    @rpc
    def action_validate(self) -> None:
        self._become("paid")

    def _become(self, state: str) -> None:
        """Odoo calls its invoices paid then, whatever it was worth."""
        self._checked("write")
        for number in self.ids:
            self.env.store.update(self._name, number, {"state": state})
            for move in self._rows()[number]["invoice_ids"]:
                self.env["account.move"].sudo()._change(move, {"payment_state": "paid"})


PAYMENT_MODELS: tuple[type[Record], ...] = (Payment,)
