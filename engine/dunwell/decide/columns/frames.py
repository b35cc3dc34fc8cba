"""Signals for the rule network: frames with the accounts where something may have to be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from dunwell.decide.columns.base import nothing
from dunwell.decide.columns.conditions import accounts_where, of_items
from dunwell.decide.columns.item_facts import GUARDS
from dunwell.decide.columns.moves import Moves, Reader
from dunwell.decide.columns.sheet import Sheet, View
from dunwell.decide.columns.silence import Silence
from dunwell.decide.columns.standing import Names
from dunwell.decide.signals import SCHEMAS, Signals
from dunwell.model.owners import NUMBER


@dataclass(frozen=True)
class Read:
    """Everything that was read for one policy."""

    sheet: Sheet
    segments: Sequence[pl.Series]
    silence: Silence
    moves: Moves
    standing: Names
    wanted: pl.DataFrame
    watched: pl.DataFrame
    force: pl.DataFrame
    fired: pl.DataFrame


def signals(read: Read, chosen: pl.Series, offset: int) -> Signals:
    """The signals of the chosen accounts; their numbers, and those of items, begin at the
    offset.
    """
    frames = _Frames(read, chosen, offset)
    made = {
        "accounts": frames.accounts(),
        "items": frames.items(),
        "segments": frames.segments(),
        "pauses": frames.pauses(),
        "yesterday": frames.items_where(read.silence.yesterday),
        "adopts": frames.adopts(),
        "moves": frames.moves(),
        "approvals": frames.approvals(),
        "wants": frames.renumbered(read.wanted),
        "watching": frames.renumbered(read.watched),
        "standing": frames.renumbered(read.force),
        "fires": frames.renumbered(read.fired),
        "vetoes": frames.vetoes(),
    }
    finished = {}
    for name, schema in SCHEMAS.items():
        table = made[name].select(pl.col(n).cast(t) for n, t in schema.items())
        finished[name] = table.sort([n for n, t in schema.items() if not isinstance(t, pl.List)])
    standing = read.standing
    return Signals(read.sheet.policy.name, finished, standing.names, standing.actions)


@dataclass(frozen=True)
class _Frames:
    read: Read
    chosen: pl.Series
    offset: int

    @property
    def sheet(self) -> Sheet:
        return self.read.sheet

    @cached_property
    def account(self) -> pl.Series:
        """The number of each chosen account; null for the others."""
        counted = self.chosen.cast(NUMBER).cum_sum() - 1 + self.offset
        return counted.zip_with(self.chosen, nothing(self.chosen.len(), NUMBER))

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The items of the chosen accounts: `n`, `a`, their id and numbers."""
        mine = self.chosen.gather(self.sheet.base.items["a"])
        rows = self.sheet.base.items.select("n", "a", "id").filter(mine).sort("a", "id")
        return rows.with_columns(
            self.account.gather(rows["a"]).alias("account"),
            (pl.int_range(pl.len(), dtype=NUMBER) + self.offset).cast(NUMBER).alias("item"),
        )

    @cached_property
    def item(self) -> pl.Series:
        """The number of each item of the chosen accounts; null for the others."""
        none = nothing(self.sheet.base.items.height, NUMBER)
        return none.scatter(self.rows["n"], self.rows["item"]) if self.rows.height else none

    def items_where(self, held: pl.Series) -> pl.DataFrame:
        """The chosen accounts' items for which a column is true."""
        return self.rows.filter(held.gather(self.rows["n"]))

    def renumbered(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows of the chosen accounts, with the numbers of this reading."""
        table = table.with_columns(self.account.gather(table["a"]).alias("account"))
        table = table.filter(pl.col("account").is_not_null())
        if "n" in table.columns:
            table = table.with_columns(self.item.gather(table["n"]).alias("item"))
        return table

    def accounts(self) -> pl.DataFrame:
        return self.renumbered(self.sheet.base.accounts)

    def items(self) -> pl.DataFrame:
        n = self.rows["n"]
        return self.rows.with_columns(
            self.sheet.stage.gather(n).alias("stage"), self.sheet.waits.gather(n).alias("waits")
        )

    def segments(self) -> pl.DataFrame:
        frames = [pl.DataFrame(schema={"account": NUMBER, "segment": NUMBER})]
        for index, held in enumerate(self.read.segments):
            rows = self.account.filter(held).drop_nulls().alias("account").to_frame()
            frames.append(rows.with_columns(pl.lit(index, dtype=NUMBER).alias("segment")))
        return pl.concat(frames)

    def _all(self, found: list[pl.DataFrame], name: str) -> pl.DataFrame:
        schema = SCHEMAS[name]
        empty = pl.DataFrame(schema=schema)
        chosen = [t.select(pl.col(n).cast(dt) for n, dt in schema.items()) for t in found]
        return pl.concat([empty, *chosen])

    def pauses(self) -> pl.DataFrame:
        rules = self.sheet.house.pauses(self.sheet.policy)
        silence = self.read.silence
        found = [
            self.items_where(held).with_columns(
                pl.lit(index).alias("pause"),
                pl.lit("").alias("guard"),
                pl.lit(rule.lift).alias("lift"),
                pl.lit(rule.listed).alias("listed"),
            )
            for index, (rule, held) in enumerate(zip(rules, silence.pauses, strict=True))
        ]
        found += [
            self.items_where(held).with_columns(
                pl.lit(-1).alias("pause"),
                pl.lit(name).alias("guard"),
                pl.lit(False).alias("lift"),
                pl.lit(False).alias("listed"),
            )
            for name, held in zip(GUARDS, silence.guards, strict=True)
        ]
        return self._all(found, "pauses")

    def adopts(self) -> pl.DataFrame:
        found = []
        for order, held in enumerate(self.read.moves.adopts):
            stage = self.sheet.policy.stage(self.sheet.policy.adopt[order].at)
            assert stage is not None
            marks = (pl.lit(order).alias("order"), pl.lit(stage).alias("stage"))
            found.append(self.items_where(held).with_columns(marks))
        return self._all(found, "adopts")

    def moves(self) -> pl.DataFrame:
        moves = self.read.moves
        none = pl.lit(0).alias("cycle")
        found = []
        for stage, held in moves.jumps:
            kind = pl.lit("jump").alias("kind")
            rows = self.items_where(held)
            found.append(rows.with_columns(kind, pl.lit(stage).alias("stage"), none))
        rows = self.items_where(moves.following.is_not_null())
        place = moves.following.gather(rows["n"]).alias("stage")
        found.append(rows.with_columns(pl.lit("next").alias("kind"), place, none))
        rows = self.items_where(moves.repeats)
        cycle = self.sheet.base.items["state_cycle"].gather(rows["n"]) + 1
        place = self.sheet.stage.gather(rows["n"]).alias("stage")
        kind = pl.lit("repeat").alias("kind")
        found.append(rows.with_columns(kind, place, cycle.alias("cycle")))
        return self._all(found, "moves")

    def approvals(self) -> pl.DataFrame:
        where = Reader(self.sheet)
        found = []
        for index, stage in enumerate(self.sheet.policy.ladder):
            if stage.approve is not None:
                rows = self.items_where(where.where(stage.approve.when))
                found.append(rows.with_columns(pl.lit(index).alias("stage")))
        return self._all(found, "approvals")

    def vetoes(self) -> pl.DataFrame:
        view = View(self.sheet.on, segments=True, pauses=True)
        where = Reader(self.sheet)
        found = []
        for veto in self.sheet.house.veto:
            name = pl.lit(veto.name).alias("veto")
            if of_items(self.sheet, veto.when):
                rows = self.items_where(where.where(veto.when)).drop("item")
                found.append(rows.rename({"id": "item"}).with_columns(name))
            else:
                held = accounts_where(self.sheet, veto.when, view)
                rows = self.account.filter(held).drop_nulls().alias("account").to_frame()
                found.append(rows.with_columns(name, pl.lit("").alias("item")))
        return self._all(found, "vetoes")
