"""Whose Odoo it is: our companies, our people, the currencies; asked once and when one is new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dunwell.errors import ConfigurationError
from dunwell_odoo.asking import EVERYTHING, Domain, Record, rows, text, these
from dunwell_odoo.door import Door

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

    def __init__(self, door: Door, *, wanted: Sequence[str | int] = (), zone: str = "") -> None:
        self.door, self.wanted, self.zone = door, tuple(wanted), zone
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

    def fresh_companies(self) -> Mapping[int, Company]:
        """Read them anew; one call."""
        company = these(
            "name", "email", "country_code", currency_id=these("name"), partner_id=these("tz")
        )
        found = self.door.call(
            "res.users",
            "web_search_read",
            domain=[["id", "=", self.door.uid]],
            specification=these("tz", "company_id", company_ids=company),
        )
        (user,) = found["records"] or [{}]
        zone = text(user.get("tz")) or ""
        known = [_company(row, self.zone or zone) for row in user.get("company_ids", ())]
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

    def where(self, field: str = "company_id") -> Domain:
        """The condition that a record is of these companies."""
        return [[field, "in", list(self.companies)]] if self.wanted else []

    def here(self, company: str) -> bool:
        """Whether a company is one of these; the empty name is all of them."""
        return not company or company in {str(number) for number in self.companies}

    # -- currencies -----------------------------------------------------------------------------

    def currency(self, number: int) -> str:
        """The ISO code of a currency."""
        if number not in self._currencies:
            found = rows(
                self.door, "res.currency", [], these("name"), size=SIZE, context=EVERYTHING
            )
            self._currencies = {row["id"]: row["name"] for row in found}
        return self._currencies[number]

    # -- people ---------------------------------------------------------------------------------

    def fresh_people(self) -> list[Record]:
        """Our users, read anew: id, login, name, email, active; one call."""
        found = rows(
            self.door, "res.users", [["share", "=", False]],
            these("login", "name", "email", "active"), size=SIZE, context=EVERYTHING,
        )  # fmt: skip
        self._people = {row["id"]: person(row) for row in found}
        active = sorted((row for row in found if row["active"]), key=lambda row: -row["id"])
        self.assignable = {person(row): row["id"] for row in active}
        return found

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
