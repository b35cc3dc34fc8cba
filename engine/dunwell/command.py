"""Commands and receipts: what a policy says made concrete, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from dunwell.log.entry import Result, Rise

CommandKind = Literal[
    "remind", "task", "tell", "note", "hold", "release", "tag", "untag", "adopt", "override",
    "clear"
]  # fmt: skip

SILENT_KINDS = ("adopt", "override", "clear")
"""Kinds that only the log knows: nothing is done in the ERP, nobody is contacted."""

STANDING_ENDS = ("release", "untag", *SILENT_KINDS)
"""Kinds that go first and need no approval, window, budget or limit."""

UNCOUNTED = (*STANDING_ENDS, "tell")
"""Kinds that no limit counts: what ends goes, and who is told of a task has it already."""


class Value(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The base of what is written into plan files: immutable, strict, terse."""


class Amount(Value, frozen=True):
    """An amount in minor units of its currency."""

    minor: int
    currency: str


class Attachment(Value, frozen=True):
    """A file that goes with a message; `text` is its content (UTF-8)."""

    name: str
    type: str
    text: str


class Message(Value, frozen=True):
    """A reminder as it will leave: rendered, addressed, in one language."""

    template: str
    language: str
    channel: str
    address: str
    name: str  # of the recipient
    subject: str
    text: str
    html: str = ""
    reply_to: str = ""
    sender_name: str = ""
    attachments: tuple[Attachment, ...] = ()


class Command(Value, frozen=True):
    """One command for one account.

    A `tell` is a message to one of our own people, that there is a task: it stands beside the
    `task` with the same meanings, or names in `joins` one of earlier that nobody was told of yet.
    `action` is the action's id in its stage or watch (`remind`, `hold:orders`); `ladder` the
    policy, `source` the stage or watch. `items` are those it moves or names; `meanings` one for
    each of them, or for each of the `occurrences` of a watch's event. It may be done from
    `not_before` until `not_after` (UTC; None: any time of the day). `approve` is the role that
    said yes to `approve_keys`; a later no stops the command.
    """

    kind: CommandKind
    action: str
    ladder: str
    source: str
    items: tuple[str, ...] = ()
    meanings: tuple[str, ...] = ()
    name: str = ""  # kind of hold, or tag
    value: str = ""
    cycle: int = 0
    summary: str = ""  # of a task
    text: str = ""  # of a task, note or hold (its reason)
    assign: tuple[str, ...] = ()  # in order; the first that exists gets it
    due: date | None = None
    message: Message | None = None
    money: tuple[Amount, ...] = ()  # what it demands or concerns, per currency
    not_before: datetime | None = None
    not_after: datetime | None = None
    approve: str = ""
    approve_keys: tuple[str, ...] = ()
    watch: bool = False
    occurrences: tuple[str, ...] = ()
    joins: str = ""  # key of the open task that this note joins, or that is told of
    reasons: tuple[str, ...] = ()


class Waiting(Value, frozen=True):
    """A step that waits for a person's yes: `keys` name it for every item, whatever the day."""

    keys: tuple[str, ...]
    role: str
    ladder: str
    stage: str
    items: tuple[str, ...]
    money: tuple[Amount, ...]
    since: date
    refused_until: date | None = None


class AccountPlan(Value, frozen=True):
    """What is to be done for one account: one line of the plan file.

    `fingerprint` is of the facts that the decision and the texts used; `decided` the log position.
    `notes` say why what might be expected is not there (paused, put off, waiting, guarded).
    """

    debtor: str
    company: str
    name: str
    policy: str
    segment: str
    fingerprint: str
    decided: int
    commands: tuple[Command, ...] = ()
    rises: tuple[Rise, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    notes: tuple[str, ...] = ()
    payer: str = ""  # who pays now for a debtor of earlier: its rows are read with that one's


class Receipt(Value, frozen=True):
    """What became of one command of one account."""

    debtor: str
    company: str
    command: Command
    result: Result
