"""The logs of all debtors of an ERP in memory, and the one rule of `append`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from dunwell.log.entry import Entry
from dunwell.port import Appended, Lost, Refused, Won


class Logbook:
    """Per debtor Dunwell's numbered entries and people's contacts; callers hold the ERP's lock."""

    def __init__(self) -> None:
        self._numbered: dict[str, list[Entry]] = {}
        self._people: dict[str, list[Entry]] = {}

    def append(self, entry: Entry, now: datetime) -> Appended:
        """Append at the next position, stamped with the ERP's clock."""
        if entry.position is None or entry.position < 1:
            return Refused("an entry of Dunwell has a position, from 1 on")
        entries = self._numbered.get(entry.debtor, [])
        if entry.position <= len(entries):
            return Lost(entries[entry.position - 1].nonce)
        if entry.position > len(entries) + 1:
            return Refused(f"the log of '{entry.debtor}' ends at {len(entries)}")
        self._numbered.setdefault(entry.debtor, []).append(replace(entry, at=now))
        return Won()

    def note(self, entry: Entry) -> None:
        """Keep a contact of a person."""
        self._people.setdefault(entry.debtor, []).append(entry)

    def debtors(self) -> Iterable[str]:
        """Everyone who has a log."""
        return dict.fromkeys((*self._numbered, *self._people))

    def heads(self, debtor: str, since: date) -> Iterator[Entry]:
        """The newest outcome, everything after it, and people's contacts since a day."""
        entries = self._numbered.get(debtor, [])
        newest = (n for n in reversed(range(len(entries))) if entries[n].kind == "outcome")
        yield from entries[next(newest, 0) :]
        # a day early: the day is the company's, the stamp is UTC
        start = datetime.combine(since, time(), UTC) - timedelta(days=1)
        yield from (entry for entry in self._people.get(debtor, []) if entry.at >= start)

    def newest(self, debtor: str | None, limit: int) -> list[Entry]:
        """The newest entries first, of one debtor or of all."""
        debtors = self.debtors() if debtor is None else (debtor,)
        found = [
            entry
            for each in debtors
            for entry in (*self._people.get(each, ()), *self._numbered.get(each, ()))
        ]
        found.sort(key=lambda entry: (entry.at, entry.position or 0), reverse=True)
        return found[:limit]
