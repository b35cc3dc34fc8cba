"""A small company on the stand-in for Odoo: what a new database holds, and who works in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.odoo_database import Database
from tests.odoo_rights import (
    ACCOUNTS,
    GROUPS,
    PARTNERS,
    READONLY,
    RIGHTS,
    SALES,
    SYSTEM,
    USER,
)

KEYS = {
    "admin": "ad" * 20, "collector": "c0" * 20, "sally": "5a" * 20, "archie": "ac" * 20,
    "plain": "b1" * 20,
}  # fmt: skip
EXPIRED = "e0" * 20
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
LEAST = (USER, READONLY, PARTNERS)

CURRENCIES = {"EUR": 0.01, "USD": 0.01, "JPY": 1.0, "KWD": 0.001, "GBP": 0.01}
COUNTRIES = {"FR": "France", "ES": "Spain", "DE": "Germany", "US": "United States", "GB": "UK"}
LANGS = {"en_US": "English (US)", "es_ES": "Spanish", "fr_FR": "French"}
MODULES = ("base", "mail", "account", "sale", "sms", "base_automation", "account_followup")


class Founding:
    """Writes the first records; `name` gives them external ids."""

    def __init__(self, database: Database) -> None:
        self.database, self.env = database, database.env()

    def name(self, xid: str, model: str, number: int) -> int:
        module, _, name = xid.partition(".")
        self.database.store.insert("ir.model.data", {
            "module": module, "name": name, "model": model, "res_id": number, "noupdate": True,
            "create_uid": 1, "write_uid": 1, "create_date": "2026-01-01 00:00:00.000000",
            "write_date": "2026-01-01 00:00:00.000000",
        })  # fmt: skip
        return number

    def make(self, model: str, xid: str = "", /, **values: Any) -> int:
        number = int(self.env[model].create(values).id)
        return self.name(xid, model, number) if xid else number

    def raw(self, model: str, /, **values: Any) -> int:
        """A record before there is anybody who could make one."""
        empty = {n: f.empty() for n, f in self.database.schema(model).items() if f.stored}
        stamp = {"create_date": "2026-01-01 00:00:00.000000", "create_uid": 1}
        stamp |= {"write_date": stamp["create_date"], "write_uid": 1}
        return self.database.store.insert(model, {**empty, **stamp, "active": True, **values})


def kit(version: int, *, start: datetime = START) -> Database:
    """A new database of a version, with a company, its chart of accounts, and its people."""
    database = Database(version, start=start)
    founding = Founding(database)
    _first(founding)
    for model in database.models:
        module = model.partition(".")[0]
        module = {"res": "base", "ir": "base", "mail": "mail"}.get(module, module)
        number = founding.make("ir.model", model=model, name=model)
        founding.name(f"{module}.model_{model.replace('.', '_')}", "ir.model", number)
    _inside(founding)
    _chat(founding)
    _people(founding)
    _books(founding, 1)
    return database


def _first(founding: Founding) -> None:
    """The company and the two users that every database has."""
    raw, name, database = founding.raw, founding.name, founding.database
    for code, rounding in CURRENCIES.items():
        name(f"base.{code}", "res.currency", raw("res.currency", name=code, rounding=rounding))
    for code, words in COUNTRIES.items():
        number = raw("res.country", name=words, code=code)
        name(f"base.{code.lower()}", "res.country", number)
    groups = {each: name(each, "res.groups", raw("res.groups", name=each)) for each in GROUPS}
    own = raw("res.partner", name="Kit One", is_company=True, type="contact", country_id=1)
    raw("res.company", name="Kit One", partner_id=own, currency_id=1, country_id=1,
        email="billing@kit.example")  # fmt: skip
    name("base.main_company", "res.company", 1)
    field = "groups_id" if database.version < 19 else "group_ids"
    for login, words, held in (
        ("__system__", "OdooBot", ()),
        ("admin", "Administrator", (SYSTEM, RIGHTS, USER, ACCOUNTS, PARTNERS, SALES)),
    ):
        active = login == "admin"
        partner = raw("res.partner", name=words, email=f"{login}@kit.example", type="contact",
                      tz="Europe/Paris", lang="en_US", active=active)  # fmt: skip
        raw("res.users", login=login, partner_id=partner, company_id=1, company_ids=(1,),
            active=active, notification_type="inbox",
            **{field: tuple(groups[g] for g in held)})  # fmt: skip
    name("base.user_admin", "res.users", 2)
    database.keys[KEYS["admin"]] = (2, None)
    for code, words in LANGS.items():
        raw("res.lang", name=words, code=code)


def _inside(founding: Founding) -> None:
    env, make = founding.env, founding.make
    fields = {"sale.order": "state", "mail.activity": "date_deadline"}
    for model, field in fields.items():
        owner = next(n for n, r in env.store.rows["ir.model"].items() if r["model"] == model)
        number = founding.raw("ir.model.fields", name=field, field_description=field,
                              model_id=owner, ttype="char", state="base")  # fmt: skip
        module = model.partition(".")[0]
        founding.name(f"{module}.field_{model.replace('.', '_')}__{field}", "ir.model.fields",
                      number)  # fmt: skip
    views = {"base.view_partner_form": "res.partner", "sale.view_order_form": "sale.order"}
    for xid, model in views.items():
        make("ir.ui.view", xid, name=xid, model=model, mode="primary", arch_base="<form/>")
    for module in MODULES:
        state = "installed" if module in founding.database.modules else "uninstalled"
        state = "uninstallable" if module == "account_followup" else state
        make("ir.module.module", f"base.module_{module}", name=module, state=state)
    for key, value in (("database.uuid", "11111111-aaaa"), ("web.base.url", "http://kit.example")):
        make("ir.config_parameter", key=key, value=value)
    make("ir.mail_server", name="sink")
    make("ir.cron", "mail.ir_cron_mail_scheduler_action", name="Mail: Email Queue Manager")
    if "sms" in founding.database.modules:
        make("ir.cron", "sms.ir_cron_sms_scheduler_action", name="SMS: SMS Queue Manager")
        make("iap.account", service_name="sms")


def _chat(founding: Founding) -> None:
    make = founding.make
    for xid, words, internal in (
        ("mail.mt_comment", "Discussions", False),
        ("mail.mt_note", "Note", True),
        ("mail.mt_activities", "Activities", True),
    ):
        make("mail.message.subtype", xid, name=words, internal=internal, default=not internal)
    for xid, words, category in (
        ("mail.mail_activity_data_email", "Email", "default"),
        ("mail.mail_activity_data_call", "Call", "phonecall"),
        ("mail.mail_activity_data_meeting", "Meeting", "default"),
        ("mail.mail_activity_data_todo", "To-Do", "default"),
    ):
        make("mail.activity.type", xid, name=words, category=category)


def _people(founding: Founding) -> None:
    for login, words, groups in (
        ("collector", "Dunwell Collector", LEAST),
        ("sally", "Sally Sales", (USER, SALES)),
        ("archie", "Archie Accountant", (USER, ACCOUNTS, PARTNERS, SALES)),
        ("plain", "Plain User", (USER,)),
    ):
        hire(founding, login, words, groups)
    rows = founding.database.store.rows["res.users"]
    collector = next(number for number, row in rows.items() if row["login"] == "collector")
    founding.database.keys[EXPIRED] = (collector, datetime(2026, 1, 1, tzinfo=UTC))


def hire(founding: Founding, login: str, words: str, groups: Sequence[str]) -> int:
    """A user with groups, a partner and a key."""
    database = founding.database
    field = "groups_id" if database.version < 19 else "group_ids"
    ids = [founding.env.ref(group).id for group in groups]  # type: ignore[union-attr]
    number = founding.make("res.users", login=login, name=words, email=f"{login}@kit.example",
                           tz="Europe/Paris", lang="en_US", notification_type="inbox",
                           **{field: [(6, 0, ids)]})  # fmt: skip
    if login in KEYS:
        database.keys[KEYS[login]] = (number, None)
    return number


def _books(founding: Founding, company: int) -> None:
    """The accounts and journals of a company."""
    make = founding.make
    owner: dict[str, Any] = (
        {"company_id": company} if founding.database.version < 19
        else {"company_ids": [(6, 0, [company])]}
    )  # fmt: skip
    accounts = {
        kind: make("account.account", name=words, code=code, account_type=kind,
                   reconcile=kind == "asset_receivable", **owner)
        for kind, code, words in (
            ("asset_receivable", "121000", "Account Receivable"),
            ("asset_cash", "101401", "Bank"),
            ("income", "400000", "Product Sales"),
            ("expense", "600000", "Expenses"),
        )
    }  # fmt: skip
    for kind, code, words in (
        ("sale", "INV", "Customer Invoices"),
        ("general", "MISC", "Miscellaneous Operations"),
        ("bank", "BNK1", "Bank"),
    ):
        default = accounts["asset_cash"] if kind == "bank" else False
        make("account.journal", name=words, code=code, type=kind, company_id=company,
             default_account_id=default)  # fmt: skip


def company(database: Database, name: str, currency: str) -> int:
    """One more company of ours, with its accounts; everybody works for it."""
    founding = Founding(database)
    rows = database.store.rows
    money = next(n for n, row in rows["res.currency"].items() if row["name"] == currency)
    own = founding.raw("res.partner", name=name, is_company=True, type="contact")
    number = founding.raw("res.company", name=name, partner_id=own, currency_id=money)
    _books(founding, number)
    for user, row in rows["res.users"].items():
        database.store.update("res.users", user, {"company_ids": (*row["company_ids"], number)})
    return number
