"""The tables that are the same for all customers: our companies, our people, exchange rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dunwell_odoo.asking import Ask, Question, Record, these
from dunwell_odoo.clock import Clock
from dunwell_odoo.kept import Kept
from dunwell_odoo.lines import Row
from dunwell_odoo.site import Site, person
from dunwell_odoo.values import day, text

RATES = 5_000
"""The newest so many exchange rates are read."""

Rows = Iterator[list[Row]]


@dataclass(frozen=True, slots=True)
class Ours:
    """Reads them; by the server action all in one call."""

    ask: Ask
    site: Site
    clock: Clock
    kept: Kept

    def look(self) -> date | None:
        """Who we are and what time it is, asked anew; the day of the newest bank transaction, None
        where no statements are kept.
        """
        asked = [self.site.asks_who, self._asks_bank]
        who, bank = self.ask.together(asked, self.clock)
        self.site.heard_who(who)
        days = [found for row in bank if (found := day(row["date"]))]
        return min(max(days), self.site.main.on(self.clock.now())) if days else None

    @property
    def _asks_bank(self) -> Question:
        return Question(
            "account.bank.statement.line", self.site.where(), these("date"), 1,
            order="date desc, id desc",
        )  # fmt: skip

    def companies(self) -> Rows:
        """Ours. Where it is one call, people and rates come with them."""
        more = [self.site.asks_people, self.site.asks_currencies, self._asks_rates]
        asked = [self.site.asks_who, *(more if self.ask.action else [])]
        who, *told = self.ask.together(asked)
        self.site.heard_who(who)
        if told:
            people, currencies, rates = told
            self.site.heard_currencies(currencies)
            self.kept.keep("people", None, self._people(self.site.heard_people(people)))
            self.kept.keep("rates", None, self._rates(rates))
        yield self._companies()

    def _companies(self) -> list[Row]:
        return [
            {
                "id": str(one.id),
                "name": one.name,
                "currency": one.currency,
                "country": one.country,
                "timezone": one.zone.key,
                "email": one.email,
            }
            for one in self.site.companies.values()
        ]

    def people(self) -> Rows:
        """Our users: tasks go to them, by e-mail address or login."""
        yield self._people(self.site.fresh_people())

    def _people(self, rows: Sequence[Record]) -> list[Row]:
        found: dict[str, Row] = {}
        for row in sorted(rows, key=lambda row: not row["active"]):
            name = person(row)
            one: Row = {"id": name, "name": text(row["name"]), "email": text(row["email"])}
            found.setdefault(name, {**one, "active": row["active"]})
        return list(found.values())

    @property
    def _asks_rates(self) -> Question:
        """The newest rates of all currencies in use."""
        spec = these("name", "rate", "currency_id", "company_id")
        used = [["currency_id.active", "=", True]]
        return Question("res.currency.rate", used, spec, RATES, order="name desc, id")

    def rates(self) -> Rows:
        """Units of a company's currency for one of another; Odoo keeps the inverse, to a base."""
        yield self._rates(self.ask.first(self._asks_rates))

    def _rates(self, found: Sequence[Record]) -> list[Row]:
        return [
            rate
            for company in self.site.companies.values()
            for rate in _rates(
                [row for row in found if row["company_id"] in (company.id, False)],
                str(company.id), company.currency, self.site.currency,
            )
        ]  # fmt: skip


def _rates(
    found: Sequence[Record], company: str, own: str, code: Callable[[int], str]
) -> Iterator[Row]:
    """Rates to the own currency on each day on which there is one; the own may change too."""
    base = Decimal(1)
    for row in sorted(found, key=lambda row: (str(row["name"]), row["id"])):
        rate, currency = Decimal(str(row["rate"] or 0)), code(row["currency_id"])
        if not rate:
            continue
        if currency == own:
            base = rate
            continue
        worth = (base / rate).quantize(Decimal("1E-12")).normalize()
        yield {
            "company": company,
            "currency": currency,
            "on": day(row["name"]),
            "rate": f"{worth:f}",
        }
