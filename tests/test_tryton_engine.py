"""The engine keeps its contract on Tryton: wherever it stops, and whoever else is at work."""

from __future__ import annotations

import pytest

from dunwell.testing.contract import CrashContract, EngineContract

from tests.tryton_kit import TrytonHarness
from tests.tryton_server import ABSENT, Server, is_set_up

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_set_up(), reason=ABSENT)]


class TestCrashesOnTryton(CrashContract):
    every = 41  # one of so many points; `make torture` tries them all

    @pytest.fixture
    def harness(self, tryton: Server) -> TrytonHarness:
        return TrytonHarness(tryton, "bare", invoices=False)


@pytest.mark.torture
class TestEngineOnTryton(EngineContract):
    numbers = (3, 45)
    old_entries = 1_001

    @pytest.fixture(params=["bare", "module"])
    def harness(self, request: pytest.FixtureRequest, tryton: Server) -> TrytonHarness:
        return TrytonHarness(tryton, request.param, invoices=False)
