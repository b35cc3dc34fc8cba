"""The head of a debtor's log: one contact mechanism of the party, and how it alone is written.

Tryton lets an outside caller compare and set: a write with `_timestamp` in its context fails when
the record has changed since. On SQLite that comparison is only safe inside a write that has begun,
so the head is never written itself: the party is, and the head as a part of it. Then the party's
row is locked before the head is compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

from dunwell.log.entry import Entry
from dunwell_tryton.client import Client, parts
from dunwell_tryton.wire import ConflictError, Record, RefusedError

MECHANISM = "party.contact_mechanism"
NAME = "dunwell"
"""The value of the contact mechanism that is the head."""
BANNER = "The memory of Dunwell for this customer. Changing it stops all collection here."
BATCH = 25
"""Parties that one call writes: it is one transaction, and who writes holds a lock."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A hold of ours: its mark, and the credit limit that it took the place of (None: none)."""

    kind: str
    value: str
    since: str
    old: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What the head says: the newest outcome and all after it, and what has begun since.

    `noted` is up to where the log is kept as notes too. `begun` are the effects of the newest
    claim, and when they began (UTC). `stamp` is what a write must find unchanged.
    """

    party: str
    id: int | None = None
    stamp: str = ""
    noted: int = 0
    entries: tuple[Entry, ...] = ()
    begun: Mapping[str, str] = field(default_factory=dict)
    holds: tuple[Standing, ...] = ()
    garbled: str = ""

    @property
    def position(self) -> int:
        """Where the log ends."""
        return self.entries[-1].position or 0 if self.entries else 0

    def hold(self, kind: str) -> Standing | None:
        """Our hold of a kind."""
        return next((hold for hold in self.holds if hold.kind == kind), None)


def read(client: Client, debtors: Sequence[str] | None) -> dict[str, Head]:
    """The heads of some debtors, or of all that have one; one call for a page."""
    domain = [["type", "=", "other"], ["value", "=", NAME]]
    wanted = ["party", "comment", "_timestamp"]
    if debtors is None:
        rows = client.rows(MECHANISM, domain, wanted)
    else:
        parties = sorted({int(debtor) for debtor in debtors if debtor.isdecimal()})
        rows = client.chosen(MECHANISM, "party", parties, wanted, domain)
    found: dict[str, Head] = {}
    for row in sorted(rows, key=lambda row: int(row["id"])):
        # of two the older one counts: ids are drawn while the party is locked
        found.setdefault(str(row["party"]), parse(row))
    return found


def parse(row: Record) -> Head:
    """A head as it is kept; where it cannot be read, one that garbles its debtor."""
    party = str(row["party"])
    plain = Head(party, row["id"], row["_timestamp"])
    try:
        told = json.loads((row["comment"] or "").partition("\n")[2])
        return replace(
            plain,
            noted=told["noted"],
            entries=tuple(entry_of(party, each) for each in told["entries"]),
            begun=told["begun"],
            holds=tuple(Standing(**each) for each in told["holds"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        return replace(plain, garbled=f"{type(error).__name__}: {error}")


def text_of(head: Head) -> str:
    """A head as it is kept: a line for people, a line for us."""
    told = {
        "noted": head.noted,
        "entries": [machine(entry) for entry in head.entries],
        "begun": dict(head.begun),
        "holds": [asdict(hold) for hold in head.holds],
    }
    return f"{BANNER}\n{json.dumps(told, ensure_ascii=True, separators=(',', ':'))}"


def machine(entry: Entry) -> dict[str, Any]:
    """An entry for a machine; whose it is says the party."""
    told = asdict(entry)
    del told["debtor"]
    return {**told, "at": entry.at.astimezone(UTC).isoformat()}


_KNOWN = frozenset(each.name for each in fields(Entry))


def entry_of(party: str, told: Mapping[str, Any]) -> Entry:
    """The entry that a machine wrote."""
    values = {name: value for name, value in told.items() if name in _KNOWN}
    return Entry(**{**values, "debtor": party, "at": datetime.fromisoformat(told["at"])})


@dataclass(frozen=True, slots=True)
class Change:
    """A new head for a party, in place of `old`, and what else changes of the party with it."""

    old: Head
    new: Head
    also: Mapping[str, Any] = field(default_factory=dict)


class Written(dict[str, Exception | None]):
    """What became of changes by party: None when written, ConflictError, or why it was refused."""


def write(client: Client, changes: Sequence[Change]) -> Written:
    """Write changes, each only if its old head is still the head.

    All in few calls; where one of a batch stands in the way, each of them alone.
    """
    done = Written()
    for batch in parts(changes, BATCH):
        try:
            _write(client, batch)
            done |= dict.fromkeys((change.old.party for change in batch), None)
        except (ConflictError, RefusedError) as trouble:
            if len(batch) == 1:
                done[batch[0].old.party] = trouble
            else:
                done |= _one_by_one(client, batch)
    return done


def _one_by_one(client: Client, batch: Iterable[Change]) -> dict[str, Exception | None]:
    done: dict[str, Exception | None] = {}
    for change in batch:
        try:
            _write(client, [change])
            done[change.old.party] = None
        except (ConflictError, RefusedError) as trouble:
            done[change.old.party] = trouble
    return done


def _write(client: Client, batch: Sequence[Change]) -> None:
    sent: list[object] = []
    stamps: dict[str, str] = {}
    for change in batch:
        values = {"comment": text_of(change.new)}
        if change.old.id is None:
            made = {**values, "type": "other", "value": NAME, "name": "Dunwell"}
            part: list[object] = ["create", [made]]
        else:
            part = ["write", [change.old.id], values]
            stamps[f"{MECHANISM},{change.old.id}"] = change.old.stamp
        sent += [[int(change.old.party)], {**change.also, "contact_mechanisms": [part]}]
    client.call("model.party.party.write", *sent, changes=True, _timestamp=stamps)


def known(client: Client, debtors: Sequence[str]) -> set[str]:
    """Which of some debtors are parties at all."""
    numbers = sorted({int(debtor) for debtor in debtors if debtor.isdecimal()})
    rows = client.chosen("party.party", "id", numbers, ["id"], [["active", "in", [True, False]]])
    return {str(row["id"]) for row in rows}
