"""Payments without an entry in the books: Odoo keeps some so until the bank tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dunwell_odoo.asking import Domain, Question, Record, Spec, these
from dunwell_odoo.lines import PAID, Row
from dunwell_odoo.values import day, minor, text

SINCE = (18, 0)
"""Since then there are such payments."""

SPEC: Spec = these(
    "name", "amount", "currency_id", "date", "state", "partner_id", "company_id",
    invoice_ids=these("payment_state"),
)  # fmt: skip


def asks(where: Domain, size: int) -> Question:
    """Money of customers that is on its way, of no entry yet."""
    domain: Domain = [
        ["move_id", "=", False],
        ["state", "in", ["in_process", "paid"]],
        ["payment_type", "=", "inbound"],
        ["partner_type", "=", "customer"],
        ["partner_id", "!=", False],
    ]
    return Question("account.payment", [*domain, *where], SPEC, size)


@dataclass(slots=True)
class Underway:
    """The payments that count: those that no reconciliation tells of as well.

    Once the bank has told of one it is `paid`, and its invoice is reconciled with the bank; a
    person may also say `paid`, and then nothing is reconciled and Odoo calls the invoice paid.
    """

    currency: Callable[[int], str]
    rows: list[Record] = field(default_factory=list)

    def learn(self, rows: Iterable[Record]) -> None:
        """Keep those that count."""
        self.rows += [row for row in rows if row["state"] == "in_process" or _believed(row)]

    def covers(self, row: Record) -> bool:
        """Whether what is on its way for the invoice of a line is among the credits."""
        return any(
            row["move_id"]["id"] in {invoice["id"] for invoice in each["invoice_ids"]}
            and each["currency_id"] == row["currency_id"]
            for each in self.rows
        )

    def credits(
        self, owners: Mapping[tuple[str, int], str], oldest: Mapping[int, str]
    ) -> list[Row]:
        """The payments as credits; one for a single invoice belongs to its oldest open line."""
        return [
            self._credit(row, owners["res.partner", row["partner_id"]], oldest)
            for row in self.rows
            if ("res.partner", row["partner_id"]) in owners
        ]

    def _credit(self, row: Record, debtor: str, oldest: Mapping[int, str]) -> Row:
        currency = self.currency(row["currency_id"])
        invoices = [oldest[each["id"]] for each in row["invoice_ids"] if each["id"] in oldest]
        return {
            "id": f"payment-{row['id']}",
            "customer": debtor,
            "company": str(row["company_id"]),
            "number": text(row["name"]) or f"payment {row['id']}",
            "kind": "payment",
            "on": day(row["date"]),
            "currency": currency,
            "balance": -minor(row["amount"], currency),
            "item": invoices[0] if len(row["invoice_ids"]) == 1 and invoices else None,
        }


def _believed(row: Record) -> bool:
    """Whether Odoo calls an invoice of it paid for no other reason."""
    return any(each["payment_state"] in PAID for each in row["invoice_ids"])
