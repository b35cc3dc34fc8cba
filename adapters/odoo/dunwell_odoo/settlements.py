"""Reconciliations as settlements: what paid which item, bank statements included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from dunwell_odoo.asking import Ask, Domain, Question, Record, Spec, these
from dunwell_odoo.lines import Row
from dunwell_odoo.owners import Owner, Owners
from dunwell_odoo.values import day, minor

PARTIAL = "account.partial.reconcile"

ITEMS: Domain = [
    ["debit_move_id.account_id.account_type", "=", "asset_receivable"],
    ["debit_move_id.parent_state", "=", "posted"],
    ["debit_move_id.payment_id", "=", False],  # what we paid back is no item
    ["debit_move_id.statement_line_id", "=", False],
]
CREDIT_NOTES: Domain = [["credit_move_id.move_id.move_type", "=", "out_refund"]]
WRITE_OFFS: Domain = [
    ["credit_move_id.journal_id.type", "=", "general"],
    ["credit_move_id.move_id.move_type", "=", "entry"],
    ["credit_move_id.payment_id", "=", False],
    ["credit_move_id.statement_line_id", "=", False],
    ["credit_move_id.move_id.line_ids.account_id.internal_group", "in", ["income", "expense"]],
]
"""Entries by hand, the other side of which is a loss or a gain."""

SPEC: Spec = these(
    "debit_amount_currency", "debit_currency_id", "company_id", credit_move_id=these("date"),
    debit_move_id=these("date_maturity", "reconciled", "partner_id"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settlements:
    """Reads reconciliations."""

    ask: Ask
    owners: Owners
    currency: Callable[[int], str]
    size: int

    def pages(self, where: Domain, since: date | None) -> Iterator[list[Row]]:
        """Rows of the published table; a call a page, and by the server action no more.

        Which one closed an item is known when all are there.
        """
        newer = [["credit_move_id.date", ">=", since.isoformat()]] if since else []
        whole = Question(PARTIAL, [*ITEMS, *where, *newer], SPEC, self.size)
        asked = [whole, *(self._ids(whole, more) for more in (CREDIT_NOTES, WRITE_OFFS))]
        rows, *firsts = self.ask.together(asked)
        kinds: dict[int, str] = {}
        for kind, question, page in zip(
            ("credit_note", "write_off"), asked[1:], firsts, strict=True
        ):
            for ids in self.ask.whole(question, page):
                kinds |= {row["id"]: kind for row in ids}
        read = list(self.ask.whole(whole, rows))
        newest: dict[int, int] = {}
        for page in read:
            for row in page:
                if row["debit_amount_currency"] > 0:  # else a difference of exchange rates
                    newest[row["debit_move_id"]["id"]] = row["id"]
        for page in read:
            partners = (("res.partner", row["debit_move_id"]["partner_id"]) for row in page)
            owners = self.owners.of(pair for pair in partners if pair[1])
            found = (self._row(row, kinds, newest, owners) for row in page)
            yield [row for row in found if row is not None]

    def _ids(self, question: Question, more: Domain) -> Question:
        return Question(PARTIAL, [*question.domain, *more], these("id"), self.size)

    def _row(
        self, row: Record, kinds: Mapping[int, str], newest: Mapping[int, int],
        owners: Mapping[tuple[str, int], Owner],
    ) -> Row | None:  # fmt: skip
        line = row["debit_move_id"]
        currency = self.currency(row["debit_currency_id"])
        amount = minor(row["debit_amount_currency"], currency)
        owner = owners.get(("res.partner", line["partner_id"] or 0))
        if not amount or owner is None:
            return None
        return {
            "id": str(row["id"]),
            "item": str(line["id"]),
            "customer": owner.debtor,
            "company": str(row["company_id"]),
            "on": day(row["credit_move_id"]["date"]),
            "currency": currency,
            "amount": amount,
            "kind": kinds.get(row["id"], "payment"),
            "due": day(line["date_maturity"]),
            "closes": line["reconciled"] and newest[line["id"]] == row["id"],
        }
