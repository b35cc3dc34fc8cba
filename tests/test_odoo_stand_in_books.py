"""How an Odoo posts invoices, what is owed on them and what settles it: facts of the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.odoo_facts import WORLDS, World, refused, world

LINE = "account.move.line"


@pytest.fixture(scope="module", params=WORLDS)
def odoo(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from world(request.param)


def move(odoo: World, number: int, *fields: str) -> dict[str, Any]:
    (found,) = odoo.engine.find("account.move", [["id", "=", number]], *fields)
    return dict(found)


def currency(odoo: World, code: str) -> int:
    (found,) = odoo.admin.find("res.currency", [["name", "=", code]], "name")
    return int(found["id"])


class TestInvoices:
    def test_a_posted_invoice_is_owed_on_one_line(self, odoo: World) -> None:
        number = odoo.invoice(odoo.partner(), 900.5)
        (line,) = odoo.receivable(
            number, "amount_currency", "amount_residual", "amount_residual_currency",
            "reconciled", "date_maturity", "parent_state", "invoice_date", "payment_id",
            "statement_line_id", "matched_credit_ids",
        )  # fmt: skip
        del line["id"]
        assert line == {
            "amount_currency": 900.5, "amount_residual": 900.5, "amount_residual_currency": 900.5,
            "reconciled": False, "date_maturity": "2026-03-01", "parent_state": "posted",
            "invoice_date": "2026-02-01", "payment_id": False, "statement_line_id": False,
            "matched_credit_ids": [],
        }  # fmt: skip
        found = move(odoo, number, "state", "payment_state", "amount_total", "move_type",
                     "reversed_entry_id", "access_token")  # fmt: skip
        assert (found["state"], found["payment_state"]) == ("posted", "not_paid")
        assert (found["amount_total"], found["reversed_entry_id"]) == (900.5, False)

    def test_a_draft_is_not_posted(self, odoo: World) -> None:
        line = {"name": "Goods", "quantity": 1, "price_unit": 5.0, "tax_ids": [[6, 0, []]]}
        number = odoo.admin.create(
            "account.move", move_type="out_invoice", partner_id=odoo.partner(),
            invoice_line_ids=[[0, 0, line]],
        )  # fmt: skip
        (found,) = odoo.receivable(number, "parent_state", "amount_residual")
        assert (found["parent_state"], found["amount_residual"]) == ("draft", 5.0)

    def test_terms_make_one_line_for_each_part(self, odoo: World) -> None:
        parts = [(40, 0), (30, 30), (30, 60)]
        term = odoo.admin.create("account.payment.term", name="Facts", line_ids=[
            [0, 0, {"value": "percent", "value_amount": share, "nb_days": days}]
            for share, days in parts
        ])  # fmt: skip
        number = odoo.invoice(
            odoo.partner(), 1000.01, invoice_payment_term_id=term, invoice_date_due=False
        )
        lines = odoo.receivable(number, "date_maturity", "amount_currency")
        found = sorted((line["date_maturity"], line["amount_currency"]) for line in lines)
        assert found == [("2026-02-01", 400.0), ("2026-03-03", 300.0), ("2026-04-02", 300.01)]

    def test_a_credit_note_owes_to_the_customer(self, odoo: World) -> None:
        number = odoo.invoice(odoo.partner(), 50.0, move_type="out_refund")
        (line,) = odoo.receivable(number, "amount_residual_currency")
        assert line["amount_residual_currency"] == -50.0

    @pytest.mark.parametrize(("code", "amount"), [("JPY", 20_000.0), ("KWD", 12.345)])
    def test_currencies_keep_their_decimals(self, odoo: World, code: str, amount: float) -> None:
        number = odoo.invoice(odoo.partner(), amount, currency_id=currency(odoo, code))
        (line,) = odoo.receivable(number, "amount_residual_currency", "currency_id")
        assert line["amount_residual_currency"] == amount
        assert line["currency_id"] == currency(odoo, code)

    def test_an_entry_can_be_owed_without_a_day(self, odoo: World) -> None:
        partner = odoo.partner()
        odoo.invoice(partner)
        (line,) = odoo.engine.find(
            LINE, [["id", "=", odoo.receipt(partner, 70.0)]], "date_maturity", "account_id",
            "amount_residual_currency",
        )  # fmt: skip
        assert (line["date_maturity"], line["amount_residual_currency"]) == (False, -70.0)

    def test_a_customer_with_invoices_cannot_be_deleted(self, odoo: World) -> None:
        partner = odoo.partner()
        odoo.invoice(partner)
        name = refused(odoo.admin, "res.partner", "unlink", [partner])
        assert name.startswith("odoo.exceptions.")
        assert odoo.engine("res.partner", "search", domain=[["id", "=", partner]])

    def test_a_posted_invoice_cannot_be_deleted_but_a_draft_can(self, odoo: World) -> None:
        number = odoo.invoice(odoo.partner())
        assert refused(odoo.admin, "account.move", "unlink", [number]) == (
            "odoo.exceptions.UserError"
        )
        odoo.admin("account.move", "button_draft", [number])
        odoo.admin("account.move", "unlink", [number], context={"force_delete": True})
        assert odoo.engine("account.move", "search", domain=[["id", "=", number]]) == []

    def test_what_was_cancelled_owes_nothing(self, odoo: World) -> None:
        number = odoo.invoice(odoo.partner())
        odoo.admin("account.move", "button_draft", [number])
        odoo.admin("account.move", "button_cancel", [number])
        assert {line["parent_state"] for line in odoo.receivable(number, "parent_state")} == {
            "cancel"
        }

    def test_the_day_of_a_posted_line_can_be_moved(self, odoo: World) -> None:
        number = odoo.invoice(odoo.partner())
        (line,) = odoo.receivable(number, "id")
        odoo.admin(LINE, "write", [line["id"]], vals={"date_maturity": "2026-05-05"})
        assert odoo.receivable(number, "date_maturity")[0]["date_maturity"] == "2026-05-05"

    def test_the_flag_to_leave_a_line_alone(self, odoo: World) -> None:
        name = "no_followup" if odoo.new else "blocked"
        number = odoo.invoice(odoo.partner())
        (line,) = odoo.receivable(number, name)
        assert line[name] is False
        odoo.admin(LINE, "write", [line["id"]], vals={name: True})
        assert odoo.receivable(number, name)[0][name] is True

    def test_the_portal_has_a_token(self, odoo: World) -> None:
        number = odoo.invoice(odoo.partner())
        assert move(odoo, number, "access_token")["access_token"] is False
        told = odoo.engine("account.move", "get_portal_url", [number])
        token = move(odoo, number, "access_token")["access_token"]
        assert told == f"/my/invoices/{number}?access_token={token}"

    def test_who_invoiced_ranks_as_customer(self, odoo: World) -> None:
        partner = odoo.partner()
        odoo.invoice(partner)
        fields = ["customer_rank", "commercial_partner_id"]
        (row,) = odoo.engine("res.partner", "read", [partner], fields=fields, load=None)
        assert row["customer_rank"] >= 1
        domain = [["commercial_partner_id.customer_rank", ">", 0], ["id", "=", partner]]
        assert odoo.engine("res.partner", "search", domain=domain) == [partner]

    def test_the_company_owes_what_its_contact_got(self, odoo: World) -> None:
        company = odoo.partner()
        contact = odoo.admin.create("res.partner", name="Ana", parent_id=company)
        (line,) = odoo.receivable(odoo.invoice(contact, 70.0), "partner_id")
        assert line["partner_id"] == company
        found = {
            row["id"]: row["credit"]
            for row in odoo.engine("res.partner", "read", [company, contact], fields=["credit"])
        }
        assert found == {company: 70.0, contact: 0.0}
        domain = [["credit", ">", 0], ["id", "in", [company, contact]]]
        assert odoo.engine("res.partner", "search", domain=domain) == [company]


class TestSettlements:
    def test_a_receipt_pays_an_invoice(self, odoo: World) -> None:
        partner = odoo.partner()
        number = odoo.invoice(partner, 900.0)
        (owed,) = odoo.receivable(number, "id")
        paid = odoo.receipt(partner, 900.0)
        odoo.admin(LINE, "reconcile", [owed["id"], paid])
        fields = ("amount_residual", "reconciled", "matched_credit_ids")
        (line,) = odoo.receivable(number, *fields)
        assert (line["amount_residual"], line["reconciled"]) == (0.0, True)
        assert move(odoo, number, "payment_state")["payment_state"] in ("paid", "in_payment")
        (partial,) = odoo.engine.find(
            "account.partial.reconcile", [["debit_move_id", "=", owed["id"]]],
            "credit_move_id", "amount", "debit_amount_currency", "max_date", "exchange_move_id",
        )  # fmt: skip
        assert partial["credit_move_id"] == paid
        assert (partial["amount"], partial["debit_amount_currency"]) == (900.0, 900.0)
        assert (partial["max_date"], partial["exchange_move_id"]) == ("2026-02-20", False)
        assert line["matched_credit_ids"] == [partial["id"]]

    def test_a_part_is_paid_and_taken_back(self, odoo: World) -> None:
        partner = odoo.partner()
        number = odoo.invoice(partner, 900.0)
        (owed,) = odoo.receivable(number, "id")
        paid = odoo.receipt(partner, 400.0)
        odoo.admin(LINE, "reconcile", [owed["id"], paid])
        assert odoo.receivable(number, "amount_residual")[0]["amount_residual"] == 500.0
        assert move(odoo, number, "payment_state")["payment_state"] == "partial"
        odoo.admin(LINE, "remove_move_reconcile", [paid])
        assert odoo.receivable(number, "amount_residual")[0]["amount_residual"] == 900.0
        assert move(odoo, number, "payment_state")["payment_state"] == "not_paid"

    def test_too_much_leaves_money_over(self, odoo: World) -> None:
        partner = odoo.partner()
        number = odoo.invoice(partner, 100.0)
        (owed,) = odoo.receivable(number, "id")
        paid = odoo.receipt(partner, 130.0)
        odoo.admin(LINE, "reconcile", [owed["id"], paid])
        (left,) = odoo.engine.find(LINE, [["id", "=", paid]], "amount_residual", "reconciled")
        assert (left["amount_residual"], left["reconciled"]) == (-30.0, False)

    def test_a_credit_note_settles_too(self, odoo: World) -> None:
        partner = odoo.partner()
        number, note = (
            odoo.invoice(partner, 100.0),
            odoo.invoice(partner, 40.0, move_type="out_refund"),
        )
        both = [odoo.receivable(one, "id")[0]["id"] for one in (number, note)]
        odoo.admin(LINE, "reconcile", both)
        (partial,) = odoo.engine(
            "account.partial.reconcile", "web_search_read",
            domain=[["debit_move_id", "=", both[0]]], specification={
                "amount": {}, "credit_move_id": {"fields": {"move_type": {}, "journal_id": {
                    "fields": {"type": {}}}}}},
        )["records"]  # fmt: skip
        assert partial["credit_move_id"]["move_type"] == "out_refund"
        assert partial["credit_move_id"]["journal_id"]["type"] == "sale"
        assert partial["amount"] == 40.0

    def test_money_in_another_currency(self, odoo: World) -> None:
        partner = odoo.partner()
        number = odoo.invoice(partner, 110.0, currency_id=currency(odoo, "USD"))
        (owed,) = odoo.receivable(number, "amount_residual", "amount_residual_currency")
        assert owed["amount_residual_currency"] == 110.0
        domain = [["amount_residual_currency", "=", 110.0], ["id", "=", owed["id"]]]
        assert odoo.engine(LINE, "search", domain=domain) == [owed["id"]]

    def test_drafts_and_other_accounts_settle_nothing(self, odoo: World) -> None:
        partner = odoo.partner()
        number = odoo.invoice(partner, 100.0)
        lines = odoo.admin.find(LINE, [["move_id", "=", number]], "id")
        ids = [line["id"] for line in lines]
        assert refused(odoo.admin, LINE, "reconcile", ids) == "odoo.exceptions.UserError"

    def test_the_readonly_may_not_settle(self, odoo: World) -> None:
        partner = odoo.partner()
        (owed,) = odoo.receivable(odoo.invoice(partner, 9.0), "id")
        both = [owed["id"], odoo.receipt(partner, 9.0)]
        assert refused(odoo.engine, LINE, "reconcile", both) == "odoo.exceptions.AccessError"

    def test_a_credit_note_of_an_invoice_settles_it_at_once(self, odoo: World) -> None:
        partner = odoo.partner()
        number = odoo.invoice(partner, 100.0)
        odoo.invoice(partner, 40.0, move_type="out_refund", reversed_entry_id=number)
        assert odoo.receivable(number, "amount_residual")[0]["amount_residual"] == 60.0
