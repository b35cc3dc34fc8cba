"""Tryton on PostgreSQL: positions and keys are won once there, too."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from dunwell.testing.contract import AppendContract, EffectContract, FaultContract, HoldContract

from tests.tryton_kit import TrytonHarness
from tests.tryton_postgres import ABSENT as NO_POSTGRES
from tests.tryton_postgres import make, postgres, programs
from tests.tryton_server import ABSENT, Server, is_set_up, running

THERE = "TRYTON_POSTGRES" in os.environ or programs() is not None
pytestmark = [
    pytest.mark.torture,
    pytest.mark.skipif(not is_set_up(), reason=ABSENT),
    pytest.mark.skipif(not THERE, reason=NO_POSTGRES),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tryton-on-postgres")
    with postgres() as uri:
        make(uri, folder)
        with running(folder, uri) as server:
            yield server


class TestTrytonOnPostgres(AppendContract, EffectContract, HoldContract, FaultContract):
    @pytest.fixture(params=["bare", "module"])
    def harness(self, request: pytest.FixtureRequest, server: Server) -> TrytonHarness:
        return TrytonHarness(server, request.param)
