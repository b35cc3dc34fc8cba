"""Tinybooks, a small made-up ERP: documents with a number, behind a few calls; no room for state.

It stands for the web interface of a real one. It has customers, invoices, payments, notes and
tasks. A document may carry a `reference`, and no two documents ever carry the same one: that is
all that an adapter needs to act exactly once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

Document = dict[str, Any]
Draft = tuple[str, Document]
"""A kind, and the fields of a new document of it."""
LIMIT = 100
"""How many documents, or values to choose by, one call may bring."""


class Page(NamedTuple):
    """What one call found, and whether there is more of it."""

    documents: list[Document]
    more: bool


SCHEMA = """
CREATE TABLE documents (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL
);
CREATE TABLE taken (reference TEXT PRIMARY KEY);
CREATE INDEX by_customer ON documents (kind, body ->> '$.customer');
CREATE INDEX by_reference ON documents (kind, body ->> '$.reference');
"""
PUT_AWAY = "UPDATE documents SET archived = 1 WHERE n = ?"


def system_clock() -> datetime:
    """The clock of the ERP."""
    return datetime.now(UTC)


class Tinybooks:
    """One set of books in a file. Every method is one call; it raises what a network raises.

    `ConnectionError`: nothing arrived. `TimeoutError`: no answer came. `ValueError`: one came that
    says nothing. `PermissionError`: not for this user.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = system_clock) -> None:
        if not path.exists():
            raise PermissionError(f"there are no books '{path.name}'")
        self.path, self.clock = path, clock

    def about(self) -> Document:
        """The name of these books and the clock of the ERP."""
        with self.call() as books:
            (body,) = books.execute("SELECT body FROM documents WHERE kind = 'books'").fetchone()
        return {**json.loads(body), "now": self.clock()}

    def find(
        self,
        kind: str,
        *,
        where: Mapping[str, Sequence[str]] | None = None,
        since: date | None = None,
        archived: bool | None = False,
        beyond: int | None = None,
        newest: bool = False,
    ) -> Page:
        """At most `LIMIT` documents of a kind in the order of their numbers, or newest first.

        `where` names the values that a field may have, `since` the first day of creation or
        payment, `archived` whether to find archived ones (None: both), `beyond` the number after
        which to begin.
        """
        tests, values = ["kind = ?"], [kind]
        for field, allowed in (where or {}).items():
            assert len(allowed) <= LIMIT, "too many values"
            column = "kind || '-' || n" if field == "id" else f"body ->> '$.{field}'"
            tests.append(f"{column} IN ({', '.join('?' * len(allowed))})")
            values += allowed
        if since is not None:
            tests.append("coalesce(body ->> '$.on', body ->> '$.created') >= ?")
            values.append(since.isoformat())
        if archived is not None:
            tests.append(f"archived = {archived:d}")
        if beyond is not None:
            tests.append(f"n {'<' if newest else '>'} {beyond:d}")
        query = f"SELECT n, body FROM documents WHERE {' AND '.join(tests)} "
        query += f"ORDER BY n {'DESC' if newest else 'ASC'} LIMIT {LIMIT + 1}"
        with self.call() as books:
            found = books.execute(query, values).fetchall()
        documents = [{"n": n, "id": f"{kind}-{n}", **json.loads(body)} for n, body in found]
        return Page(documents[:LIMIT], len(documents) > LIMIT)

    def references(self, names: Sequence[str]) -> set[str]:
        """Which of these references were ever taken, whatever became of the document."""
        assert len(names) <= LIMIT, "too many references"
        query = f"SELECT reference FROM taken WHERE reference IN ({', '.join('?' * len(names))})"
        with self.call() as books:
            return {row[0] for row in books.execute(query, list(names))}

    def create(self, drafts: Sequence[Draft]) -> list[str]:
        """Create documents; the answers are identifiers, "" where the reference is taken."""
        assert len(drafts) <= LIMIT, "too many documents"
        with self.call(changes=True) as books:
            return [self._create(books, kind, body) for kind, body in drafts]

    def _create(self, books: sqlite3.Connection, kind: str, body: Document) -> str:
        if body.get("reference"):
            take = "INSERT OR IGNORE INTO taken VALUES (?)"
            if books.execute(take, (body["reference"],)).rowcount == 0:
                return ""
        stamped = {"created": self.clock().isoformat(), **body}
        insert = "INSERT INTO documents (kind, body) VALUES (?, ?)"
        done = books.execute(insert, (kind, json.dumps(stamped)))
        return f"{kind}-{done.lastrowid}"

    def archive(self, numbers: Sequence[int]) -> None:
        """Put documents away: they are found only when asked for."""
        assert len(numbers) <= LIMIT, "too many documents"
        with self.call(changes=True) as books:
            for number in numbers:
                books.execute(PUT_AWAY, (number,))

    # -- what people do on its screens ------------------------------------------------------------

    def change(self, document: str, **fields: object) -> None:
        """Change fields of a document."""
        with self.call(changes=True) as books:
            self._change(books, document, fields)

    def delete(self, document: str) -> None:
        """Delete a document; its reference stays taken."""
        with self.call(changes=True) as books:
            books.execute("DELETE FROM documents WHERE n = ?", (_number(document),))

    def pay(self, invoice: str, amount: str, on: date, *, kind: str = "payment") -> str:
        """Enter what settles an invoice, a payment or a write-off; a settled one is put away."""
        with self.call(changes=True) as books:
            find = "SELECT body FROM documents WHERE n = ?"
            body = json.loads(books.execute(find, (_number(invoice),)).fetchone()[0])
            left = Decimal(body["open"]) - Decimal(amount)
            if left < 0:
                raise ValueError("that is more than is open")
            self._change(books, invoice, {"open": str(left)})
            if not left:
                books.execute(PUT_AWAY, (_number(invoice),))
            shared = {name: body[name] for name in ("customer", "company", "currency", "due")}
            payment = {**shared, "invoice": invoice, "amount": amount, "what": kind}
            payment |= {"on": on.isoformat(), "closes": not left}
            return self._create(books, "payment", payment)

    def _change(
        self, books: sqlite3.Connection, document: str, fields: Mapping[str, object]
    ) -> None:
        patch = "UPDATE documents SET body = json_patch(body, ?) WHERE n = ?"
        books.execute(patch, (json.dumps(fields), _number(document)))

    @contextmanager
    def call(self, *, changes: bool = False) -> Iterator[sqlite3.Connection]:
        """One call: all of it happens, or nothing."""
        with closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as books:
            books.execute("PRAGMA synchronous = NORMAL")
            books.execute("BEGIN IMMEDIATE" if changes else "BEGIN")
            yield books
            books.execute("COMMIT")


def found(path: Path, *, company: str, currency: str, timezone: str) -> None:
    """Begin a set of books for one company."""
    with closing(sqlite3.connect(path)) as books:
        books.execute("PRAGMA journal_mode = WAL")
        books.executescript(SCHEMA)
        first = [("books", {"name": uuid4().hex})]
        first += [("company", {"name": company, "currency": currency, "timezone": timezone})]
        for kind, body in first:
            insert = "INSERT INTO documents (kind, body) VALUES (?, ?)"
            books.execute(insert, (kind, json.dumps(body)))
        books.commit()


def _number(document: str) -> int:
    return int(document.rpartition("-")[2])
