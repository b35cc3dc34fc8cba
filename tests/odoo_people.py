"""The people of a company on Odoo, in its own screens: on the stand-in as on a live one."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Callable, Sequence
from datetime import date
from html import unescape
from typing import Any

from dunwell.money import Money
from dunwell.testing import Face
from dunwell.testing.people import absent
from dunwell.testing.rows import money
from dunwell_odoo.names import HOLD, MODULE

from tests.odoo_ledger import Bookkeepers

QUICK = {"mail_activity_quick_update": True}
_TAGS = re.compile(r"<[^>]*>")
_KEY = re.compile(r'id="dunwell-([^"]+)"')
_COUNT = itertools.count(1)


class Clerks(Bookkeepers):
    """Those who sell, collect and answer for it. `today` is the company's own."""

    # -- who and what there is ------------------------------------------------------------------

    def person(self, name: str, *, email: str = "") -> str:
        login = f"kit-{uuid.uuid4().hex[:12]}"
        field = "group_ids" if self.new else "groups_id"
        made = self.admin.create(
            "res.users", context={"no_reset_password": True}, name=name, login=login,
            email=email or f"{login}@kit.example", company_id=self.main,
            company_ids=[[6, 0, self.companies]],
            **{field: [[6, 0, [self.admin.xid("base.group_user")]]]},
        )  # fmt: skip
        self.hired.append(made)
        return email or login

    def customer(
        self,
        name: str = "Acme",
        *,
        payer: str = "",
        email: str = "ap@acme.example",
        tags: Sequence[str] = (),
        credit_limit: Money | None = None,
    ) -> str:
        values: dict[str, Any] = {"name": name, "email": email or False, "customer_rank": 1}
        values |= {"parent_id": int(payer)} if payer else {"is_company": True}
        if tags:
            values["category_id"] = [[6, 0, [self.tag(one) for one in tags]]]
        if credit_limit is not None:
            values |= {"credit_limit": float(credit_limit.decimal())}
        made = self.admin.create("res.partner", context=self.here, **values)
        self.partners.append(made)
        return str(made)

    def tag(self, name: str) -> int:
        """A tag by its name."""
        found = self.admin.find("res.partner.category", [["name", "=", name]], "name")
        if found:
            return int(found[0]["id"])
        return self.admin.create("res.partner.category", name=name)

    def archive(self, customer: str) -> None:
        self.admin("res.partner", "action_archive", [int(customer)])

    def change_email(self, customer: str, email: str) -> None:
        self.admin("res.partner", "write", [int(customer)], vals={"email": email})

    # -- what people note -----------------------------------------------------------------------

    def kind(self, name: str) -> int:
        """A type of activities that the set-up made."""
        if name not in self.kinds:
            try:
                self.kinds[name] = self.admin.xid(f"{MODULE}.activity_{name}")
            except ValueError:
                absent(f"activities of the type '{name}' without the set-up")
        return self.kinds[name]

    def activity(
        self, kind: int, on: tuple[str, int], summary: str, *, by: date | None = None
    ) -> int:
        """Note an activity on a customer or an invoice."""
        return self.admin.create(
            "mail.activity", context={"default_res_model": on[0], **QUICK},
            activity_type_id=kind, res_id=on[1], summary=summary,
            date_deadline=(by or self.on).isoformat(), user_id=self.admin.uid,
        )  # fmt: skip

    def promise(
        self, customer: str, amount: Money | str, *, by: date, items: Sequence[str] = ()
    ) -> str:
        where = (
            ("account.move", self.move_of(items[0])) if items else ("res.partner", int(customer))
        )
        worth = money(amount)
        said = f"{worth.decimal():f} {worth.currency}"
        return f"{self.activity(self.kind('promise'), where, said, by=by)}:{by.isoformat()}"

    def move_promise(self, promise: str, *, by: date) -> str:
        number = promise.partition(":")[0]
        self.admin("mail.activity", "write", [int(number)], vals={"date_deadline": by.isoformat()})
        return f"{number}:{by.isoformat()}"

    def withdraw_promise(self, promise: str) -> None:
        self.admin("mail.activity", "unlink", [int(promise.partition(":")[0])])

    def dispute(self, item: str, amount: Money | str | None = None, *, reason: str = "") -> str:
        worth = None if amount is None else money(amount)
        said = f"{worth.decimal():f} {worth.currency} {reason}" if worth else reason
        where = ("account.move", self.move_of(item))
        return str(self.activity(self.kind("dispute"), where, said.strip() or "contested"))

    def end_dispute(self, dispute: str) -> None:
        self.admin("mail.activity", "action_feedback", [int(dispute)], feedback="settled")

    def exclude(
        self, customer: str, *, item: str = "", reason: str = "", until: date | None = None
    ) -> str:
        where = ("account.move", self.move_of(item)) if item else ("res.partner", int(customer))
        made = self.activity(self.kind("exclusion"), where, reason, by=until or date(2099, 12, 31))
        return f"{made}:{item}" if item else str(made)

    def end_exclusion(self, exclusion: str) -> None:
        self.end_dispute(exclusion.partition(":")[0])

    def call(self, customer: str, text: str = "called them") -> None:
        kind = self.admin.xid("mail.mail_activity_data_call")
        made = self.activity(kind, ("res.partner", int(customer)), "Call")
        self.admin("mail.activity", "action_feedback", [made], feedback=text)

    def mail(self, customer: str, text: str = "wrote to them") -> None:
        self.admin(
            "res.partner", "message_post", [int(customer)], body=text, message_type="comment",
            subtype_xmlid="mail.mt_comment", partner_ids=[int(customer)],
        )  # fmt: skip

    # -- blocks and tasks -----------------------------------------------------------------------

    def place_hold(self, customer: str, kind: str = "orders", *, company: str = "") -> None:
        self.change_hold(customer, kind, "Ana: not before they paid")

    def lift_hold(self, customer: str, kind: str = "orders", *, company: str = "") -> None:
        self.change_hold(customer, kind, "")

    def change_hold(self, customer: str, kind: str, value: str) -> None:
        self.admin("res.partner", "write", [int(customer)], vals={HOLD: value or False})

    def task(self, key: str) -> int:
        """The activity that a key made."""
        domain = [["note", "like", f'id="dunwell-{key}"']]
        (found,) = self.admin.find("mail.activity", domain, "summary")
        return int(found["id"])

    def finish_task(self, key: str, outcome: str = "") -> None:
        self.admin("mail.activity", "action_feedback", [self.task(key)], feedback=outcome)

    def cancel_task(self, key: str) -> None:
        if not self.told:
            absent("trace of a task that was cancelled, without automation rules")
        self.admin("mail.activity", "unlink", [self.task(key)])

    def delete_task(self, key: str) -> None:
        if self.told:
            absent("way to delete a task other than to cancel it")
        self.admin("mail.activity", "unlink", [self.task(key)])

    # -- what Dunwell made ----------------------------------------------------------------------

    def faces(self, customer: str) -> Sequence[Face]:
        return [*self._tasks(int(customer)), *self._messages(int(customer))]

    def _tasks(self, customer: int) -> list[Face]:
        domain = [["res_model", "=", "res.partner"], ["res_id", "=", customer]]
        fields = ("summary", "note", "user_id", "date_deadline")
        found = []
        for row in self.admin.find("mail.activity", domain, *fields):
            key = _KEY.search(row["note"] or "")
            if key:
                (user,) = self.admin.find("res.users", [["id", "=", row["user_id"]]], "email")
                text = f"{row['summary']}\n{plain(row['note'])}"
                due = date.fromisoformat(row["date_deadline"])
                found.append(Face("task", key[1], text, user["email"], due))
        return found

    def _written(self, customer: int) -> list[dict[str, Any]]:
        """Messages of Dunwell's on a customer and its invoices, those of the log left out."""
        moves = self.admin.find("account.move", [["commercial_partner_id", "=", customer]], "name")
        domain = [
            ["message_id", "like", "@dunwell>"], ["subject", "not like", "Dunwell: "],
            "|", "&", ["model", "=", "res.partner"], ["res_id", "=", customer],
            "&", ["model", "=", "account.move"], ["res_id", "in", [row["id"] for row in moves]],
        ]  # fmt: skip
        fields = ("message_id", "body", "subject", "partner_ids")
        return self.admin.find("mail.message", domain, *fields)

    def _messages(self, customer: int) -> list[Face]:
        return [
            Face("remind", key, row["subject"] or "") if row["partner_ids"]
            else Face("note", key, plain(row["body"]))
            for row in self._written(customer)
            if (key := row["message_id"].strip("<>").partition("@")[0])
        ]  # fmt: skip

    def delete_faces(self, customer: str) -> None:
        """As the web client deletes: activities go, messages are emptied."""
        domain = [["res_model", "=", "res.partner"], ["res_id", "=", int(customer)]]
        ids = [row["id"] for row in self.admin.find("mail.activity", domain, "note")]
        self.admin("mail.activity", "unlink", ids)
        for row in self._written(int(customer)):
            self.admin("mail.message", "write", [row["id"]], vals={"body": ""})


def plain(html: str) -> str:
    """What people read."""
    return unescape(_TAGS.sub("", html or "")).strip()


__all__ = ["Callable", "Clerks"]
