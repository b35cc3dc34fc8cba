"""The port on Tryton: what the engine asks, answered over JSON-RPC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from dunwell.log.entry import Entry, Result
from dunwell.port import (
    Appended,
    Capabilities,
    Capability,
    Effect,
    Found,
    Heads,
    Sought,
    Strength,
)
from dunwell_tryton import company, log, rights
from dunwell_tryton import effects as deeds
from dunwell_tryton.client import Client
from dunwell_tryton.companion import MODEL, Companion
from dunwell_tryton.company import Company
from dunwell_tryton.reading import Reader
from dunwell_tryton.rights import BELL, CATEGORY, DUNNING, LIMIT, PARTY, Rights, grant

if TYPE_CHECKING:  # the tables bring Polars, which asking for capabilities does not need
    from dunwell.model import Describe
    from dunwell.model.tables import PageLike

GRACE = timedelta(seconds=20)
INSTALL = "install and activate the Tryton module 'dunwell'"


class TrytonAdapter:
    """One company of one Tryton database (`dunwell.port.Adapter`).

    `mails`: reminders leave by Tryton's own mail, and not by Dunwell's channels. `grace` is how
    long a worker that has begun something may take before another one looks after it.
    """

    def __init__(
        self,
        client: Client,
        *,
        company: int | None = None,
        mails: bool = True,
        customer_type: str = "",
        grace: timedelta = GRACE,
    ) -> None:
        self.client, self.mails, self.grace = client, mails, grace
        self._company, self._customer_type = company, customer_type

    @cached_property
    def _models(self) -> frozenset[str]:
        return self.client.there(MODEL, DUNNING, LIMIT)

    @cached_property
    def companion(self) -> Companion:
        """The companion module, where it is activated."""
        return Companion(MODEL in self._models)

    @cached_property
    def rights(self) -> Rights:
        """What the user may do."""
        return rights.ask(self.client, self._models)

    @cached_property
    def company(self) -> Company:
        """The company that is collected for; asked once."""
        return company.find(
            self.client,
            self._company,
            blocks=DUNNING in self._models,
            limits=LIMIT in self._models,
        )

    def describe(self) -> Describe:
        """Which database and company, its own today, Tryton's clock."""
        from dunwell.model import Describe

        self.rights.check(self.client.user)
        ours, now = self.company, self.client.clock()
        adrift = "the company has no timezone that is known: days are counted in UTC"
        return Describe(
            tenant=f"tryton:{self.client.database}:{ours.id}:{ours.name}",
            system="tryton",
            on=ours.day(now),
            now=now,
            notes=() if ours.zone.key == ours.timezone else (adrift,),
        )

    def capabilities(self) -> Capabilities:
        """What works here; the companion module makes effects surer and holds stricter."""
        may, there = self.rights, self.companion.there
        if there:
            sure = "a key is there once; only a mail whose answer was lost cannot be told"
        else:
            sure = "a note follows its entry in a second call: in doubt only if we stop between"
        remind = Strength("none", "switched off: Dunwell's channels send", "mail = 'tryton'")
        task = Strength("channel", "this user may ring nobody's bell", grant(BELL))
        tag = Strength("native", "only by categories that are there", grant(CATEGORY))
        return Capabilities(
            strengths={
                Capability.APPEND: Strength("exclusive"),
                Capability.EFFECT: Strength("looked_up", sure, "" if there else INSTALL),
                Capability.REMIND: Strength("native") if self.mails else remind,
                Capability.TASK: Strength("native") if may.bells else task,
                Capability.HOLD: self._hold(),
                Capability.TAG: Strength("native") if may.tags else tag,
                Capability.NOTE: Strength("native"),
                Capability.REFRESH: Strength("native"),
            },
            hold_kinds=(*(("orders",) if there else ()), *(("credit",) if may.limits else ())),
            hold_scope="company",
        )

    def _hold(self) -> Strength:
        if self.companion.there:
            return Strength("enforced")
        if self.rights.limits:
            why = (
                "a credit limit of 0: credit managers can skip it, drop shipments are not checked"
            )
            return Strength("advisory", why, INSTALL)
        if LIMIT in self._models:
            return Strength("none", "this user may not change credit limits", grant(PARTY))
        return Strength("none", "the module 'sale_credit_limit' is not activated", INSTALL)

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        """The rows of a published table, in pages."""
        from dunwell.model import page

        reader = Reader(self.client, self.company, self.companion, self._customer_type)
        for rows in reader.pages(table, debtors, since):
            yield page(table, rows)

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        """The entries that the engine folds."""
        return log.heads(self.client, debtors, since)

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        """Append each entry at its position."""
        return log.append(self.client, entries)

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        """Perform each effect once."""
        ours = str(self.company.id)
        able = deeds.Able(self.companion, ours, self.mails, self.rights.limits)
        return deeds.Desk(self.client, able, effects, self.grace).run()

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        """Whether effects exist."""
        return deeds.look_up(self.client, self.companion, sought)

    def log(self, debtor: str | None = None, *, limit: int = 200) -> Sequence[Entry]:
        """The log, newest first."""
        return log.newest(self.client, debtor, limit)

    def close(self) -> None:
        """Hang up; safe to call twice."""
        self.client.close()
