"""What Dunwell does in the ledger: tasks, notes, holds and tags, each once under its key."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dunwell.command import Command
from dunwell.log.entry import Result
from dunwell.port import Effect, Found, Sought
from dunwell_ledger.clock import instant
from dunwell_ledger.store import Ledger

_POISON = (sqlite3.Error, UnicodeError, OverflowError, ValueError, TypeError)


@dataclass(frozen=True, slots=True)
class _Moment:
    at: str
    on: date


def execute(
    ledger: Ledger, effects: Sequence[Effect], *, clock: Callable[[], tuple[datetime, date]]
) -> list[Result]:
    """Perform each effect once, all in one transaction; one that cannot be done does not
    keep the others from being done.
    """
    with ledger.writing() as connection:
        now, on = clock()  # read behind the lock: waiting for it must not outlive a deadline
        keys = json.dumps([effect.key for effect in effects])
        done = {
            row[0]
            for row in connection.execute(
                "SELECT key FROM effects WHERE key IN (SELECT value FROM json_each(?))", (keys,)
            )
        }
        results = []
        for effect in effects:
            result = _once(connection, effect, done, now, on)
            if result.status == "done":
                done.add(effect.key)
            results.append(result)
    return results


def look_up(
    ledger: Ledger, sought: Sequence[Sought], *, clock: Callable[[], tuple[datetime, date]]
) -> list[Found]:
    """Whether effects were done. Exact: it waits for whoever is writing, and an effect checks its
    deadline behind the same lock, so after the deadline an absent one can never appear.
    """
    keys = json.dumps([one.key for one in sought])
    with ledger.writing() as connection:
        now, _ = clock()
        rows = connection.execute(
            "SELECT key FROM effects WHERE key IN (SELECT value FROM json_each(?))", (keys,)
        )
        present = {row[0] for row in rows}
    return [_found(one, present, now) for one in sought]


def _found(one: Sought, present: set[str], now: datetime) -> Found:
    if one.key in present:
        return Found.PRESENT
    if one.deadline is not None and now <= one.deadline:
        return Found.CANNOT_TELL  # whoever claimed it may still do it
    return Found.ABSENT


def _once(
    connection: sqlite3.Connection, effect: Effect, done: set[str], now: datetime, on: date
) -> Result:
    if effect.key in done:
        return Result(effect.key, "already_done")
    if now > effect.deadline:
        return Result(effect.key, "skipped", "busy", detail="its time was over")
    perform = _PERFORM.get(effect.command.kind)
    if perform is None:
        what = f"the ledger does not do '{effect.command.kind}'; a channel does"
        return Result(effect.key, "rejected", detail=what)
    connection.execute("SAVEPOINT effect")
    try:
        result = _checked(connection, effect, _Moment(instant(now), on))
        if result.status == "done":
            connection.execute(
                "INSERT INTO effects VALUES (?, ?, ?, ?)",
                (effect.key, effect.command.kind, effect.debtor, instant(now)),
            )
    except _POISON as error:
        connection.execute("ROLLBACK TO effect")
        result = Result(effect.key, "failed", "never", detail=f"cannot be stored: {error}")
    connection.execute("RELEASE effect")
    return result


def _checked(connection: sqlite3.Connection, effect: Effect, moment: _Moment) -> Result:
    known = connection.execute("SELECT 1 FROM customers WHERE id = ?", (effect.debtor,))
    if known.fetchone() is None:
        return Result(effect.key, "rejected", detail=f"there is no customer '{effect.debtor}'")
    if effect.company:
        known = connection.execute("SELECT 1 FROM companies WHERE id = ?", (effect.company,))
        if known.fetchone() is None:
            why = f"there is no company '{effect.company}'"
            return Result(effect.key, "rejected", detail=why)
    return _PERFORM[effect.command.kind](connection, effect, moment)


def _task(connection: sqlite3.Connection, effect: Effect, moment: _Moment) -> Result:
    command = effect.command
    assignee, found = _assignee(connection, command)
    remark = f"nobody of {', '.join(command.assign)} is known here" if not found else ""
    text = "\n\n".join(part for part in (command.text, remark) if part)
    connection.execute(
        "INSERT INTO tasks (key, customer, company, summary, text, assignee, due, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            effect.key, effect.debtor, effect.company or None, command.summary, text, assignee,
            _iso(command.due), moment.at,
        ),
    )  # fmt: skip
    return Result(effect.key, "done", detail=remark)


def _assignee(connection: sqlite3.Connection, command: Command) -> tuple[str | None, bool]:
    """The first of those named who is here and active; else the first name as it was given."""
    for name in command.assign:
        row = connection.execute(
            "SELECT id FROM people WHERE active = 1 AND (id = :name"
            " OR lower(email) = lower(:name) OR lower(name) = lower(:name)) ORDER BY n LIMIT 1",
            {"name": name},
        ).fetchone()
        if row is not None:
            return str(row[0]), True
    return (command.assign[0] if command.assign else None), not command.assign


def _note(connection: sqlite3.Connection, effect: Effect, moment: _Moment) -> Result:
    command = effect.command
    text = "\n\n".join(part for part in (command.summary, command.text) if part)
    connection.execute(
        'INSERT INTO notes (key, customer, company, task, text, at, "by")'
        " VALUES (?, ?, ?, ?, ?, ?, 'dunwell')",
        (
            effect.key, effect.debtor, effect.company or None, command.joins or None, text,
            moment.at,
        ),
    )  # fmt: skip
    return Result(effect.key, "done")


_OURS = (
    "customer = :debtor AND coalesce(company, '') = :company AND kind = :kind"
    " AND ours = 1 AND ended IS NULL"
)


def _hold(connection: sqlite3.Connection, effect: Effect, moment: _Moment) -> Result:
    command = effect.command
    values = {
        "debtor": effect.debtor, "company": effect.company, "kind": command.name,
        "value": command.value, "reason": command.text, "on": moment.on.isoformat(),
        "id": effect.key,
    }  # fmt: skip
    # our own line is set to the value wanted; a person's line beside it is never touched
    changed = connection.execute(
        f"UPDATE holds SET value = :value, reason = :reason WHERE {_OURS}", values
    )
    if not changed.rowcount:
        connection.execute(
            'INSERT INTO holds (id, customer, company, kind, value, reason, since, "by", ours)'
            " VALUES (:id, :debtor, nullif(:company, ''), :kind, :value, :reason, :on,"
            " 'dunwell', 1)",
            values,
        )
    return Result(effect.key, "done")


def _release(connection: sqlite3.Connection, effect: Effect, moment: _Moment) -> Result:
    command = effect.command
    values = {"debtor": effect.debtor, "company": effect.company, "kind": command.name}
    row = connection.execute(f"SELECT n, value FROM holds WHERE {_OURS}", values).fetchone()
    if row is None:
        return Result(effect.key, "done", detail="it was lifted already")
    if command.value and row[1] != command.value:
        return Result(effect.key, "skipped", "changed", detail="a person changed the hold")
    connection.execute(
        "UPDATE holds SET ended = ?, ended_by = 'dunwell' WHERE n = ?",
        (moment.on.isoformat(), row[0]),
    )
    return Result(effect.key, "done")


def _tag(connection: sqlite3.Connection, effect: Effect, moment: _Moment) -> Result:
    connection.execute(
        "INSERT INTO tags (customer, tag, by) VALUES (?, ?, 'dunwell') ON CONFLICT DO NOTHING",
        (effect.debtor, effect.command.name),
    )
    return Result(effect.key, "done")


def _untag(connection: sqlite3.Connection, effect: Effect, moment: _Moment) -> Result:
    key = (effect.debtor, effect.command.name)
    row = connection.execute("SELECT by FROM tags WHERE customer = ? AND tag = ?", key).fetchone()
    if row is not None and row[0] != "dunwell":
        return Result(effect.key, "skipped", "changed", detail="a person set this tag")
    connection.execute("DELETE FROM tags WHERE customer = ? AND tag = ?", key)
    return Result(effect.key, "done")


_PERFORM: dict[str, Callable[[sqlite3.Connection, Effect, _Moment], Result]] = {
    "task": _task,
    "note": _note,
    "hold": _hold,
    "release": _release,
    "tag": _tag,
    "untag": _untag,
}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
