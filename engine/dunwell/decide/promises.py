"""Whether a promise to pay is open, kept or broken on a day; computed, never stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dunwell.decide.cover import Covered
from dunwell.model.accounts import Account
from dunwell.model.rows import Promise

PromiseState = Literal["open", "kept", "broken"]


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise, and the day on which payments reached it (None: not yet)."""

    row: Promise
    kept_on: date | None
    covers: tuple[str, ...]  # items in order; empty: the oldest first

    def state(self, day: date) -> PromiseState | None:
        """Open until its day, kept when paid by then, else broken.

        None before it was made, and after a person ended it.
        """
        if day < self.row.made or (self.row.ended is not None and self.row.ended <= day):
            return None
        if self.kept_on is not None and self.kept_on <= min(day, self.row.by):
            return "kept"
        return "open" if day <= self.row.by else "broken"

    @property
    def broken_on(self) -> date | None:
        """The first day on which it is broken, if nothing else happens."""
        day = self.row.by + timedelta(1)
        return day if self.state(day) == "broken" else None


def promises(account: Account, on: date) -> tuple[Promised, ...]:
    """The account's promises, newest first."""
    found = [Promised(p, _kept_on(p, account), p.items) for p in account.promises if p.made <= on]
    return tuple(sorted(found, key=lambda p: (p.row.made, p.row.id), reverse=True))


def _kept_on(promise: Promise, account: Account) -> date | None:
    paid = 0
    for s in account.settlements:
        if s.on < promise.made or s.currency != promise.currency or s.kind == "write_off":
            continue
        if promise.items and s.item not in promise.items:
            continue
        paid += s.amount
        if paid >= promise.amount:
            return s.on
    return None


def promised(
    item: str, found: Sequence[Promised], covered: Mapping[str, Covered]
) -> tuple[Promised, ...]:
    """The promises that cover an item, newest first.

    Without named items a promise covers the oldest due first, as long as a part of its
    amount is left when their turn comes.
    """
    return tuple(p for p in found if _covers(p, item, covered))


def _covers(promise: Promised, item: str, covered: Mapping[str, Covered]) -> bool:
    if promise.covers:
        return item in promise.covers
    before = 0
    for other, part in covered.items():  # oldest due first
        if part.currency != promise.row.currency:
            continue
        if other == item:
            return part.to_pay > 0 and before < promise.row.amount
        before += part.to_pay
    return False
