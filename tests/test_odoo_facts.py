"""Facts out of Odoo's own records: on the stand-ins, and on the Odoo of the environment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from dunwell.money import Money
from dunwell.testing.contract.deeds import LONG_AGO, rows
from dunwell_odoo.adapter import OdooAdapter
from dunwell_odoo.options import Options

from tests.odoo_cases import WHERE, adapter, raised, table
from tests.odoo_kit import OdooHarness
from tests.odoo_rpc import Said


@pytest.fixture(params=WHERE)
def odoo(request: pytest.FixtureRequest) -> Iterator[OdooHarness]:
    with raised(request.param) as harness:
        yield harness


def only(found: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = found
    return row


# -- who owes -----------------------------------------------------------------------------------


def test_an_invoice_to_a_contact_is_owed_by_its_company(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    company = clerks.customer("Parent", email="parent@c.example")
    contact = clerks.customer("Accounting", payer=company, email="books@c.example")
    item = clerks.invoice(customer=contact)
    row = only([row for row in table(odoo, "items") if row["id"] == item])
    assert row["customer"] == company


def test_the_address_for_invoices_is_the_contact_for_bills(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    company = clerks.customer("Parent")
    contact = odoo.admin.create(
        "res.partner", name="Jean", parent_id=int(company), type="invoice",
        email="jean@c.example",
    )  # fmt: skip
    row = only([r for r in table(odoo, "contacts") if r["customer"] == company])
    assert (row["id"], row["role"], row["email"]) == (str(contact), "billing", "jean@c.example")


def test_whoever_owes_without_ever_having_got_an_invoice_is_known(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    old = clerks.customer("Opening balance")
    odoo.admin("res.partner", "write", [int(old)], vals={"customer_rank": 0})
    clerks.entry("general", int(old), Money(50_000, "EUR"), "income", "F-OLD-7")
    assert only(table(odoo, "customers"))["id"] == old
    row = only(table(odoo, "items"))
    assert (row["number"], row["balance"]) == ("F-OLD-7", 50_000)


def test_of_several_addresses_the_first_is_taken(odoo: OdooHarness) -> None:
    odoo.clerks.customer("Two", email="a@c.example; b@c.example")
    assert only(table(odoo, "customers"))["email"] == "a@c.example"


def test_a_tag_says_what_kind_of_customer_it_is(odoo: OdooHarness) -> None:
    odoo.clerks.customer("Town hall", tags=["Public"])
    assert only(table(odoo, "customers"))["type"] == "public"


# -- what is owed -------------------------------------------------------------------------------


def test_drafts_and_cancelled_invoices_are_owed_by_nobody(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    debtor = clerks.customer()
    draft, cancelled, owed = (clerks.invoice(customer=debtor) for _ in range(3))
    for item in (draft, cancelled):
        odoo.admin("account.move", "button_draft", [clerks.move_of(item)])
    odoo.admin("account.move", "button_cancel", [clerks.move_of(cancelled)])
    assert [row["id"] for row in table(odoo, "items")] == [owed]


def test_a_line_that_people_took_out_of_follow_up_is_left_alone(odoo: OdooHarness) -> None:
    item = odoo.clerks.invoice(customer=odoo.clerks.customer())
    flag = "no_followup" if odoo.version >= 18 else "blocked"
    odoo.admin("account.move.line", "write", [int(item)], vals={flag: True})
    assert only(table(odoo, "items"))["no_follow_up"] is True


def test_a_part_payment_says_when_it_was(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    on = clerks.on - timedelta(days=3)
    item = clerks.invoice(customer=clerks.customer(), issued=clerks.on - timedelta(days=30))
    clerks.pay(item, "100 EUR", on=on)
    assert only(table(odoo, "items"))["last_payment"] == on


def test_money_that_came_before_the_invoice_counts_on_its_own_day(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    before = clerks.on - timedelta(days=20)
    item = clerks.invoice(customer=clerks.customer(), issued=clerks.on)
    clerks.pay(item, on=before)
    row = only(table(odoo, "settlements"))
    assert (row["on"], row["closes"], row["kind"]) == (before, True, "payment")


def test_a_credit_note_that_odoo_applied_settles_as_one(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    debtor = clerks.customer()
    item = clerks.invoice(customer=debtor, amount="900 EUR")
    refund = clerks.credit("CN-1", "100 EUR", customer=debtor)
    odoo.admin("account.move.line", "reconcile", [int(item), int(refund)])
    row = only(table(odoo, "settlements"))
    assert (row["kind"], row["amount"], row["closes"]) == ("credit_note", 10_000, False)
    assert table(odoo, "credits") == []


def underway(odoo: OdooHarness, customer: str, amount: float, *items: str) -> int:
    """A payment as Enterprise keeps it until the bank tells of it: without an entry."""
    clerks = odoo.clerks
    if odoo.version < 18:
        pytest.skip("before 18 every payment has an entry")
    journal = [["type", "=", "bank"], ["company_id", "=", clerks.main]]
    (bank,) = odoo.admin.find("account.journal", journal, "name")[:1]
    invoices = [clerks.move_of(item) for item in items]
    if odoo.service is None:  # Community makes none without an account for it
        account = {"transfer_account_id": clerks.books[clerks.main]["asset_receivable"]}
        odoo.admin("res.company", "write", [clerks.main], vals=account)
    payment = odoo.admin.create(
        "account.payment", context=clerks.here, amount=amount, partner_id=int(customer),
        payment_type="inbound", partner_type="customer", journal_id=bank["id"],
        company_id=clerks.main, currency_id=clerks.currency("EUR"), date=str(clerks.on),
        invoice_ids=[[6, 0, invoices]],
    )  # fmt: skip
    odoo.admin("account.payment", "write", [payment], vals={"outstanding_account_id": False})
    odoo.admin("account.payment", "action_post", [payment])
    return payment


def test_a_part_payment_without_an_entry_is_a_credit_and_the_rest_is_owed(
    odoo: OdooHarness,
) -> None:
    debtor = odoo.clerks.customer()
    item = odoo.clerks.invoice(customer=debtor, amount="900 EUR")
    underway(odoo, debtor, 100.0, item)
    row, credit = only(table(odoo, "items")), only(table(odoo, "credits"))
    assert (row["balance"], row["collection"]) == (90_000, None)
    assert (credit["balance"], credit["kind"], credit["item"]) == (-10_000, "payment", item)
    assert credit["on"] == odoo.clerks.on


def test_a_payment_that_a_person_called_paid_counts_though_nothing_is_reconciled(
    odoo: OdooHarness,
) -> None:
    debtor = odoo.clerks.customer()
    item = odoo.clerks.invoice(customer=debtor, amount="900 EUR")
    payment = underway(odoo, debtor, 900.0, item)
    odoo.admin("account.payment", "action_validate", [payment])
    credit = only(table(odoo, "credits"))
    assert (credit["balance"], credit["item"]) == (-90_000, item)


def test_money_in_advance_without_an_entry_is_a_credit_of_the_customer(odoo: OdooHarness) -> None:
    debtor = odoo.clerks.customer()
    odoo.clerks.invoice(customer=debtor, amount="900 EUR")
    underway(odoo, debtor, 50.0)
    row, credit = only(table(odoo, "items")), only(table(odoo, "credits"))
    assert (row["collection"], credit["balance"], credit["item"]) == (None, -5_000, None)


def test_what_the_bank_told_of_is_counted_once(odoo: OdooHarness) -> None:
    debtor = odoo.clerks.customer()
    item = odoo.clerks.invoice(customer=debtor, amount="900 EUR")
    payment = underway(odoo, debtor, 100.0, item)
    odoo.clerks.pay(item, "100 EUR", on=odoo.clerks.on)  # as the bank's statement is matched
    odoo.admin("account.payment", "action_validate", [payment])
    if odoo.service is not None:
        move = odoo.clerks.move_of(item)
        odoo.service.database.store.update("account.move", move, {"payment_state": "partial"})
    assert only(table(odoo, "items"))["balance"] == 80_000
    assert table(odoo, "credits") == []


def test_cash_rounding_is_part_of_what_is_owed(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    mine = clerks.books[clerks.main]
    try:
        rounding = odoo.admin.create(
            "account.cash.rounding", context={"allowed_company_ids": [clerks.main]},
            name="5 cents", rounding=0.05, strategy="add_invoice_line", rounding_method="HALF-UP",
            profit_account_id=mine["income"], loss_account_id=mine["expense"],
        )  # fmt: skip
    except Said:
        pytest.skip("this Odoo has no cash rounding")
    (move,) = clerks.invoices(
        [("R-1", int(clerks.customer()), Money(1_002, "EUR"))], company=clerks.main,
        invoice_cash_rounding_id=rounding,
    )  # fmt: skip
    row = only(table(odoo, "items"))
    assert (row["amount"], row["kind"]) == (1_000, "invoice")
    assert row["id"] == clerks.lines_of(move)[0]


def test_only_the_chosen_companies_are_worked_for(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    debtor, other = clerks.customer(), clerks.company("Other")
    here = clerks.invoice("F-1", customer=debtor)
    clerks.invoice("F-2", customer=debtor, company=other)
    own = odoo.engine
    chosen = Options(own.base, own.database, own.login, companies=(clerks.main,))
    made = OdooAdapter(odoo.door(own), chosen)
    assert [row["id"] for row in rows(made, "items")] == [here]
    assert [row["id"] for row in rows(made, "companies")] == [str(clerks.main)]
    assert made.describe().tenant != odoo.open().describe().tenant
    made.close()


# -- what people say ----------------------------------------------------------------------------


def test_a_promise_without_an_amount_is_of_all_that_is_open(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    debtor = clerks.customer()
    clerks.pay(clerks.invoice("F-1", customer=debtor, amount="900 EUR"), "400 EUR")
    clerks.invoice("F-2", customer=debtor, amount="100 EUR")
    clerks.activity(clerks.kind("promise"), ("res.partner", int(debtor)), "says Friday")
    row = only(table(odoo, "promises"))
    assert (row["amount"], row["items"]) == (60_000, [])


def test_a_promise_on_an_invoice_is_for_that_invoice(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    debtor = clerks.customer()
    item = clerks.invoice("F-1", customer=debtor, amount="900 EUR")
    clerks.invoice("F-2", customer=debtor)
    where = ("account.move", clerks.move_of(item))
    clerks.activity(clerks.kind("promise"), where, "next week")
    row = only(table(odoo, "promises"))
    assert (row["amount"], row["items"]) == (90_000, [item])


def test_a_dispute_of_an_invoice_in_instalments_is_of_all_of_them(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    on = clerks.on
    parts = [(on + timedelta(days=30 * n), Money(10_000, "EUR")) for n in range(2)]
    items = clerks.instalments("F-1", parts, customer=clerks.customer())
    clerks.dispute(items[0], reason="never arrived")
    documents = {row["document"] for row in table(odoo, "items")}
    with adapter(odoo) as made:
        row = only([row for row in rows(made, "disputes") if row["item"] in documents])
    assert (row["reason"], row["amount"]) == ("never arrived", None)


def test_a_customer_is_left_alone_until_the_day_that_a_person_named(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    debtor, until = clerks.customer(), clerks.on + timedelta(days=9)
    clerks.exclude(debtor, reason="insolvent", until=until)
    row = only(table(odoo, "exclusions"))
    assert (row["reason"], row["until"], row["item"]) == ("insolvent", until, None)


# -- contacts -----------------------------------------------------------------------------------


def people(odoo: OdooHarness, debtor: str) -> list[tuple[str, str]]:
    with adapter(odoo) as made:
        found = made.heads(debtors=[debtor], since=LONG_AGO).entries
    return sorted((entry.channel, entry.text) for entry in found if entry.position is None)


def test_a_note_of_a_person_is_a_contact_on_the_customer_and_on_its_invoices(
    odoo: OdooHarness,
) -> None:
    clerks = odoo.clerks
    debtor = clerks.customer()
    item = clerks.invoice(customer=debtor)
    places = (("res.partner", int(debtor)), ("account.move", clerks.move_of(item)))
    for model, number in places:
        odoo.admin(
            model, "message_post", [number], body=f"met them, {model}", message_type="comment",
            subtype_xmlid="mail.mt_note",
        )  # fmt: skip
    assert people(odoo, debtor) == [
        ("note", "met them, account.move"), ("note", "met them, res.partner")
    ]  # fmt: skip


def test_what_odoo_notes_by_itself_is_no_contact(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    debtor = clerks.customer()
    clerks.invoice(customer=debtor)
    odoo.admin(
        "res.partner", "message_post", [int(debtor)], body="Contact created",
        message_type="notification", subtype_xmlid="mail.mt_note",
    )  # fmt: skip
    assert people(odoo, debtor) == []


def test_what_a_customer_writes_is_no_contact_of_ours_and_is_in_the_log(
    odoo: OdooHarness,
) -> None:
    debtor = odoo.clerks.customer()
    odoo.admin(
        "res.partner", "message_post", [int(debtor)], body="we paid", subject="Re: F-1",
        message_type="email", subtype_xmlid="mail.mt_comment", author_id=int(debtor),
    )  # fmt: skip
    assert people(odoo, debtor) == []
    with adapter(odoo) as made:
        (entry,) = made.log(debtor)
    assert (entry.direction, entry.text) == ("in", "Re: F-1")


# -- where it is --------------------------------------------------------------------------------


def test_a_link_leads_to_the_invoice(odoo: OdooHarness) -> None:
    item = odoo.clerks.invoice(customer=odoo.clerks.customer())
    move = odoo.clerks.move_of(item)
    link = str(only(table(odoo, "items"))["link"])
    assert link.partition("?")[0].endswith(f"/my/invoices/{move}")


def test_today_is_that_of_the_company(odoo: OdooHarness) -> None:
    with adapter(odoo) as made:
        told = made.describe()
    assert told.on == odoo.today()
