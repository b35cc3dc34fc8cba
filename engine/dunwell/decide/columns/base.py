"""The book with numbers for names: every row knows the number of its account, items their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from dunwell.model import Book
from dunwell.model.owners import NUMBER

WIDE = pl.Int128()


@dataclass(frozen=True)
class Base:
    """Some accounts with all their rows, in frames that refer to each other by numbers.

    `a` is the row of the account in `accounts`; `n` the row of the item in `items`, which are in
    the order of accounts. In `tables` are the other frames by name, each with `a` or `n`. `pairs`
    are (company, currency) by the `pair` of items; `purse` is account and pair in one number.
    """

    book: Book
    on: date
    accounts: pl.DataFrame  # a, debtor, company, customer (row in the table)
    items: pl.DataFrame
    tables: Mapping[str, pl.DataFrame]
    pairs: tuple[tuple[str, str], ...]
    strays: pl.DataFrame  # items whose customer or company the book does not know

    def only(self, mask: pl.Series) -> Base:
        """The accounts for which the mask holds, numbered anew."""
        if mask.all():
            return self
        a = _renumbering(mask)
        own = a.gather(self.items["a"]).is_not_null()
        n = _renumbering(own)
        items = self.items.filter(own)
        items = ordered(items.with_columns(a.gather(items["a"]).alias("a")), len(self.pairs))
        accounts = self.accounts.filter(mask)
        accounts = accounts.with_columns(pl.int_range(accounts.height, dtype=NUMBER).alias("a"))
        tables = {}
        for name, table in self.tables.items():
            for column, new in (("a", a), ("n", n)):
                if column in table.columns:
                    table = table.with_columns(new.gather(table[column]).alias(column))
                    table = table.filter(pl.col(column).is_not_null())
            tables[name] = table
        return replace(self, accounts=accounts, items=items, tables=tables)

    def customer(self, column: str) -> pl.Series:
        """A column of the payer's row, one value for each account."""
        return self.book["customers"][column].gather(self.accounts["customer"])

    def on_items(self, values: pl.Series) -> pl.Series:
        """Values of accounts, for each of their items."""
        return values.gather(self.items["a"])

    def marked(self, column: str, rows: pl.Series) -> pl.Series:
        """Which accounts (`a`) or items (`n`) are among the rows."""
        size = (self.accounts if column == "a" else self.items).height
        none = pl.Series([False], dtype=pl.Boolean).new_from_index(0, size)
        return none.scatter(rows.unique(), True) if rows.len() else none

    def spread(self, column: str, found: pl.DataFrame, value: str) -> pl.Series:
        """A value by `a` or `n`, for every account or item; null where there is none."""
        size = (self.accounts if column == "a" else self.items).height
        rows = nothing(size, NUMBER)
        if found.height:
            rows = rows.scatter(
                found[column], pl.int_range(found.height, dtype=NUMBER, eager=True)
            )
        return found[value].gather(rows)


def ordered(items: pl.DataFrame, pairs: int) -> pl.DataFrame:
    """Items by account, company and currency, and numbered: what is in order is summed quickly."""
    return numbered_items(items.sort(_purse(pairs)), pairs)


def numbered_items(items: pl.DataFrame, pairs: int) -> pl.DataFrame:
    """Items that are in order, with their numbers."""
    items = items.with_columns(_purse(pairs).set_sorted().alias("purse"))
    return items.with_columns(
        items["a"].set_sorted(), pl.int_range(items.height, dtype=NUMBER).alias("n")
    )


def _purse(pairs: int) -> pl.Expr:
    return pl.col("a").cast(pl.Int64) * max(1, pairs) + pl.col("pair")


def _renumbering(mask: pl.Series) -> pl.Series:
    """The new number of each old row; null for those that are left out."""
    counted = mask.cast(NUMBER).cum_sum() - 1
    return counted.zip_with(mask, pl.Series([None], dtype=NUMBER).new_from_index(0, mask.len()))


def wide(number: int) -> pl.Series:
    """One exact large number, as an operand for columns."""
    return pl.Series([number], dtype=WIDE)


def nothing(size: int, dtype: pl.DataType) -> pl.Series:
    """So many nulls."""
    return pl.Series([None], dtype=dtype).new_from_index(0, size)


def always(size: int, truth: bool) -> pl.Series:
    """The same truth so many times."""
    return pl.Series([truth], dtype=pl.Boolean).new_from_index(0, size)
