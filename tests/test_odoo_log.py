"""The heads of the log, read with the rights of the user alone: in a fixed number of calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dunwell.testing.contract.deeds import claim, outcome, write

from tests.odoo_cases import adapter
from tests.odoo_kit import OdooHarness, StandIn

DEBTORS = 240


@pytest.fixture(params=[17, 19])
def odoo(request: pytest.FixtureRequest) -> Iterator[OdooHarness]:
    """An Odoo where nobody ran the set-up: every debtor has an outcome and a claim after it."""
    harness = StandIn(request.param, bare=True)
    harness.crowd(DEBTORS)
    debtors = [str(number) for number in harness.clerks.partners]
    with adapter(harness) as made:
        tenant = made.describe().tenant
        write(made, *(claim(made, debtor, 1, tenant=tenant) for debtor in debtors))
        ended = outcome(made, debtors[0], 2)
        write(made, *(replace(ended, debtor=debtor, nonce=f"n-{debtor}") for debtor in debtors))
        write(made, *(claim(made, debtor, 3, tenant=tenant) for debtor in debtors[1:]))
    yield harness
    harness.close()


@pytest.mark.parametrize("named", [None, 100, DEBTORS], ids=["all", "few", "many"])
def test_what_is_open_behind_outcomes_costs_no_call_for_each_debtor(
    odoo: OdooHarness, named: int | None
) -> None:
    debtors = [str(number) for number in odoo.clerks.partners]
    chosen = debtors[:named]
    with adapter(odoo) as made:
        assert not made.installed.action
        before = odoo.calls()
        found = made.log_of.heads(None if named is None else chosen)
        assert odoo.calls() - before == 3  # who has what, which are newer, and these
    positions: dict[str, list[int]] = {debtor: [] for debtor in chosen}
    for entry in found:
        positions[entry.debtor].append(entry.position or 0)
    assert positions.pop(debtors[0]) == [2]
    assert all(sorted(each) == [2, 3] for each in positions.values())


def test_heads_of_nobody_cost_no_call(odoo: OdooHarness) -> None:
    with adapter(odoo) as made:
        assert not made.installed.action
        before = odoo.calls()
        assert made.log_of.heads([]) == []
        assert odoo.calls() == before
