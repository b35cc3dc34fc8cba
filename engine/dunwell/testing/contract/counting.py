"""Calls of a whole run: they grow with pages, never with customers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar

from dunwell.testing.contract.engine_base import EngineBase
from dunwell.testing.contract.office import Office, act
from dunwell.testing.harness import Harness
from dunwell.testing.hostile import Crash


class CallContract(EngineBase):
    """Calls are counted, never timed. `numbers` are of customers, the first a handful."""

    numbers: ClassVar[Sequence[int]] = (3, 210)

    def test_planning_needs_calls_for_pages_not_for_customers(self, harness: Harness) -> None:
        self._grow(harness, plans=True)

    def test_a_run_needs_calls_for_pages_not_for_customers(self, harness: Harness) -> None:
        self._grow(harness, plans=False)

    def test_a_recovery_needs_calls_for_pages_not_for_customers(self, harness: Harness) -> None:
        self._grow(harness, plans=False, crash=True)

    def _grow(self, harness: Harness, *, plans: bool, crash: bool = False) -> None:
        """A few customers tell what a page costs; many must not cost more than their pages."""
        base = 0
        for number in self.numbers:
            office = Office(harness.anew())
            for _ in range(number):
                office.books("Called")
            if crash:
                _stop_after_claims(office)
                office.outlive()
            before = office.harness.calls()
            office.plan() if plans else office.run()
            spent = office.harness.calls() - before
            base = base or spent
            pages = -(-number // min(harness.page_rows, harness.batch_rows))
            assert spent <= base * (1 + pages), f"{spent} calls for {number} customers"


def _stop_after_claims(office: Office) -> None:
    def stop() -> None:
        raise Crash("stopped before the effects")

    with suppress(Crash):
        office.run(act("execute", 1, stop))
