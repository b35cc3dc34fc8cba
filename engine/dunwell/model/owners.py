"""Whose each row of a book is, in numbers: who pays for its customer, and which company it is of.

Names of customers stand on millions of rows and are looked up once here, for everything that asks
later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

NUMBER = pl.Int32()
"""A row in a table."""


@dataclass(frozen=True)
class Owners:
    """Owners of rows as rows of `customers` and `companies`; null for one that is not known."""

    tables: Mapping[str, pl.DataFrame]
    _debtors: dict[str, pl.Series] = field(default_factory=dict, repr=False)
    _companies: dict[str, pl.Series] = field(default_factory=dict, repr=False)

    @cached_property
    def payers(self) -> pl.Series:
        """Who pays for each customer: itself where the ERP names none or one that is not known."""
        table = self.tables["customers"]
        own = pl.int_range(table.height, dtype=NUMBER, eager=True)
        named = self.row(table["payer"])
        return named.zip_with(named.is_not_null(), own)

    def row(self, names: pl.Series) -> pl.Series:
        """The row of each customer."""
        return _only(places(names, self.tables["customers"]["id"]))

    def debtor(self, table: str) -> pl.Series:
        """Who pays for the customer of each row of a table."""
        if table not in self._debtors:
            self._debtors[table] = self.payers.gather(self.row(self.tables[table]["customer"]))
        return self._debtors[table]

    def company(self, table: str) -> pl.Series:
        """The company of each row of a table."""
        if table not in self._companies:
            known = self.tables["companies"]["id"]
            self._companies[table] = _only(places(self.tables[table]["company"], known))
        return self._companies[table]


def places(names: pl.Series, known: pl.Series) -> pl.Series | None:
    """The row at which each name stands in `known`, null where it does not; None where one of them
    stands there twice.

    Looked up by their hashes, which takes half the time; should two names share one, by the names.
    """
    rows = _looked_up(names.hash(), known.hash())
    if rows.len() != names.len() or _wrong(names, known.gather(rows)):
        rows = _looked_up(names, known)
    return rows if rows.len() == names.len() else None


def _only(found: pl.Series | None) -> pl.Series:
    assert found is not None  # ids are their own
    return found


def _wrong(names: pl.Series, found: pl.Series) -> bool:
    return bool((found.is_not_null() & found.ne_missing(names)).any())


def _looked_up(names: pl.Series, known: pl.Series) -> pl.Series:
    table = known.alias("name").to_frame().with_row_index("row")
    found = names.alias("name").to_frame()
    return found.join(table, on="name", how="left", maintain_order="left")["row"].cast(NUMBER)
