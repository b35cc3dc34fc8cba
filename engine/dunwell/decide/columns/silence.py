"""Which items are silent, why, and which rest because their silence ended today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from dunwell.decide.case import DAY
from dunwell.decide.columns.base import always
from dunwell.decide.columns.conditions import dated, items_where
from dunwell.decide.columns.item_facts import GUARDS, guard
from dunwell.decide.columns.sheet import Sheet, View
from dunwell.policy.tree import Pause


@dataclass(frozen=True)
class Silence:
    """One column for each reason: pauses in the order written, then guards.

    `yesterday`: something held yesterday. `listed`: silent and still shown; `lifted`: asks for no
    holds.
    """

    pauses: tuple[pl.Series, ...]
    guards: tuple[pl.Series, ...]
    silent: pl.Series
    yesterday: pl.Series
    listed: pl.Series
    lifted: pl.Series

    @property
    def resting(self) -> pl.Series:
        """Items that do not rise before tomorrow."""
        return self.yesterday & ~self.silent


def silence(sheet: Sheet) -> Silence:
    """Read every pause and guard for every item; the sheet knows the segments."""
    rules = sheet.house.pauses(sheet.policy)
    before = sheet.on - DAY
    none = always(sheet.base.items.height, False)
    pauses = tuple(_held(sheet, pause, sheet.on) for pause in rules)
    guards = tuple(guard(sheet, name, View(sheet.on)) for name in GUARDS)
    silent, unlisted, lifted, yesterday = none, none, none, none
    for pause, held in zip(rules, pauses, strict=True):
        silent |= held
        yesterday |= _held(sheet, pause, before)
        unlisted = unlisted if pause.listed else unlisted | held
        lifted = lifted | held if pause.lift else lifted
    for name, held in zip(GUARDS, guards, strict=True):
        silent |= held
        unlisted |= held
        yesterday |= guard(sheet, name, View(before))
    return Silence(pauses, guards, silent, yesterday, silent & ~unlisted, lifted)


def _held(sheet: Sheet, pause: Pause, last: date) -> pl.Series:
    """Whether a pause holds on a day, or held on one of the days before through its grace."""
    if not dated(sheet, pause.when):
        return _on(sheet, pause, sheet.on)
    day, held = last, _on(sheet, pause, last)
    while pause.grace is not None:
        day -= DAY
        if sheet.calendar.add(day, pause.grace) < last:
            break
        held |= _on(sheet, pause, day)
    return held


def _on(sheet: Sheet, pause: Pause, day: date) -> pl.Series:
    key = ("pause", pause.name, id(pause), day)
    if key not in sheet.made:
        sheet.made[key] = items_where(sheet, pause.when, View(day, segments=True))
    found = sheet.made[key]
    assert isinstance(found, pl.Series)
    return found
