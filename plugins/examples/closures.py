"""A calendar: the days on which our own company is closed, beside the public holidays."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta

from dunwell.hooks import CalendarPlugin, hookimpl

CODE = "ACME"
PERIODS = (((8, 10), 14), ((12, 24), 9))
"""Month and day on which a closure begins, and how many days it lasts."""


@hookimpl
def dunwell_calendars() -> Sequence[CalendarPlugin]:
    """`calendar: {holidays: [ES, ACME]}`."""
    return [CalendarPlugin("closures", Closures())]


@dataclass(frozen=True, slots=True)
class Closures:
    """The same days for the same year, always: a calendar asks nobody."""

    def codes(self) -> Set[str]:
        """What `holidays` may name."""
        return {CODE}

    def closed_days(self, code: str, year: int) -> Set[date]:
        """The closed days of one year; what begins in the year before counts where it falls."""
        begins = [(date(y, *day), length) for y in (year - 1, year) for day, length in PERIODS]
        days = (first + timedelta(days=n) for first, length in begins for n in range(length))
        return frozenset(day for day in days if day.year == year)
