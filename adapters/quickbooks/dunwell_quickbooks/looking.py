"""Whether effects exist: by the head of the log, by the notes, by when an invoice was mailed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunwell.log.entry import Entry
from dunwell.port import Found, Sought
from dunwell_quickbooks import bundle
from dunwell_quickbooks.appending import WritableLog
from dunwell_quickbooks.rights import DONE, Right, items_of, lease, right_of, split
from dunwell_quickbooks.sending import Mailer


def look_up(logbook: WritableLog, mailer: Mailer, sought: Sequence[Sought]) -> list[Found]:
    """One answer each; ABSENT only when it can never appear any more.

    A few calls, whatever the number of effects.
    """
    customers = logbook.company.records.of("Customer")
    entries: dict[str, list[Entry]] = {}
    for entry in logbook.entries({one.debtor for one in sought if one.debtor in customers}):
        entries.setdefault(entry.debtor, []).append(entry)
    rights = {debtor: right_of(logbook, debtor, found) for debtor, found in entries.items()}
    claimed = {
        one.key: (items_of(right.entry, one.key), right.entry.at)
        for one in sought
        if one.kind == "remind"
        and (right := rights.get(one.debtor)) is not None
        and right.entry is not None
    }
    search = _Search(logbook, mailer.mailed(claimed))
    return [search.find(one, rights.get(one.debtor, Right())) for one in sought]


@dataclass(slots=True)
class _Search:
    """Looks for effects: all that has to be asked of the service is asked for once.

    `mailed` is how many invoices of a reminder were mailed since its claim.
    """

    logbook: WritableLog
    mailed: Mapping[str, int]
    _since: datetime | None = None
    _keys: frozenset[str] = frozenset()

    def find(self, one: Sought, right: Right) -> Found:
        """What is known of one effect."""
        claim, ordinal = split(one.key)
        if right.key != claim or not claim:
            return Found.CANNOT_TELL
        if right.settled is not None:
            result = right.result(one.key)
            return Found.PRESENT if result and result.status in DONE else Found.CANNOT_TELL
        assert right.entry is not None
        done = right.head is not None and ordinal in right.head.done
        if one.kind == "remind":
            mailed = self.mailed.get(one.key, 0)
            items = items_of(right.entry, one.key)
            if done or mailed:
                # mailed without having begun: a person did it, or removed the head
                whole = done and items and mailed == len(items)
                return Found.PRESENT if whole else Found.CANNOT_TELL
        elif done or (one.kind in ("note", "task") and self._noted(one.key, right.entry.at)):
            return Found.PRESENT
        deadline = one.deadline or right.entry.at + timedelta(seconds=lease(right.entry))
        over = self.logbook.company.clock.now() > deadline
        return Found.ABSENT if over else Found.CANNOT_TELL

    def _noted(self, key: str, at: datetime) -> bool:
        """Whether a note was attached under a key since an instant."""
        if self._since is None or at < self._since:
            self._keys = frozenset(map(bundle.note_key, self.logbook.attached(at)))
            self._since = at
        return key in self._keys
