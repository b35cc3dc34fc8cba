"""What Dunwell does in QuickBooks: notes, tasks as notes, hold marks, invoices mailed again.

An effect is done once because its number stands in the head of the log. A note is attached under
its key as requestid and then written into the head; a hold and its number are one write; before
an invoice is mailed its number is written, and whoever finds it there never mails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dunwell.log.entry import ClaimBody, Entry, OutcomeBody, Result
from dunwell.port import HOLD_KINDS, Effect, Found, Sought
from dunwell_quickbooks import bundle
from dunwell_quickbooks.appending import TRIES, WritableLog
from dunwell_quickbooks.bundle import UnreadableError
from dunwell_quickbooks.door import RefusedError
from dunwell_quickbooks.head import (
    FullError,
    Head,
    HoldLine,
    done_too,
    find_head,
    find_holds,
    one_line,
    with_head,
    with_hold,
    without_hold,
)
from dunwell_quickbooks.logbook import ForkedError, body_of
from dunwell_quickbooks.sending import Mailer
from dunwell_quickbooks.texts import note_text, task_text

SLOW = timedelta(seconds=130)
"""How long the service may be at work on a request: nothing begins later than this before the
deadline, so that after it nothing appears any more. Of a short lease it is half.
"""

DONE = ("done", "already_done")


@dataclass(slots=True)
class Right:
    """A debtor's claim in force: its key, and which of its effects are done or begun."""

    key: str = ""
    entry: Entry | None = None
    head: Head | None = None
    settled: OutcomeBody | None = None


@dataclass(slots=True)
class Desk:
    """Does effects and looks them up."""

    logbook: WritableLog
    mailer: Mailer
    native: bool = False
    _rights: dict[str, Right] = field(default_factory=dict)

    def execute(self, effects: Sequence[Effect]) -> list[Result]:
        """Each once; one that cannot be done keeps no other from being done."""
        company = self.logbook.company
        self._rights = {}
        entries = self.logbook.entries({e.debtor for e in effects if self._known(e.debtor)})
        results: dict[int, Result] = {}
        grouped: dict[str, list[tuple[int, Effect]]] = {}
        for number, effect in enumerate(effects):
            refused = self._refused(effect)
            if refused is not None:
                results[number] = refused
            else:
                grouped.setdefault(effect.debtor, []).append((number, effect))
        for debtor, numbered in grouped.items():
            right = self._right(debtor, [e for e in entries if e.debtor == debtor])
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

    def _right(self, debtor: str, entries: Sequence[Entry]) -> Right:
        try:
            right = Right(head=self.logbook.head(debtor))
        except (ForkedError, UnreadableError):
            return Right()  # nobody has a claim where the log cannot be read
        for entry in entries:
            body = body_of(entry)
            if isinstance(body, OutcomeBody):
                right.key, right.entry, right.settled = body.claim, None, body
            elif isinstance(body, ClaimBody):
                right.key, right.entry, right.settled = entry.key, entry, None
        return right

    def _known_result(self, right: Right, effect: Effect, now: datetime) -> Result | None:
        """What is known of an effect before anything is done; None: it may be done now."""
        claim, ordinal = _split(effect.key)
        if right.settled is not None and right.key == claim:
            before = next((r for r in right.settled.results if r.key == effect.key), None)
            if before is not None and before.status in DONE:
                return Result(effect.key, "already_done", delivery=before.delivery)
        if right.entry is None or right.key != claim or right.head is None:
            return Result(effect.key, "skipped", "busy", detail="its claim is not in force")
        if ordinal in right.head.done:
            if effect.command.kind == "remind":
                return self.mailer.begun(effect, right.entry.at)
            return Result(effect.key, "already_done")
        if now > effect.deadline - _margin(right.entry):
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

    def _mark(self, debtor: str, marks: Sequence[tuple[int, Effect]]) -> dict[int, Result]:
        """Write holds and the numbers of what is done into the customer's notes, at once."""
        company, right = self.logbook.company, self._rights[debtor]
        for _ in range(TRIES):
            row = company.records.of("Customer")[debtor]
            notes = str(row.get("Notes") or "")
            head = find_head(notes)
            if head is None or right.head is None or head.note != right.head.note:
                return _all(marks, "skipped", "busy", "its claim is not in force any more")
            results: dict[int, Result] = {}
            ordinals: list[int] = []
            for number, effect in marks:
                ordinal = _split(effect.key)[1]
                if ordinal in head.done:
                    results[number] = Result(effect.key, "already_done")
                    continue
                notes, results[number] = _held(notes, effect)
                if results[number].status in DONE:
                    ordinals.append(ordinal)
            if not ordinals:
                return results
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
        refused = self.mailer.refused(effect)
        if refused is not None:
            return {number: refused}
        began = self._mark(debtor, [(number, effect)])[number]
        if began.status == "already_done":
            return {number: self.mailer.begun(effect, right.entry.at)}
        if began.status != "done":
            return {number: began}
        return {number: self.mailer.send(effect, effect.deadline - _margin(right.entry))}

    # -- looking up -----------------------------------------------------------------------------

    def look_up(self, sought: Sequence[Sought]) -> list[Found]:
        """Whether effects exist; ABSENT only when none can appear any more."""
        known = [s.debtor for s in sought if self._known(s.debtor)]
        entries: dict[str, list[Entry]] = {}
        for entry in self.logbook.entries(set(known)):
            entries.setdefault(entry.debtor, []).append(entry)
        rights = {d: self._right(d, found) for d, found in entries.items()}
        attached = _Attached(self.logbook)
        return [self._find(one, rights.get(one.debtor, Right()), attached) for one in sought]

    def _find(self, one: Sought, right: Right, attached: _Attached) -> Found:
        claim, ordinal = _split(one.key)
        if right.key != claim or not claim:
            return Found.CANNOT_TELL
        if right.settled is not None:
            result = next((r for r in right.settled.results if r.key == one.key), None)
            if result is not None and result.status in DONE:
                return Found.PRESENT
            return Found.CANNOT_TELL
        assert right.entry is not None
        done = right.head is not None and ordinal in right.head.done
        if one.kind == "remind":
            if done:
                items = _items(right.entry, one.key)
                return self.mailer.found(items, right.entry.at)
        elif done or (one.kind in ("note", "task") and one.key in attached.since(right.entry.at)):
            return Found.PRESENT
        body = body_of(right.entry)
        lease = body.lease if isinstance(body, ClaimBody) else 0
        deadline = one.deadline or right.entry.at + timedelta(seconds=lease)
        over = self.logbook.company.clock.now() > deadline
        return Found.ABSENT if over else Found.CANNOT_TELL


@dataclass(slots=True)
class _Attached:
    """The keys of notes that were attached since an instant: read once, however many are asked."""

    logbook: WritableLog
    _from: datetime | None = None
    _keys: frozenset[str] = frozenset()

    def since(self, at: datetime) -> frozenset[str]:
        """All keys, and perhaps some that are older."""
        if self._from is None or at < self._from:
            self._keys = frozenset(map(bundle.note_key, self.logbook.attached(at)))
            self._from = at
        return self._keys


def _held(notes: str, effect: Effect) -> tuple[str, Result]:
    """The notes with what an effect does to them, and what became of it."""
    command = effect.command
    done = Result(effect.key, "done")
    if command.kind == "hold":
        return with_hold(notes, HoldLine(command.name, command.value)), done
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


def _margin(claim: Entry) -> timedelta:
    body = body_of(claim)
    lease = body.lease if isinstance(body, ClaimBody) else 0
    return min(SLOW, timedelta(seconds=lease / 2))


def _split(key: str) -> tuple[str, int]:
    """The claim of an effect and its number under it."""
    claim, _, ordinal = key.rpartition("-")
    return (claim, int(ordinal)) if ordinal.isdigit() else ("", -1)


def _items(claim: Entry, key: str) -> tuple[str, ...]:
    body = body_of(claim)
    if not isinstance(body, ClaimBody):
        return ()
    return next((command.items for command in body.commands if command.key == key), ())
