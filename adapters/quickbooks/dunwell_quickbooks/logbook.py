"""The log: entries in notes attached to the customer, the head in the customer's own notes.

The notes are written first; then the head is set to the newest of them by a sparse update under
the SyncToken that was read. The service lets one writer win; notes that no head names are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from dunwell.log.entry import Entry, Record, decode
from dunwell_quickbooks import bundle
from dunwell_quickbooks.bundle import Main, UnreadableError
from dunwell_quickbooks.calendar import instant
from dunwell_quickbooks.company import Company
from dunwell_quickbooks.head import Head, find_head
from dunwell_quickbooks.querying import every, quoted


class ForkedError(ValueError):
    """A head is gone, and the notes do not tell which of them counts."""


@dataclass(slots=True)
class Logbook:
    """The logs of all debtors of a company.

    Notes of ours whose head was never seen set are no proof of anything: who reads them back must
    not believe that it won.
    """

    company: Company
    _unsure: set[str] = field(default_factory=set)

    # -- heads ----------------------------------------------------------------------------------

    def head(self, debtor: str) -> Head | None:
        """Where the log of a debtor ends; found again in its notes where a person removed it."""
        row = self.company.records.of("Customer").get(debtor)
        if row is None:
            return None
        found = find_head(str(row.get("Notes") or ""))
        known = self.company.mains(debtor)
        mains = {number: main for number, main in known.items() if number not in self._unsure}
        # one position further on is a writer who has not set the head, or has lost
        if found is not None and all(m.first <= found.position + 1 for m in mains.values()):
            return found
        return self._rebuilt(debtor, mains) or found

    def _rebuilt(self, debtor: str, mains: Mapping[str, Main]) -> Head | None:
        """The head that the notes known here lead to.

        A later note names those before it, so of two writers the one counts whom others followed;
        where both are the newest nobody can tell.
        """
        if not mains:
            return None
        last = max(main.last for main in mains.values())
        newest = [number for number, main in mains.items() if main.last == last]
        if len(newest) != 1:
            raise ForkedError(f"the head of the log of '{debtor}' is gone and cannot be rebuilt")
        at = instant(self.company.records.notes[newest[0]]["At"])
        return Head(last, at.date() if at else date.min, newest[0])

    def own(self, head: Head, debtor: str) -> bool:
        """Whether a head is of the log of this debtor, and no copy of another one."""
        return self._main(head.note).debtor == debtor

    def _main(self, number: str) -> Main:
        note = self.company.notes([number]).get(number)
        if note is None:
            raise UnreadableError(f"note {number} of the log was deleted")
        main = bundle.read_main(str(note["Note"]))
        if main is None:
            raise UnreadableError(f"note {number} is none of the log any more")
        return main

    # -- reading --------------------------------------------------------------------------------

    def entries(self, debtors: Iterable[str]) -> list[Entry]:
        """The newest outcome of each debtor and all entries after it.

        What cannot be read becomes an entry that nobody can read: that debtor is left alone.
        """
        heads: dict[str, Head] = {}
        found: list[Entry] = []
        for debtor in debtors:
            try:
                head = self.head(debtor)
            except (ForkedError, UnreadableError) as error:
                found.append(self._garbled(debtor, 1, str(error)))
                continue
            if head is not None:
                heads[debtor] = head
        self._fetch(heads.values())
        for debtor, head in heads.items():
            try:
                if not self.own(head, debtor):
                    raise UnreadableError("its head was copied from another customer")
                found += _since_outcome(self.window(head.note))
            except UnreadableError as error:
                found.append(self._garbled(debtor, head.position, str(error)))
        return found

    def _fetch(self, heads: Iterable[Head]) -> None:
        """Read all notes that are needed in a few calls, whatever the number of debtors."""
        wanted = {head.note for head in heads}
        for _ in range(3):  # the newest, those that they name, the parts of all of them
            known = self.company.notes(wanted)
            more: set[str] = set()
            for note in known.values():
                try:
                    main = bundle.read_main(str(note["Note"]))
                except UnreadableError:
                    continue
                if main is not None:
                    more |= set(main.parts)
                    more |= set(main.back[-main.window :]) if main.window else set()
            if more <= wanted:
                return
            wanted |= more

    def window(self, number: str) -> list[Entry]:
        """The entries of a note and of those before it that a fold needs."""
        chain, main = [number], self._main(number)
        need = main.window
        while need > 0:
            before = main.back[-need:]
            if not before:
                raise UnreadableError(f"note {chain[0]} does not name those before it")
            chain = [*before, *chain]
            need -= len(before)
            main = self._main(chain[0])
        self.company.notes(chain)
        return [entry for one in chain for entry in self._read(one)]

    def _read(self, number: str) -> list[Entry]:
        main = self._main(number)
        data = main.data
        if main.parts:
            parts = self.company.notes(main.parts)
            missing = [part for part in main.parts if part not in parts]
            if missing:
                raise UnreadableError(f"note {missing[0]} of the log was deleted")
            data = "".join(bundle.read_part(str(parts[part]["Note"])) for part in main.parts)
        at = instant(self.company.records.notes[number]["At"])
        if at is None:
            raise UnreadableError(f"note {number} of the log has no time")
        return bundle.read_entries(main, data, at)

    def _garbled(self, debtor: str, position: int, why: str) -> Entry:
        return Entry(
            debtor, None, position, "outcome", "unreadable", self.company.clock.now(), "dunwell",
            body="", text=f"{why} ('dunwell quickbooks repair {debtor}' shows what is left)",
        )  # fmt: skip

    def history(self, debtor: str, limit: int) -> list[Entry]:
        """The log of a debtor, newest first; only for people, so a call for every few notes."""
        try:
            head = self.head(debtor)
            found: list[Entry] = []
            ahead = [head.note] if head is not None else []
            while ahead and len(found) < limit:
                found += reversed(self._read(ahead[0]))
                if len(ahead) == 1:
                    back = self._main(ahead[0]).back
                    self.company.notes(back)
                    ahead += reversed(back)
                ahead = ahead[1:]
        except (UnreadableError, ForkedError) as error:
            return [self._garbled(debtor, 1, str(error))]
        return found[:limit]

    def attached(self, since: datetime) -> list[str]:
        """The texts of all notes that were attached since an instant, anybody's."""
        at = quoted((since - timedelta(seconds=2)).isoformat(timespec="seconds"))
        where = f"MetaData.CreateTime >= {at}"
        rows = every(self.company.door, "Attachable", where, page=self.company.page)
        return [str(row.get("Note") or "") for row in rows]


def _since_outcome(entries: Sequence[Entry]) -> list[Entry]:
    newest = max((n for n, entry in enumerate(entries) if entry.kind == "outcome"), default=0)
    return list(entries[newest:])


def body_of(entry: Entry) -> Record | None:
    """What an entry says; None where it cannot be read."""
    try:
        return decode(entry)
    except ValueError:
        return None
