"""The SQL that server actions send to the stand-in for Odoo, statement by statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.odoo_env import Env
from tests.odoo_fields import ConflictFail, Fail, Value
from tests.odoo_store import Store


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


@statement(
    "WITH newest AS (SELECT res_id, max(id) FILTER (WHERE subject = %(outcome)s) AS outcome"
    " FROM mail_message WHERE model = 'res.partner' AND subtype_id = %(subtype)s"
    " AND (%(all)s OR res_id = ANY(%(partners)s)) GROUP BY res_id)"
    " SELECT entry.id, entry.res_id, to_char(entry.date, 'YYYY-MM-DD HH24:MI:SS'), entry.body"
    " FROM mail_message entry JOIN newest ON newest.res_id = entry.res_id"
    " WHERE entry.model = 'res.partner' AND entry.subtype_id = %(subtype)s"
    " AND entry.id >= coalesce(newest.outcome, 0) AND entry.id > %(last)s"
    " ORDER BY entry.id LIMIT %(limit)s"
)
def _heads(cr: Cursor, values: Any) -> list[tuple[Value, ...]]:
    rows = cr.store.rows["mail.message"]
    if values["all"]:
        found = sorted(cr.store.find("mail.message", "subtype_id", values["subtype"]))
    else:
        mine = (cr.store.find("mail.message", "res_id", n) for n in values["partners"])
        found = sorted(one for ids in mine for one in ids)
    ids = [
        n for n in found
        if rows[n]["model"] == "res.partner" and rows[n]["subtype_id"] == values["subtype"]
    ]  # fmt: skip
    newest: dict[int, int] = {}
    for number in ids:
        if rows[number]["subject"] == values["outcome"]:
            newest[rows[number]["res_id"]] = number
    wanted = [
        n for n in ids if n >= newest.get(rows[n]["res_id"], 0) and n > values["last"]
    ]  # fmt: skip
    return [
        (n, rows[n]["res_id"], rows[n]["date"][:19], rows[n]["body"])
        for n in wanted[: values["limit"]]
    ]
