"""Invoices mailed again by QuickBooks itself: looked at first, never sent twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dunwell.errors import AdapterError, UnavailableError
from dunwell.log.entry import Result
from dunwell.port import Effect
from dunwell_quickbooks.company import Company, amount, reference, sent_at
from dunwell_quickbooks.door import BrokenError, Entity, RefusedError
from dunwell_quickbooks.mapping import Part, parts
from dunwell_quickbooks.people import disputes, exclusions, promises

ROUND = timedelta(seconds=1)
"""The service keeps whole seconds."""

FRESH = timedelta(seconds=90)
"""How old what was read of an invoice may be when it is mailed."""

FACTS = ("Balance", "TotalAmt", "TxnDate", "DueDate", "CustomerRef", "CurrencyRef")
"""What a reminder was decided by: where a person changed it meanwhile, nothing is mailed."""


@dataclass(slots=True)
class Mailer:
    """Sends the invoices of reminders by `/send`.

    The invoices of all reminders that are given together are read again in one call, and again
    when that is a minute old. The debtor needs no such call: a reminder begins with a write under
    the SyncToken that was read of the customer.
    """

    company: Company
    _known: dict[str, tuple[object, ...]] = field(default_factory=dict)
    _there: dict[str, Entity] = field(default_factory=dict)
    _parts: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    _looked: datetime | None = None

    def begin(self, effects: Sequence[Effect]) -> None:
        """Keep what was known of the invoices of reminders when those were decided."""
        rows = self.company.records.of("Invoice")
        items = [item for effect in effects for item in effect.command.items]
        self._known = {item: _facts(rows[item]) for item in items if item in rows}
        self._looked = None

    def refused(self, effect: Effect, ahead: Sequence[Effect]) -> Result | None:
        """Why its invoices may not be mailed now; None: they may.

        `ahead` are the reminders to come, it among them: they are read again together.
        """
        command = effect.command
        if not command.items or command.message is None:
            return Result(effect.key, "rejected", detail="the reminder names no invoice")
        now = self.company.clock.now()
        if self._looked is None or now - self._looked > FRESH:
            self._look(ahead)
        for item in command.items:
            why = self._why_not(item, self._there.get(item), effect)
            if why:
                return Result(effect.key, "skipped", "changed", detail=f"invoice {item}: {why}")
        return None

    def _look(self, effects: Sequence[Effect]) -> None:
        items = {item for effect in effects for item in effect.command.items}
        self._there = self.company.reread("Invoice", items)
        owners = {reference(row, "CustomerRef") for row in self._there.values()}
        self.company.reread("Customer", owners - {effect.debtor for effect in effects})
        self._parts = parts(self.company)
        self._looked = self.company.clock.now()

    def _why_not(self, item: str, row: Entity | None, effect: Effect) -> str:
        """Paid, voided, stopped by people, or sent by them meanwhile."""
        if row is None:
            return "it was deleted"
        if amount(row, "Balance") <= 0:
            return "nothing is owed on it any more"
        if self._known.get(item, _facts(row)) != _facts(row):
            return "it was changed meanwhile"
        debtor = self.company.payer(reference(row, "CustomerRef"))
        if debtor != effect.debtor:
            return "another customer pays for it now"
        on = self.company.clock.now().astimezone(self.company.zone).date()
        view = Part(self.company, on, mine=self._parts.get(debtor, {}))
        for table in (exclusions(view), promises(view)):
            for stop in table:
                last = stop.get("until") or stop.get("by")
                over = (last is not None and last < view.on) or stop.get("ended")
                if over or self.company.payer(stop["customer"]) != debtor:
                    continue
                items = stop.get("items") or ([stop["item"]] if stop.get("item") else [])
                if not items or item in items:
                    return f"people wrote: {stop.get('reason') or 'a promise'}"
        if any(d["item"] == item and not d.get("ended") for d in disputes(view)):
            return "it is disputed"
        sent = sent_at(row)
        if sent is not None and self.company.clock.now() - sent < timedelta(hours=12):
            return "it was mailed today already"
        return ""

    def send(self, effect: Effect, until: datetime) -> Result:
        """Mail each invoice once; what gets lost on the way is looked for, never sent again."""
        command = effect.command
        assert command.message is not None
        mailed: list[str] = []
        left: list[str] = []
        for number, item in enumerate(command.items):
            late = self.company.clock.now() > until
            address = command.message.address
            status = "late" if late else self._one(item, address, f"{effect.key}.{number}")
            if status == "unknown":
                detail = f"nobody can tell whether invoice {item} was mailed"
                return Result(effect.key, "unknown", detail=detail)
            if status == "refused" and not mailed:
                return Result(effect.key, "failed", "later", "refused",
                              f"QuickBooks did not mail invoice {item}")  # fmt: skip
            (mailed if status == "sent" else left).append(item)
        if not left:
            return Result(effect.key, "done", delivery="accepted")
        if not mailed:
            return Result(effect.key, "failed", "later", detail="its time was over")
        # what is half said is neither said nor not: a person decides whether that will do
        words = f"invoices {', '.join(mailed)} were mailed, {', '.join(left)} were not"
        return Result(effect.key, "unknown", detail=words)

    def _one(self, item: str, address: str, requestid: str) -> str:
        before = sent_at(self.company.records.of("Invoice").get(item, {}))
        try:
            self.company.put("Invoice", self.company.door.send(item, address, requestid))
        except RefusedError:
            return "refused"
        except UnavailableError:
            return "refused"
        except BrokenError:
            try:
                after = sent_at(self.company.reread("Invoice", [item]).get(item, {}))
            except AdapterError:
                return "unknown"
            # a person may have pressed the button in the same second: either way it was mailed
            return "sent" if after is not None and after != before else "unknown"
        return "sent"

    def begun(self, effect: Effect, since: datetime) -> Result:
        """What became of a reminder that somebody else began: looked at, never sent."""
        items = effect.command.items
        if items and self.mailed({effect.key: (items, since)})[effect.key] == len(items):
            return Result(effect.key, "already_done", delivery="accepted")
        return Result(effect.key, "unknown", detail="it was begun, and nobody can tell its end")

    def mailed(self, claimed: Mapping[str, tuple[Sequence[str], datetime]]) -> Mapping[str, int]:
        """How many invoices of each reminder were mailed since an instant; one call for all."""
        wanted = {item for items, _ in claimed.values() for item in items}
        fresh = self.company.reread("Invoice", wanted) if wanted else {}
        return {
            key: sum(_mailed(fresh.get(item, {}), since) for item in items)
            for key, (items, since) in claimed.items()
        }


def _mailed(row: Entity, since: datetime) -> bool:
    at = sent_at(row)
    return at is not None and at >= since - ROUND


def _facts(row: Entity) -> tuple[object, ...]:
    return tuple(row.get(name) for name in FACTS)
