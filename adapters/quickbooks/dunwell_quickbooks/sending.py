"""Invoices mailed again by QuickBooks itself: looked at first, never sent twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunwell.errors import AdapterError, UnavailableError
from dunwell.log.entry import Result
from dunwell.port import Effect, Found
from dunwell_quickbooks.calendar import instant
from dunwell_quickbooks.company import Company, amount, reference
from dunwell_quickbooks.door import BrokenError, Entity, RefusedError
from dunwell_quickbooks.mapping import View
from dunwell_quickbooks.people import disputes, exclusions, promises

ROUND = timedelta(seconds=1)
"""The service keeps whole seconds."""


@dataclass(slots=True)
class Mailer:
    """Sends the invoices of a reminder by `/send`."""

    company: Company
    view: Callable[[], View]

    def refused(self, effect: Effect) -> Result | None:
        """Read the invoices again, and say why none of them may be mailed now; None: they may."""
        command = effect.command
        if not command.items or command.message is None:
            return Result(effect.key, "rejected", detail="the reminder names no invoice")
        fresh = self.company.reread("Invoice", command.items)
        self.company.reread("Customer", self._customers(fresh.values()))
        for item in command.items:
            why = self._why_not(item, fresh.get(item), effect)
            if why:
                return Result(effect.key, "skipped", "changed", detail=f"invoice {item}: {why}")
        return None

    def _customers(self, invoices: Iterable[Entity]) -> set[str]:
        owners = {reference(row, "CustomerRef") for row in invoices}
        return owners | {self.company.payer(owner) for owner in owners}

    def _why_not(self, item: str, row: Entity | None, effect: Effect) -> str:
        """Paid, voided, stopped by people, or sent by them meanwhile."""
        if row is None:
            return "it was deleted"
        if amount(row, "Balance") <= 0:
            return "nothing is owed on it any more"
        customer = reference(row, "CustomerRef")
        debtor = self.company.payer(customer)
        if debtor != effect.debtor:
            return "another customer pays for it now"
        view = self.view()
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
        left = 0
        for number, item in enumerate(command.items):
            if self.company.clock.now() > until:
                break
            status = self._one(item, command.message.address, f"{effect.key}.{number}")
            if status == "unknown":
                detail = f"nobody can tell whether invoice {item} was mailed"
                return Result(effect.key, "unknown", detail=detail)
            if status == "refused" and not left:
                return Result(effect.key, "failed", "later", "refused",
                              f"QuickBooks did not mail invoice {item}")  # fmt: skip
            left += status == "sent"
        if left == len(command.items):
            return Result(effect.key, "done", delivery="accepted")
        if not left:
            return Result(effect.key, "failed", "later", detail="its time was over")
        # some customers' invoices left and some did not: no stage is reached by that
        detail = f"only {left} of {len(command.items)} invoices were mailed"
        return Result(effect.key, "unknown", detail=detail)

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
        if self.found(effect.command.items, since) is Found.PRESENT:
            return Result(effect.key, "already_done", delivery="accepted")
        return Result(effect.key, "unknown", detail="it was begun, and nobody can tell its end")

    def found(self, items: Sequence[str], since: datetime) -> Found:
        """Whether all invoices were mailed since an instant."""
        fresh = self.company.reread("Invoice", items)
        sent = [sent_at(fresh.get(item, {})) for item in items]
        if items and all(at is not None and at >= since - ROUND for at in sent):
            return Found.PRESENT
        return Found.CANNOT_TELL


def sent_at(row: Entity) -> datetime | None:
    """When an invoice was mailed last."""
    return instant((row.get("DeliveryInfo") or {}).get("DeliveryTime"))
