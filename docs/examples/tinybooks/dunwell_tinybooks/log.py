"""The log in an ERP that has no room for one: notes on the customer, one reference a position."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta

from dunwell.errors import AdapterError
from dunwell.log.entry import Entry
from dunwell.port import Appended, Heads, Lost, Refused, Won
from dunwell_tinybooks.client import Client
from dunwell_tinybooks.erp import Document
from dunwell_tinybooks.reading import payers

TOPIC = "dunwell log"
CONTACTS = {"call": "phone", "mail": "email"}
"""What people note of themselves, and on which channel it was."""


def reference(debtor: str, position: int) -> str:
    """What only one note can carry."""
    return f"{TOPIC}:{debtor}:{position}"


def append(client: Client, entries: Sequence[Entry]) -> Sequence[Appended]:
    """Create each entry under its position's reference; who comes second is told so by the ERP."""
    wanted = [e for e in entries if e.position is not None and e.position > 0]
    nonces = taken(client, [(e.debtor, (e.position or 0) - n) for e in wanted for n in (0, 1)])
    answers: dict[int, Appended] = {}
    drafts: list[int] = []
    ends = set(nonces)
    for place, entry in enumerate(entries):
        position = entry.position or 0
        name = reference(entry.debtor, position)
        if position < 1:
            answers[place] = Refused("an entry of Dunwell has a position, from 1 on")
        elif name in nonces:
            answers[place] = Lost(nonces[name])
        elif position > 1 and reference(entry.debtor, position - 1) not in ends:
            answers[place] = Refused("the position before it is empty")
        else:
            ends.add(name)
            drafts.append(place)
    created = client.create([("note", note(entries[place])) for place in drafts])
    won = [place for place, done in zip(drafts, created, strict=True) if done]
    answers |= {place: Lost() for place in drafts} | {place: Won() for place in won}
    with suppress(AdapterError):  # the entries are there, whatever becomes of this
        tidy(client, [entries[place] for place in won])
    return [answers[place] for place in range(len(entries))]


def taken(client: Client, places: Iterable[tuple[str, int]]) -> dict[str, str]:
    """Which references are taken, and the nonce of the entry that has each."""
    names = list(dict.fromkeys(reference(debtor, position) for debtor, position in places))
    pages = client.chosen("note", "reference", names, archived=None)
    return {
        note["reference"]: getattr(entry_of(note), "nonce", "") for page in pages for note in page
    }


def note(entry: Entry) -> Document:
    """An entry as a note: first what people read, then a line for Dunwell."""
    machine = asdict(entry)
    del machine["text"], machine["at"]  # above it, and stamped by the ERP
    return {
        "customer": entry.debtor,
        "topic": TOPIC,
        "reference": reference(entry.debtor, entry.position or 0),
        "text": f"{entry.text}\n{json.dumps(machine)}",
    }


def entry_of(note: Document) -> Entry:
    """The entry that a note holds; where it cannot be read, one that garbles its debtor."""
    at = datetime.fromisoformat(note["created"])
    text, _, machine = note["text"].rpartition("\n")
    try:
        values = json.loads(machine)
        known = {field.name for field in fields(Entry)}
        return Entry(**{k: v for k, v in values.items() if k in known}, text=text, at=at)
    except (ValueError, TypeError):
        _, debtor, position = note["reference"].rsplit(":", 2)
        return Entry(debtor, None, int(position), "outcome", "", at, "dunwell", text=text)


def tidy(client: Client, won: Sequence[Entry]) -> None:
    """Archive what lies before a new outcome, so that reading the heads stays short.

    If this is not done, or only half, the heads bring some entries more than they must.
    """
    ends = {e.debtor: e.position or 0 for e in won if e.kind == "outcome"}
    old = [
        document["n"]
        for page in client.chosen("note", "customer", list(ends), where={"topic": [TOPIC]})
        for document in page
        if (entry_of(document).position or 0) < ends[document["customer"]]
    ]
    client.archive(old)


def heads(client: Client, debtors: Sequence[str] | None, since: date) -> Heads:
    """The newest outcome of each debtor and all after it, and people's contacts since a day."""
    now = client.about()["now"]
    payer = payers(client, debtors)
    # A day early: the day is the company's, the stamp is UTC.
    day_before = since - timedelta(days=1)
    if debtors is None:
        numbered = client.pages("note", where={"topic": [TOPIC]})
        people = client.pages("note", where={"topic": list(CONTACTS)}, since=day_before)
    else:
        numbered = client.chosen("note", "customer", debtors, where={"topic": [TOPIC]})
        people = client.chosen(
            "note", "customer", list(payer), where={"topic": list(CONTACTS)}, since=day_before
        )
    entries = [entry_of(note) for page in numbered for note in page]
    newest: dict[str, int] = {}
    for entry in entries:
        if entry.kind == "outcome":
            newest[entry.debtor] = max(newest.get(entry.debtor, 0), entry.position or 0)
    kept = [e for e in entries if (e.position or 0) >= newest.get(e.debtor, 0)]
    return Heads([*kept, *(contact(n, payer) for page in people for n in page)], now)


def contact(note: Document, payer: Mapping[str, str]) -> Entry:
    """A call or a mail that a person noted, in the log of the debtor."""
    return Entry(
        debtor=payer.get(note["customer"], note["customer"]),
        company=None,
        position=None,
        kind="contact",
        key=note["id"],
        at=datetime.fromisoformat(note["created"]),
        by="person",
        direction="out",
        channel=CONTACTS[note["topic"]],
        text=note["text"],
    )


def newest_first(client: Client, debtor: str | None, limit: int) -> Iterator[Entry]:
    """The log for people."""
    payer = payers(client, None if debtor is None else [debtor])
    where = {"topic": [TOPIC, *CONTACTS]}
    for page in client.pages("note", where=where, archived=None, newest=True):
        for each in page:
            if debtor is not None and payer.get(each["customer"]) != debtor:
                continue
            if limit == 0:
                return
            limit -= 1
            yield entry_of(each) if each["topic"] == TOPIC else contact(each, payer)
