"""Server actions: code that Odoo evaluates, within what it allows, and known SQL."""

from __future__ import annotations

import ast
import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from tests.odoo_env import Env, rpc
from tests.odoo_fields import (
    ConflictFail,
    DeniedFail,
    Fail,
    Field,
    Fields,
    UserFail,
    Value,
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
from tests.odoo_store import Store
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


def checked(code: str) -> None:
    """Refuse code that Odoo would not evaluate."""
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


def evaluated(env: Env, code: str, records: Model | None = None) -> Any:
    """What `action` is after the code ran."""
    checked(code)
    inner = env(context={**env.context, "in_action": True})
    names: dict[str, Any] = {
        "__builtins__": dict(BUILTINS), "env": inner, "uid": env.uid, "user": env.user,
        "UserError": UserFail, "datetime": datetime, "time": time, "log": lambda *a, **k: None,
        "records": records.with_env(inner) if records is not None else None,
        "record": records.with_env(inner) if records is not None else None,
    }  # fmt: skip
    try:
        exec(compile(code.strip(), "server action", "exec"), names)
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


class Savepoint:
    """A part of the transaction that is taken back unless it is closed as it is."""

    def __init__(self, store: Store) -> None:
        self.store, self.held = store, store.savepoint()
        self.held.__enter__()

    def close(self, *, rollback: bool) -> None:
        if not rollback:
            self.held.__exit__(None, None, None)
            return
        stop = Fail("rollback", "")
        try:
            self.held.__exit__(Fail, stop, None)
        except Fail as fail:
            if fail is not stop:
                raise


Sql = Callable[["Cursor", Sequence[Any]], list[tuple[Value, ...]]]
_STATEMENTS: dict[str, Sql] = {}


def statement(text: str) -> Callable[[Sql], Sql]:
    """How a statement is done; any other is refused, since nobody knows what PostgreSQL says."""

    def known(act: Sql) -> Sql:
        _STATEMENTS[" ".join(text.split())] = act
        return act

    return known


class Cursor:
    """The database as code in a server action sees it."""

    def __init__(self, env: Env) -> None:
        self.env, self.store = env, env.store
        self.found: list[tuple[Value, ...]] = []

    def execute(self, text: str, values: Sequence[Any] = ()) -> None:
        act = _STATEMENTS.get(" ".join(text.split()))
        if act is None:
            raise Fail("psycopg2.errors.SyntaxError", f"the stand-in does not know: {text}")
        self.found = act(self, values)

    def fetchall(self) -> list[tuple[Value, ...]]:
        found, self.found = self.found, []
        return found

    def fetchone(self) -> tuple[Value, ...] | None:
        return self.found.pop(0) if self.found else None

    def savepoint(self) -> Savepoint:
        return Savepoint(self.store)

    def row(self, module: str, name: str) -> dict[str, Any] | None:
        number = self.store.names.get((module, name))
        if number is None or self.store.taken.get((module, name), 0) > self.store.snapshot:
            return None if number is None or (module, name) not in self.store.mine else (
                self.store.rows["ir.model.data"][number])  # fmt: skip
        return self.store.rows["ir.model.data"][number]


@statement("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')")
def _clock(cr: Cursor, values: Sequence[Any]) -> list[tuple[Value, ...]]:
    return [(cr.store.moment().strftime("%Y-%m-%d %H:%M:%S.%f"),)]


@statement("SELECT name, res_id, noupdate FROM ir_model_data WHERE module = %s AND name = ANY(%s)")
def _known(cr: Cursor, values: Sequence[Any]) -> list[tuple[Value, ...]]:
    module, names = values
    rows = [row for name in dict.fromkeys(names) if (row := cr.row(module, name))]
    return [(row["name"], row["res_id"], row["noupdate"]) for row in rows]


@statement(
    "INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, write_uid,"
    " create_date, write_date) SELECT %s, wanted.name, 'mail.message', wanted.record, %s, %s,"
    " %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'"
    " FROM unnest(%s::varchar[], %s::integer[]) AS wanted(name, record)"
    " ORDER BY wanted.name ON CONFLICT (module, name) DO NOTHING RETURNING name"
)
def _take(cr: Cursor, values: Sequence[Any]) -> list[tuple[Value, ...]]:
    module, kept, uid, _, names, records = values
    taken: list[tuple[Value, ...]] = []
    for name, record in sorted(zip(names, records, strict=True)):
        if (module, name) in cr.store.names:
            if cr.row(module, name) is None:
                raise ConflictFail
            continue
        stamp = cr.store.moment().strftime("%Y-%m-%d %H:%M:%S.%f")
        cr.store.insert("ir.model.data", {
            "module": module, "name": name, "model": "mail.message", "res_id": record,
            "noupdate": kept, "create_uid": uid, "write_uid": uid, "create_date": stamp,
            "write_date": stamp,
        })  # fmt: skip
        taken.append((name,))
    return taken


@statement("DELETE FROM ir_model_data WHERE module = %s AND name = ANY(%s)")
def _free(cr: Cursor, values: Sequence[Any]) -> list[tuple[Value, ...]]:
    module, names = values
    for name in names:
        if (module, name) in cr.store.names:
            cr.store.delete("ir.model.data", cr.store.names[module, name])
    return []


@statement(
    "UPDATE ir_model_data SET res_id = mine.record"
    " FROM unnest(%s::varchar[], %s::integer[]) AS mine(name, record)"
    " WHERE module = %s AND ir_model_data.name = mine.name"
)
def _point(cr: Cursor, values: Sequence[Any]) -> list[tuple[Value, ...]]:
    names, records, module = values
    for name, record in zip(names, records, strict=True):
        cr.store.update("ir.model.data", cr.store.names[module, name], {"res_id": record})
    return []


ACTION_MODELS: tuple[type[Record], ...] = (ServerAction,)
