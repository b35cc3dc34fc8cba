"""The clock of a ledger: the ERP's time and the company's own today, or pinned ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class Clock:
    """`today` pins the company's day, `fixed` the instant; None: the machine's clock."""

    today: date | None = None
    fixed: datetime | None = None

    def now(self, zone: str | None = None) -> datetime:
        """The ERP's time, UTC. A pinned day has the time of day of now in the company's zone."""
        if self.fixed is not None:
            return self.fixed
        real = datetime.now(UTC)
        if self.today is None:
            return real
        local = real.astimezone(timezone(zone))
        moved = datetime.combine(self.today, local.time(), timezone(zone))
        return moved.astimezone(UTC)

    def on(self, zone: str | None = None) -> date:
        """The company's own today."""
        if self.today is not None:
            return self.today
        return self.now(zone).astimezone(timezone(zone)).date()


def timezone(name: str | None) -> ZoneInfo:
    """The zone of an IANA name; one that is missing or unknown is UTC."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def instant(moment: datetime) -> str:
    """An instant as the ledger keeps it: UTC, always with microseconds, so that text sorts."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
