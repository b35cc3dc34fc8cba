"""The rows behind the stand-in for Odoo, with transactions, savepoints and external ids."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.odoo_fields import ConflictFail, Row

Undo = Callable[[], object]


class Store:
    """One database. Transactions run one after the other, each seeing what was there when asked.

    `version` counts commits: a transaction that was asked for before a name was taken cannot take
    it, nor see who has it, as under PostgreSQL's repeatable read.
    """

    def __init__(self, moment: Callable[[], datetime]) -> None:
        self.moment = moment
        self.lock = threading.RLock()
        self.rows: dict[str, dict[int, Row]] = defaultdict(dict)
        self.last: dict[str, int] = defaultdict(int)
        self.indexes: dict[tuple[str, str], dict[Any, set[int]]] = {}
        self.names: dict[tuple[str, str], int] = {}  # external id: row of ir.model.data
        self.taken: dict[tuple[str, str], int] = {}  # external id: commit that took it
        self.version = 0
        self.snapshot = 0
        self.mine: set[tuple[str, str]] = set()
        self._undo: list[Undo] | None = None
        self._after: list[Callable[[], object]] = []

    # -- time -----------------------------------------------------------------------------------

    def now(self) -> str:
        """The instant, as Odoo keeps it."""
        return self.moment().astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    # -- rows -----------------------------------------------------------------------------------

    def index(self, model: str, field: str) -> None:
        """Let rows be found by a field without a scan."""
        table = self.indexes[model, field] = defaultdict(set)
        for number, row in self.rows[model].items():
            table[row[field]].add(number)

    def insert(self, model: str, row: Row) -> int:
        """Write a new row; its number."""
        self.last[model] += 1
        number = self.last[model]
        self._put(model, number, row)
        self._undoing(lambda: self._drop(model, number))
        return number

    def update(self, model: str, number: int, values: Row) -> None:
        """Change a row."""
        row = self.rows[model][number]
        old = {name: row.get(name) for name in values}
        self._set(model, number, values)
        self._undoing(lambda: self._set(model, number, old))

    def delete(self, model: str, number: int) -> None:
        """Take a row away, and the external ids that name it."""
        if model != "ir.model.data":
            for name in self.names_of(model, number):
                self.delete("ir.model.data", self.names[name])
        row = self._drop(model, number)
        self._undoing(lambda: self._put(model, number, row))

    def names_of(self, model: str, number: int) -> list[tuple[str, str]]:
        """The external ids of a record."""
        table = self.rows["ir.model.data"]
        found = self.find("ir.model.data", "res_id", number)
        return [
            (row["module"], row["name"])
            for row in (table[one] for one in sorted(found))
            if row["model"] == model
        ]

    def find(self, model: str, field: str, value: Any) -> Iterable[int]:
        """The numbers of rows by an indexed field."""
        return self.indexes[model, field].get(value, ())

    def _put(self, model: str, number: int, row: Row) -> None:
        self.rows[model][number] = row
        for (indexed, field), table in self.indexes.items():
            if indexed == model:
                table[row[field]].add(number)
        if model == "ir.model.data":
            name = (row["module"], row["name"])
            self.names[name] = number
            self.mine.add(name)

    def _drop(self, model: str, number: int) -> Row:
        row = self.rows[model].pop(number)
        for (indexed, field), table in self.indexes.items():
            if indexed == model:
                table[row[field]].discard(number)
        if model == "ir.model.data":
            self.names.pop((row["module"], row["name"]), None)
        return row

    def _set(self, model: str, number: int, values: Row) -> None:
        row = self.rows[model][number]
        for name, value in values.items():
            table = self.indexes.get((model, name))
            if table is not None:
                table[row.get(name)].discard(number)
                table[value].add(number)
            row[name] = value

    # -- transactions ---------------------------------------------------------------------------

    def _undoing(self, undo: Undo) -> None:
        if self._undo is not None:
            self._undo.append(undo)

    def after(self, act: Callable[[], object]) -> None:
        """Do something once this transaction is committed."""
        self._after.append(act)

    @contextmanager
    def transaction(self, snapshot: int) -> Iterator[None]:
        """All or nothing; `snapshot` is what was committed when it was asked for."""
        with self.lock:
            self._undo, self._after, self.mine, self.snapshot = [], [], set(), snapshot
            try:
                yield
            except BaseException:
                self._roll_back(0)
                raise
            else:
                self.version += 1
                for name in self.mine & self.names.keys():
                    self.taken[name] = self.version
                acts, self._after = self._after, []
                self._undo = None
                for act in acts:
                    act()
            finally:
                self._undo = None

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that can fail for itself."""
        assert self._undo is not None
        mark, acts = len(self._undo), len(self._after)
        try:
            yield
        except BaseException:
            self._roll_back(mark)
            del self._after[acts:]
            raise

    def _roll_back(self, mark: int) -> None:
        undo = self._undo or []
        self._undo = None  # undoing is not undone
        while len(undo) > mark:
            undo.pop()()
        self._undo = undo

    def contend(self, name: tuple[str, str]) -> None:
        """Meet somebody who took a name since this transaction was asked for, if anybody did."""
        if name not in self.mine and self.taken.get(name, 0) > self.snapshot:
            raise ConflictFail

    def shift(self, span: timedelta) -> None:
        """Move the clock."""
        before = self.moment
        self.moment = lambda: before() + span
