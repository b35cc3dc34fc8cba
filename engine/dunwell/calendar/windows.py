"""The hours of a day in which a contact may be made, as an interval of instants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from dunwell.calendar.days import Calendar
from dunwell.calendar.zones import check_zone

Days = Literal["business", "all"] | tuple[int, ...]

_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the local clock, `start` included and `end` not; `end` of 00:00 is midnight.

    `days` are business days, all days, or weekdays (0 is Monday) whether closed or not.
    """

    days: Days
    start: time
    end: time

    def __post_init__(self) -> None:
        if self.end != time(0) and self.end <= self.start:
            raise ValueError(_backwards(f"{self.start:%H:%M}-{self.end:%H:%M}"))
        if isinstance(self.days, tuple):
            if not self.days or not set(self.days) <= set(range(7)):
                raise ValueError("the days of a window are weekdays 0 to 6 | 0 is Monday")
        elif self.days not in ("business", "all"):
            raise ValueError(f"unknown days '{self.days}' | write 'business' or 'all'")


def parse_window_hours(text: str) -> tuple[time, time]:
    """Read hours such as `08:00-19:00`; `24:00` ends at midnight and comes back as time 00:00.

    Anything else is a ValueError "message | hint".
    """
    if not isinstance(text, str):
        raise TypeError(f"hours are text such as '08:00-19:00', not {type(text).__name__}")
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' are not hours | write them like '08:00-19:00'")
    start = time(int(match[1]), int(match[2]))
    end = time(int(match[3]), int(match[4])) if match[3] else time(0)
    if match[3] and end <= start:
        raise ValueError(_backwards(text.strip()))
    return start, end


def interval(
    day: date, window: Window, *, calendar: Calendar, zones: tuple[str, ...]
) -> tuple[datetime, datetime] | None:
    """Give the instants (UTC, the end not included) of a window on a local date.

    With several zones it is open only while it is in all of them. None when the day is not
    allowed or no instant is left. An hour that the clock skips is not there. A window that opens
    or closes inside an hour that the clock repeats opens in the second pass, closes in the first.
    """
    if not zones:
        raise ValueError("a window needs a time zone | give every zone of the country")
    if not _allowed(day, window.days, calendar):
        return None
    spans = [_span(day, window.start, window.end, zone) for zone in zones]
    start = max(span[0] for span in spans)
    end = min(span[1] for span in spans)
    return (start, end) if start < end else None


def _allowed(day: date, days: Days, calendar: Calendar) -> bool:
    if isinstance(days, tuple):
        return day.weekday() in days
    return days == "all" or calendar.is_business(day)


@lru_cache(maxsize=8192)
def _span(day: date, start: time, end: time, zone: str) -> tuple[datetime, datetime]:
    clock = check_zone(zone)
    opens = datetime.combine(day, start)
    closes = datetime.combine(day if end != time(0) else day + timedelta(1), end)
    first, second = _instant(opens, clock, fold=0), _instant(opens, clock, fold=1)
    until = _instant(closes, clock, fold=0)
    just_before = second - timedelta(seconds=1)
    opens_with_the_doubled_hour = _offset(just_before, clock) != _offset(second, clock)
    within_the_doubled_hour = second >= until
    if opens_with_the_doubled_hour or within_the_doubled_hour:
        return first, until
    return second, until


def _instant(local: datetime, clock: ZoneInfo, *, fold: int) -> datetime:
    """Give the instant of a local time; for one that is skipped, the instant of the skip."""
    first, second = (local.replace(tzinfo=clock, fold=n).astimezone(UTC) for n in (0, 1))
    if first <= second:
        return second if fold else first
    before, skip = second, first  # the clock jumps after `before` and not after `skip`
    offset = _offset(before, clock)
    while skip - before > timedelta(seconds=1):
        middle = (before + (skip - before) / 2).replace(microsecond=0)
        if _offset(middle, clock) == offset:
            before = middle
        else:
            skip = middle
    return skip


def _offset(instant: datetime, clock: ZoneInfo) -> timedelta | None:
    return instant.astimezone(clock).utcoffset()


def _backwards(text: str) -> str:
    return f"the window '{text}' ends before it begins | write two windows, one for each day"
