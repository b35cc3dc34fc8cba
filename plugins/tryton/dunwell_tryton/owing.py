"""What is owed and what was paid, out of Tryton's receivable lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dunwell_tryton import lines as ledger
from dunwell_tryton import speech
from dunwell_tryton.client import Client, Domain, parts
from dunwell_tryton.company import Company, Row
from dunwell_tryton.lines import Line
from dunwell_tryton.wire import Record

RECEIVABLE: Domain = [
    ["account.type.receivable", "=", True],
    ["party", "!=", None],
    ["move.state", "=", "posted"],
]


@dataclass(frozen=True, slots=True)
class Receivables:
    """The receivable lines of one company."""

    client: Client
    company: Company

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
        return ledger.line(row, self.company.currency)

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


def _sign(side: str) -> Domain:
    """Lines on one side of the account."""
    other = "credit" if side == "debit" else "debit"
    return ["OR", [side, ">", Decimal(0)], [other, "<", Decimal(0)]]
