"""Appending to the log: the notes first, then the head, by a compare-and-set that one wins."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dunwell.log.entry import Entry
from dunwell.log.keys import digest
from dunwell.port import Appended, Lost, Refused, Won
from dunwell_quickbooks import bundle
from dunwell_quickbooks.bundle import BACK, Main, UnreadableError
from dunwell_quickbooks.cache import Entity
from dunwell_quickbooks.door import RefusedError
from dunwell_quickbooks.head import FullError, Head, find_head, with_head
from dunwell_quickbooks.logbook import ForkedError, Logbook
from dunwell_quickbooks.marks import find_marks

TRIES = 8
"""How often a head is written anew when people change the customer meanwhile."""


class MeantimeError(ValueError):
    """A person has changed what an engine is about to act on."""


@dataclass(slots=True)
class WritableLog(Logbook):
    """The logs of all debtors, to which entries can be appended."""

    _ours: dict[str, str] = field(default_factory=dict)

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
            if any(entry.kind == "started" for entry in entries):
                self._look(debtor)
            main_id = self.write_notes(debtor, head, entries)
        except (UnreadableError, MeantimeError) as error:
            return Refused(str(error))
        except (RefusedError, FullError) as error:
            return Refused(f"the entry cannot be stored: {error}")
        self._unsure.add(main_id)
        last = entries[-1]
        assert last.position is not None
        on = self.company.clock.now().astimezone(self.company.zone).date()
        new = Head(last.position, on, main_id)
        kinds = {entry.kind for entry in entries}
        try:
            if not self.set_head(
                debtor, head, new,
                goes_on=not kinds & {"claim", "outcome"}, acts=bool(kinds & {"claim", "started"}),
            ):  # fmt: skip
                return Lost()
            self._unsure.discard(main_id)
            self._ours[debtor] = main_id
            return Won()
        except MeantimeError as error:
            return Refused(str(error))
        except (RefusedError, FullError) as error:
            return Refused(f"the entry cannot be stored: {error}")

    def _look(self, debtor: str) -> None:
        """See whether a person did something since the claim: a MeantimeError.

        A write that changes nothing answers with the customer as it is now, and what is owed; it
        is not metered, as a read would be.
        """
        row = self.company.records.of("Customer")[debtor]
        if not self.update(row, str(row.get("Notes") or "")):
            self.company.reread("Customer", [debtor])
        now = self.company.records.of("Customer").get(debtor, {})
        owed = [[one.get(name) for name in ("Balance", "BalanceWithJobs")] for one in (row, now)]
        if not now or _stance(now) != _stance(row):
            raise MeantimeError("a person has changed the customer since it was claimed")
        if owed[0] != owed[1]:
            raise MeantimeError("what the customer owes has changed since it was claimed")

    def write_notes(self, debtor: str, head: Head | None, entries: Sequence[Entry]) -> str:
        """Write the entries as notes; the Id of the main one."""
        back: tuple[str, ...] = ()
        window = 0
        if head is not None:
            before = self._main(head.note)
            if before.debtor != debtor:
                raise UnreadableError("the head was copied from another customer")
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

    def ours(self, debtors: Iterable[str]) -> bool:
        """Whether the heads of all these debtors are those that were set here."""
        for debtor in debtors:
            row = self.company.records.of("Customer").get(debtor, {})
            head = find_head(str(row.get("Notes") or ""))
            if head is None or self._ours.get(debtor) != head.note:
                return False
        return True

    def set_head(
        self,
        debtor: str,
        old: Head | None,
        new: Head,
        *,
        goes_on: bool = False,
        acts: bool = False,
    ) -> bool:
        """Set the head where it still is the old one; False where somebody else moved it.

        While a claim `goes_on` the head keeps what was done under it. Who `acts` on what was read
        of the customer must not, once a person has written something else: a MeantimeError.
        """
        for _ in range(TRIES):
            row = self.company.records.of("Customer")[debtor]
            notes = str(row.get("Notes") or "")
            there = find_head(notes)
            if _moved(old, there):
                return False
            done = there.done if there is not None and goes_on else new.done
            if self.update(row, with_head(notes, replace(new, done=done))):
                return True
            self.company.reread("Customer", [debtor])
            now = self.company.records.of("Customer").get(debtor)
            if now is None:
                return False
            if acts and _stance(now) != _stance(row):
                raise MeantimeError("a person has changed the customer since it was read")
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


def _stance(row: Entity) -> tuple[object, ...]:
    """What of a customer says whether and where to write: marks, type, address, who pays."""
    marks = find_marks(str(row.get("Notes") or ""), str(row["Id"]))
    names = ("Active", "PrimaryEmailAddr", "CustomerTypeRef", "ParentRef", "BillWithParent")
    return marks, *(row.get(name) for name in names)


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
