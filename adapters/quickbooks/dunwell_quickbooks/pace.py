"""How fast requests may leave: never more than the service allows in a second and in a minute."""

from __future__ import annotations

import contextlib
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dunwell_quickbooks.tokens import locked

MARGIN = 0.05
"""Seconds more than needed: the two clocks do not tick together."""


class Pace:
    """Waits before a request that would be one too many.

    Shared by all threads of an adapter, and through a `file` by all processes of the machine,
    whose monotonic clock is one.
    """

    def __init__(
        self,
        *,
        per_second: int,
        per_minute: int,
        file: Path | None = None,
        tick: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.per_second, self.per_minute, self.file = per_second, per_minute, file
        self.tick, self.sleep = tick, sleep
        self._sent: list[float] = []
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may leave."""
        with self._lock:
            while (pause := self._leave()) > 0:
                self.sleep(pause)

    def _leave(self) -> float:
        """Note that a request leaves now; or the seconds until one may."""
        with self._alone():
            now = self.tick()
            sent = [at for at in self._known() if now - 60 - MARGIN < at <= now]
            pause = self._pause(sent, now)
            if pause <= 0:
                self._keep([*sent, now])
            return pause

    def _pause(self, sent: Sequence[float], now: float) -> float:
        until = 0.0
        if len(sent) >= self.per_minute:
            until = sent[-self.per_minute] + 60 + MARGIN
        if len(sent) >= self.per_second:
            until = max(until, sent[-self.per_second] + 1 + MARGIN)
        return until - now

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self.file is None:
            yield
            return
        with locked(self.file.with_suffix(".pace.lock")):
            yield

    def _known(self) -> Sequence[float]:
        """When requests left in the last minute, oldest first; those of other processes too."""
        if self.file is None:
            return self._sent
        try:
            content = self.file.read_bytes()
        except OSError:
            return self._sent
        return sorted(at for (at,) in struct.iter_unpack("<d", content[: len(content) // 8 * 8]))

    def _keep(self, sent: list[float]) -> None:
        self._sent = sent
        if self.file is not None:
            with contextlib.suppress(OSError):  # a disk that is full makes nobody wait
                self.file.write_bytes(struct.pack(f"<{len(sent)}d", *sent))
