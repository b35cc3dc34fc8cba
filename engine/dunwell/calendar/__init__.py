"""Days, durations, business days, time zones and contact windows, as pure functions of dates."""

from __future__ import annotations

from dunwell.calendar.dates import format_date
from dunwell.calendar.days import (
    ROLLS,
    Calendar,
    Roll,
    after,
    elapsed,
    epoch_day,
    first_within,
    from_epoch_day,
    latest_elapsed,
)
from dunwell.calendar.durations import (
    UNITS,
    Duration,
    Unit,
    add_months,
    parse_duration,
)
from dunwell.calendar.repeats import next_occurrence
from dunwell.calendar.sources import CalendarSource, HolidaysPackage, check_code
from dunwell.calendar.windows import Days, Window, interval, parse_window_hours
from dunwell.calendar.zones import check_zone, today, zones_of

__all__ = [
    "ROLLS",
    "UNITS",
    "Calendar",
    "CalendarSource",
    "Days",
    "Duration",
    "HolidaysPackage",
    "Roll",
    "Unit",
    "Window",
    "add_months",
    "after",
    "check_code",
    "check_zone",
    "elapsed",
    "epoch_day",
    "first_within",
    "format_date",
    "from_epoch_day",
    "interval",
    "latest_elapsed",
    "next_occurrence",
    "parse_duration",
    "parse_window_hours",
    "today",
    "zones_of",
]
