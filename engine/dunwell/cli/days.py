"""Dates as people type them."""

from __future__ import annotations

from datetime import date

import click

FIRST, LAST = date(1900, 1, 1), date(2999, 12, 31)
"""Every duration that a policy can name leads from one of these days to a date."""


class Day(click.ParamType["date"]):
    """A date such as `2026-03-04`."""

    name = "DATE"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Read a date."""
        try:
            day = value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is not a date (write it like '2026-03-04')", param, ctx)
        if not FIRST <= day <= LAST:
            self.fail(f"'{value}' is not between {FIRST} and {LAST}", param, ctx)
        return day
