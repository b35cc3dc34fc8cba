"""Whose Odoo it is: our companies, our people, the currencies; asked once and when one is new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dunwell.errors import ConfigurationError
from dunwell_odoo.asking import EVERYTHING, Ask, Domain, Question, Record, these
from dunwell_odoo.values import text

SIZE = 5_000
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Company:
    """One of our companies; `zone` is its own, else that of the user, else UTC."""

    id: int
    name: str
    currency: str
    country: str | None
    zone: ZoneInfo
    email: str | None
    partner: int

    def on(self, now: datetime) -> date:
        """Its own today."""
        return now.astimezone(self.zone).date()


class Site:
    """What an adapter knows of the Odoo it works in. `wanted` are names or ids of companies."""

    def __init__(self, ask: Ask, *, wanted: Sequence[str | int] = (), zone: str = "") -> None:
        self.ask, self.wanted, self.zone = ask, tuple(wanted), zone
        self._companies: dict[int, Company] | None = None
        self._main = 0
        self._currencies: dict[int, str] = {}
        self._people: dict[int, str] = {}
        self.assignable: dict[str, int] = {}
        self.notes: tuple[str, ...] = ()

    # -- companies ------------------------------------------------------------------------------

    @property
    def companies(self) -> Mapping[int, Company]:
        """Those that are worked for."""
        return self.fresh_companies() if self._companies is None else self._companies

    @property
    def main(self) -> Company:
        """The one whose today counts: the user's own, else the first."""
        known = self.companies
        return known.get(self._main) or next(iter(known.values()))

    @property
    def asks_who(self) -> Question:
        """Who we are, and for which companies we may work."""
        company = these(
            "name", "email", "country_code", currency_id=these("name"), partner_id=these("tz")
        )
        spec = these("tz", "company_id", company_ids=company)
        return Question("res.users", [["id", "=", self.ask.door.uid]], spec, 1)

    def fresh_companies(self) -> Mapping[int, Company]:
        """Read them anew; one call."""
        return self.heard_who(self.ask.first(self.asks_who))

    def heard_who(self, rows: Sequence[Record]) -> Mapping[int, Company]:
        """The companies that are worked for, from the answer."""
        user: Record = rows[0] if rows else {"company_id": 0, "company_ids": []}
        zone = text(user.get("tz")) or ""
        known = [_company(row, self.zone or zone) for row in user["company_ids"]]
        chosen = [c for c in known if not self.wanted or {c.id, c.name} & {*self.wanted}]
        self._refuse(known, chosen)
        self.notes = () if self.zone or zone else ("no time zone is known: days are those of UTC",)
        self._main = user["company_id"]
        self._companies = {c.id: c for c in sorted(chosen, key=lambda c: c.id)}
        return self._companies

    def _refuse(self, known: Sequence[Company], chosen: Sequence[Company]) -> None:
        names = {one.id for one in chosen} | {one.name for one in chosen}
        missing = [str(name) for name in self.wanted if name not in names]
        if missing or not chosen:
            there = ", ".join(f"'{one.name}' ({one.id})" for one in known)
            what = f"there is no company '{missing[0]}' for the user" if missing else "no company"
            raise ConfigurationError(f"{what} (it may work for {there or 'none'})")

    def where(self) -> Domain:
        """The condition that a record is of these companies, whether they are known yet or not."""
        if not self.wanted:
            return []
        numbers = [one for one in self.wanted if isinstance(one, int)]
        names = [one for one in self.wanted if isinstance(one, str)]
        return ["|", ["company_id", "in", numbers], ["company_id.name", "in", names]]

    def here(self, company: str) -> bool:
        """Whether a company is one of these; the empty name is all of them."""
        return not company or company in {str(number) for number in self.companies}

    # -- currencies -----------------------------------------------------------------------------

    @property
    def asks_currencies(self) -> Question:
        """All currencies, those too that are not used any more."""
        return Question("res.currency", [], these("name"), SIZE, EVERYTHING)

    def heard_currencies(self, rows: Sequence[Record]) -> None:
        """Remember their codes."""
        self._currencies = {row["id"]: row["name"] for row in rows}

    def currency(self, number: int) -> str:
        """The ISO code of a currency."""
        if number not in self._currencies:
            self.heard_currencies(self.ask.first(self.asks_currencies))
        return self._currencies[number]

    # -- people ---------------------------------------------------------------------------------

    @property
    def asks_people(self) -> Question:
        """Our users: id, login, name, email, active."""
        spec = these("login", "name", "email", "active")
        return Question("res.users", [["share", "=", False]], spec, SIZE, EVERYTHING)

    def fresh_people(self) -> list[Record]:
        """Read them anew; one call."""
        return self.heard_people(self.ask.first(self.asks_people))

    def heard_people(self, rows: list[Record]) -> list[Record]:
        """Remember how tasks name them."""
        self._people = {row["id"]: person(row) for row in rows}
        active = sorted((row for row in rows if row["active"]), key=lambda row: -row["id"])
        self.assignable = {person(row): row["id"] for row in active}
        return rows

    def person(self, number: int | bool) -> str | None:
        """How tasks name a user."""
        if not number:
            return None
        if number not in self._people:
            self.fresh_people()
        return self._people.get(number)


def person(row: Record) -> str:
    """How tasks name a user: the e-mail address, else the login."""
    return text(row["email"]) or str(row["login"])


def _company(row: Record, zone: str) -> Company:
    return Company(
        id=row["id"],
        name=row["name"],
        currency=row["currency_id"]["name"],
        country=text(row["country_code"]),
        zone=zone_of(text(row["partner_id"]["tz"]) or zone),
        email=text(row["email"]),
        partner=row["partner_id"]["id"],
    )


def zone_of(name: str) -> ZoneInfo:
    """A zone by its name; UTC for none that is known."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC_ZONE
