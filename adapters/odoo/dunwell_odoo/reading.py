"""The published tables out of Odoo: a fixed number of calls for each page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dunwell_odoo import lines as ledger
from dunwell_odoo import partners as cards
from dunwell_odoo import settlements, underway
from dunwell_odoo.activities import Activities
from dunwell_odoo.asking import EVERYTHING, Ask, Domain, Question, Record, Spec, parts, these
from dunwell_odoo.clock import Clock
from dunwell_odoo.installed import Installed
from dunwell_odoo.kept import Kept, whom
from dunwell_odoo.lines import Row
from dunwell_odoo.names import HOLD
from dunwell_odoo.ours import Ours
from dunwell_odoo.owners import Owner, Owners
from dunwell_odoo.people import People
from dunwell_odoo.settlements import Settlements
from dunwell_odoo.site import Site
from dunwell_odoo.standing import holds_of
from dunwell_odoo.underway import Underway
from dunwell_odoo.values import day, numbers

LINE = "account.move.line"

SHARED = ("companies", "people", "rates")
"""Tables that are the same for all debtors."""

Rows = Iterator[list[Row]]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads; `size` is how many records a page has, `portal` where customers see invoices."""

    ask: Ask
    site: Site
    installed: Installed
    owners: Owners
    clock: Clock
    kept: Kept
    size: int = 5_000
    portal: str = ""

    def pages(self, table: str, debtors: Sequence[str] | None, since: date | None) -> Rows:
        """The rows of a table."""
        tables: Mapping[str, Callable[[], Rows]] = {
            "companies": self.ours.companies,
            "people": self.ours.people,
            "rates": self.ours.rates,
            "customers": lambda: self.customers(debtors),
            "contacts": lambda: self._with("customers", self.customers, "contacts", debtors),
            "holds": lambda: self._with("customers", self.customers, "holds", debtors),
            "items": lambda: self.items(debtors),
            "credits": lambda: self._with("items", self.items, "credits", debtors),
            "settlements": lambda: self.settlements(debtors, since),
            "promises": lambda: self.noted("promises", debtors),
            "disputes": lambda: self.noted("disputes", debtors),
            "exclusions": lambda: self.noted("exclusions", debtors),
            "tasks": lambda: self.noted("tasks", debtors),
        }
        if table not in tables or debtors == []:
            return
        found = self.kept.take(table, None if table in SHARED else whom(debtors))
        if found is not None:
            yield from (list(part) for part in parts(found, self.size))
        else:
            yield from (page for page in tables[table]() if page)

    @property
    def ours(self) -> Ours:
        """What is the same for all customers."""
        return Ours(self.ask, self.site, self.clock, self.kept)

    def _with(
        self, source: str, read: Callable[[Sequence[str] | None], Rows], table: str,
        debtors: Sequence[str] | None,
    ) -> Rows:  # fmt: skip
        """A table that is read with another one."""
        for _ in read(debtors):
            pass
        self.kept.take(source, whom(debtors))
        found = self.kept.take(table, whom(debtors)) or []
        yield from (list(part) for part in parts(found, self.size))

    # -- who owes -------------------------------------------------------------------------------

    def customers(self, debtors: Sequence[str] | None) -> Rows:
        """Customers, those put away too: they may still owe. Contacts and holds come with them."""
        there = sorted(self.installed.fields)
        maker = cards.Partners(self.site.person, self.site.main)
        contacts: list[Row] = []
        holds: list[Row] = []
        for page in self._partners(debtors, cards.specification(there)):
            for row in page:
                payer = row["commercial_partner_id"] or row["id"]
                self.owners.learn("res.partner", row["id"], Owner(str(payer)))
            contacts += [maker.contact(row) for row in page if cards.is_contact(row)]
            holds += [hold for row in page for hold in holds_of(row)]
            yield [maker.customer(row) for row in page if cards.is_customer(row)]
        self.kept.keep("contacts", whom(debtors), contacts)
        self.kept.keep("holds", whom(debtors), holds)

    def _partners(self, debtors: Sequence[str] | None, spec: Spec) -> Iterator[list[Record]]:
        """Customers and their contacts, with whoever owes without ever having got an invoice."""
        if debtors is None:
            everybody = self._cards(self._customers(), spec)
            rows, strays = self.ask.together([everybody, self._asks_strays])
            pages = self.ask.whole(self._asks_strays, strays)
            chosen = sorted({row["partner_id"] for page in pages for row in page})
            path = "id"
            yield from self.ask.whole(everybody, rows)
        else:
            chosen, path = numbers(debtors), "commercial_partner_id"
        for part in parts(chosen, self.size):
            yield from self.ask.whole(self._cards([[path, "in", list(part)]], spec))

    def _cards(self, domain: Domain, spec: Spec) -> Question:
        return Question("res.partner", domain, spec, self.size, EVERYTHING)

    def _customers(self) -> Domain:
        """Whoever got invoices or has a hold, and the contacts of these."""
        one: Domain = [["customer_rank", ">", 0], ["commercial_partner_id.customer_rank", ">", 0]]
        if self.installed.holds:
            one.append([HOLD, "!=", False])
        return [*["|"] * (len(one) - 1), *one]

    @property
    def _asks_strays(self) -> Question:
        """Open lines of partners that are no customers: entries by hand, opening balances."""
        domain: Domain = [
            *ledger.RECEIVABLE,
            ["reconciled", "=", False],
            ["partner_id.customer_rank", "=", 0],
            ["partner_id.commercial_partner_id.customer_rank", "=", 0],
            *self.site.where(),
        ]
        if self.installed.holds:
            domain.append([f"partner_id.{HOLD}", "=", False])
        return Question(LINE, domain, these("partner_id"), self.size)

    # -- what is owed ---------------------------------------------------------------------------

    def _of(self, debtors: Sequence[str] | None, path: str) -> Iterator[Domain]:
        """The conditions for lines of some debtors, or of all; `path` leads to the line."""
        where = self.site.where()
        if debtors is None:
            yield where
            return
        for part in parts(numbers(debtors), self.size):
            yield [*where, [f"{path}partner_id.commercial_partner_id", "in", list(part)]]

    def items(self, debtors: Sequence[str] | None) -> Rows:
        """The open lines of invoices and entries; credits come with them."""
        maker = ledger.Reading(
            self.site.currency, self.site.person, self.portal, self.installed.flag
        )
        spec = ledger.specification(maker.flag)
        credits: list[tuple[Record, str]] = []
        oldest: dict[int, str] = {}
        moving = Underway(self.site.currency)
        for where, paid_where in zip(
            self._of(debtors, ""), self._of(debtors, "debit_move_id."), strict=True
        ):
            domain = [*ledger.RECEIVABLE, ["reconciled", "=", False], *where]
            lines = Question(LINE, domain, spec, self.size)
            payments = _payments(paid_where, self.size)
            asked = [lines, payments]
            if self.ask.door.version >= underway.SINCE:
                asked.append(underway.asks(where, self.size))
            rows, paid, *coming = self.ask.together(asked)
            for question, first in zip(asked[2:], coming, strict=True):
                for rest in self.ask.whole(question, first):
                    moving.learn(rest)
            newest = _newest(self.ask.whole(payments, paid))
            for page in self.ask.whole(lines, rows):
                owners = self._owners(page)
                owed = [row for row in page if maker.owed(row)]
                credits += [(row, owners[row["partner_id"]]) for row in page if maker.free(row)]
                for row in owed:
                    oldest.setdefault(row["move_id"]["id"], str(row["id"]))
                found = [
                    maker.item(
                        row, owners[row["partner_id"]], newest.get(row["id"]),
                        credited=moving.covers(row),
                    )
                    for row in owed
                ]  # fmt: skip
                yield [item for item in found if item["balance"]]
        made = [
            maker.credit(row, debtor, oldest.get(row["move_id"]["reversed_entry_id"] or 0))
            for row, debtor in credits
        ]
        payers = self.owners.of(("res.partner", row["partner_id"]) for row in moving.rows)
        made += moving.credits({who: owner.debtor for who, owner in payers.items()}, oldest)
        self.kept.keep("credits", whom(debtors), [row for row in made if row["balance"]])

    def _owners(self, page: Sequence[Record]) -> dict[int, str]:
        """Who pays for the partners of some lines; whose invoices these are is learnt too."""
        asked = {("res.partner", row["partner_id"]) for row in page if row["partner_id"]}
        found = self.owners.of(asked)
        debtors = {number: owner.debtor for (_, number), owner in found.items()}
        for row in page:
            debtor = debtors.get(row["partner_id"])
            if debtor is not None:
                owner = Owner(debtor, str(row["company_id"]))
                self.owners.learn("account.move", row["move_id"]["id"], owner)
        return debtors

    def settlements(self, debtors: Sequence[str] | None, since: date | None) -> Rows:
        """What paid what."""
        reader = Settlements(self.ask, self.owners, self.site.currency, self.size)
        for where in self._of(debtors, "debit_move_id."):
            yield from reader.pages(where, since)

    # -- what people say ------------------------------------------------------------------------

    def noted(self, wanted: str, debtors: Sequence[str] | None) -> Rows:
        """Tasks, promises, disputes and exclusions are activities, and are read together."""
        found = Activities(
            self.ask, self.installed, self.owners, self.site, self.clock.now()
        ).read(debtors)
        maker = People(self.ask, self.installed, self.site)
        rows = {
            "promises": maker.promises(found),
            "disputes": maker.disputes(found),
            "exclusions": maker.exclusions(found),
            "tasks": maker.tasks(found),
        }
        mine = {
            table: [row for row in each if self.site.here(str(row.get("company") or ""))]
            for table, each in rows.items()
        }
        for table in mine.keys() - {wanted}:
            self.kept.keep(table, whom(debtors), mine[table])
        yield mine[wanted]


def _payments(where: Domain, size: int) -> Question:
    """What paid a part of what is still open."""
    domain = [*settlements.ITEMS, ["debit_move_id.reconciled", "=", False], *where]
    return Question(settlements.PARTIAL, domain, these("debit_move_id", "max_date"), size)


def _newest(pages: Iterator[list[Record]]) -> dict[int, date | None]:
    """The day of the newest payment of each line."""
    found: dict[int, date | None] = {}
    for page in pages:
        for row in sorted(page, key=lambda row: str(row["max_date"])):
            found[row["debit_move_id"]] = day(row["max_date"])
    return found
