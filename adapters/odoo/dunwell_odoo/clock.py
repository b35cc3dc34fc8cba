"""Odoo's clock: asked now and then, carried on by a local one that only runs forward."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from dunwell_odoo import inside
from dunwell_odoo.door import Door
from dunwell_odoo.values import instant

STALE = 20.0
"""Seconds after which the clock is asked again."""
ASKED = {"do": "clock"}
STEP = timedelta(seconds=3)
"""By how much a new answer must differ to count as a clock that was set."""


def ticks() -> float:
    """Seconds that run forward, suspended or not."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Clock:
    """The clock of one Odoo, to about a second. Safe for threads.

    Where there is the server action it is the database's, by which entries are stamped then too.
    It never runs backwards by less than a step: Odoo tells whole seconds, and an answer may be a
    little older than the one before.
    """

    def __init__(self, door: Door, action: Callable[[], int] = lambda: 0) -> None:
        self.door, self.action = door, action
        self.shift = timedelta()  # how far tests have moved it
        self._base: datetime | None = None
        self._at = 0.0
        self._lock = threading.Lock()

    def ask(self) -> datetime:
        """The instant, asked now; one call."""
        if self.action():
            (told,) = inside.run(self.door, self.action(), [ASKED])
        else:
            told = self.door.call("mail.message", "default_get", fields=["date"])["date"]
        return self.heard(instant(told))

    def heard(self, said: datetime) -> datetime:
        """The instant, when Odoo has just told one."""
        with self._lock:
            now = ticks()
            if self._base is not None:
                reckoned = self._base + timedelta(seconds=now - self._at)
                if abs(reckoned - said) < STEP:
                    said = max(said, reckoned)
            self._base, self._at = said, now
            return said + self.shift

    def now(self) -> datetime:
        """The instant, by our reckoning while the last answer is young."""
        with self._lock:
            since = ticks() - self._at
            if self._base is not None and since < STALE:
                return self._base + timedelta(seconds=since) + self.shift
        return self.ask()
