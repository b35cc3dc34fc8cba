"""Promises to pay in columns: which items each covers, and how it stood on a day."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from dunwell.decide.columns.base import WIDE, Base

STATE = "state"


def kept(base: Base) -> pl.DataFrame:
    """The promises made by today with `kept_on`, the day on which payments reached each of
    them.
    """
    promises = base.tables["promises"].with_row_index("p")
    payments = base.tables["settlements"].filter(pl.col("kind") != "write_off")
    payments = payments.join(promises.select("a").unique(), on="a", how="semi")
    pairs = promises.select("p", "a", "made", "currency", "items", pl.col("amount").alias("goal"))
    pairs = pairs.join(
        payments.select("a", "currency", "on", "id", "item", "amount"), on=("a", "currency")
    )
    # one that names no items takes every payment
    mine = (pl.col("items").list.len().fill_null(0) == 0) | pl.col("items").list.contains(
        pl.col("item")
    )
    pairs = pairs.filter((pl.col("on") >= pl.col("made")) & mine).sort("on", "id")
    paid = pl.col("amount").cast(WIDE).cum_sum().over("p")
    reached = pairs.filter(paid >= pl.col("goal")).group_by("p").agg(pl.col("on").min())
    reached = reached.rename({"on": "kept_on"})
    return promises.join(reached, on="p", how="left", maintain_order="left")


def covers(base: Base, promises: pl.DataFrame) -> pl.DataFrame:
    """Which promises cover which items: `n` and the promise, the newest of each item first."""
    named = pl.col("items").list.len().fill_null(0) > 0
    listed = promises.filter(named).with_columns(pl.col("items").list.unique()).explode("items")
    wanted = listed.select(pl.col("items").alias("id")).unique()
    few = base.items.select("n", "a", "id").join(wanted, on="id", how="semi")
    listed = listed.join(few.select("n", "a", pl.col("id").alias("items")), on=("a", "items"))
    open_ = promises.filter(~named)
    accounts = open_.select("a").unique()
    items = base.items.select("n", "a", "currency", "due", "id", "to_pay")
    items = items.join(accounts, on="a", how="semi").sort("due", "id", nulls_last=True)
    to_pay = pl.col("to_pay").cast(WIDE)
    before = to_pay.cum_sum().over("a", "currency") - to_pay
    items = items.with_columns(before.alias("before")).filter(pl.col("to_pay") > 0)
    oldest = open_.join(items.select("n", "a", "currency", "before"), on=("a", "currency"))
    oldest = oldest.filter(pl.col("before") < pl.col("amount"))
    columns = ("n", "p", "id", "made", "by", "ended", "kept_on")
    found = pl.concat([listed.select(columns), oldest.select(columns)])
    return found.sort("n", "made", "id", descending=[False, True, True])


def state(day: date) -> pl.Expr:
    """How a promise stood on a day: open, kept, broken; null before it was made or after its
    end.
    """
    today = pl.lit(day)
    gone = (today < pl.col("made")) | (pl.col("ended").is_not_null() & (pl.col("ended") <= today))
    was_kept = pl.col("kept_on") <= pl.min_horizontal(today, pl.col("by"))
    return (
        pl.when(gone)
        .then(None)
        .when(was_kept.fill_null(False))
        .then(pl.lit("kept"))
        .when(today <= pl.col("by"))
        .then(pl.lit("open"))
        .otherwise(pl.lit("broken"))
    )


def newest(pairs: pl.DataFrame, day: date) -> pl.DataFrame:
    """The newest promise of each item that stood for something on a day: `n`, id and state."""
    found = pairs.with_columns(state(day).alias(STATE)).filter(pl.col(STATE).is_not_null())
    return found.unique("n", keep="first", maintain_order=True).select("n", "id", STATE)


def broken_on(promises: pl.DataFrame) -> pl.DataFrame:
    """The day from which each promise is broken: `a` and `day`; only those that break."""
    following = pl.col("by") + timedelta(days=1)
    ended = pl.col("ended").is_not_null() & (pl.col("ended") <= following)
    was_kept = (pl.col("kept_on") <= pl.col("by")).fill_null(False)
    early = following < pl.col("made")
    broken = promises.filter(~ended & ~was_kept & ~early)
    return broken.select("a", following.alias("day"))
