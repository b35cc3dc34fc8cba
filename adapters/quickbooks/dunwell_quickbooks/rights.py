"""What a debtor's log says of effects: whose claim is in force, and what is done under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dunwell.log.entry import ClaimBody, Entry, OutcomeBody, Result
from dunwell_quickbooks.bundle import UnreadableError
from dunwell_quickbooks.head import Head
from dunwell_quickbooks.logbook import ForkedError, Logbook, body_of

SLOW = timedelta(seconds=130)
"""How long the service may be at work on a request: nothing begins later than this before the
deadline, so that after it nothing appears any more. Of a short lease it is half.
"""

DONE = ("done", "already_done")


@dataclass(slots=True)
class Right:
    """A debtor's claim in force: its key, and which of its effects are done or begun."""

    key: str = ""
    entry: Entry | None = None
    head: Head | None = None
    settled: OutcomeBody | None = None

    def result(self, key: str) -> Result | None:
        """What the outcome of a claim says of an effect; None while it has none."""
        results = self.settled.results if self.settled is not None else ()
        return next((result for result in results if result.key == key), None)


def right_of(logbook: Logbook, debtor: str, entries: Sequence[Entry]) -> Right:
    """What the entries of one debtor say; nobody has a claim where they cannot be read."""
    try:
        right = Right(head=logbook.head(debtor))
    except (ForkedError, UnreadableError):
        return Right()
    for entry in entries:
        body = body_of(entry)
        if isinstance(body, OutcomeBody):
            right.key, right.entry, right.settled = body.claim, None, body
        elif isinstance(body, ClaimBody):
            right.key, right.entry, right.settled = entry.key, entry, None
    return right


def margin(claim: Entry) -> timedelta:
    """How long before its deadline nothing is begun any more."""
    return min(SLOW, timedelta(seconds=lease(claim) / 2))


def lease(claim: Entry) -> int:
    """How many seconds a claim lasts."""
    body = body_of(claim)
    return body.lease if isinstance(body, ClaimBody) else 0


def split(key: str) -> tuple[str, int]:
    """The claim of an effect and its number under it."""
    claim, _, ordinal = key.rpartition("-")
    return (claim, int(ordinal)) if ordinal.isdigit() else ("", -1)


def items_of(claim: Entry, key: str) -> tuple[str, ...]:
    """The items of an effect, as its claim names them."""
    body = body_of(claim)
    if not isinstance(body, ClaimBody):
        return ()
    return next((command.items for command in body.commands if command.key == key), ())
