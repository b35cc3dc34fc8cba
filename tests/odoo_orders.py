"""The models that only some modules bring: sales orders, and rules that run by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tests.odoo_env import rpc
from tests.odoo_fields import Field, Fields, char, flag, many, one, pick, whole
from tests.odoo_loading import Record
from tests.odoo_thread import Thread
from tests.odoo_writing import Values


class Order(Thread):
    _name, _words = "sale.order", "Sales Order"
    _order = "id desc"
    fields: ClassVar[Fields] = {
        "name": char(), "partner_id": one("res.partner", need=True),
        "partner_invoice_id": one("res.partner"), "state": pick(
            "draft", "sent", "sale", "cancel", default="draft"),
        "user_id": one("res.users", default=lambda env: env.uid),
        "company_id": one("res.company", default=lambda env: env.company.id),
    }  # fmt: skip

    def _prepared(self, values: Values) -> dict[str, Any]:
        given = dict(values)
        given["name"] = given.get("name") or f"S{self.env.store.last[self._name] + 1:05d}"
        given["partner_invoice_id"] = given.get("partner_invoice_id") or given.get("partner_id")
        return given

    @rpc
    def action_confirm(self) -> bool:
        self.write({"state": "sale"})
        return True


class Automation(Record):
    _name, _words = "base.automation", "Automation Rule"
    fields: ClassVar[Fields] = {
        "name": char(need=True), "model_id": one("ir.model", need=True),
        "trigger": pick("on_create_or_write", "on_create", "on_write", "on_unlink", "on_time",
                        need=True),
        "filter_pre_domain": char(), "filter_domain": char(), "active": flag(default=True),
        "trigger_field_ids": many("ir.model.fields"), "sequence": whole(),
        "action_server_ids": many("ir.actions.server"), "description": Field("html"),
    }  # fmt: skip


ORDER_MODELS: Mapping[str, tuple[type[Record], ...]] = {
    "sale": (Order,),
    "base_automation": (Automation,),
}
