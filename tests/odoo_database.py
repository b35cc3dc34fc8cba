"""One database of the stand-in for Odoo: its models, who there is, and what went out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.odoo_account import ACCOUNT_MODELS
from tests.odoo_actions import ACTION_MODELS
from tests.odoo_base import BASE_MODELS
from tests.odoo_company import COMPANY_MODELS
from tests.odoo_env import MAGIC, SUPERUSER, Env
from tests.odoo_fields import Field, char, flag, visible
from tests.odoo_inner import INNER_MODELS
from tests.odoo_loading import Record
from tests.odoo_mail import MAIL_MODELS
from tests.odoo_orders import ORDER_MODELS
from tests.odoo_rights import closure, granted
from tests.odoo_sql import Cursor
from tests.odoo_store import Store
from tests.odoo_texts import TEXT_MODELS

CORE = (
    *BASE_MODELS,
    *COMPANY_MODELS,
    *INNER_MODELS,
    *MAIL_MODELS,
    *ACCOUNT_MODELS,
    *ACTION_MODELS,
)
BY_MODULE: Mapping[str, tuple[type[Record], ...]] = {**ORDER_MODELS, "sms": TEXT_MODELS}
KINDS: Mapping[str, Callable[..., Field]] = {"char": char, "boolean": flag}


class Clock:
    """An instant that runs from `start` on, and can be moved."""

    def __init__(self, start: datetime) -> None:
        self.start, self.began = start, time.monotonic()

    def __call__(self) -> datetime:
        return self.start + timedelta(seconds=time.monotonic() - self.began)

    def move(self, span: timedelta) -> None:
        self.start += span


class Database:
    """The records, their models, and the world outside.

    `mails` are the e-mails that left, `texts` the text messages; `refuse` are addresses that the
    mail server does not take. `smtp` False: there is none; `credit` False: none for text messages.
    """

    def __init__(
        self,
        version: int,
        *,
        start: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC),
        modules: tuple[str, ...] = ("base", "mail", "account", "sale", "sms"),
    ) -> None:
        self.version = version
        self.clock = Clock(start)
        self.store = Store(self.clock)
        self.modules = set(modules)
        self.keys: dict[str, tuple[int, datetime | None]] = {}
        self.mails: list[dict[str, Any]] = []
        self.texts: list[dict[str, Any]] = []
        self.translations: dict[tuple[str, int, str], dict[str, dict[str, str]]] = {}
        self.refuse: set[str] = set()
        self.smtp = self.crons = self.credit = True
        self._schemas: dict[str, dict[str, Field]] = {}
        self._groups: dict[tuple[int, ...], frozenset[str]] = {}
        self.models: dict[str, type[Record]] = {}
        self.reload()
        for model, made in self.models.items():
            for name, field in visible(made.fields, version).items():
                if field.stored and (field.indexed or field.kind == "many2one"):
                    self.store.index(model, name)

    def reload(self) -> None:
        """Put the models of the installed modules together."""
        known = [*CORE, *(m for name in sorted(self.modules) for m in BY_MODULE.get(name, ()))]
        self.models = {made._name: made for made in known}
        self._schemas.clear()

    # -- models ---------------------------------------------------------------------------------

    def schema(self, model: str) -> dict[str, Field]:
        """The fields of a model, with those that people added."""
        found = self._schemas.get(model)
        if found is None:
            found = {**visible(self.models[model].fields, self.version), **MAGIC}
            if "sms" not in self.modules:
                found.pop("message_has_sms_error", None)
            for row in self.store.rows["ir.model.fields"].values():
                owner = self.store.rows["ir.model"].get(row["model_id"], {}).get("model")
                if owner == model and row["state"] == "manual":
                    made = KINDS[row["ttype"]]
                    found[row["name"]] = made(related=row["related"] or "")
            self._schemas[model] = found
        return found

    def forget_schemas(self) -> None:
        """Fields came or went."""
        self._schemas.clear()

    def env(self, uid: int = SUPERUSER, context: Mapping[str, Any] | None = None) -> Env:
        """Eyes."""
        return Env(self, uid, context or {})

    def cursor(self, env: Env) -> Cursor:
        """What a server action sees of the database."""
        return Cursor(env)

    # -- rights ---------------------------------------------------------------------------------

    def groups_of(self, uid: int) -> frozenset[str]:
        """The groups of a user, by external id."""
        row = self.store.rows["res.users"][uid]
        ids = row["groups_id"] if self.version < 19 else row["group_ids"]
        if ids not in self._groups:
            names = [self.store.names_of("res.groups", number) for number in ids]
            self._groups[ids] = closure(".".join(each[0]) for each in names if each)
        return self._groups[ids]

    def forget_groups(self) -> None:
        """Groups came or went."""
        self._groups.clear()

    def allows(self, model: str, operation: str, groups: frozenset[str]) -> bool:
        """Whether groups grant an operation."""
        return granted(model, operation, groups)

    # -- who ------------------------------------------------------------------------------------

    def login(self, login: str, key: str) -> int:
        """The user of a login with a password or key; 0 for nobody."""
        uid = self.by_key(key)
        known = self.store.rows["res.users"].get(uid, {})
        return uid if known.get("login") == login and known.get("active", True) else 0

    def by_key(self, key: str) -> int:
        """Whose key it is; 0 for nobody's, and for one that has expired."""
        uid, ends = self.keys.get(key, (0, None))
        return 0 if ends is not None and ends <= self.clock() else uid
