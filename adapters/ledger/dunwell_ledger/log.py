"""The log in the ledger: numbered entries won by one writer, people's contacts beside them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from dunwell.log.entry import By, Entry, Kind
from dunwell.port import Appended, Lost, Refused, Won
from dunwell_ledger import mark
from dunwell_ledger.clock import instant
from dunwell_ledger.store import Ledger

_COLUMNS = "debtor, company, position, kind, key, at, by, direction, channel, body, text, nonce"
_LISTED = ", ".join(f'l."{name.strip()}"' for name in _COLUMNS.split(","))


def append(
    ledger: Ledger, entries: Sequence[Entry], *, clock: Callable[[], datetime]
) -> list[Appended]:
    """Append each entry where its debtor's log ends just before it; one transaction for all.

    `at` becomes the clock's time. Entries without a position (contacts) are always won.
    """
    with ledger.writing() as connection:
        mark.remember(connection, ledger.path)
        at = instant(clock())  # read behind the lock: later entries are never older
        heads = _ends(connection, {entry.debtor for entry in entries})
        answers: list[Appended] = []
        for entry in entries:
            answer = _append_one(connection, entry, heads.get(entry.debtor, 0), at)
            if isinstance(answer, Won) and entry.position is not None:
                heads[entry.debtor] = entry.position
            answers.append(answer)
    return answers


def _append_one(connection: sqlite3.Connection, entry: Entry, head: int, at: str) -> Appended:
    if entry.position is not None:
        if entry.position < 1:
            return Refused(f"position {entry.position} is none: a log begins at 1")
        if entry.position <= head:
            return Lost(_nonce(connection, entry.debtor, entry.position))
        if entry.position > head + 1:
            return Refused(
                f"position {entry.position} is not the next one: "
                f"the log of '{entry.debtor}' ends at {head}"
            )
    try:
        write(connection, entry, at)
    except (sqlite3.IntegrityError, sqlite3.DataError, UnicodeEncodeError) as error:
        return Refused(f"the entry cannot be stored: {error}")
    return Won()


def write(connection: sqlite3.Connection, entry: Entry, at: str) -> None:
    """Write one entry as it is; the caller has checked its position."""
    connection.execute(
        "INSERT INTO log (debtor, company, position, kind, key, at, \"by\", direction, channel,"
        " body, text, nonce) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.debtor, entry.company, entry.position, entry.kind, entry.key, at, entry.by,
            entry.direction, entry.channel, entry.body, entry.text, entry.nonce,
        ),
    )  # fmt: skip


def heads(ledger: Ledger, *, debtors: Sequence[str] | None, since: date) -> list[Entry]:
    """Two queries whatever the number of debtors: the newest outcome of each and all of Dunwell's
    entries after it, and people's contacts since a day (as the company or UTC counts it).
    """
    chosen = None if debtors is None else json.dumps(list(debtors))
    # a day begins up to 14 hours before UTC's: a contact more does no harm, one less would
    early = instant(datetime.combine(since, time(), UTC) - timedelta(hours=14))
    own = (
        f"SELECT {_LISTED} FROM heads h CROSS JOIN log l ON l.debtor = h.debtor"
        " AND l.position >= h.outcome"
    )
    people = (
        "SELECT coalesce(c.debtor, l.debtor), " + _LISTED.split(", ", 1)[1] + " FROM log l"
        " LEFT JOIN customers c ON c.id = l.debtor WHERE l.position IS NULL AND l.at >= :since"
    )
    if chosen is not None:
        wanted = "(SELECT value FROM json_each(:debtors))"
        own += f" WHERE h.debtor IN {wanted}"
        people += f" AND coalesce(c.debtor, l.debtor) IN {wanted}"
    with ledger.reading() as connection:
        values = {"debtors": chosen} if chosen is not None else {}
        found = connection.execute(own, values).fetchall()
        found += connection.execute(people, {**values, "since": early}).fetchall()
    return [_entry(*row) for row in found]


def newest(ledger: Ledger, debtor: str | None, limit: int) -> list[Entry]:
    """The log as it stands, newest first."""
    query = f"SELECT {_LISTED} FROM log l"
    values: dict[str, str | int] = {"limit": max(0, limit)}
    if debtor is not None:
        query += (
            " WHERE l.debtor IN (SELECT :debtor UNION"
            " SELECT id FROM customers WHERE debtor = :debtor)"
        )
        values["debtor"] = debtor
    with ledger.reading() as connection:
        rows = connection.execute(f"{query} ORDER BY l.n DESC LIMIT :limit", values).fetchall()
    return [_entry(*row) for row in rows]


def _ends(connection: sqlite3.Connection, debtors: set[str]) -> dict[str, int]:
    rows = connection.execute(
        "SELECT debtor, head FROM heads WHERE debtor IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(debtors)),),
    )
    return dict(rows.fetchall())


def _nonce(connection: sqlite3.Connection, debtor: str, position: int) -> str:
    row = connection.execute(
        "SELECT nonce FROM log WHERE debtor = ? AND position = ?", (debtor, position)
    ).fetchone()
    return "" if row is None else str(row[0])


def _entry(
    debtor: str,
    company: str | None,
    position: int | None,
    kind: Kind,
    key: str,
    at: str,
    by: By,
    direction: str,
    channel: str,
    body: str,
    text: str,
    nonce: str,
) -> Entry:
    return Entry(
        debtor, company, position, kind, key, datetime.fromisoformat(at), by,
        direction, channel, body, text, nonce,  # type: ignore[arg-type]
    )  # fmt: skip
