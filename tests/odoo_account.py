"""Odoo's invoices: what is posted, what is owed on each line, and what settles it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from tests.odoo_env import rpc
from tests.odoo_fields import (
    Field,
    Fields,
    UserFail,
    behind,
    char,
    flag,
    many,
    money,
    one,
    pick,
    whole,
)
from tests.odoo_invoicing import posted, recomputed
from tests.odoo_loading import Record
from tests.odoo_payments import PAYMENT_MODELS
from tests.odoo_reconciling import reconcile, unreconcile
from tests.odoo_thread import Thread
from tests.odoo_writing import Values

KINDS = ("entry", "out_invoice", "out_refund", "in_invoice", "in_refund", "out_receipt")
STATES = ("not_paid", "in_payment", "paid", "partial", "reversed", "blocked", "invoicing_legacy")
ACCOUNTS = ("asset_receivable", "asset_cash", "asset_current", "income", "expense", "equity",
            "liability_payable", "liability_current")  # fmt: skip


class Account(Record):
    _name, _words = "account.account", "Account"
    fields: ClassVar[Fields] = {
        "name": char(need=True), "code": char(), "account_type": pick(*ACCOUNTS, need=True),
        "reconcile": flag(), "internal_group": char(compute="_group"),
        "company_id": one("res.company", last=18), "company_ids": many("res.company", first=19),
        "active": flag(default=True),
    }  # fmt: skip

    def _group(self, number: int) -> str:
        return str(self._rows()[number]["account_type"]).partition("_")[0]

    def _rule(self, operation: str, ids: Sequence[int]) -> list[int]:
        return list(ids)


class Journal(Record):
    _name, _words = "account.journal", "Journal"
    fields: ClassVar[Fields] = {
        "name": char(need=True), "code": char(), "company_id": one("res.company"),
        "type": pick("sale", "purchase", "bank", "cash", "general", need=True),
        "default_account_id": one("account.account"), "active": flag(default=True),
    }  # fmt: skip


class Term(Record):
    _name, _words = "account.payment.term", "Payment Terms"
    fields: ClassVar[Fields] = {
        "name": char(need=True), "active": flag(default=True), "company_id": one("res.company"),
        "line_ids": behind("account.payment.term.line", "payment_id"),
    }  # fmt: skip


class TermLine(Record):
    _name, _words = "account.payment.term.line", "Payment Terms Line"
    fields: ClassVar[Fields] = {
        "payment_id": one("account.payment.term"), "value": pick("percent", "fixed"),
        "value_amount": Field("float"), "nb_days": whole(),
        "delay_type": pick("days_after", "days_after_end_of_month", default="days_after"),
    }  # fmt: skip


class Move(Thread):
    _name, _words = "account.move", "Journal Entry"
    _order = "date desc, name desc, invoice_date desc, id desc"
    _post_right = "read"
    fields: ClassVar[Fields] = {
        "name": char(), "ref": char(), "move_type": pick(*KINDS, default="entry"),
        "state": pick("draft", "posted", "cancel", default="draft"),
        "partner_id": one("res.partner"), "date": Field("date"),
        "commercial_partner_id": one("res.partner", related="partner_id.commercial_partner_id"),
        "company_id": one("res.company", default=lambda env: env.company.id),
        "currency_id": one("res.currency"), "journal_id": one("account.journal"),
        "invoice_date": Field("date"), "invoice_date_due": Field("date"),
        "amount_total": money(), "amount_residual": money(compute="_residual"),
        "payment_state": pick(*STATES, default="not_paid"),
        "invoice_user_id": one("res.users", default=lambda env: env.uid),
        "invoice_payment_term_id": one("account.payment.term"), "access_token": char(),
        "reversed_entry_id": one("account.move"), "payment_reference": char(),
        "line_ids": behind("account.move.line", "move_id"),
        "invoice_line_ids": behind("account.move.line", "move_id"),
        "no_followup": flag(first=19), "narration": Field("html"), "access_url": char(
            compute="_url"),
    }  # fmt: skip

    def _label(self, number: int) -> str:
        row = self._rows()[number]
        if row["state"] == "draft" or row["name"] in (False, "/"):
            return "Draft Invoice" if row["move_type"] != "entry" else "Draft Entry"
        return str(row["name"])

    def _url(self, number: int) -> str:
        return f"/my/invoices/{number}"

    def _residual(self, number: int) -> float:
        lines = self.env.store.rows["account.move.line"]
        mine = (lines[one] for one in self.env.store.find("account.move.line", "move_id", number))
        owed = sum(
            row["amount_residual_currency"]
            for row in mine
            if row["display_type"] == "payment_term"
        )
        return round(abs(float(owed)), 6)

    def _prepared(self, values: Values) -> dict[str, Any]:
        given = dict(values)
        company = self.env["res.company"].sudo().browse(given.get("company_id"))
        given["currency_id"] = given.get("currency_id") or company.currency_id.id
        if not given.get("journal_id"):
            kind = "general" if given.get("move_type", "entry") == "entry" else "sale"
            found = [n for n, row in self.env.store.rows["account.journal"].items()
                     if row["type"] == kind and row["company_id"] == company.id]  # fmt: skip
            given["journal_id"] = found[0]
        journal = self.env["account.journal"].sudo().browse(given["journal_id"])
        given["company_id"] = journal.company_id.id
        return given

    def _made(self, given: Sequence[Values]) -> None:
        super()._made(given)
        for number in self.ids:
            recomputed(self.browse(number))
            row = self._rows()[number]
            if self.env.version < 19 and row["partner_id"] and row["move_type"] != "entry":
                self.sudo().browse(number)._follow_by(row["partner_id"])

    def _changed(self, vals: Values) -> None:
        if {"invoice_line_ids", "line_ids", "invoice_payment_term_id", "invoice_date",
            "invoice_date_due", "partner_id", "currency_id"} & set(vals):  # fmt: skip
            for number in self.ids:
                recomputed(self.browse(number))

    def _removing(self) -> None:
        for number in self.ids:
            row = self._rows()[number]
            if row["state"] == "posted":
                raise UserFail("You can't delete a posted journal item.")
            store = self.env.store
            for line in [*store.find("account.move.line", "move_id", number)]:
                store.delete("account.move.line", line)
            for model in ("mail.message", "mail.activity"):
                for found in [*store.find(model, "res_id", number)]:
                    owner = "model" if model == "mail.message" else "res_model"
                    if self.env[model]._value(found, owner) == self._name:
                        store.delete(model, found)

    # -- asked ----------------------------------------------------------------------------------

    @rpc
    def action_post(self) -> bool:
        self._checked("write")
        for record in self:
            posted(record)
        return False

    @rpc
    def button_draft(self) -> None:
        self._checked("write")
        for record in self:
            if record.state == "draft":
                raise UserFail("Only posted/cancelled journal entries can be reset to draft.")
            unreconcile(record.line_ids)
            record.sudo()._change(record.id, {"state": "draft"})
            record.line_ids.sudo()._posted()

    @rpc
    def button_cancel(self) -> None:
        self._checked("write")
        for record in self:
            if record.state == "posted":
                unreconcile(record.line_ids)
            record.sudo()._change(record.id, {"state": "cancel"})
            record.line_ids.sudo()._posted()

    @rpc
    def action_toggle_block_payment(self) -> None:
        self._checked("write")
        for record in self:
            new = "not_paid" if record.payment_state == "blocked" else "blocked"
            record.sudo()._change(record.id, {"payment_state": new})

    @rpc
    def get_portal_url(self, suffix: str | None = None) -> str:
        self._checked("read")
        return f"/my/invoices/{self.id}?access_token={self._portal_ensure_token()}"

    def _portal_ensure_token(self) -> str:
        if not self.access_token:
            self.env.store.update(self._name, self.id, {"access_token": f"token-{self.id}"})
        return str(self.access_token)


class Line(Record):
    _name, _words = "account.move.line", "Journal Item"
    _order = "date desc, move_name desc, id"
    fields: ClassVar[Fields] = {
        "move_id": one("account.move", need=True), "name": char(),
        "move_name": char(related="move_id.name"), "move_type": char(related="move_id.move_type"),
        "parent_state": char(related="move_id.state"),
        "date": Field("date", related="move_id.date"),
        "invoice_date": Field("date", related="move_id.invoice_date"),
        "ref": char(related="move_id.ref"), "account_id": one("account.account"),
        "partner_id": one("res.partner"),
        "company_id": one("res.company", related="move_id.company_id"),
        "journal_id": one("account.journal", related="move_id.journal_id"),
        "currency_id": one("res.currency"), "balance": money(), "debit": money(),
        "credit": money(),
        "amount_currency": money(), "amount_residual": money(),
        "amount_residual_currency": money(), "reconciled": flag(), "date_maturity": Field("date"),
        "payment_id": one("account.payment"), "blocked": flag(last=18),
        "statement_line_id": one("account.bank.statement.line"), "no_followup": flag(first=18),
        "matched_debit_ids": behind("account.partial.reconcile", "credit_move_id"),
        "matched_credit_ids": behind("account.partial.reconcile", "debit_move_id"),
        "display_type": char(), "quantity": Field("float", default=1.0),
        "price_unit": Field("float"), "tax_ids": many("res.currency"),
    }  # fmt: skip

    def _label(self, number: int) -> str:
        row = self._rows()[number]
        return " ".join(filter(None, (self._value(number, "move_name"), row["name"])))

    def _posted(self) -> None:
        """Keep what is open, of what is posted and can be reconciled."""
        store = self.env.store
        for number in self.ids:
            row = self._rows()[number]
            account = store.rows["account.account"].get(row["account_id"], {})
            posted = self._value(number, "parent_state") == "posted"
            kept = account.get("reconcile") or account.get("account_type") == "asset_cash"
            own = (row["balance"], row["amount_currency"]) if kept else (0.0, 0.0)
            for partial in self._partials(number):
                sign = -1 if partial["debit_move_id"] == number else 1
                side = "debit" if sign < 0 else "credit"
                own = (own[0] + sign * partial["amount"],
                       own[1] + sign * partial[f"{side}_amount_currency"])  # fmt: skip
            left = (round(own[0], 6), round(own[1], 6))
            store.update(self._name, number, {
                "amount_residual": left[0], "amount_residual_currency": left[1],
                "reconciled": bool(kept) and posted and left == (0, 0),
            })  # fmt: skip

    def _partials(self, number: int) -> list[dict[str, Any]]:
        store = self.env.store
        rows = store.rows["account.partial.reconcile"]
        ids = {*store.find("account.partial.reconcile", "debit_move_id", number),
               *store.find("account.partial.reconcile", "credit_move_id", number)}  # fmt: skip
        return [rows[one] for one in sorted(ids)]

    @rpc
    def reconcile(self) -> Any:
        self._checked("write")
        reconcile(self)
        return {}

    @rpc
    def remove_move_reconcile(self) -> None:
        self._checked("write")
        unreconcile(self)


class Partial(Record):
    _name, _words = "account.partial.reconcile", "Partial Reconcile"
    fields: ClassVar[Fields] = {
        "debit_move_id": one("account.move.line"), "credit_move_id": one("account.move.line"),
        "amount": money(), "debit_amount_currency": money(), "credit_amount_currency": money(),
        "debit_currency_id": one("res.currency", related="debit_move_id.currency_id"),
        "credit_currency_id": one("res.currency", related="credit_move_id.currency_id"),
        "company_id": one("res.company", related="debit_move_id.company_id"),
        "max_date": Field("date"), "exchange_move_id": one("account.move"),
    }  # fmt: skip


class StatementLine(Record):
    _name, _words = "account.bank.statement.line", "Bank Statement Line"
    _order = "id desc"
    fields: ClassVar[Fields] = {
        "move_id": one("account.move"), "amount": money(),
        "date": Field("date", related="move_id.date"),
        "company_id": one("res.company", related="move_id.company_id"),
    }  # fmt: skip


ACCOUNT_MODELS: tuple[type[Record], ...] = (
    Account, Journal, Term, TermLine, Move, Line, Partial, *PAYMENT_MODELS, StatementLine,
)  # fmt: skip
