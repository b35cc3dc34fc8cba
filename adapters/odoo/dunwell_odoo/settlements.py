"""Reconciliations as settlements: what paid which item, bank statements included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from dunwell_odoo.asking import Domain, Record, Spec, pages, parts, these
from dunwell_odoo.door import Door
from dunwell_odoo.lines import Row, debtor
from dunwell_odoo.values import day, minor

PARTIAL = "account.partial.reconcile"

ITEMS: Domain = [
    ["debit_move_id.account_id.account_type", "=", "asset_receivable"],
    ["debit_move_id.parent_state", "=", "posted"],
    ["debit_move_id.payment_id", "=", False],  # what we paid back is no item
    ["debit_move_id.statement_line_id", "=", False],
]

SPEC: Spec = these(
    "debit_amount_currency", "debit_currency_id", "company_id", "max_date", "exchange_move_id",
    debit_move_id=these(
        "date_maturity", "reconciled", "matched_credit_ids",
        partner_id=these("commercial_partner_id"),
    ),
    credit_move_id=these(
        "payment_id", "statement_line_id", move_id=these("move_type"), journal_id=these("type")
    ),
)  # fmt: skip

LOSSES = ("income", "expense")
"""Groups of the accounts that the other side of a write-off is booked to."""


@dataclass(frozen=True, slots=True)
class Settlements:
    """Reads reconciliations."""

    door: Door
    currency: Callable[[int], str]
    size: int

    def pages(self, where: Domain, since: date | None) -> Iterator[list[Row]]:
        """Rows of the published table; one call a page, and one more where entries by hand
        settled something.
        """
        newer = [["max_date", ">=", since.isoformat()]] if since else []
        for page in pages(self.door, PARTIAL, [*ITEMS, *where, *newer], SPEC, size=self.size):
            lost = self._lost(page)
            yield [row for each in page if (row := self._row(each, lost)) is not None]

    def _lost(self, page: Sequence[Record]) -> set[int]:
        """The entries among those by hand that book a loss."""
        moves = sorted({_move(row) for row in page if _by_hand(row)})
        found: set[int] = set()
        for part in parts(moves, self.size):
            domain = [["move_id", "in", part], ["account_id.internal_group", "in", LOSSES]]
            for rows in pages(
                self.door, "account.move.line", domain, these("move_id"), size=self.size
            ):
                found |= {row["move_id"] for row in rows}
        return found

    def _row(self, row: Record, lost: set[int]) -> Row | None:
        line = row["debit_move_id"]
        currency = self.currency(row["debit_currency_id"])
        amount = minor(row["debit_amount_currency"], currency)
        if not amount or not line["partner_id"]:
            return None  # a difference of exchange rates pays nothing
        newest = max(line["matched_credit_ids"], default=row["id"])
        return {
            "id": str(row["id"]),
            "item": str(line["id"]),
            "customer": debtor(line["partner_id"]),
            "company": str(row["company_id"]),
            "on": day(row["max_date"]),
            "currency": currency,
            "amount": amount,
            "kind": _kind(row, lost),
            "due": day(line["date_maturity"]),
            # behind the last payment may come a difference of exchange rates
            "closes": line["reconciled"]
            and (newest == row["id"] or bool(row["exchange_move_id"])),
        }


def _kind(row: Record, lost: set[int]) -> str:
    if row["credit_move_id"]["move_id"]["move_type"] == "out_refund":
        return "credit_note"
    return "write_off" if _move(row) in lost and _by_hand(row) else "payment"


def _move(row: Record) -> int:
    return int(row["credit_move_id"]["move_id"]["id"])


def _by_hand(row: Record) -> bool:
    """Whether an entry in a general journal settled it, and no payment and no bank statement."""
    line = row["credit_move_id"]
    return bool(
        line["journal_id"]["type"] == "general"
        and not line["payment_id"]
        and not line["statement_line_id"]
        and line["move_id"]["move_type"] == "entry"
    )
