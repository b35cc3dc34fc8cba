"""From the book to numbers: which account each row belongs to, and what belongs to which item."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from dunwell.decide.columns.base import NUMBER, Base, nothing
from dunwell.decide.columns.bounces import bounces
from dunwell.decide.columns.cover import covered
from dunwell.decide.memories import Memories
from dunwell.model import Book

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

    @cached_property
    def customers(self) -> pl.DataFrame:
        """Each customer with the number of its payer's row; itself where the ERP names none."""
        table = self.book["customers"].select("id", "payer").with_row_index("own")
        named = table.select(pl.col("id").alias("payer"), pl.col("own").alias("named"))
        table = table.join(named, on="payer", how="left", maintain_order="left")
        return table.select(
            pl.col("id").alias("customer"),
            pl.coalesce("named", "own").cast(NUMBER).alias("d"),
            pl.col("own").cast(NUMBER),
        )

    @property
    def payers(self) -> pl.Series:
        """The customers that pay for themselves."""
        return self.customers.filter(pl.col("own") == pl.col("d"))["customer"]

    @cached_property
    def companies(self) -> pl.DataFrame:
        names = self.book["companies"].select(pl.col("id").alias("company"))
        return names.with_row_index("k").with_columns(pl.col("k").cast(NUMBER))

    def debtor(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows with `d`, the number of who pays for their customer; null for nobody known."""
        known = self.customers.select("customer", "d")
        return table.join(known, on="customer", how="left", maintain_order="left")

    def remembered(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows of memory with `d`, the number of their debtor."""
        known = self.customers.select(pl.col("customer").alias("debtor"), pl.col("own").alias("d"))
        return table.join(known, on="debtor", how="inner", maintain_order="left")

    def keyed(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows with `key`, which names debtor and company in one number; null for strangers."""
        placed = table.join(self.companies, on="company", how="left", maintain_order="left")
        key = pl.col("d").cast(pl.Int64) * max(1, self.companies.height) + pl.col("k")
        return placed.with_columns(key.alias("key")).drop("k", "d")

    def everywhere(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows without a company once for each of our companies."""
        named = pl.col("company").fill_null("") != ""
        here = self.keyed(table.filter(named))
        rest = table.filter(~named).drop("company")
        spread = rest.join(self.companies.select("company"), how="cross")
        return pl.concat([here, self.keyed(spread.select(table.columns))])

    @cached_property
    def items(self) -> pl.DataFrame:
        return self.keyed(self.debtor(self.book["items"]))

    @cached_property
    def credits(self) -> pl.DataFrame:
        table = self.book["credits"].select(
            "customer",
            "company",
            "currency",
            "balance",
            "item",
            pl.when(pl.col("number").fill_null("") == "")
            .then(pl.col("id"))
            .otherwise(pl.col("number"))
            .alias("name"),
        )
        return self.keyed(self.debtor(table))

    @cached_property
    def holds(self) -> pl.DataFrame:
        table = self.book["holds"].select("customer", "company", "kind", "value")
        return self.everywhere(self.debtor(table))

    @cached_property
    def tasks(self) -> pl.DataFrame:
        columns = ("customer", "company", "key", "state", "outcome", "ended")
        table = self.book["tasks"].select(*columns).rename({"key": "task"})
        return self.everywhere(self.debtor(table))

    @cached_property
    def accounts(self) -> pl.DataFrame:
        stands = self.memories.standing.filter(pl.col("state") != "released")
        stands = self.keyed(self.remembered(stands.select("debtor", "company")))
        sources = (self.items, self.credits, self.holds, self.tasks, stands)
        keys = pl.concat([table.select("key") for table in sources]).unique().drop_nulls()
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

    @cached_property
    def places(self) -> pl.Series | None:
        """The account of every possible key, where a table of them is small enough to be kept."""
        size = self.customers.height * max(1, self.companies.height)
        if size > MOST_KEYS:
            return None
        none = nothing(size, NUMBER)
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
        items = self.placed(self.items)
        items = items.with_columns(pl.int_range(items.height, dtype=NUMBER).alias("n"))
        items, pairs = self.paired(items)
        items = self.with_states(items)
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
        joined = items.join(states, on="id", how="left", maintain_order="left")
        owner = self.accounts["debtor"].gather(items["a"])
        if joined.height != items.height:  # an item that two debtors remember, or one twice
            states = states.unique(("debtor", "id"), keep="last", maintain_order=True)
            joined = items.with_columns(owner.alias("debtor")).join(
                states, on=("id", "debtor"), how="left", maintain_order="left"
            )
            return joined.drop("debtor")
        mine = owner.eq_missing(joined["debtor"])
        joined = joined.drop("debtor")
        if (~mine & joined["state_stage"].is_not_null()).any():
            kept = [pl.when(mine).then(pl.col(f"state_{n}")).alias(f"state_{n}") for n in names]
            joined = joined.with_columns(kept)
        return joined

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
        table = self.debtor(self.book["exclusions"].select("customer", "item", "since", "until"))
        table = table.filter(pl.col("d").is_not_null())
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
        columns = ("id", "customer", "company", "on", "item", "currency", "amount", "kind")
        table = self.book["settlements"].select(*columns, "due", "closes")
        return self.placed(self.keyed(self.debtor(table))).drop("customer")

    @cached_property
    def promises(self) -> pl.DataFrame:
        table = self.book["promises"].filter(pl.col("made") <= self.on)
        return self.placed(self.keyed(self.debtor(table))).drop("customer", "company")

    def known(self) -> pl.DataFrame:
        """Items that a debtor's memory knows and that were written off: `a` and the item's id."""
        gone = self.settlements.filter(pl.col("closes") & (pl.col("kind") == "write_off"))
        if not gone.height:
            return self.accounts.head(0).select("a", pl.lit("").alias("item"))
        few = self.memories.items.select("debtor", "item").join(
            gone.select("item").unique(), on="item", how="semi"
        )
        return self.per_debtor(self.remembered(few)).select("a", "item")
