"""The log: entries in notes attached to the customer, the head in the customer's own notes.

The notes are written first; then the head is set to the newest of them by a sparse update under
the SyncToken that was read. The service lets one writer win; notes that no head names are none.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from dunwell.log.entry import Entry, Record, decode
from dunwell.log.keys import digest
from dunwell.port import Appended, Lost, Refused, Won
from dunwell_quickbooks import bundle
from dunwell_quickbooks.bundle import BACK, Main, UnreadableError
from dunwell_quickbooks.cache import Entity
from dunwell_quickbooks.calendar import instant
from dunwell_quickbooks.company import Company
from dunwell_quickbooks.door import RefusedError
from dunwell_quickbooks.head import FullError, Head, find_head, with_head
from dunwell_quickbooks.querying import every, quoted

TRIES = 8
"""How often a head is written anew when people change the customer meanwhile."""


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
                found += _since_outcome(self._window(head.note))
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

    def _window(self, number: str) -> list[Entry]:
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
            body="", text=why,
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

    # -- appending ------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Each at its position. Entries of one debtor in a row are won or lost together."""
        answers: dict[int, Appended] = {}
        grouped: dict[str, list[tuple[int, Entry]]] = {}
        for number, entry in enumerate(entries):
            grouped.setdefault(entry.debtor, []).append((number, entry))
        self._fetch(head for head in map(self._quiet_head, grouped) if head is not None)
        for debtor, numbered in grouped.items():
            self._append(debtor, numbered, answers)
        return [answers[number] for number in range(len(entries))]

    def _quiet_head(self, debtor: str) -> Head | None:
        try:
            return self.head(debtor)
        except (ForkedError, UnreadableError):
            return None

    def _append(
        self, debtor: str, numbered: list[tuple[int, Entry]], answers: dict[int, Appended]
    ) -> None:
        fresh, lost = False, 0
        while numbered:
            if debtor not in self.company.records.of("Customer"):
                answers |= {n: Refused(f"there is no customer '{debtor}'") for n, _ in numbered}
                return
            try:
                head = self.head(debtor)
            except (ForkedError, UnreadableError) as error:
                answers |= {n: Refused(str(error)) for n, _ in numbered}
                return
            end = head.position if head else 0
            number, entry = numbered[0]
            if entry.position is None or entry.position < 1:
                answers[number] = Refused(
                    "QuickBooks has no place for an entry without a position"
                )
            elif entry.position <= end:
                answers[number] = Lost(self._nonce(head, entry.position))
            elif entry.position > end + 1:
                if not fresh:  # others may have gone on since it was read
                    self.company.reread("Customer", [debtor])
                    fresh = True
                    continue
                answers[number] = Refused(
                    f"position {entry.position} is not the next one: "
                    f"the log of '{debtor}' ends at {end}"
                )
            else:
                row = _run([entry for _, entry in numbered])
                answer = self._write(debtor, head, row)
                lost += isinstance(answer, Lost)
                if isinstance(answer, Lost) and lost < TRIES:
                    continue  # judged again by the head as it is now
                answers |= {n: answer for n, _ in numbered[: len(row)]}
                numbered = numbered[len(row) :]
                continue
            numbered = numbered[1:]

    def _write(self, debtor: str, head: Head | None, entries: Sequence[Entry]) -> Appended:
        """Write the notes, then the head; Lost where somebody else was first."""
        try:
            main_id = self._notes(debtor, head, entries)
        except UnreadableError as error:
            return Refused(str(error))
        except RefusedError as error:
            return Refused(f"the entry cannot be stored: {error}")
        self._unsure.add(main_id)
        last = entries[-1]
        assert last.position is not None
        on = self.company.clock.now().astimezone(self.company.zone).date()
        new = Head(last.position, on, main_id)
        try:
            if not self.set_head(debtor, head, new):
                return Lost()
            self._unsure.discard(main_id)
            return Won()
        except (RefusedError, FullError) as error:
            return Refused(f"the entry cannot be stored: {error}")

    def _notes(self, debtor: str, head: Head | None, entries: Sequence[Entry]) -> str:
        """Write the entries as notes; the Id of the main one."""
        back: tuple[str, ...] = ()
        window = 0
        if head is not None:
            before = self._main(head.note)
            back = (*before.back, head.note)[-BACK:]
            window = 1 if before.outcome else before.window + 1
        outcome = any(entry.kind == "outcome" for entry in entries)
        first = entries[0]
        assert first.position is not None
        main = Main(
            debtor=debtor,
            first=first.position,
            count=len(entries),
            back=back,
            window=0 if outcome else window,
            parts=(),
            data=bundle.written(entries),
            outcome=outcome,
            nonces=(entries[0].nonce,) if len(entries) == 1 else (),
        )
        title = f"entry {first.position}" + (f" to {main.last}" if main.count > 1 else "")
        name = digest(
            self.company.options.realm, debtor, title, head.note if head else "",
            *(entry.nonce for entry in entries),
        )  # fmt: skip
        if not bundle.fits(main):
            texts = bundle.in_parts(main.data, title)
            parts = [
                self.attach(debtor, text, f"{name}.{number}") for number, text in enumerate(texts)
            ]
            main = replace(main, parts=tuple(parts))
        readable = f"{title}: " + "; ".join(
            entry.text or entry.kind for entry in entries[: bundle.READABLE // 10]
        )
        return self.attach(debtor, bundle.main_note(main, readable), f"{name}.main")

    def attach(self, debtor: str, text: str, requestid: str) -> str:
        """Attach a note to a customer; its Id. Asked twice it is there once."""
        reference = {"EntityRef": {"type": "Customer", "value": debtor}}
        body = {"Note": text, "AttachableRef": [reference]}
        row = self.company.door.create("Attachable", body, requestid)
        self.company.put_note(row)
        return str(row["Id"])

    def set_head(self, debtor: str, old: Head | None, new: Head) -> bool:
        """Set the head where it still is the old one; False where somebody else moved it."""
        for _ in range(TRIES):
            row = self.company.records.of("Customer")[debtor]
            notes = str(row.get("Notes") or "")
            there = find_head(notes)
            if _moved(old, there):
                return False
            if self.update(row, with_head(notes, new)):
                return True
            self.company.reread("Customer", [debtor])
            if debtor not in self.company.records.of("Customer"):
                return False
        return False

    def update(self, row: Entity, notes: str) -> bool:
        """Write a customer's notes under the SyncToken that was read; False where it is stale.

        Each attempt has a requestid of its own: two engines that write the same under one name
        would both get the first answer, and both believe that they won.
        """
        token = str(row["SyncToken"])
        body = {"Id": row["Id"], "SyncToken": token, "sparse": True, "Notes": notes}
        name = secrets.token_hex(16)
        try:
            self.company.put("Customer", self.company.door.write("Customer", body, name))
        except RefusedError as error:
            if error.stale:
                return False
            raise
        return True

    def _nonce(self, head: Head | None, position: int) -> str:
        """Whose entry is at a position, where that is known here."""
        try:
            chain = [head.note, *self._main(head.note).back] if head else []
            known: Mapping[str, Entity] = self.company.records.notes
            for number in chain:
                if number in known:
                    main = self._main(number)
                    if main.first <= position <= main.last:
                        return self._read(number)[position - main.first].nonce
        except UnreadableError:
            pass
        return ""


def _moved(old: Head | None, there: Head | None) -> bool:
    """Whether somebody went on since; a head that a person removed or put back is not that."""
    if there is None:
        return False
    if old is None:
        return True
    return there.position > old.position or (
        there.position == old.position and there.note != old.note
    )


def _run(entries: Sequence[Entry]) -> list[Entry]:
    """The first entries, as far as their positions follow each other."""
    found = [entries[0]]
    for entry in entries[1:]:
        if entry.position != (found[-1].position or 0) + 1:
            break
        found.append(entry)
    return found


def _since_outcome(entries: Sequence[Entry]) -> list[Entry]:
    newest = max((n for n, entry in enumerate(entries) if entry.kind == "outcome"), default=0)
    return list(entries[newest:])


def body_of(entry: Entry) -> Record | None:
    """What an entry says; None where it cannot be read."""
    try:
        return decode(entry)
    except ValueError:
        return None
