"""Names as an attacker or a careless clerk writes them do no harm in Odoo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from dunwell.cli.wording import TemplateWording
from dunwell.facts import Registry
from dunwell.message import Templates
from dunwell.policy.tree import Action, CalendarRules, House, Policy, Stage
from dunwell.policy.tree import Test as Leaf
from dunwell.run.apply import read_log
from dunwell.run.daily import run_daily
from dunwell.run.engine import Engine
from dunwell.testing.hostile import HOSTILE_TEXT

from tests.odoo_cases import WHERE, raised, table
from tests.odoo_kit import OdooHarness
from tests.odoo_people import plain

NAMES = {
    "markup": "<img src=x onerror=alert(1)> & <b>Sons</b>",
    "attack": HOSTILE_TEXT,
    "quotes": "O'Hara \"The 'Best'\" \\ %s {{ 7 * 7 }} ${x}",
    "right to left": "\u202eevil \u2067\u05d0\u05d1\u05d2 Ltd",
    "four bytes": "Caf\U0001f600 \U00020000\U00020001 GmbH",
    "long": "Long " + "x" * 1_990 + " end",
}
STAGE = Stage(
    "all",
    (
        Action("remind", "remind", template="first_notice"),
        Action("task", "task", summary="Call {{ customer.name }}"),
        Action("note", "note", text="About {{ customer.name }}"),
        Action("hold", "hold:orders", hold="orders", reason="overdue"),
    ),
    Leaf("days_past_due", "at_least", 5),
)
HOUSE = House(
    "hostile", (Policy("hostile", "EUR", (STAGE,)),), calendar=CalendarRules(timezone="UTC")
)


@pytest.fixture(params=WHERE)
def odoo(request: pytest.FixtureRequest) -> Iterator[OdooHarness]:
    with raised(request.param) as harness:
        yield harness


def test_a_name_of_any_kind_gets_one_of_everything_and_stays_text(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    due = clerks.on - timedelta(days=10)
    debtors = {}
    for number, (kind, name) in enumerate(NAMES.items()):
        debtors[kind] = clerks.customer(name, email=f"c{number}@c.example")
        clerks.invoice(f"H-{number}", customer=debtors[kind], issued=due, due=due)
    with closing(odoo.open()) as adapter:
        engine = Engine(adapter, HOUSE, Registry(), TemplateWording(Templates()), plain=True)
        receipts = run_daily(engine).receipts
        assert {receipt.result.status for receipt in receipts} == {"done"}, receipts
        assert not run_daily(engine).receipts
        memories, _ = read_log(engine, sorted(debtors.values()))
    assert not any(m.claim or m.garbled or m.state.unknowns for m in memories.values())
    held = {row["customer"] for row in table(odoo, "holds")}
    known = {row["id"]: row["name"] for row in table(odoo, "customers")}
    for kind, debtor in debtors.items():
        faces = clerks.faces(debtor)
        assert sorted(face.kind for face in faces) == ["note", "remind", "task"], kind
        assert debtor in held
        assert known[debtor].split() == NAMES[kind].split(), kind
        assert not any("\n" in face.text.splitlines()[0] for face in faces)


def test_markup_in_a_name_is_markup_nowhere(odoo: OdooHarness) -> None:
    clerks = odoo.clerks
    due = clerks.on - timedelta(days=10)
    debtor = clerks.customer(NAMES["markup"])
    clerks.invoice("H-1", customer=debtor, issued=due, due=due)
    with closing(odoo.open()) as adapter:
        run_daily(Engine(adapter, HOUSE, Registry(), TemplateWording(Templates()), plain=True))
    domain = ["|", ["res_id", "=", int(debtor)], ["message_id", "like", "@dunwell>"]]
    written = odoo.admin.find("mail.message", [["model", "!=", False], *domain], "body", "subject")
    mine = [row for row in written if "onerror" in plain(row["body"])]
    assert len(mine) >= 2, "the letter and the note name the customer"
    for row in mine:
        assert "<img" not in row["body"]
        assert "<b>Sons" not in row["body"]
