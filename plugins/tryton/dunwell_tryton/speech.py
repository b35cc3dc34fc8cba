"""What people say in Tryton, which has no place for it: notes on the party in a few fixed forms.

    promise: 900 EUR by 2026-03-10            promise: 900 EUR by 2026-03-10 for F-1, F-2
    promise withdrawn
    dispute: F-1                              dispute: F-1 100 EUR damaged
    dispute ended: F-1
    do not contact: insolvent                 do not contact: holidays until 2026-09-01
    contact again
    called: she pays on Friday                wrote: sent the statement again
    done KEY: paid on the phone               cancelled KEY

Notes cannot be changed in Tryton, so each is a fact of its day; a later note ends an earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from dunwell.log.entry import Entry
from dunwell.money import Money, parse_money
from dunwell_tryton.client import Client, Domain, parts, reference
from dunwell_tryton.wire import Record

KEY_MARK = "[dunwell:"
"""What all that Dunwell itself wrote has in it, before the key."""

_PROMISE = re.compile(
    r"promise:\s*(?P<amount>.+?)\s+by\s+(?P<by>\d{4}-\d\d-\d\d)(?:\s+for\s+(?P<items>.+))?", re.I
)
_DISPUTE = re.compile(
    r"dispute:\s*(?P<item>\S+)(?:\s+(?P<amount>[\d.]+ [A-Z]{3}))?\s*(?P<why>.*)", re.I
)
_DISPUTED = re.compile(r"dispute ended:\s*(?P<item>\S+)", re.I)
_STOP = re.compile(
    r"do not contact:?\s*(?P<why>.*?)(?:\s*until\s+(?P<until>\d{4}-\d\d-\d\d))?$", re.I
)
_CONTACT = re.compile(r"(?P<how>called|wrote):\s*(?P<text>.*)", re.I | re.S)
_ENDED = re.compile(
    r"(?P<how>done|cancelled)\s+(?P<key>[\w.-]+)(?::\s*(?P<text>.*))?", re.I | re.S
)

CHANNELS = {"called": "phone", "wrote": "email"}


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a person on a party; `at` is in the zone where its day counts."""

    id: str
    party: str
    at: datetime
    text: str


def parties(client: Client, debtors: Sequence[str] | None) -> list[int]:
    """The numbers of some debtors, or of all parties."""
    if debtors is not None:
        return sorted({int(debtor) for debtor in debtors if debtor.isdecimal()})
    everybody = [["active", "in", [True, False]]]
    found: list[int] = client.call("model.party.party.search", everybody, 0, None, None)
    return sorted(found)


def pages(
    client: Client,
    debtors: Sequence[str] | None,
    domain: Domain,
    *,
    model: str = "ir.note",
    fields: Sequence[str] = ("resource", "message", "create_date"),
) -> Iterator[list[Record]]:
    """Notes, or what else hangs on a record, of some debtors; whoever is no administrator must
    name the records.
    """
    for part in parts(parties(client, debtors), client.page):
        where = ["resource", "in", [reference("party.party", number) for number in part]]
        yield from client.pages(model, [where, *domain], fields)


def said(
    client: Client, debtors: Sequence[str] | None, *starts: str,
    zone: tzinfo = UTC, since: datetime | None = None,
) -> list[Note]:  # fmt: skip
    """The notes that begin with one of some words, oldest first; `zone` is where days begin."""
    domain: Domain = [["OR", *([["message", "ilike", f"{start}%"]] for start in starts)]]
    return [
        Note(
            str(row["id"]),
            row["resource"].partition(",")[2],
            row["create_date"].astimezone(zone),
            row["message"].strip(),
        )
        for page in pages(client, debtors, [*domain, *_made(since)])
        for row in page
    ]


def _made(since: datetime | None) -> Domain:
    return [] if since is None else [["create_date", ">=", since]]


def amount(text: str) -> Money | None:
    """An amount that a person wrote; None where it is none."""
    try:
        return parse_money(text)
    except ValueError:
        return None


def promises(notes: Sequence[Note], company: str) -> Iterator[dict[str, object]]:
    """Promises as rows; `items` are the numbers that were named."""
    withdrawn: dict[str, list[Note]] = {}
    for note in notes:
        if note.text.lower().startswith("promise withdrawn"):
            withdrawn.setdefault(note.party, []).append(note)
    for note in notes:
        found = _PROMISE.match(note.text)
        worth = amount(found["amount"]) if found else None
        if found is None or worth is None:
            continue
        ends = [n for n in withdrawn.get(note.party, ()) if int(n.id) > int(note.id)]
        yield {
            "id": note.id,
            "customer": note.party,
            "company": company,
            "made": note.at.date(),
            "by": date.fromisoformat(found["by"]),
            "currency": worth.currency,
            "amount": worth.minor,
            "items": [name.strip() for name in (found["items"] or "").split(",") if name.strip()],
            "ended": ends[0].at.date() if ends else None,
        }


def disputes(notes: Sequence[Note]) -> Iterator[dict[str, object]]:
    """Disputes as rows; `item` is the number that was named, `customer` whose."""
    ended: dict[tuple[str, str], list[Note]] = {}
    for note in notes:
        over = _DISPUTED.match(note.text)
        if over:
            ended.setdefault((note.party, over["item"]), []).append(note)
    for note in notes:
        found = _DISPUTE.match(note.text)
        if found is None:
            continue
        ends = [n for n in ended.get((note.party, found["item"]), ()) if int(n.id) > int(note.id)]
        part = amount(found["amount"]) if found["amount"] else None
        yield {
            "id": note.id,
            "customer": note.party,
            "item": found["item"],
            "since": note.at.date(),
            "amount": part.minor if part else None,
            "reason": found["why"].strip() or None,
            "ended": ends[0].at.date() if ends else None,
        }


def exclusions(notes: Sequence[Note]) -> Iterator[dict[str, object]]:
    """Those who must be left alone; a later `contact again` takes it back."""
    again = {note.party: int(note.id) for note in notes if _again(note)}
    for note in notes:
        found = _STOP.match(note.text.splitlines()[0]) if note.text else None
        if found and again.get(note.party, 0) < int(note.id):
            yield {
                "id": note.id,
                "customer": note.party,
                "reason": found["why"].strip() or None,
                "since": note.at.date(),
                "until": date.fromisoformat(found["until"]) if found["until"] else None,
            }


def _again(note: Note) -> bool:
    return note.text.lower().startswith("contact again")


def ends(notes: Sequence[Note]) -> dict[str, tuple[str, str | None, date]]:
    """What people said of tasks by key: state, outcome, and when."""
    found = {}
    for note in notes:
        over = _ENDED.match(note.text)
        if over:
            state = over["how"].lower()
            found[over["key"]] = (state, (over["text"] or "").strip() or None, note.at.date())
    return found


def contacts(client: Client, debtors: Sequence[str] | None, since: datetime) -> list[Entry]:
    """Calls that people noted, and mails that they sent from Tryton, since an instant."""
    found = []
    named = [str(number) for number in parties(client, debtors)]
    for note in said(client, named, *(f"{word}:" for word in CHANNELS), since=since):
        told = _CONTACT.match(note.text)
        if told:
            channel = CHANNELS[told["how"].lower()]
            found.append(_contact(note.party, f"note-{note.id}", note.at, channel, told["text"]))
    mails = pages(
        client, named, _made(since), model="ir.email",
        fields=("resource", "subject", "body", "create_date"),
    )  # fmt: skip
    for page in mails:
        for row in page:
            if KEY_MARK not in (row["body"] or ""):
                party = row["resource"].partition(",")[2]
                at = row["create_date"]
                found.append(_contact(party, f"mail-{row['id']}", at, "email", row["subject"]))
    return found


def _contact(party: str, key: str, at: datetime, channel: str, text: str) -> Entry:
    return Entry(
        party, None, None, "contact", key, at, "person",
        direction="out", channel=channel, text=text,
    )  # fmt: skip
