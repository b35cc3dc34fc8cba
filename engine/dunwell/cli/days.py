"""Dates as people type them."""

from __future__ import annotations

from datetime import date

import click


class Day(click.ParamType["date"]):
    """A date such as `2026-03-04`."""

    name = "DATE"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Read a date."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is not a date (write it like '2026-03-04')", param, ctx)
