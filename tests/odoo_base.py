"""The models of Odoo's `base`: partners, their tags, users and their groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from tests.odoo_env import rpc_model
from tests.odoo_fields import (
    Field,
    Fields,
    behind,
    char,
    flag,
    html,
    invalid,
    many,
    money,
    one,
    pick,
    whole,
)
from tests.odoo_loading import Record
from tests.odoo_thread import Thread
from tests.odoo_writing import Values

LIMITS = "account.group_account_readonly"


def _lang(env: Any) -> Any:
    return env.context.get("lang") or False


class Partner(Thread):
    _name, _words = "res.partner", "Contact"
    _order = "name, id desc"
    fields: ClassVar[Fields] = {
        "name": char(indexed=True), "active": flag(default=True), "parent_id": one("res.partner"),
        "child_ids": behind("res.partner", "parent_id"),
        "commercial_partner_id": one("res.partner", compute="_commercial"),
        "is_company": flag(), "company_id": one("res.company"), "email": char(), "phone": char(),
        "type": pick("contact", "invoice", "delivery", "other", default="contact"),
        "mobile": char(last=18), "lang": char(default=_lang), "tz": char(), "vat": char(),
        "ref": char(), "function": char(), "street": char(), "street2": char(), "zip": char(),
        "city": char(), "country_id": one("res.country"), "comment": html(),
        "country_code": char(related="country_id.code"), "user_id": one("res.users"),
        "user_ids": behind("res.users", "partner_id"), "partner_share": flag(compute="_share"),
        "customer_rank": whole(), "credit": money(compute="_credit", groups=LIMITS),
        "credit_limit": money(groups=LIMITS),
        "use_partner_credit_limit": flag(compute="_limited", groups=LIMITS),
        "category_id": many("res.partner.category"), "email_formatted": char(compute="_formatted"),
        "sale_warn": pick("no-message", "warning", "block", default="no-message", last=18),
        "sale_warn_msg": Field("text"),
        "property_account_receivable_id": one("account.account"), "access_token": char(),
        "invoice_ids": behind("account.move", "partner_id"),
        "message_has_sms_error": flag(compute="_texted", search=False),
    }  # fmt: skip

    _address = ("street", "street2", "zip", "city", "country_id")

    def _made(self, given: Sequence[Values]) -> None:
        super()._made(given)
        for number, values in zip(self.ids, given, strict=True):
            row = self._rows()[number]
            if row["parent_id"]:
                parent = self._rows()[row["parent_id"]]
                shared = self._address if row["type"] == "contact" else ()
                taken = {name: parent[name] for name in shared}
                taken |= {} if values.get("lang") else {"lang": parent["lang"]}
                self.env.store.update(self._name, number, taken)

    def _changed(self, vals: Values) -> None:
        """A contact lives where its company does."""
        shared = {name: value for name, value in vals.items() if name in self._address}
        for number in self.ids if shared else ():
            for child in self.env.store.find(self._name, "parent_id", number):
                if self._rows()[child]["type"] == "contact":
                    self.env.store.update(self._name, child, shared)

    def _needs(self, row: dict[str, Any]) -> None:
        if not row.get("name") and row.get("type", "contact") == "contact":
            raise invalid("The operation cannot be completed: Contacts require a name")

    def _texted(self, number: int) -> bool:
        rows = self.env.store.rows["sms.sms"].values()
        return any(row["partner_id"] == number and row["state"] == "error" for row in rows)

    def _commercial(self, number: int) -> int:
        rows, seen = self._rows(), set()
        while number not in seen:
            seen.add(number)
            row = rows[number]
            if row["is_company"] or not row["parent_id"]:
                return number
            number = row["parent_id"]
        return number

    def _share(self, number: int) -> bool:
        users = self.env.store.find("res.users", "partner_id", number)
        return not any(self.env.store.rows["res.users"][one]["active"] for one in users)

    def _limited(self, number: int) -> bool:
        return bool(self._rows()[number]["credit_limit"])

    def _credit(self, number: int) -> float:
        """What it owes; only the company itself, not those who work there."""
        store = self.env.store
        lines, accounts = store.rows["account.move.line"], store.rows["account.account"]
        return round(float(sum(
            row["amount_residual"]
            for one in store.find("account.move.line", "partner_id", number)
            if not (row := lines[one])["reconciled"]
            and accounts[row["account_id"]]["account_type"] == "asset_receivable"
            and store.rows["account.move"][row["move_id"]]["state"] == "posted"
        )), 6)  # fmt: skip

    def _formatted(self, number: int) -> Any:
        row = self._rows()[number]
        return f'"{row["name"]}" <{row["email"]}>' if row["email"] else False

    def _label(self, number: int) -> str:
        row = self._rows()[number]
        own = row["name"] or row["type"].title()
        parent = row["parent_id"]
        return (
            f"{self._rows()[parent]['name']}, {own}" if parent and not row["is_company"] else own
        )

    def _removing(self) -> None:
        store = self.env.store
        for number in self.ids:
            if store.find("account.move", "partner_id", number):
                raise invalid("The operation cannot be completed: the contact has invoices")
            if store.find("res.users", "partner_id", number):
                raise invalid("You cannot delete contacts linked to an active user.")
            for message in [*store.find("mail.message", "res_id", number)]:
                if store.rows["mail.message"][message]["model"] == self._name:
                    store.delete("mail.message", message)


class Category(Record):
    _name, _words = "res.partner.category", "Partner Tags"
    fields: ClassVar[Fields] = {"name": char(need=True), "active": flag(default=True)}


class Users(Record):
    _name, _words = "res.users", "User"
    _order = "login"
    _own = ("name", "email", "tz", "lang")
    fields: ClassVar[Fields] = {
        "login": char(need=True, indexed=True), "active": flag(default=True),
        "partner_id": one("res.partner"), "company_id": one("res.company"),
        "company_ids": many("res.company"), "groups_id": many("res.groups", last=18),
        "group_ids": many("res.groups", first=19), "share": flag(),
        "name": char(related="partner_id.name"), "email": char(related="partner_id.email"),
        "tz": char(related="partner_id.tz"), "lang": char(related="partner_id.lang"),
        "email_formatted": char(related="partner_id.email_formatted"), "password": char(),
        "notification_type": pick("email", "inbox", default="email"),
    }  # fmt: skip

    def _prepared(self, values: Values) -> dict[str, Any]:
        partner = {name: values.get(name) for name in self._own if values.get(name)}
        made = self.env["res.partner"].sudo().create(partner)
        company = values.get("company_id") or self.env.company.id
        named = "groups_id" if self.env.version < 19 else "group_ids"
        user = self.env.ref("base.group_user")
        base = {"company_id": company, "company_ids": [(6, 0, [company])],
                named: [(6, 0, user.ids if user else [])]}  # fmt: skip
        rest = {name: value for name, value in values.items() if name not in self._own}
        return {**base, **rest, "partner_id": made.id}

    def _change(self, number: int, vals: Values) -> None:
        own = {name: value for name, value in vals.items() if name in self._own}
        if own:
            self.browse(number).partner_id.sudo().write(own)
        super()._change(number, {n: v for n, v in vals.items() if n not in self._own})
        self._password(number, vals)
        self.env.database.forget_groups()

    def _made(self, given: Sequence[Values]) -> None:
        for number, values in zip(self.ids, given, strict=True):
            self._password(number, values)

    def _password(self, number: int, values: Values) -> None:
        if values.get("password"):
            self.env.database.keys[values["password"]] = (number, None)
            self.env.store.update(self._name, number, {"password": False})

    @rpc_model
    def context_get(self) -> dict[str, Any]:
        user = self.env.user
        return {"lang": user.lang or "en_US", "tz": user.tz, "uid": self.env.uid}

    def has_group(self, group: str) -> bool:
        return group in self.env.groups()


class ApiKeys(Record):
    _name, _words = "res.users.apikeys", "Users API Keys"
    fields: ClassVar[Fields] = {"name": char(), "user_id": one("res.users"), "scope": char(),
                      "expiration_date": Field("datetime", first=18)}  # fmt: skip


class Groups(Record):
    _name, _words = "res.groups", "Access Groups"
    fields: ClassVar[Fields] = {
        "name": char(need=True), "comment": Field("text"),
        "users": many("res.users", compute="_users", last=18),
        "user_ids": many("res.users", compute="_users", first=19),
        "full_name": char(compute="_display_name"),
    }  # fmt: skip

    def _users(self, number: int) -> tuple[int, ...]:
        named = "groups_id" if self.env.version < 19 else "group_ids"
        users = self.env.store.rows["res.users"]
        return tuple(one for one, row in sorted(users.items()) if number in row[named])

    def _change(self, number: int, vals: Values) -> None:
        named = "groups_id" if self.env.version < 19 else "group_ids"
        for each in vals.get("users") or vals.get("user_ids") or ():
            what, user = each[0], each[1]
            self.env["res.users"].browse(user).write({named: [(what, number)]})
        rest = {n: v for n, v in vals.items() if n not in ("users", "user_ids")}
        super()._change(number, rest)
        self.env.database.forget_groups()

    def _removing(self) -> None:
        named = "groups_id" if self.env.version < 19 else "group_ids"
        for group in self.ids:
            for user in self._users(group):
                self.env["res.users"].browse(user).write({named: [(3, group)]})


BASE_MODELS: tuple[type[Record], ...] = (
    Partner, Category, Users, ApiKeys, Groups,
)  # fmt: skip
