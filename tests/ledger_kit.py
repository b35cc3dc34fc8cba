"""A small ledger for tests: one company, two customers of one payer, an invoice each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from dunwell.log.entry import Entry
from dunwell.model import frame
from dunwell_ledger import people, store
from dunwell_ledger.adapter import LedgerAdapter
from dunwell_ledger.clock import Clock
from dunwell_ledger.store import Ledger, create

ON = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def small(path: Path) -> Ledger:
    """C2 is paid for by C1; I1 is C1's of 10 EUR, I2 C2's of 20 EUR and older."""
    ledger = create(path)
    item = {"company": "ES", "currency": "EUR", "issued": "2025-12-01"}
    with ledger.writing() as connection:
        company = {"id": "ES", "name": "Acme", "currency": "EUR", "timezone": "Europe/Madrid"}
        people.add(connection, "companies", [company])
        people.add(connection, "people", [
            {"id": "bob", "name": "Bob", "email": "bob@acme.example", "active": 0},
            {"id": "ana", "name": "Ana", "email": "ana@acme.example", "active": 1},
        ])  # fmt: skip
        people.add(connection, "customers", [
            {"id": "C1", "name": "One", "payer": None},
            {"id": "C2", "name": "Two", "payer": "C1"},
        ])  # fmt: skip
        people.add(connection, "items", [
            {"id": "I1", "customer": "C1", "number": "F1", "amount": 1000, "due": "2026-01-01",
             **item},
            {"id": "I2", "customer": "C2", "number": "F2", "amount": 2000, "due": "2025-12-24",
             **item},
        ])  # fmt: skip
    return ledger


def adapter(ledger: Ledger) -> LedgerAdapter:
    """The adapter of a ledger whose clock stands still."""
    return LedgerAdapter(ledger, clock=Clock(ON, NOW))


def table(
    erp: LedgerAdapter, name: str, debtors: list[str] | None = None, since: date | None = None
) -> pl.DataFrame:
    """All pages of a table as one frame of the published schema."""
    pages = [frame(name, page) for page in erp.read(name, debtors=debtors, since=since)]
    return pl.concat(pages) if pages else frame(name, {})


def entry(debtor: str, position: int | None, kind: str = "claim", **more: str) -> Entry:
    """An entry of Dunwell's."""
    return Entry(debtor, "ES", position, kind, "key", NOW, "dunwell", **more)  # type: ignore[arg-type]


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every query that connections opened inside send, without the frame of transactions."""
    queries: list[str] = []
    plain = store._connect

    def connect(path: Path, wait: float, *, new: bool = False) -> sqlite3.Connection:
        connection = plain(path, wait, new=new)
        connection.set_trace_callback(queries.append)
        return connection

    store._connect = connect
    try:
        yield queries
        quiet = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SAVEPOINT", "RELEASE", "--")
        queries[:] = [query for query in queries if not query.startswith(quiet)]
    finally:
        store._connect = plain
