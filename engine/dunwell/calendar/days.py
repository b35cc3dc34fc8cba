"""Which days are business days, and counting, adding and rolling by them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Literal, get_args

from dunwell.calendar.durations import Duration, add_months
from dunwell.calendar.sources import (
    BUILT_IN,
    SATURDAY_SUNDAY,
    CalendarSource,
    check_code,
    source_of,
    weekend_days,
)
from dunwell.calendar.zones import check_zone

Roll = Literal["none", "next_business_day", "previous_business_day"]

ROLLS: tuple[Roll, ...] = get_args(Roll)
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Calendar:
    """The business days of one or several places; a day is one when all of them work.

    `holidays` are codes such as `ES` or `ES-MD`. `weekend` are weekdays (0 is Monday); None means
    the weekend that each place kept at the time, Saturday and Sunday without a place. `closed`
    are further closed days. `timezone` names the zone in which its days begin. An unknown code or
    zone is a ValueError "message | hint".
    """

    holidays: tuple[str, ...] = ()
    weekend: frozenset[int] | None = None
    closed: frozenset[date] = frozenset()
    timezone: str = "UTC"
    sources: tuple[CalendarSource, ...] = BUILT_IN

    def __post_init__(self) -> None:
        for code in self.holidays:
            check_code(code, self.sources)
        if self.weekend is not None:
            if not self.weekend <= frozenset(range(7)):
                raise ValueError("a weekend has weekdays 0 to 6 | 0 is Monday")
            if len(self.weekend) == 7:
                raise ValueError("a weekend of seven days leaves no business day | leave one out")
        check_zone(self.timezone)

    def __hash__(self) -> int:
        """Quick, since every question about a day looks a calendar up; few differ in the rest."""
        return hash((self.holidays, self.timezone))

    def is_business(self, day: date) -> bool:
        """Say whether people work on that day."""
        counts = _counts(self, day.year)
        index = day.timetuple().tm_yday
        return counts[index] > counts[index - 1]

    def roll(self, day: date, how: Roll) -> date:
        """Move a closed day to the next or previous business day; a business day stays."""
        return _rolled(self, day, how)

    def add(self, day: date, duration: Duration) -> date:
        """Give the first day on which `duration` has passed since `day`.

        Business days count from the day after `day`. A month ends on the same day of the next
        month or on its last day. No days at all is `day` itself, closed or not.
        """
        if duration.unit == "business days":
            return _nth_after(self, day, duration.count) if duration.count else day
        if duration.unit == "months":
            return add_months(day, duration.count)
        return day + timedelta(_plain_days(duration))

    def subtract(self, day: date, duration: Duration) -> date:
        """Give the last day that lies `duration` or more before `day`."""
        if duration.unit == "business days":
            return _nth_before(self, day, duration.count) - _ONE if duration.count else day
        if duration.unit == "months":
            return add_months(day, -duration.count)
        return day - timedelta(_plain_days(duration))

    def business_days_between(self, a: date, b: date) -> int:
        """Count the business days after `a` up to and including `b`; negative when `b` is earlier.

        So between(a, b) + between(b, c) = between(a, c).
        """
        total = _counts(self, b.year)[b.timetuple().tm_yday]
        total -= _counts(self, a.year)[a.timetuple().tm_yday]
        low, high = sorted((a.year, b.year))
        years = sum(_counts(self, year)[-1] for year in range(low, high))
        return total + (years if b.year >= a.year else -years)

    def business_day_numbers(self, first: date, last: date) -> tuple[int, ...]:
        """Number every day from `first` to `last`, both included, for use as a lookup table.

        The number of a day is the count of business days from `first` up to and including it, so
        `table[b] - table[a]` is `business_days_between(a, b)`. A day's index in the table is its
        `epoch_day` less that of `first`.
        """
        return tuple(accumulate(_flags(self, first, last)))

    def rolled_days(self, first: date, last: date, how: Roll) -> tuple[int, ...]:
        """Give the `epoch_day` to which each day from `first` to `last` rolls, as a table."""
        if how not in ROLLS:
            raise ValueError(f"unknown roll '{how}' | write {', '.join(ROLLS)}")
        days = range(epoch_day(first), epoch_day(last) + 1)
        if how == "none" or not days:
            return tuple(days)
        open_days = list(zip(days, _flags(self, first, last), strict=True))
        forward = how == "next_business_day"
        # beyond the edge of the table the scalar form looks on
        nearest = epoch_day(self.roll(last if forward else first, how))
        table: list[int] = []
        for day, is_open in reversed(open_days) if forward else open_days:
            nearest = day if is_open else nearest
            table.append(nearest)
        return tuple(reversed(table)) if forward else tuple(table)

    def added_days(self, first: date, last: date, duration: Duration) -> tuple[int, ...]:
        """Give the `epoch_day` of `add(day, duration)` for each day from `first` to `last`."""
        return tuple(epoch_day(self.add(day, duration)) for day in _each(first, last))


def after(since: date, duration: Duration, *, calendar: Calendar) -> date:
    """Give the first date on which `duration` has passed since `since`."""
    return calendar.add(since, duration)


def elapsed(since: date, on: date, *, duration: Duration, calendar: Calendar) -> bool:
    """Say whether `duration` has passed since `since` when it is `on`."""
    return on >= after(since, duration, calendar=calendar)


def latest_elapsed(on: date, duration: Duration, *, calendar: Calendar) -> date:
    """Give the latest date since which `duration` has passed on `on`.

    `elapsed(since, on)` is `since <= latest_elapsed(on)`: one comparison for a whole column.
    """
    latest = calendar.subtract(on, duration)
    # the last days of a long month all end one month later on the same last day
    while after(latest + _ONE, duration, calendar=calendar) <= on:
        latest += _ONE
    return latest


def first_within(on: date, duration: Duration, *, calendar: Calendar) -> date:
    """Give the first date of the period of that length that ends on `on`, `on` as its day 1."""
    return calendar.subtract(on, duration) + _ONE


def epoch_day(day: date) -> int:
    """Give a date as the number of days since 1970-01-01, as columns hold it."""
    return day.toordinal() - _EPOCH


def from_epoch_day(number: int) -> date:
    """Give the date that lies so many days after 1970-01-01."""
    return date.fromordinal(number + _EPOCH)


_ONE = timedelta(1)


def _plain_days(duration: Duration) -> int:
    return duration.count * (7 if duration.unit == "weeks" else 1)


def _each(first: date, last: date) -> Iterator[date]:
    return (date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1))


@lru_cache(maxsize=4096)
def _counts(calendar: Calendar, year: int) -> tuple[int, ...]:
    """Count a year's business days up to the end of each day; index 0 is before 1 January."""
    if not 1 <= year <= 9999:
        raise OverflowError("date value out of range")
    closed = set(calendar.closed) | _weekends(calendar, year)
    for code in calendar.holidays:
        source = source_of(code, calendar.sources)
        if source is not None:
            closed |= source.closed_days(code, year)
    days = _each(date(year, 1, 1), date(year, 12, 31))
    return (0, *accumulate(int(day not in closed) for day in days))


def _weekends(calendar: Calendar, year: int) -> set[date]:
    if calendar.weekend is None and calendar.holidays:
        return {day for code in calendar.holidays for day in weekend_days(code, year)}
    weekend = SATURDAY_SUNDAY if calendar.weekend is None else calendar.weekend
    days = _each(date(year, 1, 1), date(year, 12, 31))
    return {day for day in days if day.weekday() in weekend}


def _flags(calendar: Calendar, first: date, last: date) -> Iterator[int]:
    for year in range(first.year, last.year + 1):
        counts = _counts(calendar, year)
        start = first.timetuple().tm_yday if year == first.year else 1
        stop = last.timetuple().tm_yday if year == last.year else len(counts) - 1
        yield from (counts[day] - counts[day - 1] for day in range(start, stop + 1))


@lru_cache(maxsize=16384)
def _rolled(calendar: Calendar, day: date, how: Roll) -> date:
    """Many items fall due on one day, and every reader of a policy asks anew."""
    if how == "none" or calendar.is_business(day):
        return day
    if how == "next_business_day":
        return _nth_after(calendar, day, 1)
    if how == "previous_business_day":
        return _nth_before(calendar, day, 1)
    raise ValueError(f"unknown roll '{how}' | write {', '.join(ROLLS)}")


def _nth_after(calendar: Calendar, day: date, count: int) -> date:
    year = day.year
    target = _counts(calendar, year)[day.timetuple().tm_yday] + count
    while target > _counts(calendar, year)[-1]:
        target -= _counts(calendar, year)[-1]
        year += 1
    return date(year, 1, 1) + timedelta(bisect_left(_counts(calendar, year), target) - 1)


def _nth_before(calendar: Calendar, day: date, count: int) -> date:
    """Give the business day that is number `count` counting back, `day` itself included."""
    year = day.year
    target = _counts(calendar, year)[day.timetuple().tm_yday] - count
    while target < 0:
        year -= 1
        target += _counts(calendar, year)[-1]
    return date(year, 1, 1) + timedelta(bisect_right(_counts(calendar, year), target) - 1)
