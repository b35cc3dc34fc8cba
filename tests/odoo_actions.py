"""Server actions: code that Odoo evaluates, within what it allows, and known SQL."""

from __future__ import annotations

import ast
import datetime
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, ClassVar

from tests.odoo_env import Env, rpc
from tests.odoo_fields import (
    DeniedFail,
    Fail,
    Field,
    Fields,
    UserFail,
    char,
    flag,
    invalid,
    many,
    one,
    pick,
    wrong,
)
from tests.odoo_loading import Record
from tests.odoo_model import Model
from tests.odoo_writing import Values

FORBIDDEN: Mapping[type[ast.AST], str] = {
    ast.Import: "IMPORT_NAME", ast.ImportFrom: "IMPORT_NAME", ast.With: "BEFORE_WITH",
    ast.ClassDef: "LOAD_BUILD_CLASS", ast.Assert: "LOAD_ASSERTION_ERROR",
    ast.Nonlocal: "LOAD_CLOSURE", ast.Yield: "YIELD_VALUE", ast.Await: "GET_AWAITABLE",
}  # fmt: skip
BUILTINS: Mapping[str, object] = {
    each.__name__: each
    for each in (
        True.__class__, all, any, bytes, chr, dict, divmod, enumerate, filter, float, hash, int,
        isinstance, len, list, map, max, min, ord, range, repr, reversed, round, set, sorted,
        str, sum, tuple, zip, abs, Exception,
    )
}  # fmt: skip


def _inner(name: str, *args: Any, **kwargs: Any) -> Any:
    """What Python's own code may import while it works for a server action."""
    if name not in ("time", "_strptime", "math"):
        raise ImportError(f"{name} is not imported here")
    return __import__(name, *args, **kwargs)


@lru_cache(maxsize=32)
def checked(code: str) -> CodeType:
    """The code, ready to run; what Odoo would not evaluate is refused."""
    try:
        tree = ast.parse(code.strip())
    except SyntaxError as error:
        raise invalid(f"SyntaxError : {error}") from None
    for node in ast.walk(tree):
        opcode = FORBIDDEN.get(type(node))
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            opcode = "STORE_ATTR"
        if opcode:
            raise invalid(f"forbidden opcode(s) in {code!r}: {opcode}")
        name = getattr(node, "attr", None) or getattr(node, "id", None)
        if isinstance(name, str) and "__" in name:
            raise Fail("builtins.NameError", f"Access to forbidden name {name!r}")
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
        if any(isinstance(n, ast.FunctionDef | ast.Lambda) for n in ast.walk(function)
               if n is not function):  # fmt: skip
            raise invalid(f"forbidden opcode(s) in {code!r}: LOAD_CLOSURE")
    return compile(code.strip(), "server action", "exec")


def evaluated(env: Env, code: str, records: Model | None = None) -> Any:
    """What `action` is after the code ran."""
    ready = checked(code)
    inner = env(context={**env.context, "in_action": True})
    names: dict[str, Any] = {
        "__builtins__": {**BUILTINS, "__import__": _inner}, "env": inner, "uid": env.uid,
        "user": env.user,
        "UserError": UserFail, "datetime": datetime, "time": time, "log": lambda *a, **k: None,
        "records": records.with_env(inner) if records is not None else None,
        "record": records.with_env(inner) if records is not None else None,
    }  # fmt: skip
    try:
        exec(ready, names)
    except Fail as fail:
        if fail.name.startswith("builtins."):
            raise wrong(f"{fail.message} while evaluating {code[:60]!r}") from fail
        raise
    except ZeroDivisionError as error:
        raise Fail("builtins.ZeroDivisionError", str(error)) from error
    except Exception as error:
        raise wrong(f"{error!r} while evaluating {code[:60]!r}") from error
    return names.get("action") or False


class ServerAction(Record):
    _name, _words = "ir.actions.server", "Server Action"
    fields: ClassVar[Fields] = {
        "name": char(need=True), "model_id": one("ir.model", need=True),
        "state": pick("code", "object_write", "multi", need=True, default="code"),
        "code": Field("text"), "usage": char(default="ir_actions_server"),
        "groups_id": many("res.groups", last=18), "group_ids": many("res.groups", first=19),
        "active": flag(default=True),
    }  # fmt: skip

    def _made(self, given: Sequence[Values]) -> None:
        for number in self.ids:
            checked(self._rows()[number]["code"] or "")

    def _changed(self, vals: Values) -> None:
        if "code" in vals:
            self._made([])

    @rpc
    def run(self) -> Any:
        self._there(self.ids)
        found: Any = False
        for number in self.ids:
            row = self._rows()[number]
            groups = row["groups_id"] if self.env.version < 19 else row["group_ids"]
            users = self.env.store.rows["res.users"][self.env.uid]
            mine = users["groups_id"] if self.env.version < 19 else users["group_ids"]
            if groups and not set(groups) & set(mine):
                raise DeniedFail("You don't have enough access rights to run this action.")
            if not groups:
                self.env[self.env.store.rows["ir.model"][row["model_id"]]["model"]]._right("write")
            found = evaluated(self.env, row["code"])
        return found


ACTION_MODELS: tuple[type[Record], ...] = (ServerAction,)
