"""What one answer of Odoo held besides what was asked for: kept for the next question of a run."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from dunwell_odoo.clock import ticks
from dunwell_odoo.lines import Row

YOUNG = 5.0
"""Seconds for which it is of the same moment."""

Whom = tuple[str, ...] | None


class Kept:
    """Rows of published tables, each served once. Safe for threads."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, Whom], tuple[float, list[Row]]] = {}
        self._lock = threading.Lock()

    def keep(self, table: str, whom: Whom, rows: list[Row]) -> None:
        """Keep the rows of a table, of some debtors or of all."""
        with self._lock:
            self._rows[table, whom] = ticks(), rows

    def take(self, table: str, whom: Whom) -> list[Row] | None:
        """The rows while they are young; None when they have to be read."""
        with self._lock:
            at, rows = self._rows.pop((table, whom), (0.0, []))
        return rows if at and ticks() - at < YOUNG else None

    def forget(self) -> None:
        """Something was done: whatever was kept is old."""
        with self._lock:
            self._rows.clear()


def whom(debtors: Sequence[str] | None) -> Whom:
    """Debtors as a name of what was kept."""
    return None if debtors is None else tuple(sorted(debtors))
