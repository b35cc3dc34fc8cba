"""How lines of the stand-in for Odoo pay each other, and what is known of it afterwards."""

from __future__ import annotations

from typing import Any

from tests.odoo_fields import UserFail

PARTIAL = "account.partial.reconcile"


def reconcile(lines: Any) -> None:
    """Match what is owed with what is paid, the oldest first."""
    env = lines.env
    if len({line.account_id.id for line in lines}) > 1:
        raise UserFail("Entries are not from the same account")
    if any(line.reconciled for line in lines):
        raise UserFail("You are trying to reconcile some entries that are already reconciled.")
    if any(line.parent_state != "posted" for line in lines):
        raise UserFail("You can only reconcile posted entries.")
    sides = sorted(lines, key=lambda line: (line.date_maturity or line.date, line.id))
    debits = [line for line in sides if line.amount_residual_currency > 0]
    credits = [line for line in sides if line.amount_residual_currency < 0]
    for debit in debits:
        for credit in credits:
            owed, paid = debit.amount_residual_currency, -credit.amount_residual_currency
            if owed <= 0 or paid <= 0:
                continue
            _match(env, debit, credit)
    _settled(env, {line.move_id.id for line in lines})


def _match(env: Any, debit: Any, credit: Any) -> None:
    """One partial: in the currency of both, or through that of the company."""
    same = debit.currency_id.id == credit.currency_id.id
    if same:
        amount = min(debit.amount_residual_currency, -credit.amount_residual_currency)
        own = min(debit.amount_residual, -credit.amount_residual)
        if amount == debit.amount_residual_currency and amount == -credit.amount_residual_currency:
            own = debit.amount_residual  # a difference of rates is booked apart
        values = {"debit_amount_currency": amount, "credit_amount_currency": amount}
    else:
        own = min(debit.amount_residual, -credit.amount_residual)
        values = {
            "debit_amount_currency": debit.amount_residual_currency
            if own == debit.amount_residual else own,
            "credit_amount_currency": -credit.amount_residual_currency
            if own == -credit.amount_residual else own,
        }  # fmt: skip
    env[PARTIAL].sudo().create({
        "debit_move_id": debit.id, "credit_move_id": credit.id, "amount": own,
        "max_date": max(debit.date, credit.date), **values,
    })  # fmt: skip
    (env["account.move.line"].sudo().browse([debit.id, credit.id]))._posted()


def unreconcile(lines: Any) -> None:
    """Take what lines paid, or were paid by, back."""
    env, moves = lines.env, {line.move_id.id for line in lines}
    for line in lines:
        for side in ("debit_move_id", "credit_move_id"):
            for number in [*env.store.find(PARTIAL, side, line.id)]:
                row = env.store.rows[PARTIAL][number]
                both = [row["debit_move_id"], row["credit_move_id"]]
                env.store.delete(PARTIAL, number)
                env["account.move.line"].sudo().browse(both)._posted()
                rows = env.store.rows["account.move.line"]
                moves |= {rows[one]["move_id"] for one in both}
    _settled(env, moves)


def _settled(env: Any, moves: set[int]) -> None:
    """Say of invoices how far they are paid; who pays touches them."""
    for number in sorted(moves):
        move = env["account.move"].sudo().browse(number)
        if move.move_type == "entry" or move.state != "posted":
            continue
        state = "not_paid"
        if move.amount_residual == 0 and move.amount_total:
            state = "reversed" if _only_refunds(env, move) else "paid"
        elif move.amount_residual < move.amount_total:
            state = "partial"
        move._change(number, {"payment_state": state})


def _only_refunds(env: Any, move: Any) -> bool:
    lines = [line for line in move.line_ids if line.display_type == "payment_term"]
    sides = {"matched_credit_ids": "credit_move_id", "matched_debit_ids": "debit_move_id"}
    others = [
        getattr(partial, other).move_type
        for line in lines
        for field, other in sides.items()
        for partial in getattr(line, field)
    ]
    return bool(others) and all(kind in ("out_refund", "out_invoice") for kind in others)
