"""The port: what an adapter to an ERP does, and what a channel does. Few methods, whole sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from dunwell.command import Command, Message
from dunwell.errors import Problem
from dunwell.log.entry import Entry, Result

if TYPE_CHECKING:  # the tables bring Polars, and a plugin that only registers needs none of it
    from dunwell.model import Describe
    from dunwell.model.tables import PageLike

PORT_VERSION = 1
"""The major version of the port and its hooks; a plugin built for another one is refused."""


class Capability(Enum):
    """What an adapter may be able to do; the value is its one-line meaning."""

    APPEND = "keeps a log to which one writer can append: exclusive or best_effort"
    EFFECT = "how sure an effect is: atomic (with its entry), looked_up (by its key) or blind"
    REMIND = "sends messages itself: native; otherwise Dunwell's channels do"
    TASK = "gives tasks to people: native, channel or none"
    HOLD = "blocks a customer: enforced, advisory or none"
    TAG = "tags customers: native or none"
    NOTE = "writes notes on customers: native or none"
    REFRESH = "reads chosen debtors in one call: native or none"


HOLD_KINDS = ("orders", "delivery", "service", "credit")


@dataclass(frozen=True, slots=True)
class Strength:
    """How well a capability is there, why not better, and who can grant it."""

    level: str
    reason: str = ""
    remedy: str = ""

    @property
    def there(self) -> bool:
        """Whether it can be used at all."""
        return self.level != "none"


NONE = Strength("none")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter declares of itself; `hold_kinds` are those that it can place.

    `carries` are the channels besides e-mail by which the ERP itself may send messages, each with
    how well: `sms`, ... An adapter that sends none itself (`REMIND`) carries none of them either.
    `batch` is how many debtors are read again, claimed and settled together: the more, the fewer
    reads, and the older they are when the last of the batch gets its message.
    """

    strengths: Mapping[Capability, Strength] = field(default_factory=dict)
    hold_kinds: tuple[str, ...] = ()
    hold_scope: Literal["customer", "company"] = "company"
    batch: int = 100
    carries: Mapping[str, Strength] = field(default_factory=dict)

    def __getitem__(self, capability: Capability) -> Strength:
        """The strength of a capability; `none` when it is not declared."""
        return self.strengths.get(capability, NONE)


@dataclass(frozen=True, slots=True)
class Won:
    """The entry was appended, at its position."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Another writer has this position."""

    nonce: str = ""  # of the winner, where it can be told


@dataclass(frozen=True, slots=True)
class Refused:
    """The position is not the next one, or the entry cannot be stored."""

    why: str


Appended = Won | Lost | Refused


class Found(Enum):
    """What a look-up under a key says."""

    PRESENT = "present"
    ABSENT = "absent"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Effect:
    """One command to perform under its idempotency key, never after `deadline` (ERP time)."""

    key: str
    debtor: str
    company: str
    command: Command
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Sought:
    """What to look up: the key, and what the claim says of the command.

    Nothing begins under this key after `deadline` (ERP time, None: not known); an ERP that
    may still be at work on what began before it answers CANNOT_TELL.
    """

    key: str
    debtor: str
    company: str
    kind: str
    name: str = ""
    value: str = ""
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heads:
    """The entries that the engine must fold, and the ERP's clock when they were read."""

    entries: Sequence[Entry]
    now: datetime


@runtime_checkable
class Adapter(Protocol):
    """One ERP. Its errors are those of `dunwell.errors`; any other counts as unanswered."""

    def describe(self) -> Describe:
        """Tenant, the company's own today, the ERP's clock."""
        ...

    def capabilities(self) -> Capabilities:
        """What works here, how well, and who can grant what is missing."""
        ...

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        """The rows of a published table in pages; of some debtors, or settlements since a day."""
        ...

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        """The entries that a fold needs, for every debtor.

        The newest outcome, all of Dunwell's entries after it (or all there are without one), and
        people's contacts since a day.
        """
        ...

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        """Append each entry at its position, if the log of its debtor ends just before it.

        One answer each, in order. The ERP stamps `at`.
        """
        ...

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        """Perform each effect once, whatever happened under its key; one answer each, in order."""
        ...

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        """Whether effects exist; ABSENT only when it can never appear any more."""
        ...

    def log(self, debtor: str | None = None, *, limit: int = 200) -> Sequence[Entry]:
        """The log as the ERP has it, newest first: Dunwell's entries and people's."""
        ...

    def close(self) -> None:
        """Let go of connections; safe to call twice."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """A later word on a message that was accepted; `channel` is what carried it, where several
    could have.
    """

    key: str
    debtor: str
    delivery: Literal["delivered", "bounced", "refused"]
    address_hash: str
    on: date
    detail: str = ""
    channel: str = ""


@runtime_checkable
class Reporting(Protocol):
    """An adapter that sends messages itself and learns later what became of them."""

    def outcomes(self, *, since: date) -> Sequence[Delivery]:
        """Bounces and deliveries that became known since a day."""
        ...


@dataclass(frozen=True, slots=True)
class Sending:
    """One message to send under its key."""

    key: str
    message: Message
    debtor: str = ""
    company: str = ""


@runtime_checkable
class Channel(Protocol):
    """One way for messages to leave. `blind` channels cannot be asked afterwards."""

    @property
    def name(self) -> str:
        """What it carries, such as `email`."""
        ...

    @property
    def blind(self) -> bool:
        """Whether it cannot be asked afterwards."""
        ...

    def check(self) -> Sequence[Problem]:
        """Whether it can be reached and is configured; empty when all is well."""
        ...

    def send(self, sendings: Sequence[Sending]) -> Sequence[Result]:
        """Send each message once; one answer each, in order."""
        ...

    def look_up(self, keys: Sequence[str]) -> Sequence[Found]:
        """Whether messages left under these keys; blind channels cannot tell."""
        ...

    def outcomes(self, *, since: date) -> Sequence[Delivery]:
        """Bounces and deliveries that became known since a day."""
        ...

    def close(self) -> None:
        """Let go of connections; safe to call twice."""
        ...


__all__ = [
    "HOLD_KINDS",
    "PORT_VERSION",
    "Adapter",
    "Appended",
    "Capabilities",
    "Capability",
    "Channel",
    "Delivery",
    "Effect",
    "Found",
    "Heads",
    "Lost",
    "Refused",
    "Reporting",
    "Sending",
    "Sought",
    "Strength",
    "Won",
]
