"""What is left to pay of every item: credits spread and contested parts taken off, in columns."""

from __future__ import annotations

import polars as pl

from dunwell.decide.columns.base import WIDE


def covered(
    items: pl.DataFrame, credits: pl.DataFrame, disputes: pl.DataFrame, *, wide: bool
) -> pl.DataFrame:
    """Items with `disputed` and `to_pay`, in minor units; `credits` have `a` and the item's id.

    The same spreading as `dunwell.decide.cover.cover`: a linked credit covers its own item; what
    is left of it and the free ones cover the oldest due. `wide` where sums may leave 64 bits.
    """
    dtype = WIDE if wide else pl.Int64()
    balance = items["balance"].cast(dtype)
    contested = _contested(items, disputes, balance, dtype)
    linked, pool = _linked(items, credits, balance, dtype)
    own = pl.select(pl.min_horizontal(linked, balance)).to_series()
    uncovered = pl.select(pl.max_horizontal(balance - own - contested, pl.lit(0, dtype)))
    left = uncovered.to_series()
    if pool.height:
        left = _from_pool(items, left, pool)
    return items.with_columns(contested.alias("disputed"), left.alias("to_pay"))


def _contested(
    items: pl.DataFrame, disputes: pl.DataFrame, balance: pl.Series, dtype: pl.DataType
) -> pl.Series:
    none = pl.Series([0], dtype=dtype).new_from_index(0, items.height)
    if disputes.height:
        amounts = disputes.with_columns(
            pl.coalesce(pl.col("amount").cast(dtype), balance.gather(disputes["n"])).alias("part")
        )
        sums = amounts.group_by("n").agg(pl.col("part").sum())
        none = none.scatter(sums["n"], sums["part"])
    return pl.select(pl.min_horizontal(none, balance)).to_series()


def _linked(
    items: pl.DataFrame, credits: pl.DataFrame, balance: pl.Series, dtype: pl.DataType
) -> tuple[pl.Series, pl.DataFrame]:
    """The credits of each item, and what is free in each account and currency."""
    linked = pl.Series([0], dtype=dtype).new_from_index(0, items.height)
    given = credits.select(
        "a", "currency", "item", (pl.lit(0, dtype) - pl.col("balance")).alias("free")
    )
    ids = items.select("a", "currency", pl.col("id").alias("item"), "n")
    ids = ids.join(given.select("item").unique(), on="item", how="semi")  # the few, before joining
    given = given.join(ids, on=("a", "currency", "item"), how="left")
    mine = given.filter(pl.col("n").is_not_null()).group_by("n").agg(pl.col("free").sum())
    if mine.height:
        linked = linked.scatter(mine["n"], mine["free"])
    spare = items.select("a", "currency", (linked - balance).alias("free"))
    pool = pl.concat(
        [
            given.filter(pl.col("n").is_null()).select("a", "currency", "free"),
            spare.filter(pl.col("free") > 0),
        ]
    )
    pool = pool.group_by("a", "currency").agg(pl.col("free").sum())
    return linked, pool.filter(pl.col("free") > 0)


def _from_pool(items: pl.DataFrame, left: pl.Series, pool: pl.DataFrame) -> pl.Series:
    """What is left of each item after the free credits of its account, oldest due first."""
    own = items.select("a", "currency", "n", "due", "id").with_columns(left.alias("left"))
    own = own.join(pool, on=("a", "currency"), how="inner")
    own = own.sort("due", "id", nulls_last=True)
    before = pl.col("left").cum_sum().over("a", "currency") - pl.col("left")
    spare = pl.max_horizontal(pl.col("free") - before, pl.lit(0, own["left"].dtype))
    own = own.with_columns((pl.col("left") - pl.min_horizontal("left", spare)).alias("left"))
    return left.scatter(own["n"], own["left"])
