"""From the book to numbers: which account each row belongs to, and what belongs to which item."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from dunwell.decide.columns.base import Base, nothing, numbered_items
from dunwell.decide.columns.bounces import bounces
from dunwell.decide.columns.cover import covered
from dunwell.decide.columns.rows import Rows, placed, places
from dunwell.decide.memories import Memories
from dunwell.model import Book
from dunwell.model.owners import NUMBER
from dunwell.model.owners import places as looked_up

LIMIT = 2**62
"""Sums below this cannot leave 64 bits."""


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
    def rows(self) -> Rows:
        """The rows by those accounts that are known without the log."""
        return self.book.once(Rows)

    @property
    def payers(self) -> pl.Series:
        """The customers that pay for themselves."""
        payers = self.book.owners.payers
        own = pl.int_range(payers.len(), dtype=NUMBER, eager=True)
        return self.book["customers"]["id"].filter(payers == own).alias("customer")

    def remembered(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows of memory with `d`, the number of their debtor."""
        known = table.with_columns(self.book.owners.row(table["debtor"]).alias("d"))
        return known.filter(pl.col("d").is_not_null())

    @cached_property
    def others(self) -> pl.Series:
        """The keys of accounts of which only the log knows: a hold or tag stands there."""
        stands = self.memories.standing.filter(pl.col("state") != "released")
        found = self.rows.keyed(self.remembered(stands.select("debtor", "company")))["key"]
        known = places(found, self.rows.accounts, self.rows.size)
        return found.filter(found.is_not_null() & known.is_null()).unique()

    @cached_property
    def accounts(self) -> pl.DataFrame:
        found = self.rows.accounts
        if self.others.len():
            found = self.rows.numbered(pl.concat([found["key"], self.others]))
        if self.debtors is not None:
            found = found.filter(pl.col("debtor").is_in(list(self.debtors)))
            found = found.with_columns(pl.int_range(found.height, dtype=NUMBER).alias("a"))
        return found

    def placed(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows of our accounts, with `a` for `key`."""
        return placed(table, self.accounts, self.rows.size)

    def moved(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows that have their account's number in `rows`, with its number here."""
        if self.accounts is self.rows.accounts:
            return table
        here = places(self.rows.accounts["key"], self.accounts, self.rows.size)
        own = table.with_columns(here.gather(table["a"]).alias("a"))
        return own.filter(pl.col("a").is_not_null())

    def per_debtor(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows with `d` once for each account of that debtor, with `a`."""
        known = self.accounts.select(pl.col("payer").alias("d"), "a", "company")
        if "company" in table.columns:
            return table.join(known, on=("d", "company"), how="inner", maintain_order="left")
        return table.join(known.drop("company"), on="d", how="inner", maintain_order="left")

    def base(self) -> Base:
        rows, items = self.rows, self.rows.items
        if self.accounts is not rows.accounts:
            items = numbered_items(self.moved(items), len(rows.pairs))
        items = self.with_states(items)
        credits = self.placed(rows.credits)
        tables = {
            "credits": credits.select("a", "currency", "balance", "name"),
            "holds": self.placed(rows.holds).select("a", "kind", "value"),
            "tasks": self.placed(rows.tasks).select("a", "task", "state", "outcome", "ended"),
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
        strays = rows.keyed_items.filter(pl.col("key").is_null())
        return Base(self.book, self.on, accounts, items, tables, rows.pairs, strays)

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

    def with_states(self, items: pl.DataFrame) -> pl.DataFrame:
        """Items with what their debtor's memory says of them, in columns named `state_...`."""
        names = ("stage", "cycle", "on", "pay_by", "adopted", "part", "past")
        states = self.memories.items.select(
            pl.col("item").alias("id"), "debtor", *(pl.col(n).alias(f"state_{n}") for n in names)
        )
        owner = self.accounts["debtor"].gather(items["a"])
        row = looked_up(items["id"], states["id"])
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
        table = self.rows.owned("exclusions").filter(pl.col("d").is_not_null())
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
        found = self.moved(self.rows.settlements)
        if not self.others.len():
            return found
        more = self.rows.keyed_settlements.filter(pl.col("key").is_in(self.others.implode()))
        return pl.concat([found, self.placed(more).select(found.columns)])

    @cached_property
    def promises(self) -> pl.DataFrame:
        table = self.rows.own("promises", pl.exclude("customer", "company"))
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
