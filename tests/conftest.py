"""How Hypothesis runs here: no deadlines, as a busy machine is no fault of the code."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from dunwell_ledger.store import Ledger

from tests.tryton_server import Server, running

settings.register_profile(
    "house",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("torture", parent=settings.get_profile("house"), max_examples=5_000)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _ledgers_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close every ledger that a test opened, so that none is left to the collector."""
    opened: list[Ledger] = []
    begin = Ledger.__init__

    def noted(self: Ledger, path: Path, *, wait: float = 30.0) -> None:
        begin(self, path, wait=wait)
        opened.append(self)

    monkeypatch.setattr(Ledger, "__init__", noted)
    yield
    for ledger in opened:
        ledger.close()


@pytest.fixture(scope="session")
def tryton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One running Tryton for all tests of a worker; each puts its database back to what it was."""
    with running(tmp_path_factory.mktemp("tryton")) as server:
        yield server
