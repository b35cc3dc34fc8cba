"""The engine keeps its contract on Tryton: wherever it stops, and whoever else is at work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dunwell.testing.contract import CrashContract, EngineContract
from dunwell.testing.contract.office import Office

from tests.tryton_kit import TrytonHarness
from tests.tryton_server import ABSENT, Server, is_set_up

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_set_up(), reason=ABSENT)]


@pytest.fixture(scope="class")
def undisturbed_once() -> Iterator[None]:
    """How a run ends that nothing disturbs is the same each time: it is found out once."""
    whole, known = Office.undisturbed, dict[tuple[str, ...], tuple[object, int]]()

    def once(office: Office, *kinds: str) -> tuple[object, int]:
        if kinds not in known:
            known[kinds] = whole(office, *kinds)
        return known[kinds]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Office, "undisturbed", once)
        yield


@pytest.mark.usefixtures("undisturbed_once")
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
