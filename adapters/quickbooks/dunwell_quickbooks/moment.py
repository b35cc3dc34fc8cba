"""One moment: which questions may be answered from one reading of changes."""

from __future__ import annotations

from collections.abc import Callable

from dunwell_quickbooks.company import Company

AT_ONCE, ONE_MOMENT = 5.0, 60.0
"""Seconds between two questions, and from the first to the last, of which the answers may be those
of one moment.
"""


class Moment:
    """A run asks for its tables in a row: they are served from one reading of changes, as long as
    the questions follow at once, nothing is done in between, and nothing is asked for twice.
    """

    def __init__(self, company: Company, tick: Callable[[], float]) -> None:
        self.company, self.tick = company, tick
        self._served: set[str] = set()
        self._synced = self._asked = 0.0
        self._over = True

    def serve(self, what: str) -> None:
        """Let a question be answered: by what is known, or by reading what changed."""
        late = self.tick() - self._asked > AT_ONCE
        if self._over or late or self._old() or what in self._served:
            self.read()
        self._served.add(what)
        self._asked = self.tick()

    def end(self) -> None:
        """Something is done: what was known before it is of another moment."""
        self._over = True

    def read(self) -> None:
        """Read what changed, now."""
        self._over = True  # should it fail
        self.company.sync()
        self._served.clear()
        self._synced = self._asked = self.tick()
        self._over = False

    def _old(self) -> bool:
        return self.company.kept is None or self.tick() - self._synced > ONE_MOMENT
