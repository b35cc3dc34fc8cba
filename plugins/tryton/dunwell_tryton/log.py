"""The log: the newest part in the head of the party, all of it as notes for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from dunwell.errors import AdapterError
from dunwell.log.entry import Entry
from dunwell.port import Appended, Heads, Lost, Refused, Won
from dunwell_tryton import head as heads_of
from dunwell_tryton import speech
from dunwell_tryton.client import Client, reference
from dunwell_tryton.head import Change, Head, entry_of, machine
from dunwell_tryton.wire import ConflictError, Record

MARK = "[dunwell log]"
TRIES = 40


def append(client: Client, entries: Sequence[Entry]) -> list[Appended]:
    """Append each entry at its position, if the log of its debtor ends just before it.

    Entries of one debtor are appended in their order. Whoever loses the race for the head looks
    again: the position may still be free, or taken by then.
    """
    answers: dict[int, Appended] = {}
    left = list(range(len(entries)))
    for _ in range(TRIES):
        if not left:
            break
        left = _round(client, entries, left, answers)
    return [answers.get(place, Lost()) for place in range(len(entries))]


def _round(
    client: Client, entries: Sequence[Entry], left: Sequence[int], answers: dict[int, Appended]
) -> list[int]:
    """Try to write all that is left; the places that must be tried again."""
    debtors = list(dict.fromkeys(entries[place].debtor for place in left))
    heads = heads_of.read(client, debtors)
    now = client.now
    missing = [debtor for debtor in debtors if debtor not in heads]
    heads |= {party: Head(party) for party in heads_of.known(client, missing)}
    changes: dict[str, Change] = {}
    taken: dict[str, list[int]] = {}
    for place in left:
        entry = entries[place]
        old = heads.get(entry.debtor)
        if old is None:
            answers[place] = Refused(f"there is no party '{entry.debtor}'")
            continue
        grown = changes[entry.debtor].new if entry.debtor in changes else old
        refused = _why_not(grown, entry)
        if refused is not None:
            answers[place] = refused
        else:
            changes[entry.debtor] = Change(old, grow(grown, replace(entry, at=now), old.position))
            taken.setdefault(entry.debtor, []).append(place)
    written = heads_of.write(client, _noted(client, list(changes.values())))
    written |= _first(client, [changes[p] for p, trouble in written.items() if trouble is None])
    again: list[int] = []
    for party, trouble in written.items():
        for place in taken[party]:
            if trouble is None:
                answers[place] = Won()
            elif isinstance(trouble, ConflictError):
                again.append(place)
            else:
                answers[place] = Refused(str(trouble))
    return sorted(again)


def _first(client: Client, made: Sequence[Change]) -> dict[str, Exception | None]:
    """Who was second to make a head has lost: of two heads the older one counts."""
    new = {change.old.party: change.new for change in made if change.old.id is None}
    if not new:
        return {}
    heads = heads_of.read(client, sorted(new))
    lost = [p for p, mine in new.items() if p not in heads or not _same(heads[p], mine)]
    return {party: ConflictError("another head was there first") for party in lost}


def _same(head: Head, mine: Head) -> bool:
    """Whether a head begins as the one that we made."""
    nonces = {entry.nonce for entry in head.entries}
    return bool(nonces & {entry.nonce for entry in mine.entries}) or not mine.entries


def _why_not(head: Head, entry: Entry) -> Appended | None:
    position = entry.position or 0
    if head.garbled:
        return Refused(f"the head of the log cannot be read: {head.garbled}")
    if position < 1 or position > head.position + 1:
        return Refused(f"the log ends at {head.position}")
    if position <= head.position:
        winner = next((e.nonce for e in head.entries if e.position == position), "")
        return Lost(winner)
    return None


def grow(head: Head, entry: Entry, kept: int) -> Head:
    """The head with one more entry; before an outcome only what comes after position `kept` stays,
    which is how far the log is kept as notes.
    """
    stay = head.entries
    if entry.kind == "outcome":
        stay = tuple(old for old in stay if (old.position or 0) > kept)
    begun = {} if entry.kind == "claim" else head.begun
    return replace(head, entries=(*stay, entry), begun=begun)


def _noted(client: Client, changes: Sequence[Change]) -> list[Change]:
    """Write what the old heads have as notes, where it is not yet, before it may leave the head.

    Twice the same note is no harm; where it cannot be told, they are written again next time.
    """
    notes = [
        note(entry)
        for change in changes
        for entry in change.old.entries
        if (entry.position or 0) > change.old.noted
    ]
    if notes:
        try:
            client.call("model.ir.note.create", notes, changes=True)
        except AdapterError:
            return [replace(change, new=_whole(change)) for change in changes]
    return [replace(c, new=replace(c.new, noted=c.old.position)) for c in changes]


def _whole(change: Change) -> Head:
    """The new head with all that the old one had, and that is not noted."""
    old = [e for e in change.old.entries if (e.position or 0) > change.old.noted]
    kept = {e.position or 0: e for e in (*old, *change.new.entries)}
    return replace(change.new, entries=tuple(kept[position] for position in sorted(kept)))


def note(entry: Entry) -> Record:
    """An entry as a note: what people read, then a line for Dunwell."""
    text = json.dumps(machine(entry), ensure_ascii=True)
    return {
        "resource": reference("party.party", entry.debtor),
        "message": f"{entry.text}\n{MARK} {text}",
    }


def heads(client: Client, debtors: Sequence[str] | None, since: date) -> Heads:
    """The newest outcome of each debtor, all after it, and people's contacts since a day."""
    found = heads_of.read(client, debtors)
    entries = [entry for head in found.values() for entry in _newest(head)]
    # A day early: the day is the company's, the stamps are UTC.
    since_utc = datetime.combine(since - timedelta(days=1), time(), UTC)
    entries += speech.contacts(client, debtors, since_utc)
    return Heads(entries, client.now if client.calls else client.clock())


def _newest(head: Head) -> Sequence[Entry]:
    """From the newest outcome on; a head may hold a little more."""
    entries = _entries(head)
    ends = [n for n, entry in enumerate(entries) if entry.kind == "outcome"]
    return entries[ends[-1] :] if ends else entries


def _entries(head: Head) -> Sequence[Entry]:
    if not head.garbled:
        return head.entries
    shown = Entry(head.party, None, 1, "outcome", "", datetime.fromtimestamp(0, UTC), "dunwell")
    return [shown]


def newest(client: Client, debtor: str | None, limit: int) -> list[Entry]:
    """The log for people, newest first: what the heads have, then what the notes kept."""
    chosen = None if debtor is None else [debtor]
    found = heads_of.read(client, chosen)
    entries = {(e.debtor, e.position): e for head in found.values() for e in _entries(head)}
    domain = [["message", "ilike", f"%{MARK}%"]]
    for page in speech.pages(client, chosen, domain):
        for told in page:
            try:
                text, _, rest = told["message"].rpartition(f"\n{MARK} ")
                entry = entry_of(told["resource"].partition(",")[2], json.loads(rest))
            except (ValueError, TypeError, KeyError):
                continue
            entries.setdefault((entry.debtor, entry.position), replace(entry, text=text))
    everything = [
        *entries.values(),
        *speech.contacts(client, chosen, datetime.fromtimestamp(0, UTC)),
    ]
    everything.sort(key=_age, reverse=True)
    return everything[:limit]


def _age(entry: Entry) -> tuple[datetime, int]:
    return entry.at, entry.position or 0
