"""Tryton keeps the contract of the port, with and without the companion module."""

from __future__ import annotations

import pytest

from dunwell.testing.contract import (
    AdapterContract,
    EffectContract,
    HoldContract,
    TaskContract,
)

from tests.tryton_kit import TrytonHarness
from tests.tryton_server import ABSENT, Server, is_set_up

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_set_up(), reason=ABSENT)]


class TestBareTryton(AdapterContract):
    sizes = (3, 25, 45)
    old_entries = 501
    rounds = 20  # a head that is written by itself has two winners in every fourth

    @pytest.fixture
    def harness(self, tryton: Server) -> TrytonHarness:
        return TrytonHarness(tryton, "bare")


class TestTrytonWithModule(EffectContract, HoldContract, TaskContract):
    @pytest.fixture
    def harness(self, tryton: Server) -> TrytonHarness:
        return TrytonHarness(tryton, "module")
