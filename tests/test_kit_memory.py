"""The ERP in memory keeps the contract of the port, and its books always add up."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.model import TABLES
from dunwell.port import Adapter, Capability, Strength
from dunwell.testing import Erp, MemoryAdapter
from dunwell.testing.contract import (
    AdapterContract,
    EffectContract,
    HeadsContract,
    MemoryHarness,
    contract_subjects,
)
from dunwell.testing.contract.base import lacking, requires
from dunwell.testing.contract.deeds import do, one, reminder, rows, statuses
from dunwell.testing.memory import EVERYTHING
from dunwell.testing.people import absent

SENDS = replace(
    EVERYTHING, strengths={**EVERYTHING.strengths, Capability.REMIND: Strength("native")}
)


class SendingHarness(MemoryHarness):
    """An ERP in memory that sends messages itself."""

    def open(self) -> Adapter:
        return MemoryAdapter(self.erp, capabilities=SENDS)


class TestMemory(AdapterContract):
    @pytest.fixture
    def harness(self) -> MemoryHarness:
        return MemoryHarness()


class TestMemoryThatSends(HeadsContract, EffectContract):
    @pytest.fixture
    def harness(self) -> MemoryHarness:
        return SendingHarness()


def test_a_message_is_sent_once_and_seen() -> None:
    erp = Erp()
    debtor, adapter = erp.customer(), MemoryAdapter(erp, capabilities=SENDS)
    (result,) = do(adapter, debtor, reminder("please pay"))
    assert (result.status, result.delivery) == ("done", "accepted")
    assert [face.text for face in erp.faces(debtor)] == ["please pay"]


def test_what_is_not_declared_is_rejected() -> None:
    erp = Erp()
    assert statuses(do(MemoryAdapter(erp), erp.customer(), reminder())) == ["rejected"]


def test_no_two_subjects_of_the_contract_have_a_test_of_one_name() -> None:
    names = Counter(
        name for subject in contract_subjects() for name in vars(subject) if name[:5] == "test_"
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_a_gap_is_skipped_with_what_the_adapter_says_of_it() -> None:
    @requires(Capability.HOLD, "enforced")
    def test() -> None:
        """Needs a hold that holds."""

    needs = vars(test)["dunwell_requires"]
    advisory = {Capability.HOLD: Strength("advisory")}
    none = {Capability.HOLD: Strength("none", "no right to write")}
    assert lacking(EVERYTHING, needs) is None
    said = lacking(replace(EVERYTHING, strengths=advisory), needs)
    assert said == "the adapter declares hold: advisory, not enforced"
    said = lacking(replace(EVERYTHING, strengths=none), needs)
    assert said == "the adapter declares no hold: no right to write"


def test_what_an_erp_has_not_skips_the_test_that_asked() -> None:
    with pytest.raises(Exception, match="this ERP has no abacus") as caught:
        absent("abacus")
    assert type(caught.value).__name__ == "SkipTest"


def test_the_erp_in_memory_needs_no_pytest() -> None:
    code = "import sys, dunwell.testing; print('pytest' in sys.modules, 'unittest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_day_is_that_of_the_companys_zone() -> None:
    erp = Erp(timezone="Pacific/Auckland", on=date(2026, 3, 4))
    assert erp.on == date(2026, 3, 4)
    erp.now = datetime(2026, 3, 4, 11, 30, tzinfo=UTC)
    assert erp.on == date(2026, 3, 5)
    erp.tick(hours=-2)
    assert erp.on == date(2026, 3, 4)


def test_an_invoice_needs_nothing_but_a_number() -> None:
    erp = Erp()
    item = erp.invoice("F-1")
    row = one(MemoryAdapter(erp), "items", item)
    assert (row["customer"], row["amount"], row["due"]) == ("Acme", 90_000, date(2026, 4, 1))


def test_a_row_with_an_unknown_column_is_refused() -> None:
    with pytest.raises(TypeError, match="table 'items' has no column 'colour'"):
        Erp().invoice("F-1", colour="red")


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "write_off", "reverse", "invoice"]),
        st.integers(0, 5),
        st.integers(1, 100_000),
    ),
    max_size=30,
)


@given(ACTS)
def test_whatever_people_do_the_books_add_up(acts: list[tuple[str, int, int]]) -> None:
    erp = Erp()
    adapter = MemoryAdapter(erp, page_rows=3)
    items = [erp.invoice() for _ in range(3)]
    paid: list[str] = []
    for act, which, cents in acts:
        amount = f"{cents // 100}.{cents % 100:02} EUR"
        item = items[which % len(items)]
        if act == "invoice":
            items.append(erp.invoice(amount=amount))
        elif act == "reverse" and paid:
            erp.reverse(paid.pop(which % len(paid)))
        elif act == "write_off" and erp.rows["items"][item]["balance"]:
            erp.write_off(item)
        elif act == "pay" and erp.rows["items"][item]["balance"]:
            paid.append(erp.pay(item, amount))
    settled: Counter[object] = Counter()
    for row in rows(adapter, "settlements"):
        settled[row["item"]] += int(str(row["amount"]))
    balances = {row["id"]: row["balance"] for row in rows(adapter, "items")}
    for item in items:
        issued = int(str(erp.rows["items"][item]["amount"]))
        assert balances.get(item, 0) == issued - settled[item]
    assert all(int(str(row["balance"])) < 0 for row in rows(adapter, "credits"))


def test_every_published_table_can_be_read() -> None:
    adapter = MemoryAdapter(Erp())
    assert {table for table in TABLES if rows(adapter, table)} == {"companies"}
