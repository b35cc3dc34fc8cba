"""Receivable lines as items and credits: pure, without a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dunwell_odoo.asking import Domain, Record, Spec, these
from dunwell_odoo.values import day, minor, text

Row = dict[str, object]

RECEIVABLE: Domain = [
    ["account_id.account_type", "=", "asset_receivable"],
    ["parent_state", "=", "posted"],
]
"""Posted receivable lines: drafts and what was cancelled are never among them."""

INVOICES = ("out_invoice", "out_receipt")
PAID = ("in_payment", "paid")
"""States of an invoice with something open on it whose payment is still on its way."""


def specification(flag: str) -> Spec:
    """What is read of a line; `flag` is the field by which people say: leave it alone."""
    move = these(
        "move_type", "amount_total", "payment_state", "invoice_user_id", "access_token",
        "reversed_entry_id", invoice_payment_term_id=these("name"),
    )  # fmt: skip
    return these(
        "date", "invoice_date", "date_maturity", "move_name", "name", "ref",
        "amount_currency", "amount_residual_currency", "currency_id", "company_id",
        "payment_id", "statement_line_id", *filter(None, [flag]),
        "partner_id", move_id=move,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line needs to become a row: codes, names of our people, and where the portal is."""

    currency: Callable[[int], str]
    person: Callable[[int | bool], str | None]
    portal: str = ""
    flag: str = ""

    def owed(self, row: Record) -> bool:
        """Whether a line is something that a customer owes: a payment of ours to them is not."""
        return (
            row["amount_residual_currency"] > 0
            and bool(row["partner_id"])
            and not row["payment_id"]
            and not row["statement_line_id"]
        )

    def free(self, row: Record) -> bool:
        """Whether a line is money or a credit note of a customer that pays for nothing yet."""
        return row["amount_residual_currency"] < 0 and bool(row["partner_id"])

    def item(self, row: Record, debtor: str, paid: date | None, *, credited: bool = False) -> Row:
        """A line as an open item; `paid` is the day of the newest payment on it, `credited`: what
        is on its way for its invoice is a credit.
        """
        move, currency = row["move_id"], self.currency(row["currency_id"])
        amount = minor(row["amount_currency"], currency)
        invoiced = move["move_type"] in INVOICES
        part = invoiced and amount != minor(move["amount_total"], currency)
        state = move["payment_state"]
        term = move["invoice_payment_term_id"]
        return {
            "id": str(row["id"]),
            "customer": debtor,
            "company": str(row["company_id"]),
            "number": number(row, invoiced=invoiced),
            "document": document(move["id"]) if part else None,
            "kind": "instalment" if part else "invoice",
            "issued": day(row["invoice_date"]) or day(row["date"]),
            "due": day(row["date_maturity"]),
            "currency": currency,
            "amount": amount,
            "balance": minor(row["amount_residual_currency"], currency),
            "terms": term["name"] if term else None,
            "last_payment": paid,
            "no_follow_up": bool(row.get(self.flag)) or state == "blocked",
            "collection": "pending" if state in PAID and not credited else None,
            "salesperson": self.person(move["invoice_user_id"]),
            "link": self._link(move) if invoiced else None,
        }

    def _link(self, move: Mapping[str, Any]) -> str | None:
        """Where the customer sees and pays it; one without a token gets it when it is sent."""
        if not self.portal:
            return None
        return f"{self.portal}{link(move['id'], text(move['access_token']) or '')}"

    def credit(self, row: Record, debtor: str, item: str | None) -> Row:
        """A line as an unapplied credit, with the item it belongs to."""
        currency, invoiced = self.currency(row["currency_id"]), is_refund(row)
        return {
            "id": str(row["id"]),
            "customer": debtor,
            "company": str(row["company_id"]),
            "number": number(row, invoiced=invoiced),
            "kind": "credit_note" if invoiced else "payment",
            "on": day(row["invoice_date"]) or day(row["date"]),
            "currency": currency,
            "balance": minor(row["amount_residual_currency"], currency),
            "item": item,
        }


def link(move: int, token: str) -> str:
    """The page of an invoice for whoever has its token; without one Odoo asks for a log-in.

    >>> link(7, "6d87")
    '/my/invoices/7?access_token=6d87'
    """
    return f"/my/invoices/{move}?access_token={token}"


def is_refund(row: Record) -> bool:
    """Whether a line is of a credit note."""
    return bool(row["move_id"]["move_type"] == "out_refund")


def number(row: Record, *, invoiced: bool) -> str:
    """The number as printed; of an entry that is no invoice, such as an opening balance, what it
    says of itself.
    """
    own = text(row["move_name"])
    said = own if invoiced else text(row["name"]) or text(row["ref"]) or own
    return said or str(row["id"])


def document(move: int) -> str:
    """The name of an invoice that its instalments share."""
    return f"account.move,{move}"
