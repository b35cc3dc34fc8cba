"""Watches in columns: which fire today, for which occurrences or for which cycle."""

from __future__ import annotations

import polars as pl

from dunwell.decide.columns.account_facts import newest_task
from dunwell.decide.columns.conditions import accounts_where, items_where, of_items
from dunwell.decide.columns.item_facts import dispute
from dunwell.decide.columns.pledges import STATE, newest
from dunwell.decide.columns.sheet import Sheet, View
from dunwell.decide.watches import due_again
from dunwell.model.owners import NUMBER
from dunwell.policy.tree import Watch, tests

SCHEMA = {
    "a": NUMBER,
    "watch": pl.String(),
    "cycle": pl.Int64(),
    "occurrences": pl.List(pl.String()),
    "items": pl.List(pl.String()),
}


def fires(sheet: Sheet) -> pl.DataFrame:
    """Every watch that fires today, in each account; those with only standing actions never do."""
    found = [pl.DataFrame(schema=SCHEMA)]
    for watch in sheet.policy.watch:
        if all(action.standing for action in watch.do):
            continue
        events = sorted({t.fact for t in tests(watch.when) if sheet.registry[t.fact].event})
        if not events and watch.repeat is None:
            continue
        concerned = _concerned(sheet, watch)
        states = _states(sheet, watch)
        if events:
            fired = _on_events(sheet, concerned, events, states)
        else:
            fired = _again(sheet, watch, concerned, states)
        found.append(fired.with_columns(pl.lit(watch.name).alias("watch")).select(list(SCHEMA)))
    return pl.concat(found)


def _concerned(sheet: Sheet, watch: Watch) -> pl.DataFrame:
    """Where the condition holds: `a`, and the item's number and id, null where no item matters."""
    view = View(sheet.on, segments=True, pauses=True)
    if of_items(sheet, watch.when):
        held = items_where(sheet, watch.when, view)
        return sheet.base.items.select("a", "n", "id").filter(held)
    held = accounts_where(sheet, watch.when, view)
    accounts = sheet.base.accounts.select(
        "a", pl.lit(None, dtype=NUMBER).alias("n"), pl.lit(None, dtype=pl.String).alias("id")
    )
    return accounts.filter(held)


def _states(sheet: Sheet, watch: Watch) -> pl.DataFrame:
    """When the watch fired last: `a`, cycle, on and the occurrences it has seen."""
    name = f"{sheet.policy.name}/{watch.name}"
    table = sheet.base.tables["watches"].filter(pl.col("watch") == name)
    first = table.unique("a", keep="first", maintain_order=True)
    return first.select("a", "cycle", "on", "seen")


def _next_cycle(fired: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    joined = fired.join(states.select("a", "cycle"), on="a", how="left")
    return joined.with_columns((pl.col("cycle") + 1).fill_null(0))


def _again(
    sheet: Sheet, watch: Watch, concerned: pl.DataFrame, states: pl.DataFrame
) -> pl.DataFrame:
    assert watch.repeat is not None
    rhythms = states.select("cycle", "on").unique()
    due = [
        due_again(watch.repeat, (cycle, on), sheet.on, sheet.calendar)
        for cycle, on in rhythms.iter_rows()
    ]
    rhythms = rhythms.with_columns(pl.Series("due", due, dtype=pl.Boolean))
    known = states.join(rhythms, on=("cycle", "on"))
    start = due_again(watch.repeat, None, sheet.on, sheet.calendar)
    ids = pl.col("id").drop_nulls().sort().alias("items")
    fired = concerned.group_by("a").agg(ids).join(known, on="a", how="left")
    fired = fired.filter(pl.col("due").fill_null(start))
    empty = pl.lit([], dtype=pl.List(pl.String)).alias("occurrences")
    return fired.with_columns((pl.col("cycle") + 1).fill_null(0), empty)


def _on_events(
    sheet: Sheet, concerned: pl.DataFrame, events: list[str], states: pl.DataFrame
) -> pl.DataFrame:
    found = [_occurrences(sheet, event, concerned) for event in events]
    seen = states.select("a", pl.col("seen").alias("occurrence")).explode("occurrence")
    new = pl.concat(found).join(seen, on=("a", "occurrence"), how="anti")
    fired = new.group_by("a").agg(
        pl.col("occurrence").unique().sort().alias("occurrences"),
        pl.col("id").drop_nulls().unique().sort().alias("items"),
    )
    return _next_cycle(fired, states)


def _occurrences(sheet: Sheet, event: str, concerned: pl.DataFrame) -> pl.DataFrame:
    """What happened, as far as it can be told: `a`, id and the occurrence."""
    chosen = ("a", "id", "occurrence")
    if event == "bounced":
        table = sheet.base.tables["bounces"]
        name = pl.format("bounce:{}", "bounce").alias("occurrence")
        return concerned.join(table, on="a").select("a", "id", name)
    if event == "task_outcome":
        name = pl.format("task:{}", "task").alias("occurrence")
        return concerned.join(newest_task(sheet), on="a").select("a", "id", name)
    items = concerned.filter(pl.col("n").is_not_null())
    if event == "promise":
        table = newest(sheet.pledged, sheet.on).rename({"id": "promise"})
        name = pl.format("promise:{}:{}", "promise", STATE).alias("occurrence")
        return items.join(table, on="n").with_columns(name).select(chosen)
    if event == "is_disputed":
        dispute_id = dispute(sheet.base, "id").gather(items["n"])
        items = items.with_columns(dispute_id.alias("dispute"))
        items = items.filter(pl.col("dispute").is_not_null())
        name = pl.format("dispute:{}", "dispute").alias("occurrence")
        return items.with_columns(name).select(chosen)
    if event == "collection":
        returns = sheet.base.items["collection_returns"].gather(items["n"]).fill_null(0)
        items = items.with_columns(returns.alias("returns"))
        name = pl.format("collection:{}:{}", "id", "returns").alias("occurrence")
        return items.with_columns(name).select(chosen)
    name = pl.format(event + ":{}", "id").alias("occurrence")
    return items.with_columns(name).select(chosen)
