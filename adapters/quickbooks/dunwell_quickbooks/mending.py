"""A log that cannot be read any more: what is left of it, and how a person lets it go on."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dunwell.errors import ConfigurationError, UnavailableError
from dunwell.log.entry import Entry, OutcomeBody, Result, State, encode
from dunwell.log.fold import Memory, fold
from dunwell.log.settle import settle
from dunwell_quickbooks.appending import TRIES, WritableLog
from dunwell_quickbooks.bundle import Main, UnreadableError
from dunwell_quickbooks.company import amount, reference
from dunwell_quickbooks.head import FullError, Head, find_head, with_head, without_head
from dunwell_quickbooks.logbook import ForkedError

NONE = "none"
"""What is kept of a log whose notes are all gone, or that is another customer's."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A note that a log can go on from: its Id, its entries, when and what, and what is lost."""

    note: str
    first: int
    last: int
    on: str
    text: str
    lost: int


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with a log ("": nothing), and what it can go on from, the newest first."""

    why: str
    choices: Sequence[Choice] = ()


def damage(log: WritableLog, debtor: str) -> Damage:
    """Look through all notes of a debtor; nothing is written."""
    log.company.scan()
    try:
        head = log.head(debtor)
        if head is None or log.own(head, debtor):
            log.window(head.note) if head is not None else ()
            return Damage("")
        why = "its head was copied from another customer"
    except (ForkedError, UnreadableError) as error:
        why = str(error)
    return Damage(why, tuple(_choices(log, debtor)))


def _choices(log: WritableLog, debtor: str) -> Iterator[Choice]:
    mains = log.company.mains(debtor)
    top = _top(log, debtor, mains)
    for note, main in sorted(mains.items(), key=lambda one: (-one[1].last, -int(one[0]))):
        try:
            entries = log.window(note)
        except UnreadableError:
            continue
        said = "; ".join(entry.text for entry in entries if (entry.position or 0) >= main.first)
        on = str(log.company.records.notes[note]["At"])[:10]
        yield Choice(note, main.first, main.last, on, said, top - main.last)


def _top(log: WritableLog, debtor: str, mains: Mapping[str, Main]) -> int:
    """The newest position that anything says there was: none is ever used again."""
    row = log.company.records.of("Customer")[debtor]
    head = find_head(str(row.get("Notes") or ""))
    return max([*(main.last for main in mains.values()), _position(log, head, debtor)])


def _position(log: WritableLog, head: Head | None, debtor: str) -> int:
    """Of a head whose note is gone it counts; of one that is another customer's it does not."""
    try:
        return head.position if head is not None and log.own(head, debtor) else 0
    except UnreadableError:
        return head.position if head is not None else 0


def mend(log: WritableLog, debtor: str, note: str, *, by: str, because: str) -> str:
    """Let the log of a debtor go on from a note, or from nothing; what was done, in words.

    Where nothing is lost after it the head is set to the note. Where something is, an outcome is
    written behind all that there was: what was claimed then is unknown, and a person settles it.
    A ConfigurationError where the log is whole, or cannot go on from this note.
    """
    found = damage(log, debtor)
    if not found.why:
        raise ConfigurationError("this log is whole: there is nothing to repair")
    on = log.company.clock.now().astimezone(log.company.zone).date()
    if note == NONE:
        if found.choices:
            known = ", ".join(choice.note for choice in found.choices)
            raise ConfigurationError(f"something is left of this log: keep one of {known}")
        lost = _top(log, debtor, {})
        if lost:
            _outcome(log, debtor, Choice("", 0, 0, "", "", lost), by=by, because=because, on=on)
        else:
            _set_head(log, debtor, None)
        return "the log begins anew: nothing that was done before is remembered"
    chosen = next((choice for choice in found.choices if choice.note == note), None)
    if chosen is None:
        raise ConfigurationError(f"the log cannot go on from note '{note}'")
    if not chosen.lost:
        _set_head(log, debtor, Head(chosen.last, on, note))
        return f"the log goes on from entry {chosen.last}; nothing is lost"
    last = _outcome(log, debtor, chosen, by=by, because=because, on=on)
    return (
        f"the log goes on from entry {chosen.last} at entry {last}; {chosen.lost} entries are lost"
    )


def _outcome(
    log: WritableLog, debtor: str, chosen: Choice, *, by: str, because: str, on: date
) -> int:
    """Write an outcome behind all that there was, with the state of the note that is kept."""
    memory = fold(log.window(chosen.note) if chosen.note else ())
    position = chosen.last + chosen.lost + 1
    tenant = f"quickbooks:{log.company.options.realm}"
    state, results = _settled(log, debtor, memory)
    claim = memory.claim.entry.key if memory.claim is not None else ""
    entry = Entry(
        debtor=debtor, company=None, position=position, kind="outcome",
        key=f"repair-{secrets.token_hex(6)}", at=log.company.clock.now(), by="dunwell",
        body=encode(OutcomeBody(tenant, claim, on, tuple(results), state)),
        text=f"repaired by {by}: goes on from entry {chosen.last}. {because}",
        nonce=secrets.token_hex(8),
    )  # fmt: skip
    before = Head(chosen.last, on, chosen.note) if chosen.note else None
    number = log.write_notes(debtor, before, [entry])
    _set_head(log, debtor, Head(position, on, number))
    return position


def _settled(log: WritableLog, debtor: str, memory: Memory) -> tuple[State, list[Result]]:
    """Of what was claimed nobody knows whether it was done: what said so is lost."""
    if memory.claim is None:
        return memory.state, []
    why = "what became of it was lost with a note of the log"
    results = [Result(c.key, "unknown", detail=why) for c in memory.claim.body.commands]
    company = log.company
    owed = frozenset(
        number
        for number, row in company.records.of("Invoice").items()
        if amount(row, "Balance") > 0 and company.payer(reference(row, "CustomerRef")) == debtor
    )
    return settle(memory.state, memory.claim.body, results, open_items=owed), results


def _set_head(log: WritableLog, debtor: str, head: Head | None) -> None:
    """Set the head whatever is there: a person said so."""
    for _ in range(TRIES):
        row = log.company.records.of("Customer")[debtor]
        notes = str(row.get("Notes") or "")
        try:
            if log.update(row, with_head(notes, head) if head else without_head(notes)):
                return
        except FullError as error:
            raise ConfigurationError(str(error)) from error
        log.company.reread("Customer", [debtor])
    raise UnavailableError("people keep changing the customer (try again)")
