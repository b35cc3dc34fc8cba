"""What Odoo itself is made of: models, fields, external ids, views, modules, parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar
from xml.etree import ElementTree

from tests.odoo_env import rpc, rpc_model
from tests.odoo_fields import DeniedFail, Field, Fields, char, flag, invalid, one, pick, whole
from tests.odoo_loading import Record
from tests.odoo_writing import Values


class Models(Record):
    _name, _words = "ir.model", "Models"
    fields: ClassVar[Fields] = {"name": char(), "model": char(need=True, indexed=True)}


class ModelFields(Record):
    _name, _words = "ir.model.fields", "Fields"
    fields: ClassVar[Fields] = {
        "name": char(need=True, default="x_"), "field_description": char(need=True),
        "model_id": one("ir.model", need=True), "model": char(related="model_id.model"),
        "ttype": pick("char", "boolean", "integer", "date", need=True),
        "state": pick("manual", "base", default="manual"), "related": char(), "store": flag(),
        "copied": flag(), "readonly": flag(), "help": Field("text"), "index": flag(),
    }  # fmt: skip

    def _made(self, given: Sequence[Values]) -> None:
        for number in self.ids:
            row = self._rows()[number]
            if row["state"] == "manual" and not row["name"].startswith("x_"):
                raise invalid("Custom fields must have a name that starts with 'x_'!")
        self.env.database.forget_schemas()
        self.env.store.after(self.env.database.forget_schemas)

    def _removing(self) -> None:
        views = self.env.store.rows["ir.ui.view"].values()
        for number in self.ids:
            row = self._rows()[number]
            name, model = row["name"], self._value(number, "model")
            if any(f'"{name}"' in view["arch_base"] and view["model"] == model for view in views):
                raise invalid(
                    f"Cannot rename/delete fields that are still present in views: {name}"
                )
            for target in self.env.store.rows[model].values():
                target.pop(name, None)
        self.env.store.after(self.env.database.forget_schemas)


class ModelData(Record):
    _name, _words = "ir.model.data", "Model Data"
    fields: ClassVar[Fields] = {
        "module": char(need=True), "name": char(need=True), "model": char(need=True),
        "res_id": whole(indexed=True), "noupdate": flag(),
    }  # fmt: skip

    def _prepared(self, values: Values) -> dict[str, Any]:
        name = (str(values.get("module")), str(values.get("name")))
        self.env.store.contend(name)
        if name in self.env.store.names:
            raise invalid("The operation cannot be completed: duplicate key value")
        return dict(values)

    @rpc_model
    def check_object_reference(
        self, module: str, xml_id: str, raise_on_access_error: bool = False
    ) -> tuple[str, int | bool]:
        found = self.env.ref(f"{module}.{xml_id}")
        assert found is not None
        return found._name, found.id


class Parameter(Record):
    _name, _words = "ir.config_parameter", "System Parameter"
    _title = "key"
    fields: ClassVar[Fields] = {"key": char(need=True), "value": char()}

    @rpc_model
    def get_param(self, key: str, default: Any = False) -> Any:
        self._right("read")
        values = [row["value"] for row in self._rows().values() if row["key"] == key]
        return values[0] if values else default


class MailServer(Record):
    _name, _words = "ir.mail_server", "Mail Server"
    fields: ClassVar[Fields] = {"name": char(need=True), "active": flag(default=True)}


class View(Record):
    _name, _words = "ir.ui.view", "View"
    fields: ClassVar[Fields] = {
        "name": char(need=True), "model": char(), "inherit_id": one("ir.ui.view"),
        "mode": pick("primary", "extension"), "arch_base": Field("text"), "priority": whole(),
        "active": flag(default=True), "key": char(),
    }  # fmt: skip

    def _made(self, given: Sequence[Values]) -> None:
        self._valid()

    def _changed(self, vals: Values) -> None:
        self._valid()

    def _valid(self) -> None:
        """A ParseError's ValidationError where a view names a field that is not there."""
        for number in self.ids:
            row = self._rows()[number]
            if not row["arch_base"]:
                continue
            try:
                tree = ElementTree.fromstring(row["arch_base"])
            except ElementTree.ParseError as error:
                raise invalid(f"Error while parsing or validating view: {error}") from None
            shown = [e.get("name", "") for e in tree.iter("field") if e.get("position") is None]
            used = re.findall(r"x_\w+", " ".join(e.get("invisible") or "" for e in tree.iter()))
            for name in {*shown, *used}:
                if name not in self.env.database.schema(row["model"]):
                    raise invalid(f'Field "{name}" does not exist in model "{row["model"]}"')


class Module(Record):
    _name, _words = "ir.module.module", "Module"
    fields: ClassVar[Fields] = {"name": char(need=True),
                      "state": pick("installed", "uninstalled", "uninstallable")}  # fmt: skip

    @rpc
    def button_immediate_install(self) -> dict[str, Any]:
        return self._turned("installed")

    @rpc
    def button_immediate_uninstall(self) -> dict[str, Any]:
        return self._turned("uninstalled")

    def _turned(self, state: str) -> dict[str, Any]:
        if not self.env.su and "base.group_system" not in self.env.groups():
            raise DeniedFail("Only administrators can do this")
        self.write({"state": state})
        names = {self._rows()[number]["name"] for number in self.ids}
        database = self.env.database
        known = database.modules | names if state == "installed" else database.modules - names
        database.modules = known
        database.reload()
        return {"type": "ir.actions.client", "tag": "reload"}


class Cron(Record):
    _name, _words = "ir.cron", "Scheduled Actions"
    fields: ClassVar[Fields] = {"name": char(need=True), "active": flag(default=True)}

    def _trigger(self) -> None:
        """Its queue is worked on as soon as this is committed, where crons run."""
        works = self.env["mail.mail"].sudo().process_email_queue
        if self._rows()[self.id]["name"].startswith("SMS"):
            works = self.env["sms.sms"].sudo()._process_queue
        if self.env.database.crons:
            self.env.store.after(works)


INNER_MODELS: tuple[type[Record], ...] = (
    Models, ModelFields, ModelData, Parameter, MailServer, View, Module,
    Cron,
)  # fmt: skip
