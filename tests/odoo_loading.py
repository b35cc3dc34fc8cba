"""Odoo's import: rows of text with external ids, made once or put right again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tests.odoo_env import rpc, rpc_model
from tests.odoo_fields import Fail, Field, UserFail, wrong
from tests.odoo_writing import Writes

Message = dict[str, Any]


class CellError(Exception):
    """A cell that says nothing of its kind."""


class Record(Writes):
    """A model with all that a model can do."""

    @rpc
    def get_field_translations(
        self, field_name: str, langs: Sequence[str] | None = None
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        self._checked("read")
        known = self.env.database.translations.get((self._name, self.id, field_name), {})
        of_view = self._name == "ir.ui.view"
        source = self._rows()[self.id]["arch_base" if of_view else field_name]
        texts = [source]
        if of_view:  # each text between tags, and what stands in an empty field
            found = re.findall(r'>([^<>]+)<|placeholder="([^"]+)"', source)
            texts = [text.strip() for pair in found for text in pair if text.strip()]
        told = [
            {"lang": lang, "source": text,
             "value": known.get(lang, {}).get(text, "" if of_view else text)}
            for text in texts for lang in langs or ()
        ]  # fmt: skip
        return told, {}

    @rpc
    def update_field_translations(
        self, field_name: str, translations: dict[str, Any], source_lang: str = ""
    ) -> bool:
        self._checked("write")
        place = (self._name, self.id, field_name)
        known = self.env.database.translations.setdefault(place, {})
        for lang, said in translations.items():
            if not isinstance(said, dict):
                said = {self._rows()[self.id][field_name]: said}
            known.setdefault(lang, {}).update(said)
        return True

    @rpc_model
    def load(self, fields: Sequence[str], data: Sequence[Sequence[str]]) -> dict[str, Any]:
        store = self.env.store
        columns = [name.partition("/")[::2] for name in fields]
        for name, _ in columns:
            if name not in ("id", ".id") and name not in self._schema:
                if self.env.version < 19:
                    raise Fail("builtins.KeyError", name)
                raise wrong(f"Invalid field name '{name}'")
        ids: list[int] = []
        messages: list[Message] = []
        good: list[tuple[int, str, dict[str, Any]]] = []
        for order, line in enumerate(data):
            try:
                xid, values = self._line(columns, line)
                good.append((order, xid, values))
            except CellError as error:
                messages.append(_message(order, str(error)))
        try:
            with store.savepoint():
                ids = [self._load_one(xid, values) for _, xid, values in good]
                if messages:
                    raise UserFail("rolled back")
        except Fail as fail:
            if not messages:
                messages = self._each(good, fail)
            ids = []
        return {"ids": ids or False, "messages": messages, "nextrow": 0}

    def _each(self, rows: list[tuple[int, str, dict[str, Any]]], first: Fail) -> list[Message]:
        """What is wrong, row by row; nothing is kept."""
        store, found = self.env.store, []
        for order, xid, values in rows:
            try:
                with store.savepoint():
                    self._load_one(xid, values)
            except Fail as fail:
                found.append(_message(order, fail.message))
        return found or [_message(0, first.message)]

    def _load_one(self, xid: str, values: dict[str, Any]) -> int:
        store, context = self.env.store, self.env.context
        if not xid:
            return int(self.create(values).id)
        module, _, name = xid.partition(".") if "." in xid else ("__import__", "", xid)
        store.contend((module, name))
        found = store.names.get((module, name))
        row = store.rows["ir.model.data"][found] if found else None
        if row and row["res_id"] in self._rows():
            if not (context.get("mode") == "update" and row["noupdate"]):
                self.browse(row["res_id"]).write(values)
            return int(row["res_id"])
        number = int(self.create(values).id)
        if row:
            store.delete("ir.model.data", int(found or 0))
        self.env["ir.model.data"].sudo().create({
            "module": module, "name": name, "model": self._name, "res_id": number,
            "noupdate": bool(context.get("noupdate", False)),
        })  # fmt: skip
        return number

    # -- cells ----------------------------------------------------------------------------------

    def _line(
        self, columns: Sequence[Sequence[str]], line: Sequence[str]
    ) -> tuple[str, dict[str, Any]]:
        xid, values = "", {}
        for (name, by), cell in zip(columns, line, strict=True):
            if name == "id":
                xid = str(cell or "")
            elif cell in ("", False, None):
                values[name] = self._nothing(self._schema[name])
            else:
                values[name] = self._cell(name, self._schema[name], by, cell)
        return xid, values

    def _nothing(self, field: Field) -> Any:
        if field.kind == "html" and self.env.version < 19:
            return "False"  # as it is: what is no text becomes one
        return False

    def _cell(self, name: str, field: Field, by: str, cell: Any) -> Any:
        words = field.label or name
        if field.kind in ("many2one", "many2many"):
            parts = [cell] if field.kind == "many2one" else str(cell).split(",")
            ids = [self._referred(field, by, part, words) for part in parts]
            return ids[0] if field.kind == "many2one" else [(6, 0, ids)]
        if field.kind == "boolean":
            if str(cell).lower() in ("1", "true", "yes"):
                return True
            if str(cell).lower() in ("0", "false", "no"):
                return False
            raise CellError(f"Unknown value '{cell}' for boolean field '{words}'")
        if field.kind == "integer":
            try:
                return int(cell)
            except ValueError:
                raise CellError(
                    f"'{cell}' does not seem to be an integer for field '{words}'"
                ) from None
        if field.kind == "selection" and cell not in field.choices:
            raise CellError(f"Value '{cell}' not found in selection field '{words}'")
        return cell

    def _referred(self, field: Field, by: str, cell: Any, words: str) -> int:
        target = self.env[field.to]
        if by == "id":
            found = self.env.ref(str(cell), raise_if_not_found=False)
            if found is not None and found._name == field.to:
                return found.id
            raise CellError(
                f"No matching record found for external id '{cell}' in field '{words}'"
            )
        if by == ".id":
            if str(cell).isdigit() and int(cell) in self.env.store.rows[field.to]:
                return int(cell)
            raise CellError(
                f"No matching record found for database id '{cell}' in field '{words}'"
            )
        names = [one for one in target._all_ids([]) if target._label(one) == cell]
        if not names:
            raise CellError(f"No matching record found for name '{cell}' in field '{words}'")
        return names[0]


def _message(order: int, said: str) -> Message:
    return {"rows": {"from": order, "to": order}, "record": order, "type": "error",
            "message": said}  # fmt: skip
