"""The accounts of one policy on one day; every fact is a column, made when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import cast, get_args

import polars as pl

from dunwell.calendar import Calendar, Roll
from dunwell.decide.columns import pledges
from dunwell.decide.columns.base import Base, always, nothing
from dunwell.decide.columns.kinds import Terms, by_date
from dunwell.facts import Registry
from dunwell.model.owners import NUMBER
from dunwell.money import Rates
from dunwell.policy.tree import House, Policy


@dataclass(frozen=True, slots=True)
class View:
    """From where facts are seen: the day, and whether segments and pauses are known yet."""

    day: date
    segments: bool = False
    pauses: bool = False


@dataclass(frozen=True)
class Sheet:
    """Accounts under one policy; `segment` and `uncounted` are null until they are known."""

    base: Base
    house: House
    policy: Policy
    calendar: Calendar
    rates: Mapping[str, Rates]
    registry: Registry
    segment: pl.Series | None = None  # place in the policy by account, -1 for none
    uncounted: pl.Series | None = None  # silent items that are not listed
    made: dict[object, object] = field(default_factory=dict)  # columns and tests made so far

    @property
    def on(self) -> date:
        """Today."""
        return self.base.on

    @property
    def terms(self) -> Terms:
        """What thresholds are compared under."""
        return Terms(self.policy, self.calendar, self.rates)

    @property
    def height(self) -> int:
        """How many accounts there are."""
        return self.base.accounts.height

    def knowing(self, *, segment: pl.Series, uncounted: pl.Series | None = None) -> Sheet:
        """The same sheet with segments (and pauses) known; what was made stays made."""
        known = replace(self, segment=segment, uncounted=uncounted)
        for name in ("due", "stage", "waits", "has_stage", "promises", "pledged", "pasts"):
            if name in self.__dict__:
                known.__dict__[name] = self.__dict__[name]
        return known

    @cached_property
    def due(self) -> pl.Series:
        """The due dates, rolled off closed days as the calendar says."""
        return self.rolled(self.base.items["due"])

    def rolled(self, dates: pl.Series) -> pl.Series:
        """Dates off closed days."""
        how = self.house.calendars(self.policy).due_rolls
        if how == "none":
            return dates
        assert how in get_args(Roll)
        return by_date(dates, lambda day: self.calendar.roll(day, cast("Roll", how)), pl.Date())

    @cached_property
    def stage(self) -> pl.Series:
        """Each item's place in the ladder; -1 before the first, and where the stage has gone."""
        names = self.base.items["state_stage"]
        distinct = names.unique().drop_nulls()
        found = [self.policy.stage(name) if name else None for name in distinct.to_list()]
        places = pl.Series(found, dtype=NUMBER)
        return names.replace_strict(distinct, places, default=None, return_dtype=NUMBER).fill_null(
            -1
        )

    @cached_property
    def has_stage(self) -> pl.Series:
        """Items that a message, task or adoption brought to a stage."""
        return (self.base.items["state_stage"] != "").fill_null(False)

    @cached_property
    def pasts(self) -> list[str]:
        """The different lists of stages that items had before, none of them empty."""
        found = self.base.items["state_past"].unique().drop_nulls().to_list()
        return [past for past in found if past]

    def had(self, stage: int) -> pl.Series:
        """Items that were at a stage before the one that they are at."""
        ours = [p for p in self.pasts if stage in map(self.policy.stage, p.split(","))]
        if not ours:
            return always(self.base.items.height, False)
        return self.base.items["state_past"].is_in(ours).fill_null(False)

    @cached_property
    def waits(self) -> pl.Series:
        """Items at a stage that the ladder no longer has."""
        return self.has_stage & (self.stage < 0)

    @cached_property
    def promises(self) -> pl.DataFrame:
        """The promises, each with the day on which it was kept."""
        return pledges.kept(self.base)

    @cached_property
    def pledged(self) -> pl.DataFrame:
        """Which promises cover which items."""
        return pledges.covers(self.base, self.promises)

    def promise(self, day: date) -> pl.Series:
        """The state of the newest promise that covers each item on a day."""
        if not self.pledged.height:
            return nothing(self.base.items.height, pl.String())
        return self.base.spread("n", pledges.newest(self.pledged, day), pledges.STATE)

    @property
    def open_to_pay(self) -> pl.Series:
        """Items with something to pay."""
        found: pl.Series = self.base.items["to_pay"] > 0
        return found

    def past_due(self, day: date) -> pl.Series:
        """Items past their due date on a day, with something to pay."""
        found: pl.Series = (self.due < day).fill_null(False) & self.open_to_pay
        return found

    def counted(self, view: View) -> pl.Series:
        """Items past due that count in sums."""
        past = self.past_due(view.day)
        if not view.pauses or self.uncounted is None:
            return past
        return past & ~self.uncounted
