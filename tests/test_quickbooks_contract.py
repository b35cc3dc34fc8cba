"""QuickBooks Online keeps the contract of the port, against the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dunwell.testing.contract import AdapterContract, EngineContract

from tests.loopback import served
from tests.quickbooks_kit import QuickBooksHarness


class TestQuickBooks(AdapterContract):
    sizes = (10, 600)
    old_entries = 3_000

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[QuickBooksHarness]:
        harness = QuickBooksHarness(tmp_path)
        with served(harness.service) as harness.base:
            yield harness


class TestQuickBooksThatMailsItself(AdapterContract):
    sizes = (5, 30)
    old_entries = 500

    @pytest.fixture
    def harness(self, tmp_path: Path) -> QuickBooksHarness:
        return QuickBooksHarness(tmp_path, remind="quickbooks")


@pytest.mark.slow
class TestQuickBooksWithTheEngine(EngineContract):
    numbers = (3, 60)
    old_entries = 1_000

    @pytest.fixture
    def harness(self, tmp_path: Path) -> QuickBooksHarness:
        return QuickBooksHarness(tmp_path)
