"""From the book to numbers: which account each row belongs to, and what belongs to which item."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from dunwell.decide.columns.base import Base, always, nothing, ordered
from dunwell.decide.columns.bounces import bounces
from dunwell.decide.columns.cover import covered
from dunwell.decide.memories import Memories
from dunwell.model import Book
from dunwell.model.owners import NUMBER, Owners, places

LIMIT = 2**62
"""Sums below this cannot leave 64 bits."""

MOST_KEYS = 20_000_000
"""Up to so many pairs of customer and company are looked up in a table rather than joined."""


def numbered(
    book: Book, memories: Memories, on: date, debtors: Collection[str] | None = None
) -> Base:
    """The accounts of some debtors (None: all): whoever has something open or standing."""
    return _Numbers(book, memories, on, debtors).base()


@dataclass(frozen=True)
class _Numbers:
    book: Book
    memories: Memories
    on: date
    debtors: Collection[str] | None

    @property
    def owners(self) -> Owners:
        """Whose each row of the book is."""
        return self.book.owners

    @property
    def payers(self) -> pl.Series:
        """The customers that pay for themselves."""
        own = pl.int_range(self.owners.payers.len(), dtype=NUMBER, eager=True)
        return self.book["customers"]["id"].filter(self.owners.payers == own).alias("customer")

    @cached_property
    def companies(self) -> pl.DataFrame:
        names = self.book["companies"].select(pl.col("id").alias("company"))
        return names.with_row_index("k").with_columns(pl.col("k").cast(NUMBER))

    def owned(self, name: str) -> pl.DataFrame:
        """A table with `d`, the number of who pays for the customer; null for nobody known."""
        return self.book[name].with_columns(self.owners.debtor(name).alias("d"))

    def remembered(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows of memory with `d`, the number of their debtor."""
        known = table.with_columns(self.owners.row(table["debtor"]).alias("d"))
        return known.filter(pl.col("d").is_not_null())

    def keyed(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows with `key`, which names debtor and company in one number; null for strangers."""
        placed = table.join(self.companies, on="company", how="left", maintain_order="left")
        key = pl.col("d").cast(pl.Int64) * max(1, self.companies.height) + pl.col("k")
        return placed.with_columns(key.alias("key")).drop("k", "d")

    def own(self, name: str, *columns: str | pl.Expr) -> pl.DataFrame:
        """Columns of a table with `key`, which is as in `keyed`."""
        owners = self.owners
        step = max(1, self.companies.height)
        key = owners.debtor(name).cast(pl.Int64) * step + owners.company(name)
        return self.book[name].select(*columns).with_columns(key.alias("key"))

    def everywhere(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows without a company once for each of our companies."""
        named = pl.col("company").fill_null("") != ""
        here = self.keyed(table.filter(named))
        rest = table.filter(~named).drop("company")
        spread = rest.join(self.companies.select("company"), how="cross")
        return pl.concat([here, self.keyed(spread.select(table.columns))])

    @cached_property
    def items(self) -> pl.DataFrame:
        return self.own("items", pl.all())

    @cached_property
    def credits(self) -> pl.DataFrame:
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
        return self.everywhere(self.owned("holds").select("d", "company", "kind", "value"))

    @cached_property
    def tasks(self) -> pl.DataFrame:
        table = self.owned("tasks").rename({"key": "task"})
        return self.everywhere(table.select("d", "company", "task", "state", "outcome", "ended"))

    @cached_property
    def accounts(self) -> pl.DataFrame:
        stands = self.memories.standing.filter(pl.col("state") != "released")
        stands = self.keyed(self.remembered(stands.select("debtor", "company")))
        keys = self.keys(self.items, self.credits, self.holds, self.tasks, stands)
        step = max(1, self.companies.height)
        found = keys.select(
            "key",
            (pl.col("key") // step).cast(NUMBER).alias("payer"),
            (pl.col("key") % step).cast(NUMBER).alias("k"),
        )
        found = found.with_columns(
            self.book["customers"]["id"].gather(found["payer"]).alias("debtor"),
            self.companies["company"].gather(found["k"]).alias("company"),
        )
        if self.debtors is not None:
            found = found.filter(pl.col("debtor").is_in(list(self.debtors)))
        found = found.sort("debtor", "company")
        return found.with_columns(pl.int_range(found.height, dtype=NUMBER).alias("a"))

    @property
    def size(self) -> int | None:
        """How many keys are possible; None where a table of them is too large to be kept."""
        size = self.book["customers"].height * max(1, self.companies.height)
        return size if size <= MOST_KEYS else None

    def keys(self, *tables: pl.DataFrame) -> pl.DataFrame:
        """Every key of some tables once."""
        columns = [table["key"].drop_nulls() for table in tables]
        if self.size is None:
            return pl.concat(columns).unique().to_frame()
        there = always(self.size, False)
        for column in columns:
            there = there.scatter(column, True) if column.len() else there
        return there.arg_true().cast(pl.Int64).alias("key").to_frame()

    @cached_property
    def places(self) -> pl.Series | None:
        """The account of every possible key."""
        if self.size is None:
            return None
        none = nothing(self.size, NUMBER)
        found = self.accounts
        return none.scatter(found["key"], found["a"]) if found.height else none

    def placed(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows of our accounts, with `a` for `key`."""
        if self.places is not None:
            own = table.with_columns(self.places.gather(table["key"]).alias("a")).drop("key")
        else:
            known = self.accounts.select("key", "a")
            own = table.join(known, on="key", how="left", maintain_order="left").drop("key")
        return own.filter(pl.col("a").is_not_null()) if own["a"].null_count() else own

    def per_debtor(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows with `d` once for each account of that debtor, with `a`."""
        known = self.accounts.select(pl.col("payer").alias("d"), "a", "company")
        if "company" in table.columns:
            return table.join(known, on=("d", "company"), how="inner", maintain_order="left")
        return table.join(known.drop("company"), on="d", how="inner", maintain_order="left")

    def base(self) -> Base:
        items, pairs = self.paired(self.placed(self.items))
        items = self.with_states(ordered(items, len(pairs)))
        credits = self.placed(self.credits)
        tables = {
            "credits": credits.select("a", "currency", "balance", "name"),
            "holds": self.placed(self.holds).select("a", "kind", "value"),
            "tasks": self.placed(self.tasks).select("a", "task", "state", "outcome", "ended"),
            "disputes": self.disputes(items),
            "exclusions": self.exclusions(items),
            "settlements": self.settlements,
            "promises": self.promises,
            "contacts": self.per_debtor(self.remembered(self.memories.contacts)),
            "bounces": bounces(self.book, self.memories, self.accounts, self.payers),
            "watches": self.per_debtor(self.remembered(self.memories.watches)),
            "standing": self.per_debtor(self.remembered(self.memories.standing)),
            "known": self.known(),
        }
        items = covered(items, credits, tables["disputes"], wide=self.wide)
        accounts = self.accounts.select(
            "a", "debtor", "company", "k", pl.col("payer").alias("customer")
        )
        strays = self.items.filter(pl.col("key").is_null())
        return Base(self.book, self.on, accounts, items, tables, pairs, strays)

    @cached_property
    def wide(self) -> bool:
        """Sums of money may not fit in 64 bits."""
        columns = [
            self.book["items"]["balance"],
            self.book["items"]["amount"],
            self.book["credits"]["balance"],
            self.book["disputes"]["amount"],
            self.book["settlements"]["amount"],
        ]
        largest = max(abs(int(c.max() or 0)) for c in columns)  # type: ignore[arg-type]
        smallest = max(abs(int(c.min() or 0)) for c in columns)  # type: ignore[arg-type]
        return max(largest, smallest) * (1 + sum(c.len() for c in columns)) >= LIMIT

    def paired(self, items: pl.DataFrame) -> tuple[pl.DataFrame, tuple[tuple[str, str], ...]]:
        """Items with `pair`, the number of their company and currency together."""
        currencies = items["currency"].unique().sort()
        codes = items["currency"].replace_strict(
            currencies, pl.int_range(currencies.len(), dtype=NUMBER, eager=True), default=None
        )
        k = self.accounts["k"].gather(items["a"])
        names = self.companies["company"].to_list()
        pairs = tuple((c, money) for c in names for money in currencies.to_list())
        return items.with_columns((k * max(1, currencies.len()) + codes).alias("pair")), pairs

    def with_states(self, items: pl.DataFrame) -> pl.DataFrame:
        """Items with what their debtor's memory says of them, in columns named `state_...`."""
        names = ("stage", "cycle", "on", "pay_by", "adopted", "part", "past")
        states = self.memories.items.select(
            pl.col("item").alias("id"), "debtor", *(pl.col(n).alias(f"state_{n}") for n in names)
        )
        owner = self.accounts["debtor"].gather(items["a"])
        row = places(items["id"], states["id"])
        if row is None:  # an item that two debtors remember, or one twice
            known = states.select("id", "debtor").with_row_index("row")
            known = known.unique(("debtor", "id"), keep="last", maintain_order=True)
            own = items.select("id", owner.alias("debtor"))
            row = own.join(known, on=("id", "debtor"), how="left", maintain_order="left")["row"]
        mine = states["debtor"].gather(row) == owner
        row = row.zip_with(mine.fill_null(False), nothing(row.len(), row.dtype))
        return items.with_columns(states.select(pl.exclude("id", "debtor").gather(row)))

    def named(self, items: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
        """The items (`n`, `name`) with one of these names, as their own or their document's."""
        wanted = names.unique().drop_nulls().alias("name").to_frame()
        if not wanted.height:
            return items.head(0).select("n", pl.col("id").alias("name"))
        document = pl.when(pl.col("document") == "").then(None).otherwise(pl.col("document"))
        own = items.select("n", pl.col("id").alias("name"))
        shared = items.select("n", document.alias("name"), "id").filter(
            pl.col("name").is_not_null() & (pl.col("name") != pl.col("id"))
        )
        found = [f.join(wanted, on="name", how="semi") for f in (own, shared.drop("id"))]
        return pl.concat(found)

    def disputes(self, items: pl.DataFrame) -> pl.DataFrame:
        """Open disputes by item: `n`, id, since, amount (null: all of it) and reason."""
        table = self.book["disputes"].filter(
            (pl.col("since") <= self.on)
            & ~(pl.col("ended").is_not_null() & (pl.col("ended") <= self.on))
        )
        hit = self.named(items, table["item"])
        table = table.select("id", pl.col("item").alias("name"), "since", "amount", "reason")
        return hit.join(table, on="name", how="inner").drop("name").sort("n", "since", "id")

    def exclusions(self, items: pl.DataFrame) -> pl.DataFrame:
        """Days on which items are excluded: `n`, since and until (null: no end)."""
        table = self.owned("exclusions").filter(pl.col("d").is_not_null())
        d = self.accounts["payer"].gather(items["a"])
        owned = items.select("n").with_columns(d.alias("d"))
        whole = table.filter(pl.col("item").is_null()).select("d", "since", "until")
        single = table.filter(pl.col("item").is_not_null())
        hit = self.named(items, single["item"])
        hit = hit.with_columns(owned["d"].gather(hit["n"]).alias("d"))
        single = hit.join(
            single.select("d", pl.col("item").alias("name"), "since", "until"),
            on=("name", "d"),
            how="inner",
        )
        columns = ("n", "since", "until")
        everything = owned.join(whole, on="d", how="inner").select(columns)
        return pl.concat([everything, single.select(columns)])

    @cached_property
    def settlements(self) -> pl.DataFrame:
        columns = ("id", "company", "on", "item", "currency", "amount", "kind", "due", "closes")
        return self.placed(self.own("settlements", *columns))

    @cached_property
    def promises(self) -> pl.DataFrame:
        table = self.own("promises", pl.exclude("customer", "company"))
        return self.placed(table.filter(pl.col("made") <= self.on))

    def known(self) -> pl.DataFrame:
        """Items that a debtor's memory knows and that were written off: `a` and the item's id."""
        gone = self.settlements.filter(pl.col("closes") & (pl.col("kind") == "write_off"))
        if not gone.height:
            return self.accounts.head(0).select("a", pl.lit("").alias("item"))
        few = self.memories.items.select("debtor", "item").join(
            gone.select("item").unique(), on="item", how="semi"
        )
        return self.per_debtor(self.remembered(few)).select("a", "item")
