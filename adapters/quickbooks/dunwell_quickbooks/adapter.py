"""The port for QuickBooks Online: what the engine asks, answered with few metered reads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from dunwell.log.entry import Entry, OutcomeBody, Result, TaskState
from dunwell.port import (
    HOLD_KINDS,
    Appended,
    Capabilities,
    Capability,
    Effect,
    Found,
    Heads,
    Sought,
    Strength,
)
from dunwell_quickbooks import mapping, people, sizes
from dunwell_quickbooks.appending import WritableLog
from dunwell_quickbooks.company import Company, reference
from dunwell_quickbooks.effects import Desk, SupersededError
from dunwell_quickbooks.faces import Faces
from dunwell_quickbooks.logbook import body_of
from dunwell_quickbooks.looking import look_up
from dunwell_quickbooks.mapping import Row, View
from dunwell_quickbooks.marks import Mark
from dunwell_quickbooks.moment import Moment
from dunwell_quickbooks.rates import rates
from dunwell_quickbooks.sending import Mailer
from dunwell_quickbooks.texts import task_code

if TYPE_CHECKING:  # the tables bring Polars, which asking for capabilities does not need
    from dunwell.model import Describe
    from dunwell.model.tables import PageLike

BATCH = 200
"""Debtors that are read again together: one metered read for all of them."""

NOTED: dict[str, mapping.Reader] = {
    "promises": people.promises,
    "disputes": people.disputes,
    "exclusions": people.exclusions,
    "holds": people.holds,
    "rates": rates,
}


class QuickBooksAdapter:
    """One company as an ERP (`dunwell.port.Adapter`)."""

    def __init__(
        self,
        company: Company,
        *,
        page_rows: int = 10_000,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self.company, self.page_rows, self.moment = company, page_rows, Moment(company, tick)
        self.logbook = WritableLog(company)
        self.native = company.options.remind == "quickbooks"
        self.mailer = Mailer(company)
        self.desk = Desk(self.logbook, self.mailer, self.native)
        self.faces = Faces(company)
        self._looked, self._seen = View(company, date.min), (-1, date.min)
        self._lock = threading.RLock()

    def describe(self) -> Describe:
        """Tenant, the company's own today, the service's clock."""
        from dunwell.model import Describe

        with self._lock:
            self.moment.serve("describe")
            company = self.company
            now = company.clock.now()
            on = now.astimezone(company.zone).date()
            paid = [str(row.get("TxnDate")) for row in company.records.of("Payment").values()]
            newest = max((day for day in paid if day <= on.isoformat()), default=None)
            return Describe(
                tenant=f"quickbooks:{company.options.realm}",
                system="quickbooks",
                on=on,
                now=now,
                bank_data_on=date.fromisoformat(newest) if newest else None,
                notes=tuple(sizes.remarks(company, native=self.native)),
            )

    def capabilities(self) -> Capabilities:
        """What works here, how well, and why not better; asks nobody."""
        return Capabilities(
            strengths={
                Capability.APPEND: Strength(
                    "exclusive", "the head is written under the customer's SyncToken"
                ),
                Capability.EFFECT: Strength(
                    "looked_up",
                    "by the head of the log, and by the time at which an invoice was mailed",
                ),
                Capability.REMIND: Strength("native", "QuickBooks mails the invoices again")
                if self.native
                else Strength("none", "channels send", 'or set remind = "quickbooks" in [erp]'),
                Capability.TASK: Strength(
                    "channel", "a note on the customer: QuickBooks has no tasks and tells nobody"
                ),
                Capability.HOLD: Strength(
                    "advisory", "a line in the customer's notes; QuickBooks enforces nothing"
                ),
                Capability.TAG: Strength("none", "QuickBooks has no tags for customers"),
                Capability.NOTE: Strength("native"),
                Capability.REFRESH: Strength("native"),
            },
            hold_kinds=HOLD_KINDS,
            hold_scope="company",
            batch=BATCH,
        )

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        """The rows of a published table, in pages."""
        with self._lock:
            self.moment.serve(table)
            view = self._view()
            found = self._tasks(view, debtors) if table == "tasks" else self._rows(view, table)
            wanted = None if debtors is None else frozenset(debtors)
            rows = [
                row
                for row in found
                if (wanted is None or self._concerns(table, row, wanted))
                and (since is None or table != "settlements" or row["on"] >= since)
            ]
        return self._pages(table, rows)

    def _rows(self, view: View, table: str) -> Iterable[Row]:
        from dunwell.errors import ConfigurationError

        reader = mapping.READERS.get(table) or NOTED.get(table)
        if reader is None:
            raise ConfigurationError(f"there is no table '{table}'")
        return reader(view)

    def _pages(self, table: str, rows: Sequence[Row]) -> Iterator[PageLike]:
        from dunwell.model.tables import page

        for start in range(0, len(rows), self.page_rows):
            yield page(table, rows[start : start + self.page_rows])

    def _concerns(self, table: str, row: Row, wanted: frozenset[str]) -> bool:
        if table in ("companies", "people", "rates"):
            return True
        if table == "disputes":
            invoice = self.company.records.of("Invoice").get(row["item"], {})
            return self.company.payer(reference(invoice, "CustomerRef")) in wanted
        return self.company.payer(row["id" if table == "customers" else "customer"]) in wanted

    def _tasks(self, view: View, debtors: Sequence[str] | None) -> Iterable[Row]:
        """Tasks that the log knows; ended by what people wrote into the customer's notes, and
        gone where they deleted the note.
        """
        found: dict[str, tuple[str, TaskState, Mark | None]] = {}
        for entry in self.logbook.entries(self._debtors(debtors)):
            body = body_of(entry)
            if isinstance(body, OutcomeBody) and body.state.tasks:
                ends = people.ends_of_tasks(view, entry.debtor)
                for task in body.state.tasks:
                    found[task.key] = (entry.debtor, task, ends.get(task_code(task.key)))
        still = {key: task.on for key, (_, task, mark) in found.items() if mark is None}
        gone = self.faces.gone(still) if still else frozenset()
        for key, (debtor, task, mark) in found.items():
            if key not in gone:
                yield {
                    "key": key,
                    "customer": debtor,
                    "company": task.company,
                    "state": "open" if mark is None else mark.word,
                    "outcome": mark.rest.partition(" ")[2] or None if mark else None,
                    "ended": (mark.day or view.on) if mark else None,
                }

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        """The entries that the engine folds."""
        with self._lock:
            self.moment.serve("heads")
            view = self._view()
            found = self.logbook.entries(self._debtors(debtors))
            wanted = frozenset(self._debtors(debtors))
            contacts = people.contacts(view, since, ours=self._mailed(found))
            found += [entry for entry in contacts if entry.debtor in wanted]
            return Heads(found, self.company.clock.now())

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        """Append each entry at its position."""
        with self._lock:
            self.moment.end()
            if self.company.kept is None:
                self.moment.read()
            with self.company.door.honest():
                return self.logbook.append(entries)

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        """Perform each effect once, after another look at what changed."""
        with self._lock:
            self.moment.end()
            if not effects:
                return []
            # a head that was set here is ours until its claim runs out, and what else changed
            # is noticed when it is written to
            known = self.company.kept is not None
            sure = not known or not self.logbook.ours({effect.debtor for effect in effects})
            if sure:
                self.moment.read()
            with self.company.door.honest():
                try:
                    return self.desk.execute(effects, sure=sure)
                except SupersededError:
                    self.moment.read()
                    return self.desk.execute(effects)

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        """Whether effects exist."""
        with self._lock:
            self.moment.end()
            if not sought:
                return []
            self.moment.read()
            return look_up(self.logbook, self.mailer, sought)

    def log(self, debtor: str | None = None, *, limit: int = 200) -> Sequence[Entry]:
        """The log, newest first; of all debtors only what their newest outcomes left."""
        with self._lock:
            self.moment.end()
            self.moment.read()
            view = self._view()
            if debtor is None:
                found = self.logbook.entries(self._debtors(None))
                chosen = frozenset(self._debtors(None))
            else:
                found = self.logbook.history(debtor, limit)
                chosen = frozenset([debtor])
            mailed = self._mailed(found)
            contacts = people.contacts(view, people.LONG_AGO, ours=mailed)
            found += [entry for entry in contacts if entry.debtor in chosen]
            found.sort(key=lambda e: (e.at, e.position or 0), reverse=True)
            return found[:limit]

    def close(self) -> None:
        """Keep what was read for the next run, and let go of connections; safe to call twice."""
        with self._lock:
            self.company.close()
            self.company.door.close()

    def _view(self) -> View:
        """What is known as tables see it; the same view until something changes."""
        company = self.company
        on = company.clock.now().astimezone(company.zone).date()
        if (company.turn, on) != self._seen:
            self._looked, self._seen = View(company, on), (company.turn, on)
        return self._looked

    def _debtors(self, debtors: Sequence[str] | None) -> list[str]:
        known = self.company.records.of("Customer")
        return list(known) if debtors is None else [d for d in debtors if d in known]

    def _mailed(self, entries: Iterable[Entry]) -> frozenset[tuple[str, date]]:
        """On which days Dunwell let QuickBooks mail: those are no contacts of people."""
        if not self.native:
            return frozenset()
        found: set[tuple[str, date]] = set()
        for entry in entries:
            body = body_of(entry) if entry.position is not None else None
            if isinstance(body, OutcomeBody):
                found |= {(entry.debtor, contact.on) for contact in body.state.contacts}
            elif entry.kind == "claim":
                found.add((entry.debtor, entry.at.astimezone(self.company.zone).date()))
        return frozenset(found)
