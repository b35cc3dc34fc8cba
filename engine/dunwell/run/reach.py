"""The hours in which a debtor may be contacted today, in its own zone and by its holidays."""

from __future__ import annotations

from datetime import datetime

from dunwell.calendar import Calendar, Window, interval, zones_of
from dunwell.decide.case import Case

Interval = tuple[datetime, datetime] | None
"""From when until when; None: any time of the day."""


def hours(case: Case, window: Window | None) -> tuple[Interval, str]:
    """The interval of today in which the debtor may be contacted, or why not today."""
    rules = case.house.calendars(case.policy)
    country = case.account.payer.country
    calendar = debtor_calendar(case, country)
    if window is None:
        if rules.send_rolls != "none" and not calendar.is_business(case.on):
            return None, f"{case.on} is a closed day for the customer"
        return None, ""
    zones = debtor_zones(case, country)
    when = interval(case.on, window, calendar=calendar, zones=zones)
    if when is None:
        return None, f"no hours for it on {case.on} in {', '.join(zones)}"
    return when, ""


def debtor_calendar(case: Case, country: str | None) -> Calendar:
    """The business days of the debtor's country, else of the house."""
    if not country or country in case.calendar.holidays:
        return case.calendar
    try:
        return Calendar((country,), closed=case.calendar.closed, sources=case.calendar.sources)
    except ValueError:
        return case.calendar


def debtor_zones(case: Case, country: str | None) -> tuple[str, ...]:
    """The debtor's zone; when it is not known every zone of the country, else the house's."""
    zone = case.account.payer.timezone
    if zone:
        return (zone,)
    try:
        return zones_of(country) if country else (case.calendar.timezone,)
    except ValueError:
        return (case.calendar.timezone,)
