"""The book: everything that was read from the ERP for one run, as it was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar

import polars as pl

from dunwell.model.owners import Owners
from dunwell.model.tables import TABLES, empty

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Describe:
    """What an adapter says of its ERP before anything is read.

    `tenant` names ERP, database and companies; `on` is the company's own today; `now` is the ERP's
    clock; `bank_data_on` the day up to which payments are known (None: the ERP cannot tell).
    `copied` says why this may be a copy of the ERP that Dunwell wrote to, or a restored one, and
    what to do about it; while it says so nothing is written.
    """

    tenant: str
    system: str
    on: date
    now: datetime
    bank_data_on: date | None = None
    notes: tuple[str, ...] = ()
    copied: str = ""


@dataclass(frozen=True)
class Book:
    """The tables of one run; each exists, empty where the ERP has no such thing."""

    describe: Describe
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    _made: dict[object, object] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __getitem__(self, table: str) -> pl.DataFrame:
        """One table of the published schema."""
        if table not in TABLES:
            raise KeyError(table)
        found = self.tables.get(table)
        return empty(table) if found is None else found

    @cached_property
    def owners(self) -> Owners:
        """Whose each row is, looked up once."""
        return Owners({name: self[name] for name in TABLES})

    def once(self, make: Callable[[Book], Made]) -> Made:
        """What somebody makes of the book, made once; the tables must be complete by then."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]  # type: ignore[return-value]
