"""The calendar that ships, by the public hook: holidays of countries and their parts."""

from __future__ import annotations

from dunwell.hooks.specs import CalendarPlugin, hookimpl


@hookimpl
def dunwell_calendars() -> list[CalendarPlugin]:
    """Every country and part of one that the `holidays` package knows: `ES`, `ES-MD`."""
    from dunwell.calendar import HolidaysPackage

    return [CalendarPlugin("holidays", HolidaysPackage())]
