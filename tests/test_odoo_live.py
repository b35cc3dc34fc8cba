"""Odoo keeps the contract of the port on the live server that the environment names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from dunwell.testing.contract import AdapterContract, EngineContract

from tests.odoo_kit import Live, set_up_was_run
from tests.odoo_rpc import ABSENT, given

pytestmark = [pytest.mark.slow, pytest.mark.skipif(given() is None, reason=ABSENT)]


@pytest.fixture
def odoo() -> Iterator[Live]:
    harness = Live(given(), page_rows=20)
    yield harness
    harness.close()


class TestLiveOdoo(AdapterContract):
    sizes: ClassVar = (3, 25, 45)
    old_entries: ClassVar = 501
    rounds: ClassVar = 5

    @pytest.fixture
    def harness(self, odoo: Live) -> Live:
        return odoo


class TestLiveOdooWithoutTheSetUp(AdapterContract):
    sizes: ClassVar = (3, 25, 45)
    old_entries: ClassVar = 501
    rounds: ClassVar = 3

    @pytest.fixture
    def harness(self) -> Iterator[Live]:
        if set_up_was_run(given()):
            pytest.skip("the set-up was run on the Odoo that the environment names")
        made = Live(given(), page_rows=20, bare=True)
        yield made
        made.close()


class TestLiveOdooWithTheEngine(EngineContract):
    every: ClassVar = 40
    numbers: ClassVar = (3, 25)
    old_entries: ClassVar = 501

    @pytest.fixture
    def harness(self, odoo: Live) -> Live:
        return odoo
