"""A model with a chatter: what is posted on its records, who follows them, who is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, ClassVar

from tests.odoo_env import Env, rpc
from tests.odoo_fields import Fields, char, one, whole, wrong
from tests.odoo_loading import Record
from tests.odoo_writing import Values

KNOWN = {
    "attachment_ids", "author_id", "body", "date", "email_add_signature", "email_from",
    "email_layout_xmlid", "is_internal", "mail_activity_type_id", "mail_server_id", "message_id",
    "message_type", "parent_id", "partner_ids", "record_name", "reply_to", "reply_to_force_new",
    "subject", "subtype_id", "attachments", "force_email_company",
    "force_email_lang", "force_send",
    "mail_auto_delete", "model_description", "notify_author", "scheduled_date",
    "send_after_commit", "skip_existing", "subtitles", "resend_existing",
}  # fmt: skip
TEXTS = {"put_in_queue", "sms_content", "sms_numbers", "sms_pid_to_number"}
NEW = {"notify_skip_followers", "mail_headers", "force_record_name", "notify_author_mention"}


def author(env: Env) -> int:
    return int(env.user.partner_id.id)


class Thread(Record):
    """A model with a chatter."""

    _post_right: ClassVar[str] = "write"

    def _made(self, given: Sequence[Values]) -> None:
        if not self.env.context.get("mail_create_nosubscribe") and not self.env.su:
            for record in self:
                record.sudo()._follow_by(author(self.env))

    @rpc
    def message_post(
        self,
        *,
        body: str = "",
        subject: str | None = None,
        message_type: str = "notification",
        subtype_xmlid: str | None = None,
        subtype_id: int | bool = False,
        partner_ids: Sequence[int] | None = None,
        body_is_html: bool = False,
        **kwargs: Any,
    ) -> Any:
        known = KNOWN | (NEW if self.env.version >= 19 else set())
        if self.env.version >= 19:
            known = known - {"record_name", "resend_existing"}
        known = known | (TEXTS if "sms" in self.env.database.modules else set())
        if message_type == "sms":  # goes out as it is
            kwargs = {**kwargs, "sms_content": body}
            body, body_is_html = f"<p>{escape(body, quote=False)}</p>", True
        strange = set(kwargs) - known
        if strange:
            listed = ", ".join(sorted(strange))
            raise wrong(f"Those values are not supported when posting or notifying: {listed}")
        self._single()
        self._there(self.ids)
        if message_type == "user_notification":
            raise wrong("Use message_notify to notify users")
        if subtype_xmlid:
            found = self.env.ref(subtype_xmlid)
            subtype_id = found.id if found else False
        note = self.env.ref("mail.mt_note")
        fields = self.env["mail.message"]._schema
        values = {name: value for name, value in kwargs.items() if name in fields}
        made = self.env["mail.message"].create({
            "model": self._name, "res_id": self.id, "subject": subject or False,
            "message_type": message_type, "subtype_id": subtype_id or (note.id if note else False),
            "partner_ids": [(6, 0, list(partner_ids or ()))],
            "body": body if body_is_html or not body else f"<p>{escape(body, quote=False)}</p>",
            "record_name": self._label(self.id), **values,
        })  # fmt: skip
        if message_type != "notification" and not self.env.context.get("mail_create_nosubscribe"):
            self.sudo()._follow_by(made.author_id.id)
        self._notify(made, list(partner_ids or ()), kwargs)
        return made

    def _notify(self, message: Any, partners: list[int], given: Mapping[str, Any]) -> None:
        """Tell the addressed, and the followers of the subtype; nobody hears from themselves."""
        env, row = self.env, message._rows()[message.id]
        comment = env.ref("mail.mt_comment", raise_if_not_found=False)
        wanted = dict.fromkeys(partners)
        if comment and row["subtype_id"] == comment.id and not given.get("notify_skip_followers"):
            wanted |= dict.fromkeys(self._followers())
        sms = row["message_type"] == "sms"
        for partner in wanted:
            if partner == row["author_id"] and not given.get("notify_author"):
                continue
            kind = "sms" if sms else env["res.partner"].sudo().browse(partner)._inbox()
            made = env["mail.notification"].sudo().create({
                "mail_message_id": message.id, "res_partner_id": partner,
                "author_id": row["author_id"], "notification_type": kind,
                "notification_status": "sent" if kind == "inbox" else "ready",
                "is_read": kind != "inbox",
            })  # fmt: skip
            if kind == "inbox":
                continue
            inline = env.context.get("mail_notify_force_send", given.get("force_send", True))
            queued = not inline or env.context.get("in_action")
            if sms:
                waits = made._text(str(given.get("sms_content") or ""))
                if not given.get("put_in_queue"):  # at once, and so before it is committed
                    waits._send()
            elif not queued:
                env.store.after(made._mail)
            else:
                env["mail.mail"].sudo().create({
                    "mail_message_id": message.id, "notification_id": made.id,
                    "message_id": row["message_id"], "state": "outgoing",
                })  # fmt: skip

    def _inbox(self) -> str:
        users = self.env.store.find("res.users", "partner_id", self.id)
        rows = self.env.store.rows["res.users"]
        return "inbox" if any(rows[u]["notification_type"] == "inbox" for u in users) else "email"

    def _followers(self) -> list[int]:
        rows = self.env.store.rows["mail.followers"]
        found = self.env.store.find("mail.followers", "res_id", self.id)
        return [rows[n]["partner_id"] for n in sorted(found) if rows[n]["res_model"] == self._name]

    @rpc
    def message_subscribe(
        self, partner_ids: Sequence[int] | None = None, subtype_ids: Sequence[int] | None = None
    ) -> bool:
        self._checked("write")
        for partner in partner_ids or ():
            for record in self:
                record._follow_by(partner)
        return True

    def _follow_by(self, partner: int) -> None:
        if partner not in self._followers():
            self.env["mail.followers"].sudo().create({
                "res_model": self._name, "res_id": self.id, "partner_id": partner,
            })  # fmt: skip


class Followers(Record):
    _name = "mail.followers"
    fields: ClassVar[Fields] = {"res_model": char(), "res_id": whole(indexed=True),
                      "partner_id": one("res.partner")}  # fmt: skip
