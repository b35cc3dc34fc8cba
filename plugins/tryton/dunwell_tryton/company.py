"""The company that is collected for, and its own day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dunwell.errors import ConfigurationError
from dunwell_tryton.client import Client

Row = dict[str, object]
"""One row of a published table."""


@dataclass(frozen=True)
class Company:
    """One company of the database."""

    id: int
    parties: frozenset[int]  # those that are ourselves
    name: str
    currency: str
    timezone: str
    country: str
    blocks: bool  # account_dunning is there: its blocked lines are left alone
    limits: bool  # account_credit_limit is there

    @cached_property
    def zone(self) -> ZoneInfo:
        """Where its days begin: UTC if it has no timezone, or none that is known here."""
        try:
            return ZoneInfo(self.timezone or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    def day(self, at: datetime) -> date:
        """The day there at an instant."""
        return at.astimezone(self.zone).date()


def find(client: Client, chosen: int | None, *, blocks: bool, limits: bool) -> Company:
    """The company that was chosen, or the user's own; one call.

    Raises ConfigurationError where the user has no such company.
    """
    rows = client.rows(
        "company.company", [],
        ["party", "party.name", "party.addresses.country.code", "currency.code", "timezone"],
    )  # fmt: skip
    own = chosen or client.context.get("company")
    row = next((row for row in rows if row["id"] == own), None)
    if row is None:
        names = ", ".join(f"{row['id']} {row['party.']['name']}" for row in rows)
        raise ConfigurationError(f"the user has no company '{own}' (there are: {names})")
    addresses = row["party."].get("addresses.") or [{}]
    return Company(
        id=row["id"],
        parties=frozenset(each["party"] for each in rows),
        name=row["party."]["name"],
        currency=row["currency."]["code"],
        timezone=row["timezone"] or "",
        country=(addresses[0].get("country.") or {}).get("code") or "",
        blocks=blocks,
        limits=limits,
    )
