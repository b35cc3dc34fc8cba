"""One line of a debtor's log, and the machine-readable bodies of Dunwell's own lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import msgspec

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


class Record(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The base of everything that is written into the log: immutable, strict, terse."""


class Prior(Record, frozen=True):
    """Where an item stood before a message, for the case that the message bounces.

    `prior` is where it stood before that, for the case that more of them do.
    """

    ladder: str
    stage: str
    cycle: int
    on: date
    pay_by: date | None = None
    via: str = ""
    did: tuple[str, ...] = ()
    prior: Prior | None = None


class ItemState(Record, frozen=True):
    """Where one item stands: its newest delivered stage.

    `on` is the day it was delivered; `cycle` counts its repeats from 0; `pay_by` the last day the
    customer was given; `via` the key of the message that delivered it. `adopted`: placed silently
    at this stage. `part`: the next stage and those of its actions that are done. `gone`: the first
    day an entry was written while the item was not open. An item with a part but no stage has
    stage "". `past` are the stages it had before, by their names of then: whatever becomes of the
    order of the ladder, none of them is for it again. Should a message come back, its stage is
    half done: `did` are the other actions of this stage, `part_via` is the message of `part`, and
    `kept` are later stages with what is done of them.
    """

    item: str
    ladder: str
    stage: str
    cycle: int
    on: date
    pay_by: date | None = None
    via: str = ""
    adopted: str = ""
    part: tuple[str, tuple[str, ...]] | None = None
    prior: Prior | None = None
    gone: date | None = None
    past: tuple[str, ...] = ()
    did: tuple[str, ...] = ()
    part_via: str = ""
    kept: tuple[tuple[str, tuple[str, ...]], ...] = ()


class WatchState(Record, frozen=True):
    """When a watch of a policy fired last, how often, and for which occurrences of its event."""

    company: str
    watch: str  # policy/watch
    cycle: int
    on: date
    seen: tuple[str, ...] = ()


class StandingState(Record, frozen=True):
    """A hold or tag that Dunwell placed, released, or that a person has spoken on (`override`)."""

    company: str
    action: Literal["hold", "tag"]
    name: str  # kind of hold, or the tag
    state: Literal["placed", "released", "override"]
    value: str  # the mark written into the ERP
    cycle: int
    on: date
    key: str = ""


class TaskState(Record, frozen=True):
    """A task that Dunwell gave to a person, so that later items can join it while it is open.

    `untold`: the ERP tells nobody, and the message that does has not left yet; `told` is its key
    once it has. `causes` are what a task of Dunwell's own was given for: for these it is not given
    again, open or closed.
    """

    key: str
    company: str
    source: str  # policy/stage, policy/watch, or a built-in such as no_channel
    action: str
    items: tuple[str, ...]
    on: date
    untold: bool = False
    told: str = ""
    causes: tuple[str, ...] = ()


class ContactState(Record, frozen=True):
    """One attempted contact of ours; unknown ones count."""

    on: date
    channel: str
    company: str


class BounceState(Record, frozen=True):
    """An address that is known not to work, by its hash."""

    channel: str
    address_hash: str
    on: date
    key: str


class ReturnState(Record, frozen=True):
    """A message that came back, so that it is written down once."""

    key: str
    on: date


class FiringState(Record, frozen=True):
    """A firing of a watch of which some of the actions that it `needs` are `done`, others failed.

    `items` are those that something was done for.
    """

    company: str
    watch: str  # policy/watch
    cycle: int
    occurrences: tuple[str, ...]
    done: tuple[str, ...]
    items: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    on: date | None = None


class Rise(Record, frozen=True):
    """One item on its way to a stage: reached when all that it `needs` is done."""

    item: str
    company: str
    ladder: str
    stage: str
    cycle: int
    needs: tuple[str, ...]
    done: tuple[str, ...] = ()  # parts done by earlier claims
    pay_by: date | None = None
    adopted: bool = False


class Claimed(Record, frozen=True):
    """One command as its claim names it: enough to recover it without the plan file.

    `key` is the idempotency key of the effect; `action` the id of the action inside its stage or
    watch (`remind`, `task`, `hold:orders`, ...); `blind` says that its channel cannot be asked
    afterwards.
    """

    key: str
    company: str
    kind: str  # remind, task, tell, note, hold, release, tag, untag, adopt
    action: str
    ladder: str
    source: str  # stage or watch
    items: tuple[str, ...] = ()
    name: str = ""  # kind of hold, tag
    value: str = ""  # the mark of a hold
    cycle: int = 0
    channel: str = ""
    address_hash: str = ""
    blind: bool = False
    watch: bool = False
    occurrences: tuple[str, ...] = ()  # of a watch's event; of a task of Dunwell's own its causes
    joins: str = ""  # key of the open task that this note joins, or that is told of


class ClaimBody(Record, frozen=True):
    """The body of a claim: which commands, on which day, and how long nobody else may act."""

    tenant: str
    on: date
    lease: int  # seconds, ERP time
    plan: str  # digest of the plan
    commands: tuple[Claimed, ...]
    rises: tuple[Rise, ...] = ()


class UnknownState(Record, frozen=True):
    """A command of which nobody can tell whether it was done; ends by evidence or by a person."""

    command: Claimed
    on: date
    rises: tuple[Rise, ...] = ()


class ApprovalState(Record, frozen=True):
    """What a person said of some step keys: yes up to an amount, or no until a day.

    `others` are the amounts in further currencies, each with its currency.
    """

    keys: tuple[str, ...]
    yes: bool
    by: str
    on: date
    amount: int | None = None  # minor units
    currency: str = ""
    until: date | None = None
    because: str = ""
    others: tuple[tuple[int, str], ...] = ()


class State(Record, frozen=True):
    """All that Dunwell must remember of a debtor."""

    items: tuple[ItemState, ...] = ()
    watches: tuple[WatchState, ...] = ()
    standing: tuple[StandingState, ...] = ()
    tasks: tuple[TaskState, ...] = ()
    contacts: tuple[ContactState, ...] = ()
    bounces: tuple[BounceState, ...] = ()
    unknowns: tuple[UnknownState, ...] = ()
    approvals: tuple[ApprovalState, ...] = ()
    returned: tuple[ReturnState, ...] = ()
    firings: tuple[FiringState, ...] = ()


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
    """The body of one of Dunwell's own entries; raises `GarbledError` when it cannot be read."""
    try:
        body: Record = _decoders[entry.kind].decode(entry.body)
    except (KeyError, msgspec.MsgspecError, UnicodeError) as error:
        raise GarbledError(f"entry {entry.position} of {entry.debtor}: {error}") from error
    return body
