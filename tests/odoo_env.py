"""Whose eyes look at the stand-in for Odoo: user, context, companies; and what it says no with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tests.odoo_fields import DeniedFail, Fail, Field, char, one, wrong

if TYPE_CHECKING:
    from tests.odoo_database import Database
    from tests.odoo_model import Model
    from tests.odoo_store import Store

F = TypeVar("F", bound=Callable[..., Any])
SUPERUSER = 1


def rpc(method: F) -> F:
    """A method that can be called from outside, on records."""
    method.remote = "multi"  # type: ignore[attr-defined]
    return method


def rpc_model(method: F) -> F:
    """A method that can be called from outside, on the model."""
    method.remote = "model"  # type: ignore[attr-defined]
    return method


class Env:
    """Whose eyes: the user, the context, and whether rights are looked at."""

    def __init__(
        self, database: Database, uid: int, context: Mapping[str, Any], *, su: bool = False
    ) -> None:
        self.database, self.uid, self.context = database, uid, dict(context)
        self.su = su or uid == SUPERUSER

    def __getitem__(self, model: str) -> Model:
        made = self.database.models.get(model)
        if made is None:
            raise Fail("builtins.KeyError", model)
        return made(self)

    def __contains__(self, model: str) -> bool:
        return model in self.database.models

    def __call__(
        self,
        *,
        user: int | None = None,
        context: Mapping[str, Any] | None = None,
        su: bool | None = None,
    ) -> Env:
        asked = self.context if context is None else context
        return Env(self.database, user or self.uid, asked, su=self.su if su is None else su)

    @property
    def store(self) -> Store:
        return self.database.store

    @property
    def version(self) -> int:
        return self.database.version

    @property
    def cr(self) -> Any:
        return self.database.cursor(self)

    @property
    def user(self) -> Model:
        return self["res.users"].sudo().browse(self.uid)

    @property
    def company_ids(self) -> tuple[int, ...]:
        """The companies whose records are seen."""
        own: tuple[int, ...] = self.store.rows["res.users"][self.uid]["company_ids"]
        asked = self.context.get("allowed_company_ids")
        if not asked:
            return own
        if not self.su and not set(asked) <= set(own):
            raise DeniedFail("Access to unauthorized or invalid companies.")
        return tuple(asked)

    @property
    def company(self) -> Model:
        asked = self.context.get("allowed_company_ids")
        own = self.store.rows["res.users"][self.uid]["company_id"]
        return self["res.company"].sudo().browse(asked[0] if asked else own)

    def groups(self) -> frozenset[str]:
        return self.database.groups_of(self.uid)

    def ref(self, xid: str, *, raise_if_not_found: bool = True) -> Model | None:
        module, _, name = xid.partition(".")
        found = self.store.names.get((module, name))
        if found is None:
            if raise_if_not_found:
                raise wrong(f"External ID not found in the system: {xid}")
            return None
        row = self.store.rows["ir.model.data"][found]
        return self[row["model"]].browse(row["res_id"])


class Failures:
    """How the versions word what they do not understand."""

    def __init__(self, model: str, version: int) -> None:
        self.model, self.new = model, version >= 19

    def field(self, name: str) -> Fail:
        tail = f"'{self.model}'"
        return wrong(f"Invalid field '{name}' on {tail if self.new else 'model ' + tail}")

    def written(self, name: str) -> Fail:
        return Fail("builtins.KeyError", name) if self.new else self.field(name)

    def condition(self, name: str, term: object) -> Fail:
        word = "condition" if self.new else "leaf"
        return wrong(f"Invalid field {self.model}.{name} in {word} {term!r}")

    def operator(self, term: object) -> Fail:
        return wrong(f"Invalid {'operator in condition' if self.new else 'leaf'} {term!r}")


MAGIC = {
    "id": Field("integer", compute="_number"),
    "create_date": Field("datetime"), "write_date": Field("datetime"),
    "create_uid": one("res.users"), "write_uid": one("res.users"),
    "display_name": char(compute="_display_name"),
}  # fmt: skip
