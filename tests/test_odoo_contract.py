"""Odoo keeps the contract of the port, on the stand-ins of 17 and of 19."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from dunwell.testing.contract import AdapterContract, EngineContract

from tests.odoo_kit import OnLoopback, StandIn, on_loopback

VERSIONS = (17, 19)


class TestOdooAsItIsSetUp(AdapterContract):
    sizes: ClassVar = (10, 150)
    old_entries: ClassVar = 1_001
    rounds: ClassVar = 8

    @pytest.fixture(params=VERSIONS)
    def harness(self, request: pytest.FixtureRequest) -> Iterator[OnLoopback]:
        with on_loopback(OnLoopback(request.param)) as harness:
            yield harness


class TestOdooWithoutTheSetUp(AdapterContract):
    sizes: ClassVar = (10, 150)
    old_entries: ClassVar = 1_001
    rounds: ClassVar = 8

    @pytest.fixture(params=VERSIONS)
    def harness(self, request: pytest.FixtureRequest) -> Iterator[OnLoopback]:
        with on_loopback(OnLoopback(request.param, bare=True)) as harness:
            yield harness


@pytest.mark.slow
class TestOdoo17WithTheEngine(EngineContract):
    every: ClassVar = 7
    numbers: ClassVar = (3, 60)
    old_entries: ClassVar = 1_001

    @pytest.fixture
    def harness(self) -> StandIn:
        return StandIn(17)


@pytest.mark.slow
class TestOdoo19WithTheEngine(TestOdoo17WithTheEngine):
    every: ClassVar = 8

    @pytest.fixture
    def harness(self) -> StandIn:
        return StandIn(19)
