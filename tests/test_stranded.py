"""What would be stranded: holds without a policy, items behind a veto in code, watches unheard."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from dunwell.casefile.plain import PlainWording
from dunwell.command import AccountPlan, Command
from dunwell.facts import Registry
from dunwell.hooks import VetoPlugin
from dunwell.policy.tree import House
from dunwell.run.apply import apply, read_log
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.source.house import load_house
from dunwell.testing import Erp, MemoryAdapter, MemoryChannel
from dunwell_ledger import people
from dunwell_ledger.adapter import LedgerAdapter
from dunwell_ledger.clock import Clock
from dunwell_ledger.store import create

from tests.test_exactly_once import HOUSE

DAY = date(2026, 2, 9)
Row = dict[str, str | int | None]


@pytest.fixture
def house() -> House:
    loaded, problems = load_house([HOUSE], registry=Registry(), channels=["email"])
    assert loaded is not None, problems
    return loaded


def engine(house: House, erp: Erp, *, plain: bool = True) -> Engine:
    channels = {"email": MemoryChannel()}
    adapter = MemoryAdapter(erp)
    return Engine(adapter, house, Registry(), PlainWording(), channels=channels, plain=plain)


def only_public(house: House) -> House:
    return replace(house, policies=tuple(p for p in house.policies if p.name == "public"))


@pytest.mark.parametrize("plain", [True, False])
def test_a_hold_ends_with_the_last_item_also_when_no_policy_covers_the_account_any_more(
    house: House, plain: bool
) -> None:
    erp, alone = Erp(on=DAY), only_public(house)
    erp.customer("A", email="a@a.example", tags=["public"])
    erp.invoice("F-1", customer="A", due=date(2026, 2, 2))
    made = engine(alone, erp, plain=plain)
    apply(made, make_plan(made).plan)
    assert [row["kind"] for row in erp.rows["holds"].values()] == ["orders"]
    erp.change("customers", "A", tags=[])  # the policy does not apply any more
    erp.on = date(2026, 2, 10)
    apply(made, make_plan(made).plan)
    assert len(erp.rows["holds"]) == 1  # an item that had a stage is open
    erp.pay("F-1")
    erp.on = date(2026, 2, 11)
    apply(made, make_plan(made).plan)
    assert not erp.rows["holds"]


def test_a_stage_goes_on_without_the_action_that_a_veto_in_code_stops(house: House) -> None:
    def no_holds(command: Command, account: AccountPlan, on: date) -> str | None:
        return "no holds this month" if command.kind == "hold" else None

    erp = Erp(on=DAY)
    erp.customer("A", email="a@a.example", tags=["public"])
    erp.invoice("F-1", customer="A", due=date(2026, 2, 2))
    made = replace(engine(only_public(house), erp), vetoes=(VetoPlugin("quiet", no_holds),))
    apply(made, make_plan(made).plan)
    (item,) = read_log(made, None)[0]["A"].state.items
    assert (item.stage, item.part) == ("stop_supply", None)
    assert not erp.rows["holds"]


def test_a_watch_that_no_channel_can_carry_becomes_a_task(house: House) -> None:
    erp = Erp(on=date(2026, 3, 2))
    erp.customer("A", email="", tags=["statement_only"])
    erp.invoice("F-1", customer="A", due=date(2026, 4, 2))
    made = engine(house, erp)
    kinds = [(c.kind, c.action) for a in make_plan(made).plan.accounts for c in a.commands]
    assert kinds == [("task", "no_channel")]


@pytest.mark.parametrize("plain", [True, False])
def test_a_hold_ends_with_its_true_reason_when_another_customer_comes_to_pay(
    house: House, plain: bool
) -> None:
    erp, alone = Erp(on=DAY), only_public(house)
    for name in ("A", "P"):
        erp.customer(name, email=f"{name}@a.example", tags=["public"])
    erp.invoice("F-1", customer="A", due=date(2026, 2, 2))
    made = engine(alone, erp, plain=plain)
    apply(made, make_plan(made).plan)
    assert [row["customer"] for row in erp.rows["holds"].values()] == ["A"]
    erp.change("customers", "A", payer="P")
    erp.on = date(2026, 2, 10)
    planned = make_plan(made)
    told = {a.debtor: [(c.kind, c.reasons) for c in a.commands] for a in planned.plan.accounts}
    assert told["A"] == [("release", ("'P' pays for this customer now",))]
    assert not [note for a in planned.plan.accounts for note in a.notes]
    assert not planned.decided.problems
    assert {r.result.status for r in apply(made, planned.plan)} == {"done"}
    assert not [row for row in erp.rows["holds"].values() if row["customer"] == "A"]
    erp.on = date(2026, 2, 11)
    apply(made, make_plan(made).plan)
    assert [row["customer"] for row in erp.rows["holds"].values()] == ["P"]
    assert not make_plan(made).plan.accounts


def test_who_pays_for_others_and_is_paid_for_is_left_alone_and_says_so(house: House) -> None:
    erp = Erp(on=DAY)
    for name, payer in (("A", "B"), ("B", "C"), ("C", "")):
        erp.customer(name, email=f"{name}@a.example", tags=["public"], payer=payer)
    erp.invoice("F-1", customer="A", due=date(2026, 2, 2))
    made = engine(only_public(house), erp)
    (account,) = make_plan(made).plan.accounts
    assert account.notes == (
        "left alone: 'B' pays for others and is itself paid for by another customer",
    )


def test_a_ledger_lets_go_of_the_hold_of_a_customer_for_whom_another_comes_to_pay(
    house: House, tmp_path: Path
) -> None:
    company: Row = {"id": "main", "name": "Nordwind", "currency": "EUR"}
    customers: list[Row] = [
        {"id": name, "name": name, "email": f"{name}@a.example"} for name in ("A", "P")
    ]
    item: Row = {
        "id": "F-1", "number": "F-1", "customer": "A", "company": "main", "currency": "EUR",
        "amount": 90_000, "issued": "2026-01-02", "due": "2026-02-02",
    }  # fmt: skip
    with closing(create(tmp_path / "ledger.sqlite")) as ledger:
        with ledger.writing() as book:
            people.add(book, "companies", [company])
            people.add(book, "customers", customers)
            people.add(book, "items", [item])
            for name in ("A", "P"):
                book.execute("INSERT INTO tags (customer, tag) VALUES (?, 'public')", (name,))
        alone = only_public(house)

        def run(day: date) -> list[tuple[str, str]]:
            noon = datetime.combine(day, time(10), UTC)
            adapter = LedgerAdapter(ledger, clock=Clock(day, noon))
            channels = {"email": MemoryChannel()}
            made = Engine(adapter, alone, Registry(), PlainWording(), channels=channels)
            receipts = apply(made, make_plan(made).plan)
            assert {r.result.status for r in receipts} <= {"done"}
            return [(r.debtor, r.command.kind) for r in receipts]

        assert run(date(2026, 2, 9)) == [("A", "hold"), ("A", "remind")]
        with ledger.writing() as book:
            people.add(book, "customers", [{"id": "A", "name": "A", "payer": "P"}])
        assert ("A", "release") in run(date(2026, 2, 10))
        assert run(date(2026, 2, 11)) == [("P", "hold")]
        assert run(date(2026, 2, 12)) == []
