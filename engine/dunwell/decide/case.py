"""One account with everything that a decision about it may read, computed in plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import msgspec

from dunwell.calendar import Calendar, Duration
from dunwell.decide.cover import Covered, cover
from dunwell.decide.promises import Promised, promised, promises
from dunwell.log.entry import ItemState
from dunwell.log.fold import Memory
from dunwell.log.keys import address_hash
from dunwell.model.accounts import Account
from dunwell.model.rows import Dispute, Item, Settlement
from dunwell.money import Rates
from dunwell.policy.tree import House, Policy

DAY = timedelta(1)

PAID_FOR = "'{}' pays for others and is itself paid for by another customer"
"""Nobody can tell then whose a task or a block is."""


class ItemCase(msgspec.Struct, frozen=True):
    """One open item with what was derived for it; money in minor units of the item's currency."""

    row: Item
    due: date | None  # rolled off closed days
    covered: Covered
    dispute: Dispute | None  # the oldest open one
    promises: tuple[Promised, ...]  # that cover it, newest first
    state: ItemState | None
    stage: int  # index in the ladder, -1 before the first
    waits: bool  # at a stage that the ladder no longer has
    past: frozenset[int] = frozenset()  # stages that it had before, where they are now

    @property
    def to_pay(self) -> int:
        """What can be demanded: balance less covering credits and the disputed part."""
        return self.covered.to_pay

    def promise(self, day: date) -> Promised | None:
        """The newest promise that covers the item as it stood on a day."""
        for promise in self.promises:
            if promise.state(day):
                return promise
        return None


@dataclass(frozen=True)
class Case:
    """One account under one policy on one day. `plugged` has the values of plugin facts by
    (fact, item or "").
    """

    account: Account
    house: House
    policy: Policy
    calendar: Calendar
    rates: Rates
    on: date
    memory: Memory = field(default_factory=Memory)
    plugged: Mapping[tuple[str, str], object] = field(default_factory=dict)

    @cached_property
    def items(self) -> tuple[ItemCase, ...]:
        """The open items, oldest due first."""
        covered = cover(self.account, self.on)
        found = promises(self.account, self.on)
        states = {state.item: state for state in self.memory.state.items}
        cases = []
        for row in self.account.items:
            state = states.get(row.id)
            stage = self.policy.stage(state.stage) if state and state.stage else -1
            cases.append(
                ItemCase(
                    row,
                    self.rolled(row.due),
                    covered[row.id],
                    self._dispute(row),
                    promised(row.id, found, covered),
                    state,
                    -1 if stage is None else stage,
                    stage is None,
                    self._places(state.past if state else ()),
                )
            )
        return tuple(sorted(cases, key=lambda c: (c.due or date.max, c.row.id)))

    def _places(self, names: Iterable[str]) -> frozenset[int]:
        found = (self.policy.stage(name) for name in names)
        return frozenset(place for place in found if place is not None)

    def _dispute(self, row: Item) -> Dispute | None:
        names = (row.id, row.document or row.id)
        return next(
            (
                d
                for d in self.account.disputes
                if d.item in names and d.since <= self.on and not (d.ended and d.ended <= self.on)
            ),
            None,
        )

    def rolled(self, due: date | None) -> date | None:
        """The due date off closed days."""
        if due is None:
            return None
        rolls = self.house.calendars(self.policy).due_rolls
        return self.calendar.roll(due, rolls)  # type: ignore[arg-type]

    @cached_property
    def contacts(self) -> tuple[date, ...]:
        """The days of all contacts of the debtor, ours and people's (calendar's zone), sorted."""
        zone = ZoneInfo(self.calendar.timezone)
        ours = [c.on for c in self.memory.state.contacts]
        theirs = [c.at.astimezone(zone).date() for c in self.memory.people]
        return tuple(sorted(day for day in (*ours, *theirs) if day <= self.on))

    def paid(self, first: date) -> list[tuple[Settlement, int | None]]:
        """The invoices fully paid from `first` to yesterday, each with its days late (early: 0).

        Not today's: a late payment may change a segment, but not on the day on which it comes in.
        """
        found = []
        for s in self.account.settlements:
            if s.closes and s.kind == "payment" and first <= s.on < self.on:
                due = self.rolled(s.due)
                found.append((s, None if due is None else max(0, (s.on - due).days)))
        return found

    @cached_property
    def address(self) -> str:
        """The e-mail address that a message goes to first: billing, then the customer's own."""
        billing = (
            p.email
            for p in self.account.contacts
            if p.role == "billing" and p.email and p.customer == self.account.debtor
        )
        return next(billing, None) or self.account.payer.email or ""

    @cached_property
    def periods(self) -> dict[tuple[str, Duration], object]:
        """What was found for facts over a period: the same for every item and day that asks."""
        return {}

    @cached_property
    def bounce(self) -> str | None:
        """The key of the bounce of that address; None while it is not known to bounce."""
        if not self.memory.state.bounces or not self.address:
            return None
        wanted = address_hash("email", self.address)
        return next((b.key for b in self.memory.state.bounces if b.address_hash == wanted), None)

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """Why the account must be left alone: facts that do not add up, or no exchange rate."""
        found = []
        payers = {customer.id for customer in self.account.customers}
        if payers and self.account.debtor not in payers:
            found.append(PAID_FOR.format(self.account.debtor))
        home = self.policy.currency
        for row in self.account.items:
            if row.balance < 0 or row.amount <= 0 or row.balance > row.amount:
                found.append(
                    f"item '{row.number}' does not add up: amount {row.amount}, "
                    f"balance {row.balance} {row.currency}"
                )
            if self.rates.rate(row.currency, home) is None:
                found.append(f"no exchange rate from {row.currency} to {home}")
        for credit in self.account.credits:
            if credit.balance > 0:
                name = credit.number or credit.id
                found.append(
                    f"credit '{name}' does not add up: balance {credit.balance} {credit.currency}"
                )
        return tuple(sorted(set(found)))
