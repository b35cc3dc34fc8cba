"""What Dunwell does in QuickBooks: notes, tasks as notes, hold marks, invoices mailed again.

An effect is done once because its number stands in the head of the log. A note is attached under
its key as requestid and then written into the head; a hold and its number are one write; before
an invoice is mailed its number is written, and whoever finds it there never mails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dunwell.log.entry import Entry, Result
from dunwell.port import HOLD_KINDS, Effect
from dunwell_quickbooks import bundle
from dunwell_quickbooks.appending import TRIES, WritableLog
from dunwell_quickbooks.door import RefusedError
from dunwell_quickbooks.head import (
    FullError,
    HoldLine,
    done_too,
    find_head,
    find_holds,
    one_line,
    with_head,
    with_hold,
    without_hold,
)
from dunwell_quickbooks.rights import DONE, Right, margin, right_of, split
from dunwell_quickbooks.sending import Mailer
from dunwell_quickbooks.texts import note_text, task_text


class SupersededError(Exception):
    """Somebody moved a head that was believed to be ours: what is known must be read anew."""


@dataclass(slots=True)
class Desk:
    """Does effects."""

    logbook: WritableLog
    mailer: Mailer
    native: bool = False
    _rights: dict[str, Right] = field(default_factory=dict)
    _mails: list[Effect] = field(default_factory=list)
    _sure: bool = True

    def execute(self, effects: Sequence[Effect], *, sure: bool = True) -> list[Result]:
        """Each once; one that cannot be done keeps no other from being done.

        Not `sure`: what is known was not read just now, and a SupersededError says that it must
        be. To do them again then is safe.
        """
        company = self.logbook.company
        self._rights, self._sure = {}, sure
        self._mails = [e for e in effects if e.command.kind == "remind"]
        self.mailer.begin(self._mails)
        entries = self.logbook.entries({e.debtor for e in effects if self._known(e.debtor)})
        by_debtor: dict[str, list[Entry]] = {}
        for entry in entries:
            by_debtor.setdefault(entry.debtor, []).append(entry)
        results: dict[int, Result] = {}
        grouped: dict[str, list[tuple[int, Effect]]] = {}
        for number, effect in enumerate(effects):
            refused = self._refused(effect)
            if refused is not None:
                results[number] = refused
            else:
                grouped.setdefault(effect.debtor, []).append((number, effect))
        for debtor, numbered in grouped.items():
            right = right_of(self.logbook, debtor, by_debtor.get(debtor, []))
            self._rights[debtor] = right
            now = company.clock.now()
            fresh: list[tuple[int, Effect]] = []
            for number, effect in numbered:
                known = self._known_result(right, effect, now)
                if known is not None:
                    results[number] = known
                else:
                    fresh.append((number, effect))
            self._perform(debtor, fresh, results)
        return [results[number] for number in range(len(effects))]

    def _known(self, debtor: str) -> bool:
        return debtor in self.logbook.company.records.of("Customer")

    def _refused(self, effect: Effect) -> Result | None:
        """Why it can never be done here."""
        command = effect.command
        kinds = ("note", "task", "hold", "release") + (("remind",) if self.native else ())
        if command.kind not in kinds:
            why = f"QuickBooks does not do '{command.kind}'"
        elif not self._known(effect.debtor):
            why = f"there is no customer '{effect.debtor}'"
        elif effect.company not in ("", self.logbook.company.options.realm):
            why = f"this is not company '{effect.company}'"
        elif command.kind in ("hold", "release") and command.name not in HOLD_KINDS:
            why = f"no kind of hold '{command.name}'"
        else:
            return None
        return Result(effect.key, "rejected", detail=why)

    def _known_result(self, right: Right, effect: Effect, now: datetime) -> Result | None:
        """What is known of an effect before anything is done; None: it may be done now."""
        claim, ordinal = split(effect.key)
        before = right.result(effect.key) if right.key == claim else None
        if before is not None and before.status in DONE:
            return Result(effect.key, "already_done", delivery=before.delivery)
        if right.entry is None or right.key != claim or right.head is None:
            return Result(effect.key, "skipped", "busy", detail="its claim is not in force")
        if ordinal in right.head.done:
            if effect.command.kind == "remind":
                return self.mailer.begun(effect, right.entry.at)
            return Result(effect.key, "already_done")
        if now > effect.deadline - margin(right.entry):
            return Result(effect.key, "skipped", "busy", detail="its claim has run out")
        return None

    # -- doing ----------------------------------------------------------------------------------

    def _perform(
        self, debtor: str, numbered: Sequence[tuple[int, Effect]], results: dict[int, Result]
    ) -> None:
        """Notes first, then all that is in the customer's own notes in one write, mails last."""
        marks: list[tuple[int, Effect]] = []
        mails: list[tuple[int, Effect]] = []
        seen: set[str] = set()
        for number, effect in numbered:
            if effect.key in seen:
                results[number] = Result(effect.key, "already_done")
                continue
            seen.add(effect.key)
            if effect.command.kind == "remind":
                mails.append((number, effect))
                continue
            if effect.command.kind in ("note", "task"):
                failed = self._attach(effect)
                if failed is not None:
                    results[number] = failed
                    continue
            marks.append((number, effect))
        if marks:
            results |= self._mark(debtor, marks)
        for number, effect in mails:
            results |= self._mail(debtor, number, effect)

    def _attach(self, effect: Effect) -> Result | None:
        """Attach the note of an effect; asked twice it is there once. None when it is there."""
        text = task_text(effect) if effect.command.kind == "task" else note_text(effect.command)
        try:
            for number, part in enumerate(bundle.people_notes(text, effect.key)):
                self.logbook.attach(effect.debtor, part, f"{effect.key}.{number}")
        except RefusedError as error:
            return Result(effect.key, "failed", "never", detail=str(error))
        return None

    def _mark(
        self,
        debtor: str,
        marks: Sequence[tuple[int, Effect]],
        refused: Callable[[], Result | None] = lambda: None,
    ) -> dict[int, Result]:
        """Write holds and the numbers of what is done into the customer's notes, at once.

        What may be `refused` is asked about by what is known of the customer when it is written:
        under another SyncToken the service does not take it, and it is asked about again.
        """
        company, right = self.logbook.company, self._rights[debtor]
        for _ in range(TRIES):
            row = company.records.of("Customer")[debtor]
            notes = str(row.get("Notes") or "")
            head = find_head(notes)
            if head is None or right.head is None or head.note != right.head.note:
                if not self._sure:
                    raise SupersededError
                return _all(marks, "skipped", "busy", "its claim is not in force any more")
            results: dict[int, Result] = {}
            ordinals: list[int] = []
            for number, effect in marks:
                ordinal = split(effect.key)[1]
                if ordinal in head.done:
                    results[number] = Result(effect.key, "already_done")
                    continue
                notes, results[number] = _held(notes, effect)
                if results[number].status in DONE:
                    ordinals.append(ordinal)
            if not ordinals:
                return results
            no = refused()
            if no is not None:
                return {number: no for number, _ in marks}
            try:
                written = with_head(notes, done_too(head, ordinals))
                if self.logbook.update(row, written):
                    return results
                company.reread("Customer", [debtor])
            except (FullError, RefusedError) as error:
                return _all(marks, "failed", "later", str(error))
        return _all(marks, "failed", "later", "people keep changing the customer")

    def _mail(self, debtor: str, number: int, effect: Effect) -> dict[int, Result]:
        """Let QuickBooks mail: look at the invoices, write that it begins, send."""
        right = self._rights[debtor]
        assert right.entry is not None
        ahead = self._mails[self._mails.index(effect) :]
        began = self._mark(debtor, [(number, effect)], lambda: self.mailer.refused(effect, ahead))[
            number
        ]
        if began.status == "already_done":
            return {number: self.mailer.begun(effect, right.entry.at)}
        if began.status != "done":
            return {number: began}
        return {number: self.mailer.send(effect, effect.deadline - margin(right.entry))}


def _held(notes: str, effect: Effect) -> tuple[str, Result]:
    """The notes with what an effect does to them, and what became of it."""
    command = effect.command
    done = Result(effect.key, "done")
    if command.kind == "hold":
        return with_hold(notes, HoldLine(command.name, command.value, command.text)), done
    if command.kind == "release":
        ours = next((h for h in find_holds(notes) if h.kind == command.name), None)
        if ours is None:
            return notes, Result(effect.key, "done", detail="it was lifted already")
        if command.value and ours.value != one_line(command.value):
            changed = Result(effect.key, "skipped", "changed", detail="a person changed the mark")
            return notes, changed
        return without_hold(notes, command.name), done
    return notes, done


def _all(
    marks: Sequence[tuple[int, Effect]], status: str, reason: str, detail: str
) -> dict[int, Result]:
    return {
        number: Result(effect.key, status, reason, detail=detail)  # type: ignore[arg-type]
        for number, effect in marks
    }
