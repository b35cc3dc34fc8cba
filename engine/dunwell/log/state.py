"""What is remembered of a debtor: the parts of the state that every outcome carries whole."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec


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
