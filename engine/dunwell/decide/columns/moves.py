"""Which items may move today: adopted, by a jump, to the next stage, or once more at their own."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dunwell.calendar import Duration, latest_elapsed
from dunwell.decide.columns.base import always, nothing
from dunwell.decide.columns.conditions import items_where
from dunwell.decide.columns.sheet import Sheet, View
from dunwell.model.owners import NUMBER
from dunwell.policy.tree import Condition


@dataclass(frozen=True)
class Moves:
    """Columns of items. `adopts`: one for each rule; `jumps`: by stage; `following`: the next
    stage,
    where it may be entered; `repeats`: the own stage once more; `may`: any of the last three.
    """

    adopts: tuple[pl.Series, ...]
    jumps: tuple[tuple[int, pl.Series], ...]
    following: pl.Series
    repeats: pl.Series
    adopted: pl.Series
    may: pl.Series


@dataclass(frozen=True)
class Reader:
    """Conditions of items today, with segments and pauses known."""

    sheet: Sheet

    def where(self, condition: Condition) -> pl.Series:
        """The items for which a condition holds."""
        return items_where(self.sheet, condition, View(self.sheet.on, segments=True, pauses=True))

    def for_(self, stage: int) -> pl.Series:
        """The items that a stage is for."""
        return self.where(self.sheet.policy.ladder[stage].for_)


def moves(sheet: Sheet) -> Moves:
    """Read the ladder and the adoptions; the sheet knows segments and pauses."""
    where = Reader(sheet)
    live = sheet.open_to_pay & sheet.due.is_not_null()
    fresh = live & ~sheet.has_stage
    adopts = tuple(fresh & where.where(rule.when) for rule in sheet.policy.adopt)
    none = always(sheet.base.items.height, False)
    adopted = none
    for held in adopts:
        adopted = adopted | held
    free = live & ~sheet.waits & _free(sheet)
    for_ = [where.for_(n) for n, _ in enumerate(sheet.policy.ladder)]
    jumps = tuple(_jumps(where, free, for_))
    following = _following(where, free, for_)
    repeats = _repeats(where, free, for_)
    may = repeats | following.is_not_null()
    for _, held in jumps:
        may = may | held
    return Moves(adopts, jumps, following, repeats, adopted, may)


def _free(sheet: Sheet) -> pl.Series:
    """Not delivered today, and the day that the customer was given has passed."""
    items = sheet.base.items
    before = (items["state_on"] < sheet.on).fill_null(True)
    answered = (items["state_pay_by"] < sheet.on).fill_null(True)
    return ~sheet.has_stage | (before & answered)


def _passed(sheet: Sheet, duration: Duration) -> pl.Series:
    """A duration has passed since the item was delivered."""
    latest = latest_elapsed(sheet.on, duration, calendar=sheet.calendar)
    return (sheet.base.items["state_on"] <= latest).fill_null(False)


def _waited(sheet: Sheet, stage: int) -> pl.Series | None:
    """`after` has passed since the last delivered stage; None where there is nothing to wait
    for.
    """
    after = sheet.policy.ladder[stage].after
    return None if after is None else ~sheet.has_stage | _passed(sheet, after)


def _jumps(where: Reader, free: pl.Series, for_: list[pl.Series]) -> list[tuple[int, pl.Series]]:
    found = []
    for index, stage in enumerate(where.sheet.policy.ladder):
        if stage.jump is None:
            continue
        later = free & (where.sheet.stage < index) & ~where.sheet.had(index)
        held = later & for_[index] & where.where(stage.jump)
        waited = _waited(where.sheet, index)
        found.append((index, held if waited is None else held & waited))
    return found


def _following(where: Reader, free: pl.Series, for_: list[pl.Series]) -> pl.Series:
    """The first later stage that is for an item, where its `when` holds and it has waited."""
    sheet = where.sheet
    reached = nothing(free.len(), NUMBER)
    undecided = free
    for index, stage in enumerate(sheet.policy.ladder):
        here = undecided & (sheet.stage < index) & ~sheet.had(index) & for_[index]
        undecided = undecided & ~here
        rises = here & where.where(stage.when)
        waited = _waited(sheet, index)
        rises = rises if waited is None else rises & waited
        mark = pl.Series([index], dtype=NUMBER).new_from_index(0, free.len())
        reached = mark.zip_with(rises, reached)
    return reached


def _repeats(where: Reader, free: pl.Series, for_: list[pl.Series]) -> pl.Series:
    sheet = where.sheet
    found = always(free.len(), False)
    for index, stage in enumerate(sheet.policy.ladder):
        if stage.repeat is None:
            continue
        again = free & (sheet.stage == index) & for_[index] & _passed(sheet, stage.repeat.every)
        if stage.repeat.at_most is not None:
            again = again & (sheet.base.items["state_cycle"] < stage.repeat.at_most)
        found = found | again
    return found
