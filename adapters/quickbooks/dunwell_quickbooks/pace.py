"""How fast requests may leave: never more than the service allows in a second and in a minute."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

MARGIN = 0.05
"""Seconds more than needed: the two clocks do not tick together."""


class Pace:
    """Waits before a request that would be one too many; shared by all threads of an adapter."""

    def __init__(
        self,
        *,
        per_second: int,
        per_minute: int,
        tick: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.per_second, self.per_minute = per_second, per_minute
        self.tick, self.sleep = tick, sleep
        self._sent: deque[float] = deque()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may leave."""
        with self._lock:
            while (pause := self._pause()) > 0:
                self.sleep(pause)
            self._sent.append(self.tick())

    def _pause(self) -> float:
        now = self.tick()
        while self._sent and now - self._sent[0] >= 60 + MARGIN:
            self._sent.popleft()
        until = 0.0
        if len(self._sent) >= self.per_minute:
            until = self._sent[-self.per_minute] + 60 + MARGIN
        if len(self._sent) >= self.per_second:
            until = max(until, self._sent[-self.per_second] + 1 + MARGIN)
        return until - now
