"""Tryton keeps the contract of the port, with and without the companion module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dunwell.testing.contract import (
    AdapterContract,
    EffectContract,
    HoldContract,
    TaskContract,
)

from tests.tryton_kit import TrytonHarness
from tests.tryton_server import ABSENT, Server, is_set_up, running

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_set_up(), reason=ABSENT)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("tryton")) as server:
        yield server


class TestBareTryton(AdapterContract):
    sizes = (3, 25, 45)
    old_entries = 501

    @pytest.fixture
    def harness(self, server: Server) -> TrytonHarness:
        return TrytonHarness(server, "bare")


class TestTrytonWithModule(EffectContract, HoldContract, TaskContract):
    @pytest.fixture
    def harness(self, server: Server) -> TrytonHarness:
        return TrytonHarness(server, "module")
