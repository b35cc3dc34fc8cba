"""Holds and tags in columns: who asks for them, and what is in force."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dunwell.decide.columns.conditions import accounts_where, items_where, of_items
from dunwell.decide.columns.item_facts import wholly_disputed
from dunwell.decide.columns.moves import Reader
from dunwell.decide.columns.sheet import Sheet, View
from dunwell.decide.columns.silence import Silence
from dunwell.model.owners import NUMBER
from dunwell.policy.tree import Action

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Names:
    """The standing actions: (kind, name) of each hold or tag, and (stage, watch, id) of each
    action.
    """

    names: tuple[Name, ...]
    actions: tuple[tuple[int, str, str], ...]
    name_of: tuple[int, ...]  # of each action, its place in `names`


def name_of(action: Action) -> Name:
    """The kind and name under which reasons for one hold meet."""
    return action.kind, action.hold or action.tag


def names(sheet: Sheet) -> Names:
    """The standing actions of the policy, and those that are remembered from an earlier one."""
    found: list[tuple[int, str, Action]] = [
        (index, "", action)
        for index, stage in enumerate(sheet.policy.ladder)
        for action in stage.do
        if action.standing
    ]
    found += [
        (-1, w.name, action) for w in sheet.policy.watch for action in w.do if action.standing
    ]
    owned = sheet.base.tables["standing"].select("action", "name").unique().iter_rows()
    every = sorted({name_of(action) for _, _, action in found} | set(owned))
    place = {name: n for n, name in enumerate(every)}
    return Names(
        tuple(every),
        tuple((stage, watch, action.id) for stage, watch, action in found),
        tuple(place[name_of(action)] for _, _, action in found),
    )


def wants(sheet: Sheet, standing: Names) -> pl.DataFrame:
    """Items of which something stands or may stand: `n`, `a`, name, stage, order, reached,
    half, ahead.
    """
    items = sheet.base.items
    asking = sheet.open_to_pay | wholly_disputed(sheet)
    where = Reader(sheet)
    half = _place_of(sheet, "state_part")
    floor = _place_of(sheet, "state_adopted")
    frames = [_no_wants()]
    for order, (stage, watch, _) in enumerate(standing.actions):
        if watch:
            continue
        counts = stage > floor
        frame = pl.DataFrame(
            {
                "n": items["n"],
                "a": items["a"],
                "reached": (sheet.stage >= stage) & counts,
                "half": half >= stage,
                "ahead": (sheet.stage < stage) & counts,
            }
        )
        frames.append(
            frame.filter(asking & where.for_(stage)).select(
                "n",
                "a",
                pl.lit(standing.name_of[order], dtype=NUMBER).alias("name"),
                pl.lit(stage, dtype=NUMBER).alias("stage"),
                pl.lit(order, dtype=NUMBER).alias("order"),
                "reached",
                "half",
                "ahead",
            )
        )
    return pl.concat(frames)


def _no_wants() -> pl.DataFrame:
    numbers = dict.fromkeys(("n", "a", "name", "stage", "order"), NUMBER)
    return pl.DataFrame(
        schema={**numbers, **dict.fromkeys(("reached", "half", "ahead"), pl.Boolean())}
    )


def _place_of(sheet: Sheet, column: str) -> pl.Series:
    """The place in the ladder of a stage that is named in a column; -1 for none."""
    names = sheet.base.items[column]
    distinct = [name for name in names.unique().to_list() if name]
    if not distinct:
        return pl.Series([-1], dtype=NUMBER).new_from_index(0, names.len())
    places = [sheet.policy.stage(name) for name in distinct]
    found = names.replace_strict(distinct, places, default=None, return_dtype=NUMBER)
    return found.fill_null(-1)


def watching(sheet: Sheet, standing: Names) -> pl.DataFrame:
    """Watches with a standing action whose condition holds: `a`, name, order, watch."""
    numbers = dict.fromkeys(("a", "name", "order"), NUMBER)
    frames = [pl.DataFrame(schema={**numbers, "watch": pl.String()})]
    conditions = {watch.name: watch.when for watch in sheet.policy.watch}
    view = View(sheet.on, segments=True, pauses=True)
    for order, (_, watch, _) in enumerate(standing.actions):
        if not watch:
            continue
        condition = conditions[watch]
        if of_items(sheet, condition):
            rows = sheet.base.items["a"].filter(items_where(sheet, condition, view)).unique()
        else:
            rows = sheet.base.accounts["a"].filter(accounts_where(sheet, condition, view))
        frames.append(
            rows.alias("a")
            .to_frame()
            .select(
                "a",
                pl.lit(standing.name_of[order], dtype=NUMBER).alias("name"),
                pl.lit(order, dtype=NUMBER).alias("order"),
                pl.lit(watch).alias("watch"),
            )
        )
    return pl.concat(frames)


def in_force(sheet: Sheet, standing: Names) -> pl.DataFrame:
    """What stands in the ERP or is remembered: `a`, name, state, ours, in_force, written_off."""
    place = pl.DataFrame(
        {
            "action": [kind for kind, _ in standing.names],
            "what": [what for _, what in standing.names],
            "name": list(range(len(standing.names))),
        },
        schema={"action": pl.String(), "what": pl.String(), "name": NUMBER},
    )
    held = _in_erp(sheet)
    there = held.join(place, on=("action", "what")).select("a", "name").unique()
    owned = sheet.base.tables["standing"].filter(pl.col("state") != "released")
    owned = owned.unique(("a", "action", "name"), keep="last", maintain_order=True)
    owned = owned.rename({"name": "what"}).join(place, on=("action", "what"))
    ours = held.select("a", "action", "what", "value", pl.lit(True).alias("ours")).unique()
    same = pl.when(pl.col("action") == "hold").then(pl.col("value")).otherwise(pl.lit(""))
    owned = owned.with_columns(same.alias("value")).join(
        ours, on=("a", "action", "what", "value"), how="left"
    )
    gone = sheet.base.marked("a", _written_off(sheet))
    owned = owned.select("a", "name", "state", "action", pl.col("ours").fill_null(False))
    both = there.with_columns(pl.lit(True).alias("in_force")).join(
        owned, on=("a", "name"), how="full", coalesce=True
    )
    written_off = gone.gather(both["a"]) & (both["action"] == "hold").fill_null(False)
    return both.select(
        "a",
        "name",
        pl.col("state").fill_null(""),
        pl.col("ours").fill_null(False),
        pl.col("in_force").fill_null(False),
    ).with_columns(written_off.alias("written_off"))


def _in_erp(sheet: Sheet) -> pl.DataFrame:
    """Every hold and tag in force: `a`, action, what and (of holds) the value."""
    holds = sheet.base.tables["holds"].select(
        "a", pl.lit("hold").alias("action"), pl.col("kind").alias("what"), "value"
    )
    tags = sheet.base.accounts.select("a").with_columns(sheet.base.customer("tags").alias("what"))
    tags = (
        tags.filter(pl.col("what").list.len() > 0)
        .explode("what")
        .select("a", pl.lit("tag").alias("action"), "what", pl.lit("").alias("value"))
    )
    return pl.concat([holds, tags])


def _written_off(sheet: Sheet) -> pl.Series:
    """Accounts where an item that Dunwell knew was closed by a write-off."""
    known = sheet.base.tables["known"]
    table = sheet.base.tables["settlements"]
    table = table.filter(pl.col("closes") & (pl.col("kind") == "write_off")).select("a", "item")
    table = table.join(known, on=("a", "item"), how="semi")
    few = sheet.base.items.select("a", pl.col("id").alias("item"))
    few = few.join(table.select("item").unique(), on="item", how="semi")
    return table.join(few, on=("a", "item"), how="anti")["a"]


def changes(
    sheet: Sheet, wanted: pl.DataFrame, watched: pl.DataFrame, force: pl.DataFrame, quiet: Silence
) -> pl.Series:
    """Accounts where something is to be put in force, released, overridden or cleared.

    Exact where no item is on its way to a stage; where one is, there is something to do anyway.
    """
    lifted = quiet.lifted.gather(wanted["n"])
    silent = quiet.silent.gather(wanted["n"])
    asks = wanted.filter((pl.col("reached") | pl.col("half")) & ~lifted)
    offers = wanted.filter(pl.col("reached") & ~lifted & ~silent)
    held = pl.concat([asks.select("a", "name"), watched.select("a", "name")]).unique()
    new = pl.concat([offers.select("a", "name"), watched.select("a", "name")]).unique()
    stuck = sheet.base.marked("a", sheet.base.items["a"].filter(sheet.waits))
    force = force.join(
        held.with_columns(pl.lit(True).alias("asked")), on=("a", "name"), how="left"
    )
    asked = force["asked"].fill_null(False) | stuck.gather(force["a"])
    state = pl.col("state")
    spoken = (state == "override") | ((state == "placed") & ~pl.col("ours"))
    ends = (state != "") & ~pl.lit(asked)
    turned = spoken & pl.lit(asked) & (state == "placed")
    changed = force.filter(ends | turned)["a"]
    standing = force.filter((state != "") | pl.col("in_force")).select("a", "name")
    placed = new.join(standing, on=("a", "name"), how="anti")["a"]
    return pl.concat([changed, placed])
