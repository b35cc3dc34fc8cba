"""Whether the notes of tasks are still there: no change tells that one was deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from dunwell_quickbooks import querying
from dunwell_quickbooks.company import Company
from dunwell_quickbooks.querying import quoted

AGAIN = timedelta(hours=1)
"""How long a note that was seen is believed to be there."""


@dataclass(slots=True)
class Faces:
    """The notes that tasks are; asked for by their Ids, all in one call, once in a run."""

    company: Company
    _asked: datetime | None = None

    def gone(self, tasks: Mapping[str, date]) -> frozenset[str]:
        """Which of these tasks have no note any more; each with the day it was given."""
        company = self.company
        now = company.clock.now()
        if self._asked is None or now - self._asked > AGAIN:
            company.seen.clear()
            self._asked = now
        missing = tasks.keys() - company.seen
        known = company.records.tasks
        self._look(known[key] for key in missing if key in known)
        lost = {key: tasks[key] for key in missing if key not in known}
        if lost:  # given by another machine, or before the cache was deleted
            self._search(min(lost.values()))
        return frozenset(tasks.keys() - company.seen)

    def _look(self, ids: Iterable[str]) -> None:
        wanted = list(ids)
        if not wanted:
            return
        keys = {number: key for key, number in self.company.records.tasks.items()}
        rows = querying.chosen(self.company.door, "Attachable", wanted, page=self.company.page)
        self.company.seen.update(keys[str(row["Id"])] for row in rows)

    def _search(self, first: date) -> None:
        since = datetime.combine(first, time(), UTC) - timedelta(days=1)
        where = f"MetaData.CreateTime >= {quoted(since.isoformat(timespec='seconds'))}"
        for row in querying.every(self.company.door, "Attachable", where, page=self.company.page):
            self.company.put_note(row)
