from __future__ import annotations

import pytest

from dunwell.testing.contract import AdapterContract, MemoryHarness


class TestMemory(AdapterContract):
    @pytest.fixture
    def harness(self) -> MemoryHarness:
        return MemoryHarness()
