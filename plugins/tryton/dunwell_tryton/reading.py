"""The published tables out of Tryton: a fixed number of calls for each page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dunwell_tryton import head as heads_of
from dunwell_tryton import lines as ledger
from dunwell_tryton import speech
from dunwell_tryton.client import Client, Domain, parts
from dunwell_tryton.companion import Companion
from dunwell_tryton.company import Company, Row
from dunwell_tryton.owing import Receivables
from dunwell_tryton.wire import Record

TYPES = ("business", "consumer", "public")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads for one company; `customer_type` is that of parties whose categories say none."""

    client: Client
    company: Company
    companion: Companion
    customer_type: str = ""

    def pages(
        self, table: str, debtors: Sequence[str] | None, since: date | None
    ) -> Iterator[list[Row]]:
        """The rows of a table; tables that Tryton has nothing for are empty."""
        owing = Receivables(self.client, self.company)
        tables: Mapping[str, Callable[[], Iterator[list[Row]]]] = {
            "companies": self.companies,
            "people": self.people,
            "rates": self.rates,
            "customers": lambda: self.customers(debtors),
            "items": lambda: owing.items(debtors),
            "credits": lambda: owing.credits(debtors),
            "settlements": lambda: owing.settlements(debtors, since),
            "promises": lambda: self.promises(debtors),
            "disputes": lambda: self.disputes(debtors),
            "exclusions": lambda: self.exclusions(debtors),
            "holds": lambda: self.holds(debtors),
            "tasks": lambda: self.tasks(debtors),
        }
        if table in tables:
            yield from (page for page in tables[table]() if page)

    # -- who we are -----------------------------------------------------------------------------

    def companies(self) -> Iterator[list[Row]]:
        """Ours; one adapter is for one company."""
        one = self.company
        row: Row = {"id": str(one.id), "name": one.name, "currency": one.currency}
        yield [{**row, "timezone": one.timezone or None, "country": one.country or None}]

    def people(self) -> Iterator[list[Row]]:
        """The users: tasks go to them, by e-mail address or login."""
        fields = ["login", "name", "email", "active"]
        for page in self.client.pages("res.user", [["active", "in", [True, False]]], fields):
            yield [
                {
                    "id": row["email"] or row["login"],
                    "name": row["name"],
                    "email": row["email"],
                    "active": bool(row["active"]),
                }
                for row in _first_of(page, lambda row: row["email"] or row["login"])
            ]

    def rates(self) -> Iterator[list[Row]]:
        """Units of the company's currency for one of another; Tryton keeps the inverse."""
        fields = ["date", "rate", "currency.code"]
        own = Decimal(1)
        rows = self.client.rows("currency.currency.rate", [], fields)
        found: list[Row] = []
        for row in sorted(rows, key=lambda row: row["date"]):
            currency = row["currency."]["code"]
            if currency == self.company.currency:
                own = row["rate"]
            elif row["rate"]:
                rate = f"{(own / row['rate']).quantize(Decimal('1E-12')).normalize():f}"
                named = {"company": str(self.company.id), "currency": currency}
                found.append({**named, "on": row["date"], "rate": rate})
        yield found

    # -- who owes -------------------------------------------------------------------------------

    def customers(self, debtors: Sequence[str] | None) -> Iterator[list[Row]]:
        """Parties, those put away too: they may still owe."""
        fields = [
            "name", "email", "phone", "lang.code", "create_date", "categories.name",
            "addresses.country.code", "addresses.full_address",
        ]  # fmt: skip
        if self.company.limits:
            fields.append("credit_limit_amount")
        everybody: Domain = [
            ["active", "in", [True, False]],
            ["id", "not in", sorted(self.company.parties)],
        ]
        for page in self._parties(debtors, everybody, fields):
            yield [self._customer(row) for row in page]

    def _parties(
        self, debtors: Sequence[str] | None, domain: Domain, fields: Sequence[str]
    ) -> Iterator[list[Record]]:
        if debtors is None:
            yield from self.client.pages("party.party", domain, fields)
            return
        for part in parts(speech.parties(self.client, debtors), self.client.page):
            yield from self.client.pages("party.party", [["id", "in", part], *domain], fields)

    def _customer(self, row: Record) -> Row:
        tags = [category["name"] for category in row.get("categories.") or ()]
        named = [tag.lower() for tag in tags if tag.lower() in TYPES]
        addresses = row.get("addresses.") or ()
        first = addresses[0] if addresses else {}
        limit: Decimal | None = row.get("credit_limit_amount")
        own = self.company.currency
        return {
            "id": str(row["id"]),
            "name": row["name"] or f"party {row['id']}",
            "type": (named or [self.customer_type])[0] or None,
            "country": ((first.get("country.") or {}).get("code")) or None,
            "language": (row.get("lang.") or {}).get("code") or None,
            "since": self.company.day(row["create_date"]),
            "tags": tags,
            "email": row["email"] or None,
            "phone": row["phone"] or None,
            "credit_limit": None if limit is None else ledger.minor(limit, own),
            "credit_currency": None if limit is None else own,
            "street": first.get("full_address") or None,
        }

    # -- what people say, and what stands -------------------------------------------------------

    def _said(self, debtors: Sequence[str] | None, *starts: str) -> list[speech.Note]:
        return speech.said(self.client, debtors, *starts, zone=self.company.zone)

    def promises(self, debtors: Sequence[str] | None) -> Iterator[list[Row]]:
        """Promises that people noted."""
        notes = self._said(debtors, "promise")
        found = list(speech.promises(notes, str(self.company.id)))
        numbers = self._numbers({str(row["customer"]) for row in found if row["items"]})
        for row in found:
            named: Any = row["items"]
            row["items"] = [
                item for name in named for item in numbers.get((str(row["customer"]), name), ())
            ]
        yield found

    def disputes(self, debtors: Sequence[str] | None) -> Iterator[list[Row]]:
        """Disputes that people noted, of items that are open."""
        notes = self._said(debtors, "dispute")
        found = list(speech.disputes(notes))
        numbers = self._numbers({str(row["customer"]) for row in found})
        rows: list[Row] = []
        for row in found:
            for item in numbers.get((str(row.pop("customer")), str(row["item"])), ()):
                several = len(rows) and rows[-1]["id"] == row["id"]
                name = f"{row['id']}-{item}" if several else row["id"]
                rows.append({**row, "id": name, "item": item})
        yield rows

    def _numbers(self, debtors: set[str]) -> dict[tuple[str, str], list[str]]:
        """The open items of some debtors by their number."""
        found: dict[tuple[str, str], list[str]] = {}
        owing = Receivables(self.client, self.company)
        for page in owing.items(sorted(debtors)) if debtors else ():
            for row in page:
                key = str(row["customer"]), str(row["number"])
                found.setdefault(key, []).append(str(row["id"]))
        return found

    def exclusions(self, debtors: Sequence[str] | None) -> Iterator[list[Row]]:
        """Those whom a person wants to be left alone."""
        notes = self._said(debtors, "do not contact", "contact again")
        yield list(speech.exclusions(notes))

    def holds(self, debtors: Sequence[str] | None) -> Iterator[list[Row]]:
        """Our marks where they still stand, and the zero credit limits of people."""
        heads = heads_of.read(self.client, debtors)
        company = str(self.company.id)
        rows: list[Row] = []
        if self.companion.there:
            marked: Domain = [["dunwell_hold", "!=", None]]
            for page in self._parties(debtors, marked, ["dunwell_hold"]):
                rows += [
                    {"id": f"orders-{party['id']}", "customer": str(party["id"]),
                     "company": company, "kind": "orders", "value": party["dunwell_hold"]}
                    for party in page
                ]  # fmt: skip
        if self.company.limits:
            zero: Domain = [["credit_limit_amounts.credit_limit_amount", "=", Decimal(0)]]
            for page in self._parties(debtors, zero, ["credit_limit_amount"]):
                for party in page:
                    if party["credit_limit_amount"] != 0:
                        continue  # zero in another company
                    name = str(party["id"])
                    ours = heads[name].hold("credit") if name in heads else None
                    rows.append(
                        {"id": f"credit-{name}", "customer": name, "company": company,
                         "kind": "credit", "value": ours.value if ours else "credit limit 0",
                         "by": "dunwell" if ours else "person"}
                    )  # fmt: skip
        yield rows

    def tasks(self, debtors: Sequence[str] | None) -> Iterator[list[Row]]:
        """Tasks that Dunwell gave, and what people said of them."""
        yield from self.companion.tasks(self.client, debtors, self.company)


def _first_of(rows: Sequence[Record], key: Callable[[Record], object]) -> list[Record]:
    found: dict[object, Record] = {}
    for row in rows:
        found.setdefault(key(row), row)
    return list(found.values())
