"""Odoo's activities: what people are asked to do on a record, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, ClassVar

from tests.odoo_env import Env, rpc
from tests.odoo_fields import Field, Fields, char, flag, html, invalid, one, pick, whole
from tests.odoo_loading import Record
from tests.odoo_writing import Values

_DONE = {
    17: "\n    <p>\n        <span class=\"fa  fa-fw\"></span><span>{type}</span> done\n{summary}"
    "    </p>\n{feedback}{note}",
    19: "<div>\n    <p>\n        <span class=\"fa  fa-fw\"></span><span>{type}</span> done\n"
    "{summary}    </p>\n{note}{feedback}</div>",
}  # fmt: skip


def _today(env: Env) -> str:
    return env.store.now()[:10]


class ActivityType(Record):
    _name, _words = "mail.activity.type", "Activity Type"
    _order = "sequence, id"
    fields: ClassVar[Fields] = {
        "name": char(need=True), "summary": char(), "sequence": whole(default=10),
        "active": flag(default=True), "icon": char(), "delay_count": whole(),
        "category": pick("default", "upload_file", "phonecall", default="default"),
        "keep_done": flag(last=18), "res_model": char(), "default_note": html(),
    }  # fmt: skip

    def _removing(self) -> None:
        for number in self.ids:
            if self.env.store.find("mail.activity", "activity_type_id", number):
                raise invalid("The operation cannot be completed: activities have this type")


class Activity(Record):
    _name, _words = "mail.activity", "Activity"
    _order = "date_deadline ASC, id ASC"
    _title = "summary"
    fields: ClassVar[Fields] = {
        "res_model_id": one("ir.model"), "res_model": char(related="res_model_id.model"),
        "res_id": whole(indexed=True), "res_name": char(compute="_on"),
        "activity_type_id": one("mail.activity.type"), "summary": char(), "note": html(),
        "date_deadline": Field("date", need=True, default=_today),
        "date_done": Field("date"), "feedback": Field("text", first=19),
        "user_id": one("res.users", default=lambda env: env.uid), "active": flag(default=True),
        "state": pick("overdue", "today", "planned", "done", compute="_state", search=False),
        "activity_category": char(related="activity_type_id.category"),
    }  # fmt: skip

    def _prepared(self, values: Values) -> dict[str, Any]:
        given = dict(values)
        model = self.env.context.get("default_res_model")
        if not given.get("res_model_id") and model:
            rows = self.env.store.rows["ir.model"]
            given["res_model_id"] = next(n for n, row in rows.items() if row["model"] == model)
        given.pop("res_model", None)
        return given

    def _needs(self, row: dict[str, Any]) -> None:
        super()._needs(row)
        if not row["res_model_id"] and (self.env.version < 19 or row["res_id"]):
            raise invalid(self._lacking("res_model_id"))
        if not row["res_id"]:
            raise invalid("Activities have to be linked to records with a not null res_id.")

    def _made(self, given: Sequence[Values]) -> None:
        followed: set[tuple[str, int, int]] = set()
        for number in self.ids:
            row = self._rows()[number]
            target = self._target(number)
            if self.env.version < 19:
                target._there(target.ids)
            elif not target.exists():
                continue
            user = self.env["res.users"].sudo().browse(row["user_id"])
            if not user:
                continue
            follower = (target._name, target.id, user.partner_id.id)
            fresh = follower[2] not in target.sudo()._followers()
            if self.env.version < 19 and follower in followed:
                raise invalid("Error, a partner cannot follow twice the same object.")
            if fresh:
                followed.add(follower)
                target.sudo()._follow_by(user.partner_id.id)
            if user.id != self.env.uid and not self.env.context.get("mail_activity_quick_update"):
                self.env.database.mails.append({"to": user.email, "subject": "assigned to you"})

    def _target(self, number: int) -> Any:
        row = self._rows()[number]
        return self.env[self._value(number, "res_model")].browse(row["res_id"])

    def _rule(self, operation: str, ids: Sequence[int]) -> list[int]:
        need = "read" if operation == "read" else "write"
        found = []
        for number in ids:
            row, target = self._rows()[number], self._target(number)
            mine = operation != "create" and row["user_id"] == self.env.uid
            allowed = target._may(need) and target.exists() and target._rule(need, target.ids)
            if mine or allowed:
                found.append(number)
        return found

    def _checked(self, operation: str) -> None:
        if operation == "create":
            for number in self.ids:
                self._target(number)._right("write")
        super()._checked(operation)

    def _on(self, number: int) -> Any:
        target = self._target(number).sudo()
        return target._label(target.id) if target.exists() else False

    def _state(self, number: int) -> Any:
        row, today = self._rows()[number], _today(self.env)
        if not row["active"]:
            return "done"
        day = row["date_deadline"]
        return "overdue" if day < today else "today" if day == today else "planned"

    # -- done -----------------------------------------------------------------------------------

    @rpc
    def action_feedback(
        self, feedback: str | bool = False, attachment_ids: Sequence[int] | None = None
    ) -> int | bool:
        """Done: a message says so. Before 18 the activity goes, unless its type keeps them."""
        self._there(self.ids)
        self._checked("write")
        told: int | bool = False
        for number in self.ids:
            row = dict(self._rows()[number])
            kind = self.env["mail.activity.type"].sudo().browse(row["activity_type_id"])
            told = self._post(number, row, kind.name if kind else "", str(feedback or ""))
            if self.env.version < 19 and not (kind and kind.keep_done):
                self.env.store.delete(self._name, number)
                continue
            done: dict[str, Any] = {"active": False, "date_done": _today(self.env)}
            if self.env.version >= 19:
                done["feedback"] = feedback or False
            self.sudo().browse(number)._change(number, done)
        return told

    def _post(self, number: int, row: Mapping[str, Any], kind: str, feedback: str) -> int:
        parts = {
            "type": escape(kind, quote=False),
            "summary": f"        <span>: </span><span>{escape(row['summary'] or '', quote=False)}"
            "</span>\n" if row["summary"] else "",
            "feedback": f"    <div>\n            {escape(feedback, quote=False)}\n    </div>\n",
            "note": '    \n        <div class="o_mail_note_title"><strong>Original note:</strong>'
            f"</div>\n        <div>{row['note']}</div>\n" if row["note"] else "",
        }  # fmt: skip
        if self.env.version >= 19:
            parts["note"] = parts["note"].replace("<strong>", "").replace("</strong>", "")
            parts["note"] = parts["note"].replace("note_title", "note_title fw-bold")
            parts["feedback"] = (
                '    <div>\n        <div class="fw-bold">Feedback:</div>\n            '
                f"{escape(feedback, quote=False)}\n    </div>\n"
            )
        if not feedback:
            parts["feedback"] = ""
        subtype = self.env.ref("mail.mt_activities")
        made = self.env["mail.message"].sudo().create({
            "model": self._value(number, "res_model"), "res_id": row["res_id"],
            "message_type": "notification", "subtype_id": subtype.id if subtype else False,
            "mail_activity_type_id": row["activity_type_id"],
            "author_id": self.env.user.partner_id.id,
            "body": _DONE[17 if self.env.version < 19 else 19].format(**parts),
        })  # fmt: skip
        return int(made.id)

    @rpc
    def action_done(self) -> int | bool:
        return self.action_feedback()

    def _removing(self) -> None:
        """They leave no trace."""


ACTIVITY_MODELS: tuple[type[Record], ...] = (ActivityType, Activity)
