"""Which account each row of a book belongs to, as far as that is known before the log is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from dunwell.decide.columns.base import always, nothing, ordered
from dunwell.model import Book
from dunwell.model.owners import NUMBER, Owners

MOST_KEYS = 20_000_000
"""Up to so many pairs of customer and company are looked up in a table rather than joined."""


UNASKED = ("customer", "company", "salesperson", "link")
"""What no condition asks of an item: not carried along, and found by its `row` in the book."""


@dataclass(frozen=True)
class Rows:
    """The rows of the large tables by account, and whose those of the others are.

    It is made once of a book (`book.once(Rows)`), in a thread of its own where there is time. An
    account that only the log knows of is not in it: `number` puts it in its place among these.
    """

    book: Book

    def find(self) -> None:
        """Find all of it."""
        _ = self.items, self.settlements

    @property
    def owners(self) -> Owners:
        """Whose each row of the book is."""
        return self.book.owners

    @cached_property
    def companies(self) -> pl.DataFrame:
        """Our companies with `k`, their number."""
        names = self.book["companies"].select(pl.col("id").alias("company"))
        return names.with_row_index("k").with_columns(pl.col("k").cast(NUMBER))

    @property
    def step(self) -> int:
        """How far the keys of two debtors are apart."""
        return max(1, self.companies.height)

    def owned(self, name: str) -> pl.DataFrame:
        """A table with `d`, the number of who pays for the customer; null for nobody known."""
        return self.book[name].with_columns(self.owners.debtor(name).alias("d"))

    def keyed(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows with `key`, which names debtor and company in one number; null for strangers."""
        placed = table.join(self.companies, on="company", how="left", maintain_order="left")
        key = pl.col("d").cast(pl.Int64) * self.step + pl.col("k")
        return placed.with_columns(key.alias("key")).drop("k", "d")

    def own(self, name: str, *columns: str | pl.Expr) -> pl.DataFrame:
        """Columns of a table with `key`, which is as in `keyed`."""
        owners = self.owners
        key = owners.debtor(name).cast(pl.Int64) * self.step + owners.company(name)
        return self.book[name].select(*columns).with_columns(key.alias("key"))

    def everywhere(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows without a company once for each of our companies."""
        named = pl.col("company").fill_null("") != ""
        here = self.keyed(table.filter(named))
        rest = table.filter(~named).drop("company")
        spread = rest.join(self.companies.select("company"), how="cross")
        return pl.concat([here, self.keyed(spread.select(table.columns))])

    @cached_property
    def credits(self) -> pl.DataFrame:
        """Credits with `key`, and the name that people know them by."""
        return self.own(
            "credits",
            "currency",
            "balance",
            "item",
            pl.when(pl.col("number").fill_null("") == "")
            .then(pl.col("id"))
            .otherwise(pl.col("number"))
            .alias("name"),
        )

    @cached_property
    def holds(self) -> pl.DataFrame:
        """Holds in force, with `key`."""
        return self.everywhere(self.owned("holds").select("d", "company", "kind", "value"))

    @cached_property
    def tasks(self) -> pl.DataFrame:
        """Tasks, with `key`."""
        table = self.owned("tasks").rename({"key": "task"})
        return self.everywhere(table.select("d", "company", "task", "state", "outcome", "ended"))

    @cached_property
    def keyed_items(self) -> pl.DataFrame:
        """Items with `key`, strangers too."""
        return self.own("items", pl.all())

    @property
    def size(self) -> int | None:
        """How many keys are possible; None where a table of them is too large to be kept."""
        size = self.book["customers"].height * self.step
        return size if size <= MOST_KEYS else None

    def keys(self, *columns: pl.Series) -> pl.Series:
        """Every key of some columns once."""
        known = [column.drop_nulls() for column in columns]
        if self.size is None:
            return pl.concat(known).unique()
        there = always(self.size, False)
        for column in known:
            there = there.scatter(column, True) if column.len() else there
        return there.arg_true().cast(pl.Int64).alias("key")

    def numbered(self, keys: pl.Series) -> pl.DataFrame:
        """Accounts by debtor and company, with `a`, their number, and what their keys mean."""
        found = keys.to_frame("key").select(
            "key",
            (pl.col("key") // self.step).cast(NUMBER).alias("payer"),
            (pl.col("key") % self.step).cast(NUMBER).alias("k"),
        )
        found = found.with_columns(
            self.book["customers"]["id"].gather(found["payer"]).alias("debtor"),
            self.companies["company"].gather(found["k"]).alias("company"),
        ).sort("debtor", "company")
        return found.with_columns(pl.int_range(found.height, dtype=NUMBER).alias("a"))

    @cached_property
    def accounts(self) -> pl.DataFrame:
        """The accounts that have something open, a hold or a task."""
        tables = (self.keyed_items, self.credits, self.holds, self.tasks)
        return self.numbered(self.keys(*(table["key"] for table in tables)))

    @cached_property
    def items(self) -> pl.DataFrame:
        """Items in the order of their accounts, with `a`, `pair` and `row`, theirs in the book."""
        items = self.keyed_items.drop(UNASKED).with_row_index("row")
        items = placed(items, self.accounts, self.size)
        currencies = self.currencies
        codes = items["currency"].replace_strict(
            currencies, pl.int_range(currencies.len(), dtype=NUMBER, eager=True), default=None
        )
        k = self.accounts["k"].gather(items["a"])
        items = items.with_columns((k * max(1, currencies.len()) + codes).alias("pair"))
        return ordered(items, len(self.pairs))

    @cached_property
    def currencies(self) -> pl.Series:
        """The currencies of items, sorted."""
        return self.book["items"]["currency"].unique().sort()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every company with every currency, by the `pair` of items."""
        names = self.companies["company"].to_list()
        return tuple((name, money) for name in names for money in self.currencies.to_list())

    @cached_property
    def keyed_settlements(self) -> pl.DataFrame:
        """Settlements with `key`."""
        columns = ("id", "company", "on", "item", "currency", "amount", "kind", "due", "closes")
        return self.own("settlements", *columns)

    @cached_property
    def settlements(self) -> pl.DataFrame:
        """Those of accounts that have something open, a hold or a task; with `a`."""
        return placed(self.keyed_settlements, self.accounts, self.size)


def places(keys: pl.Series, accounts: pl.DataFrame, size: int | None) -> pl.Series:
    """The number of the account of each key, null for others; `size` is how many are possible."""
    if size is None:
        found = keys.to_frame("key").join(
            accounts.select("key", "a"), on="key", how="left", maintain_order="left"
        )
        return found["a"]
    none = nothing(size, NUMBER)
    known = none.scatter(accounts["key"], accounts["a"]) if accounts.height else none
    return known.gather(keys)


def placed(table: pl.DataFrame, accounts: pl.DataFrame, size: int | None) -> pl.DataFrame:
    """Rows of some accounts, with `a` for `key`; `size` is how many keys are possible."""
    own = table.with_columns(places(table["key"], accounts, size).alias("a")).drop("key")
    return own.filter(pl.col("a").is_not_null()) if own["a"].null_count() else own
