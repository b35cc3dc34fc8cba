"""The company's own day, from the service's clock: in its zone, or by its offset."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo


class ServiceClock:
    """The service's clock as heard last, carried on by a local one; it never runs back."""

    def __init__(self, tick: Callable[[], float] = time.monotonic) -> None:
        self.tick = tick
        self._heard: datetime | None = None
        self._at = 0.0
        self._said = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def hear(self, now: datetime) -> None:
        """The service said what time it is."""
        with self._lock:
            self._heard, self._at = now, self.tick()

    def age(self) -> float:
        """Seconds since it was heard; endless before."""
        with self._lock:
            return float("inf") if self._heard is None else self.tick() - self._at

    def now(self) -> datetime:
        """What time it is there (UTC)."""
        with self._lock:
            assert self._heard is not None
            now = self._heard + timedelta(seconds=max(0.0, self.tick() - self._at))
            self._said = max(self._said, now)
            return self._said


def zone_of(configured: str, company: Mapping[str, object], stamp: str) -> tzinfo:
    """The company's zone: as configured, as the company says, else the offset of a time stamp."""
    for name in (configured, str(company.get("DefaultTimeZone") or "")):
        if name:
            try:
                return ZoneInfo(name)
            except (KeyError, ValueError, OSError):
                continue
    try:
        offset = datetime.fromisoformat(stamp).tzinfo
    except ValueError:
        offset = None
    return offset or UTC


def day(text: object) -> date | None:
    """A day of the service; None where there is none."""
    try:
        return date.fromisoformat(str(text)[:10]) if text else None
    except ValueError:
        return None


def instant(text: object) -> datetime | None:
    """An instant of the service in UTC."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
