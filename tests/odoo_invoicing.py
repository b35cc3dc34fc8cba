"""How an invoice of the stand-in for Odoo gets its lines, its dates and its number."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

from tests.odoo_fields import UserFail
from tests.odoo_reconciling import reconcile

SIGN = {"out_invoice": 1, "out_receipt": 1, "out_refund": -1}


def _round(env: Any, amount: float, currency: int) -> float:
    rounding = env.store.rows["res.currency"][currency]["rounding"]
    parts = math.floor(abs(amount) / float(rounding) + 0.5 + 1e-9)
    return round(math.copysign(parts, amount) * float(rounding), 6)


def rate(env: Any, currency: int, company: int, on: str) -> float:
    """How much of a currency one unit of the company's is worth; 1 where nobody says."""
    rows = env.store.rows["res.currency.rate"]
    found = [
        (row["name"], row["rate"])
        for number in env.store.find("res.currency.rate", "currency_id", currency)
        if (row := rows[number])["company_id"] in (company, False) and row["name"] <= on
    ]
    return float(max(found)[1]) if found else 1.0


def own(env: Any, amount: float, currency: int, company: int, on: str) -> float:
    """An amount in the company's currency."""
    mine = env.store.rows["res.company"][company]["currency_id"]
    if currency == mine:
        return amount
    ratio = rate(env, mine, company, on) / rate(env, currency, company, on)
    return _round(env, amount * ratio, mine)


def recomputed(move: Any) -> None:
    """Totals, and for an invoice the lines that say what is owed when."""
    env, row = move.env, move._rows()[move.id]
    lines, store = env["account.move.line"].sudo(), env.store
    if row["move_type"] not in SIGN:
        for line in move.line_ids:
            _entry_line(env, move, line.id)
        move.line_ids._posted()
        return
    today = store.now()[:10]
    on = row["invoice_date"] or today
    dated = {"date": row["invoice_date"] or row["date"] or today}
    store.update("account.move", move.id, dated)
    total, sign = 0.0, SIGN[row["move_type"]]
    for line in move.line_ids:
        values = line._rows()[line.id]
        if values["display_type"] == "payment_term":
            continue
        amount = _round(env, values["quantity"] * values["price_unit"], row["currency_id"])
        total += amount
        _set(env, move, line.id, -sign * amount, on, account="income")
    store.update("account.move", move.id, {"amount_total": round(total, 6)})
    _terms(env, move, sign * round(total, 6), on, lines)


def _terms(env: Any, move: Any, total: float, on: str, lines: Any) -> None:
    """One line for each day on which a part is owed; those that are posted only move."""
    row, store = move._rows()[move.id], env.store
    parts = _parts(env, row, total, on)
    store.update("account.move", move.id, {"invoice_date_due": parts[-1][0]})
    old = [line for line in move.line_ids if line.display_type == "payment_term"]
    if len(old) == len(parts):
        for line, (due, amount) in zip(old, parts, strict=True):
            _set(env, move, line.id, amount, on, account="asset_receivable", due=due)
    else:
        for line in old:
            store.delete("account.move.line", line.id)
        for due, amount in parts:
            made = lines._make({"move_id": move.id, "display_type": "payment_term"})
            _set(env, move, made, amount, on, account="asset_receivable", due=due)
    move.line_ids._posted()


def _parts(env: Any, row: dict[str, Any], total: float, on: str) -> list[tuple[str, float]]:
    term, start = row["invoice_payment_term_id"], date.fromisoformat(on)
    if not term:
        return [(row["invoice_date_due"] or on, total)]
    found, left = [], total
    rows = env.store.rows["account.payment.term.line"]
    ids = sorted(env.store.find("account.payment.term.line", "payment_id", term))
    for place, number in enumerate(ids):
        part = rows[number]
        share = part["value_amount"]
        sign = 1 if total >= 0 else -1
        amount = total * share / 100 if part["value"] == "percent" else share * sign
        amount = left if place == len(ids) - 1 else _round(env, amount, row["currency_id"])
        found.append(((start + timedelta(days=part["nb_days"])).isoformat(), round(amount, 6)))
        left -= amount
    return sorted(found)


def _account(env: Any, company: int, kind: str) -> int:
    field = "company_id" if env.version < 19 else "company_ids"
    for number, row in env.store.rows["account.account"].items():
        owner = row[field]
        mine = owner == company if isinstance(owner, int) else company in owner
        if row["account_type"] == kind and mine:
            return int(number)
    raise UserFail("No account found: install a chart of accounts")


def _set(
    env: Any, move: Any, line: int, amount: float, on: str, *, account: str, due: str = ""
) -> None:
    """Write the amount of a line, in its own currency and that of the company."""
    row = move._rows()[move.id]
    balance = own(env, amount, row["currency_id"], row["company_id"], on)
    values: dict[str, Any] = {
        "partner_id": env["res.partner"].sudo()._commercial(row["partner_id"])
        if row["partner_id"] else False,
        "currency_id": row["currency_id"],
        "amount_currency": amount, "balance": balance, "debit": max(balance, 0.0),
        "credit": max(-balance, 0.0),
        "display_type": "payment_term" if due else "product",
    }  # fmt: skip
    if (
        account == "asset_receivable"
        or not move.env.store.rows["account.move.line"][line]["account_id"]
    ):
        values["account_id"] = _account(env, row["company_id"], account)
    if due:
        values["date_maturity"] = due
    env.store.update("account.move.line", line, values)


def _entry_line(env: Any, move: Any, line: int) -> None:
    """A line of an entry, as it was written by hand."""
    store = env.store
    row = store.rows["account.move.line"][line]
    company = store.rows["res.company"][move.company_id.id]
    balance = row["debit"] - row["credit"] or row["balance"]
    mine = row["currency_id"] or company["currency_id"]
    amount = row["amount_currency"] if mine != company["currency_id"] else balance
    store.update("account.move.line", line, {
        "balance": balance, "amount_currency": amount, "currency_id": mine,
        "debit": max(balance, 0.0), "credit": max(-balance, 0.0),
    })  # fmt: skip
    if not move.date:
        store.update("account.move", move.id, {"date": store.now()[:10]})


def posted(move: Any) -> None:
    """A draft becomes what counts, and gets its number."""
    env, row, store = move.env, move._rows()[move.id], move.env.store
    if row["state"] != "draft":
        raise UserFail(f"The entry {row['name']} (id {move.id}) must be in draft.")
    if row["move_type"] in SIGN:
        if not row["partner_id"]:
            raise UserFail("The 'Customer' field is required to validate the invoice.")
        if not row["invoice_date"]:
            store.update("account.move", move.id, {"invoice_date": store.now()[:10]})
        recomputed(move)
        partner = store.rows["res.partner"][row["partner_id"]]
        store.update("res.partner", row["partner_id"],
                     {"customer_rank": partner["customer_rank"] + 1})  # fmt: skip
    elif not move.line_ids or round(sum(line.balance for line in move.line_ids), 6):
        raise UserFail("The move is not balanced or has no lines.")
    if row["name"] in (False, "/"):
        store.update("account.move", move.id, {"name": _number(env, move)})
    move.sudo()._change(move.id, {"state": "posted", "payment_state": "not_paid"})
    move.line_ids._posted()
    if move.reversed_entry_id and move.reversed_entry_id.state == "posted":
        both = [*move.line_ids, *move.reversed_entry_id.line_ids]
        open_ = [one.id for one in both if one.display_type == "payment_term"
                 and not one.reconciled]  # fmt: skip
        reconcile(env["account.move.line"].browse(open_))


def _number(env: Any, move: Any) -> str:
    row = move._rows()[move.id]
    code = env.store.rows["account.journal"][row["journal_id"]]["code"]
    prefix = f"R{code}" if row["move_type"] == "out_refund" else code
    year = str(row["date"])[:4]
    start = f"{prefix}/{year}/"
    rows = env.store.rows["account.move"].values()
    used = [str(r["name"]) for r in rows if str(r["name"]).startswith(start)
            and r["company_id"] == row["company_id"]]  # fmt: skip
    return f"{start}{1 + max((int(name[len(start) :]) for name in used), default=0):05d}"
