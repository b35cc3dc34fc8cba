"""The port for a ledger: what the engine asks, answered by one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from dunwell.log.entry import Entry, Result
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
from dunwell_ledger import effects, log, mark
from dunwell_ledger.clock import Clock
from dunwell_ledger.store import Ledger, meta

if TYPE_CHECKING:  # the tables bring Polars, which asking for capabilities does not need
    from dunwell.model import Describe
    from dunwell.model.tables import PageLike


class LedgerAdapter:
    """One ledger as an ERP (`dunwell.port.Adapter`); threads and processes may share the file."""

    def __init__(
        self, ledger: Ledger, *, clock: Clock | None = None, only_copy: bool = False
    ) -> None:
        """`only_copy`: somebody vouches that there is no other, whatever the file system says."""
        self.ledger = ledger
        self.clock = clock or Clock()
        self.only_copy = only_copy

    def describe(self) -> Describe:
        """Tenant, the first company's own today, the clock, and how far payments are known."""
        from dunwell.model import Describe

        with self.ledger.reading() as connection:
            identity = meta(connection, "identity") or ""
            zones = [
                row[0] for row in connection.execute("SELECT timezone FROM companies ORDER BY n")
            ]
            known = meta(connection, "bank_data_on") or ""
            newest = connection.execute(
                "SELECT max(day) FROM credits WHERE kind = 'payment'"
            ).fetchone()[0]
            copied = "" if self.only_copy else mark.doubt(connection, self.ledger.path)
        zone = zones[0] if zones else None
        today = self.clock.on(zone)
        bank = max(known, min(newest or "", today.isoformat()))  # a payment may be dated ahead
        notes = []
        if zones and not zone:
            notes.append("the company has no timezone: today is counted in UTC")
        if len(set(zones)) > 1:
            notes.append(f"companies in several zones: today is counted in {zone or 'UTC'}")
        return Describe(
            tenant=f"ledger:{identity}",
            system="ledger",
            on=today,
            now=self.clock.now(zone),
            bank_data_on=date.fromisoformat(bank) if bank else None,
            notes=tuple(notes),
            copied=copied,
        )

    def capabilities(self) -> Capabilities:
        """Everything but messages, which are the channels' business."""
        return Capabilities(
            strengths={
                Capability.APPEND: Strength("exclusive"),
                Capability.EFFECT: Strength(
                    "looked_up", "effects are kept under their keys, apart from the log"
                ),
                Capability.REMIND: Strength("none", "a ledger sends no messages; channels do"),
                Capability.TASK: Strength("native"),
                Capability.HOLD: Strength(
                    "advisory",
                    "a hold is a row in the table 'holds'",
                    "let the order entry system read the holds without an end",
                ),
                Capability.TAG: Strength("native"),
                Capability.NOTE: Strength("native"),
                Capability.REFRESH: Strength("native"),
            },
            hold_kinds=HOLD_KINDS,
            hold_scope="company",
        )

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        """The rows of a published table, in pages."""
        from dunwell_ledger import reading

        return reading.pages(self.ledger, table, debtors=debtors, since=since)

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        """The entries that the engine folds."""
        now = self._now()
        return Heads(log.heads(self.ledger, debtors=debtors, since=since), now)

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        """Append each entry at its position; one transaction for all of them."""
        return log.append(self.ledger, entries, clock=self._now)

    def execute(self, effects_: Sequence[Effect]) -> Sequence[Result]:
        """Perform each effect once; one transaction for all of them."""
        return effects.execute(self.ledger, effects_, clock=self._moment)

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        """Whether effects exist: told exactly, once their time is over."""
        return effects.look_up(self.ledger, sought, clock=self._moment)

    def log(self, debtor: str | None = None, *, limit: int = 200) -> Sequence[Entry]:
        """The log, newest first."""
        return log.newest(self.ledger, debtor, limit)

    def close(self) -> None:
        """Let go of connections; safe to call twice."""
        self.ledger.close()

    def _zone(self) -> str | None:
        with self.ledger.reading() as connection:
            row = connection.execute(
                "SELECT timezone FROM companies ORDER BY n LIMIT 1"
            ).fetchone()
        return None if row is None else row[0]

    def _now(self) -> datetime:
        return self.clock.now(None if self.clock.today is None else self._zone())

    def _moment(self) -> tuple[datetime, date]:
        zone = self._zone()
        return self.clock.now(zone), self.clock.on(zone)
