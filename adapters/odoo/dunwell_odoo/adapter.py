"""The port for Odoo: what the engine asks, answered by Odoo's own records and objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dunwell.log.entry import Entry, Result
from dunwell.port import Appended, Capabilities, Delivery, Effect, Found, Heads, Sought
from dunwell_odoo import desk, survey
from dunwell_odoo.asking import Ask
from dunwell_odoo.clock import Clock
from dunwell_odoo.contacts import Contacts
from dunwell_odoo.door import Door
from dunwell_odoo.effects import Draft
from dunwell_odoo.hand import ByHand
from dunwell_odoo.installed import Installed, find
from dunwell_odoo.kept import Kept
from dunwell_odoo.log import Log
from dunwell_odoo.names import SUBTYPE_REMINDER
from dunwell_odoo.options import Options
from dunwell_odoo.outcomes import outcomes
from dunwell_odoo.owners import Owners
from dunwell_odoo.reading import Reader
from dunwell_odoo.site import Site
from dunwell_odoo.traces import Traces

if TYPE_CHECKING:  # the tables bring Polars, which asking for capabilities does not need
    from dunwell.model import Describe
    from dunwell.model.tables import PageLike

EVER = date(2000, 1, 1)


class OdooAdapter:
    """The companies of one Odoo database (`dunwell.port.Adapter`); nothing is asked until used.

    `page_rows` is how many records one call brings.
    """

    def __init__(self, door: Door, options: Options, *, page_rows: int = 5_000) -> None:
        self.door, self.options, self.page_rows = door, options, page_rows
        self.clock = Clock(door, lambda: self.installed.action)
        self.ask = Ask(door, lambda: self.installed.action)
        self.site = Site(self.ask, wanted=options.companies, zone=options.timezone)
        self.owners = Owners(self.ask)
        self.kept = Kept()

    @cached_property
    def installed(self) -> Installed:
        """What of ours is there; asked once."""
        return find(self.door)

    @cached_property
    def log_of(self) -> Log:
        """The log; it remembers which positions are taken."""
        return Log(self.ask, self.installed)

    @cached_property
    def _capabilities(self) -> Capabilities:
        return survey.capabilities(survey.rights(self.door, self.installed, native=self.native))

    @property
    def native(self) -> bool:
        """Whether Odoo sends reminders itself."""
        return self.options.remind == "odoo"

    # -- the port -------------------------------------------------------------------------------

    def describe(self) -> Describe:
        """Which database and companies, their own today, Odoo's clock."""
        from dunwell.model import Describe

        bank = self._reader.ours.look()
        main, now = self.site.main, self.clock.now()
        return Describe(
            tenant=self.tenant,
            system="odoo",
            on=main.on(now),
            now=now,
            bank_data_on=bank,
            notes=(*self.site.notes, *self._remarks),
        )

    @property
    def _remarks(self) -> tuple[str, ...]:
        """What else a person should know who asked what works here; a plan never pays for it."""
        return self._told if "_capabilities" in vars(self) else ()

    @cached_property
    def _told(self) -> tuple[str, ...]:
        works = ", ".join(f"{c.name} ({c.currency})" for c in self.site.companies.values())
        found = survey.survey(self.door, self.installed, native=self.native)
        return f"works for {works}", *found.remarks

    @property
    def tenant(self) -> str:
        """Where it is, which database, and which companies where they are chosen."""
        parts = urlsplit(self.options.url)
        where = f"{parts.hostname}{parts.path}"
        chosen = (
            "".join(f":{number}" for number in self.site.companies) if self.site.wanted else ""
        )
        return f"odoo:{where}/{self.options.database}{chosen}"

    def capabilities(self) -> Capabilities:
        """What works here, how well, and who can grant what is missing; asked once."""
        return self._capabilities

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        """The rows of a published table, in pages."""
        from dunwell.model.tables import page

        chosen = None if debtors is None else list(debtors)
        for rows in self._reader.pages(table, chosen, since):
            yield page(table, rows)

    @property
    def _reader(self) -> Reader:
        portal = self.installed.portal or self.options.url
        return Reader(
            self.ask, self.site, self.installed, self.owners, self.clock, self.kept,
            self.page_rows, portal if self.options.payment_links else "",
        )  # fmt: skip

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        """The entries that the engine folds."""
        if debtors is not None and not debtors:
            return Heads([], self.clock.now())
        chosen = None if debtors is None else list(debtors)
        entries = [] if self.installed.action else self.log_of.heads(chosen)
        asked = list(self._contacts.asks(chosen, since))
        if self.installed.action:
            entries, answers = self.log_of.heads_with(chosen, asked, self.clock)
        else:
            answers = self.ask.together(asked, self.clock)
        for question, rows in zip(asked, answers, strict=True):
            entries += self._contacts.heard(question, rows, chosen)
        return Heads(entries, self.clock.now())

    @property
    def _contacts(self) -> Contacts:
        return Contacts(self.ask, self.installed, self.owners)

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        """Append each entry at its position."""
        self.kept.forget()
        return self.log_of.append(entries)

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        """Perform each effect once."""
        self.kept.forget()
        if not effects:
            return []
        native = self.native and bool(self.installed.id(SUBTYPE_REMINDER))
        draft = Draft(self.ask, self.installed, self.site, native, self.clock.ask())
        return desk.execute(draft, self._hands, effects)

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        """Whether effects exist."""
        self.kept.forget()
        return self._hands.look_up(sought) if sought else []

    @property
    def _hands(self) -> desk.Hands:
        if self.installed.action:
            return desk.ByAction(self.door, self.installed, self.clock, self.log_of.seen)
        traces = Traces(self.ask, self.installed, self.clock)
        return ByHand(self.door, self.installed, self.clock, self.log_of, traces)

    def outcomes(self, *, since: date) -> Sequence[Delivery]:
        """Messages of Dunwell's that came back or could not leave, since a day."""
        return outcomes(self.ask, self.installed, self.site, since)

    def log(self, debtor: str | None = None, *, limit: int = 200) -> Sequence[Entry]:
        """The log, newest first; with what customers wrote to us."""
        found = self.log_of.newest(debtor, limit)
        chosen = None if debtor is None else [debtor]
        for question in self._contacts.asks(chosen, EVER, inbound=True):
            found += self._contacts.heard(question, None, chosen)
        found.sort(key=_age, reverse=True)
        return found[:limit]

    def close(self) -> None:
        """Let go of connections; safe to call twice."""
        self.door.close()


def _age(entry: Entry) -> tuple[datetime, int]:
    return entry.at, entry.position or 0
