"""When something that repeats is due again."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from dunwell.calendar.days import Calendar
from dunwell.calendar.durations import Duration, add_months


def next_occurrence(
    last: date, every: Duration, *, on_day: int | None = None, calendar: Calendar | None = None
) -> date:
    """Give the day after `last` on which something that repeats `every` so often is due again.

    With `on_day` (1 to 31, months only) it falls on that day of a month, or on the month's last
    day where it is too short; `last` may then lie late without moving what follows. Without it
    the next month may lack the day, and the repeat stays on the earlier day from then on.
    Business days need a `calendar`. What cannot repeat so is a ValueError "message | hint".
    """
    if not every.count:
        raise ValueError(f"'{every}' never moves on | write a duration of 1 or more")
    if on_day is not None:
        return _on_day(last, every, on_day)
    if every.unit == "business days":
        if calendar is None:
            raise ValueError(f"'{every}' needs a calendar | write days, weeks or months")
        return calendar.add(last, every)
    if every.unit == "months":
        return add_months(last, every.count)
    return last + timedelta(every.count * (7 if every.unit == "weeks" else 1))


def _on_day(last: date, every: Duration, on_day: int) -> date:
    if every.unit != "months":
        raise ValueError(f"'{every}' has no day of the month | write 'on_day' with months only")
    if not 1 <= on_day <= 31:
        raise ValueError(f"'{on_day}' is not a day of a month | write 1 to 31")
    first = _in_month(last, 0, on_day)
    return _in_month(last, every.count if first <= last else every.count - 1, on_day)


def _in_month(day: date, months: int, on_day: int) -> date:
    first = add_months(day.replace(day=1), months)
    return first.replace(day=min(on_day, monthrange(first.year, first.month)[1]))
