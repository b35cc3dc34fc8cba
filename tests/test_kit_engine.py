"""The engine keeps its contract on the ERP in memory and on the embedded ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dunwell.testing.contract import EngineContract, MemoryHarness

from tests.test_kit_ledger import LedgerHarness


class TestEngineOnMemory(EngineContract):
    @pytest.fixture
    def harness(self) -> MemoryHarness:
        return MemoryHarness()


class TestEngineOnLedger(EngineContract):
    every = 4
    numbers = (3, 110)
    old_entries = 2_000

    @pytest.fixture
    def harness(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LedgerHarness]:
        harness = LedgerHarness(tmp_path, monkeypatch)
        yield harness
        harness.close()
