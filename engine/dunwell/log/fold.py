"""From a debtor's entries to what Dunwell remembers: one pure function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from dunwell.log.entry import (
    ApprovalBody,
    ClaimBody,
    DeliveryBody,
    Entry,
    GarbledError,
    OutcomeBody,
    ResolutionBody,
    Result,
    StartedBody,
    State,
    decode,
)
from dunwell.log.settle import bounced, resolved

EMPTY = State()


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """A claim without an outcome: nobody decides for this debtor until it has one."""

    entry: Entry
    body: ClaimBody
    started: str = ""  # key of the message that was about to be sent last
    known: tuple[Result, ...] = ()  # what became of the messages before it


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that somebody else made, as the ERP has it."""

    at: datetime
    channel: str
    text: str
    company: str | None


@dataclass(frozen=True, slots=True)
class Memory:
    """What a debtor's log says today.

    `head` is the position of the newest entry, `decided` that of the newest entry that is not an
    approval: a plan stays true when a person approves it.
    """

    state: State = EMPTY
    head: int = 0
    decided: int = 0
    claim: OpenClaim | None = None
    people: tuple[Contact, ...] = ()
    tenant: str = ""
    garbled: str = ""


NOTHING = Memory()


def fold(entries: Iterable[Entry]) -> Memory:
    """What the entries of one debtor mean; they may come in any order.

    They must hold the newest outcome, everything after it, and people's contacts of the window in
    force. An entry that cannot be read garbles the whole debtor, who is then left alone.
    """
    numbered: list[Entry] = []
    people: list[Contact] = []
    for entry in entries:
        if entry.position is None:
            people.append(Contact(entry.at, entry.channel, entry.text, entry.company))
        else:
            numbered.append(entry)
    numbered.sort(key=lambda entry: entry.position or 0)
    contacts = tuple(sorted(people, key=lambda c: (c.at, c.channel, c.text)))
    head = numbered[-1].position or 0 if numbered else 0
    decided = max((e.position or 0 for e in numbered if e.kind != "approval"), default=0)
    try:
        state, claim, tenant = _walk(numbered)
    except GarbledError as error:
        return Memory(head=head, decided=decided, people=contacts, garbled=str(error))
    return Memory(state, head, decided, claim, contacts, tenant)


def _walk(numbered: Sequence[Entry]) -> tuple[State, OpenClaim | None, str]:
    newest = max((n for n, e in enumerate(numbered) if e.kind == "outcome"), default=-1)
    state, claim, tenant = EMPTY, None, ""
    for entry in numbered[max(newest, 0) :]:
        body = decode(entry)
        if isinstance(body, OutcomeBody):
            state, claim, tenant = body.state, None, body.tenant
        elif isinstance(body, ClaimBody):
            claim, tenant = OpenClaim(entry, body), body.tenant
        elif isinstance(body, StartedBody) and claim is not None:
            claim = OpenClaim(claim.entry, claim.body, body.key, body.before)
        elif isinstance(body, DeliveryBody):
            state = bounced(state, body)
        elif isinstance(body, ApprovalBody):
            state = msgspec.structs.replace(state, approvals=(*state.approvals, body.approval))
        elif isinstance(body, ResolutionBody):
            state = resolved(state, body)
    return state, claim, tenant
