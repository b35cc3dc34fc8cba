"""One line of a debtor's log, and the machine-readable bodies of Dunwell's own lines.

What they say of the state of a debtor is in `dunwell.log.state`, and known here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import msgspec

from dunwell.log.state import (
    ApprovalState,
    BounceState,
    Claimed,
    ContactState,
    FiringState,
    ItemState,
    Prior,
    Record,
    ReturnState,
    Rise,
    StandingState,
    State,
    TaskState,
    UnknownState,
    WatchState,
)

Kind = Literal[
    "claim",  # the right to act for the debtor now
    "started",  # about to send the first byte on a channel that cannot be asked later
    "outcome",  # what became of a claim, and the state after it
    "delivery",  # a later word on a message: delivered, bounced
    "approval",  # a person said yes or no
    "resolution",  # a person (or evidence) settled an unknown outcome
    "contact",  # somebody else's contact: a mail, call or visit of a person or of the ERP
]

By = Literal["dunwell", "person", "erp"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. Dunwell's are numbered 1, 2, 3 ... per debtor; people's have no position.

    `at` is the ERP's clock. `body` is JSON of one of the structs below ("" for people's entries);
    `text` is the same for people to read. `nonce` tells the writer its own entry from another's.
    """

    debtor: str
    company: str | None
    position: int | None
    kind: Kind
    key: str
    at: datetime
    by: By
    direction: Literal["out", "in", ""] = ""
    channel: str = ""
    body: str = ""
    text: str = ""
    nonce: str = ""


class ClaimBody(Record, frozen=True):
    """The body of a claim: which commands, on which day, and how long nobody else may act."""

    tenant: str
    on: date
    lease: int  # seconds, ERP time
    plan: str  # digest of the plan
    commands: tuple[Claimed, ...]
    rises: tuple[Rise, ...] = ()


ResultStatus = Literal[
    "done", "already_done", "skipped", "rejected", "failed", "unknown", "abandoned"
]


DONE: tuple[ResultStatus, ...] = ("done", "already_done")
"""What has been done, now or before."""


class Result(Record, frozen=True):
    """What became of one claimed command.

    `reason`: changed, superseded, window, limit, not_approved, busy for skipped; now, later, never
    for failed. `delivery` may change later by a delivery entry. `detail` is for people.
    """

    key: str
    status: ResultStatus
    reason: str = ""
    delivery: Literal["", "accepted", "delivered", "bounced", "refused"] = ""
    detail: str = ""


class OutcomeBody(Record, frozen=True):
    """The body of an outcome: the claim it ends, the results, and the whole state after it."""

    tenant: str
    claim: str
    on: date
    results: tuple[Result, ...]
    state: State


class StartedBody(Record, frozen=True):
    """About to send the effect `key`.

    `before` says what became of the claim's earlier messages, so that at most one of them
    is ever in doubt.
    """

    claim: str
    key: str
    before: tuple[Result, ...] = ()


class DeliveryBody(Record, frozen=True):
    """A later word on a message."""

    key: str
    delivery: Literal["delivered", "bounced", "refused"]
    on: date
    channel: str = ""
    address_hash: str = ""
    detail: str = ""


class ApprovalBody(Record, frozen=True):
    """A person's yes or no."""

    tenant: str
    approval: ApprovalState


class ResolutionBody(Record, frozen=True):
    """An unknown outcome settled: was it sent or not, and because of what."""

    tenant: str
    key: str
    sent: bool
    because: str
    by: str
    on: date


def encode(body: Record) -> str:
    """The body as JSON, the same bytes on every machine."""
    return msgspec.json.encode(body, order="deterministic").decode()


_decoders = {
    kind: msgspec.json.Decoder(type_)
    for kind, type_ in {
        "claim": ClaimBody,
        "started": StartedBody,
        "outcome": OutcomeBody,
        "delivery": DeliveryBody,
        "approval": ApprovalBody,
        "resolution": ResolutionBody,
    }.items()
}


class GarbledError(ValueError):
    """An entry cannot be read; its debtor is left alone and shown."""


def decode(entry: Entry) -> Record:
    """The body of one of Dunwell's own entries; raises `GarbledError` when it cannot be read.

    An adapter that could not read an entry gives it without a body, and its text says why.
    """
    if not entry.body and entry.text:
        raise GarbledError(entry.text)
    try:
        body: Record = _decoders[entry.kind].decode(entry.body)
    except (KeyError, msgspec.MsgspecError, UnicodeError) as error:
        raise GarbledError(f"entry {entry.position} of {entry.debtor}: {error}") from error
    return body


def outcome(body: str) -> OutcomeBody | None:
    """The outcome that a body says; None where it cannot be read."""
    try:
        found: OutcomeBody = _decoders["outcome"].decode(body)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return found


__all__ = [
    "DONE",
    "ApprovalBody",
    "ApprovalState",
    "BounceState",
    "By",
    "ClaimBody",
    "Claimed",
    "ContactState",
    "DeliveryBody",
    "Entry",
    "FiringState",
    "GarbledError",
    "ItemState",
    "Kind",
    "OutcomeBody",
    "Prior",
    "Record",
    "ResolutionBody",
    "Result",
    "ResultStatus",
    "ReturnState",
    "Rise",
    "StandingState",
    "StartedBody",
    "State",
    "TaskState",
    "UnknownState",
    "WatchState",
    "decode",
    "encode",
    "outcome",
]
