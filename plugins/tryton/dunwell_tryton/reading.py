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
from dunwell_tryton.lines import Line
from dunwell_tryton.wire import Record

Row = dict[str, object]

RECEIVABLE: Domain = [
    ["account.type.receivable", "=", True],
    ["party", "!=", None],
    ["move.state", "=", "posted"],
]
TYPES = ("business", "consumer", "public")


@dataclass(frozen=True, slots=True)
class Company:
    """The company that is collected for."""

    id: int
    parties: frozenset[int]  # those that are ourselves
    name: str
    currency: str
    timezone: str
    country: str
    currencies: Mapping[int, str]
    blocks: bool  # account_dunning is there: its blocked lines are left alone
    limits: bool  # account_credit_limit is there


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
        tables: Mapping[str, Callable[[], Iterator[list[Row]]]] = {
            "companies": self.companies,
            "people": self.people,
            "rates": self.rates,
            "customers": lambda: self.customers(debtors),
            "items": lambda: self.items(debtors),
            "credits": lambda: self.credits(debtors),
            "settlements": lambda: self.settlements(debtors, since),
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
        fields = ["date", "rate", "currency"]
        own = Decimal(1)
        rows = self.client.rows("currency.currency.rate", [], fields)
        codes = self.company.currencies
        newest: dict[str, Decimal] = {}
        found: list[Row] = []
        for row in sorted(rows, key=lambda row: row["date"]):
            newest[codes.get(row["currency"], "")] = row["rate"]
            own = newest.get(self.company.currency, own)
            if codes.get(row["currency"]) in (None, self.company.currency) or not row["rate"]:
                continue
            rate = f"{(own / row['rate']).quantize(Decimal('1E-12')).normalize():f}"
            named = {"company": str(self.company.id), "currency": codes[row["currency"]]}
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
            "since": row["create_date"].date(),
            "tags": tags,
            "email": row["email"] or None,
            "phone": row["phone"] or None,
            "credit_limit": None if limit is None else ledger.minor(limit, own),
            "credit_currency": None if limit is None else own,
            "street": first.get("full_address") or None,
        }

    # -- what is owed ---------------------------------------------------------------------------

    def _lines(self, domain: Domain, debtors: Sequence[str] | None) -> Iterator[list[Line]]:
        chosen: list[Domain] = [[]]
        if debtors is not None:
            numbers = parts(speech.parties(self.client, debtors), self.client.page)
            chosen = [[["party", "in", part]] for part in numbers]
        where = [*RECEIVABLE, ["move.company", "=", self.company.id], *domain]
        for part in chosen:
            for page in self.client.pages(
                "account.move.line", [*where, *part], list(ledger.FIELDS)
            ):
                yield [self._line(row) for row in page]

    def _line(self, row: Record) -> Line:
        return ledger.line(row, self.company.currencies, self.company.currency)

    def _open(self, page: Sequence[Line]) -> list[Line]:
        """The open lines that belong to a page: siblings of an invoice, and what paid them."""
        known = {one.id: one for one in page}
        invoices = sorted(
            {one.invoice for one in page if one.invoice is not None and one.minor > 0}
        )
        invoices = sorted({*invoices, *(n for one in page for n in one.settles)})
        if not invoices:
            return list(page)
        names = [f"{ledger.INVOICE}{number}" for number in invoices]
        for part in parts(names, self.client.page):
            numbers = [int(name.partition(",")[2]) for name in part]
            related = ["OR", ["move.origin", "in", part], ["invoice_payments", "in", numbers]]
            for found in self._lines([["reconciliation", "=", None], related], None):
                known |= {one.id: one for one in found}
        return list(known.values())

    def items(self, debtors: Sequence[str] | None) -> Iterator[list[Row]]:
        """What is owed on each line, less the payments that name its invoice."""
        owed = [["reconciliation", "=", None], _sign("debit")]
        for page in self._lines(owed, debtors):
            page = [one for one in page if one.minor > 0]
            whole = self._open(page)
            left, paid, _ = ledger.net(whole)
            about = self._invoices({one.invoice for one in page if one.invoice is not None})
            siblings: dict[int | None, int] = {}
            for one in whole:
                if one.minor > 0:
                    siblings[one.invoice] = siblings.get(one.invoice, 0) + 1
            blocked = self._blocked([one.id for one in page])
            newest = {item.id: payment.on for payment, item, _ in paid}
            yield [
                self._item(one, left[one.id], about, siblings, blocked, newest.get(one.id))
                for one in page
                if left[one.id] > 0
            ]

    def _item(
        self, one: Line, left: int, about: Mapping[int, Record],
        siblings: Mapping[int | None, int], blocked: set[int], paid: date | None,
    ) -> Row:  # fmt: skip
        invoice = about.get(one.invoice or 0, {})
        term: Record = invoice.get("payment_term.") or {}
        lines: Sequence[int] = invoice.get("lines_to_pay") or ()
        many = one.invoice is not None and max(len(lines), siblings.get(one.invoice, 1)) > 1
        return {
            "id": str(one.id),
            "customer": one.party,
            "company": str(self.company.id),
            "number": invoice.get("number") or one.number,
            "document": f"{ledger.INVOICE}{one.invoice}" if many else None,
            "kind": "instalment" if many else "invoice",
            "issued": invoice.get("invoice_date") or one.on,
            "due": one.due,
            "currency": one.currency,
            "amount": one.minor,
            "balance": left,
            "terms": term.get("name"),
            "last_payment": paid,
            "no_follow_up": one.id in blocked,
        }

    def _invoices(self, numbers: set[int]) -> dict[int, Record]:
        fields = ["number", "invoice_date", "payment_term.name", "lines_to_pay"]
        found = self.client.chosen("account.invoice", "id", sorted(numbers), fields)
        return {row["id"]: row for row in found}

    def _blocked(self, ids: Sequence[int]) -> set[int]:
        if not self.company.blocks or not ids:
            return set()
        blocked: Domain = [["blocked", "=", True]]
        rows = self.client.chosen("account.dunning", "line", list(ids), ["line"], blocked)
        return {row["line"] for row in rows}

    def credits(self, debtors: Sequence[str] | None) -> Iterator[list[Row]]:
        """What customers have with us that is not applied."""
        given = [["reconciliation", "=", None], _sign("credit")]
        for page in self._lines(given, debtors):
            page = [one for one in page if one.minor < 0]
            _, _, rest = ledger.net(self._open(page))
            yield [
                {
                    "id": str(one.id),
                    "customer": one.party,
                    "company": str(self.company.id),
                    "number": one.number,
                    "kind": "credit_note" if one.kind == "credit_note" else "payment",
                    "on": one.on,
                    "currency": one.currency,
                    "balance": -rest[one.id],
                }
                for one in page
                if rest[one.id]
            ]

    def settlements(
        self, debtors: Sequence[str] | None, since: date | None
    ) -> Iterator[list[Row]]:
        """Who paid what: by reconciliation, and the payments that name an invoice."""
        company = str(self.company.id)
        newer = [["reconciliation.date", ">=", since]] if since else []
        for page in self._lines(
            [["reconciliation", "!=", None], _sign("credit"), *newer], debtors
        ):
            groups: dict[int, list[Line]] = {}
            numbers = sorted({one.reconciliation for one in page if one.reconciliation})
            for part in parts(numbers, self.client.page):
                for found in self._lines([["reconciliation", "in", part]], None):
                    for one in found:
                        groups.setdefault(one.reconciliation or 0, []).append(one)
            here = {one.id for one in page}
            yield [
                ledger.settlement(payment, item, part_, company, closes=closes)
                for group in groups.values()
                for payment, item, part_, closes in ledger.matched(group)
                if payment.id in here and (since is None or payment.on >= since)
            ]
        partly = [["reconciliation", "=", None], ["invoice_payments", "!=", None]]
        for page in self._lines(partly, debtors):
            here = {one.id for one in page}
            left, paid, _ = ledger.net(self._open(page))
            yield [
                ledger.settlement(payment, item, part_, company, closes=left[item.id] == 0)
                for payment, item, part_ in paid
                if payment.id in here and (since is None or payment.on >= since)
            ]

    # -- what people say, and what stands -------------------------------------------------------

    def promises(self, debtors: Sequence[str] | None) -> Iterator[list[Row]]:
        """Promises that people noted."""
        notes = speech.said(self.client, debtors, "promise")
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
        notes = speech.said(self.client, debtors, "dispute")
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
        for page in self.items(sorted(debtors)) if debtors else ():
            for row in page:
                key = str(row["customer"]), str(row["number"])
                found.setdefault(key, []).append(str(row["id"]))
        return found

    def exclusions(self, debtors: Sequence[str] | None) -> Iterator[list[Row]]:
        """Those whom a person wants to be left alone."""
        notes = speech.said(self.client, debtors, "do not contact", "contact again")
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
        yield from self.companion.tasks(self.client, debtors, str(self.company.id))


def _sign(side: str) -> Domain:
    """Lines on one side of the account."""
    other = "credit" if side == "debit" else "debit"
    return ["OR", [side, ">", Decimal(0)], [other, "<", Decimal(0)]]


def _first_of(rows: Sequence[Record], key: Callable[[Record], object]) -> list[Record]:
    found: dict[object, Record] = {}
    for row in rows:
        found.setdefault(key(row), row)
    return list(found.values())
