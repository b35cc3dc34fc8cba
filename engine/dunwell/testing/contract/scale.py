"""Scale: calls grow with pages, never with customers, and not at all with the age of a log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from dunwell.model import TABLES
from dunwell.port import Adapter, Capability, Sought
from dunwell.testing.contract.base import ContractBase, requires
from dunwell.testing.contract.deeds import (
    LONG_AGO,
    claim,
    delivery,
    entries,
    outcome,
    reached,
    rows,
    write,
)
from dunwell.testing.harness import Harness
from dunwell.testing.people import People


class ScaleContract(ContractBase):
    """Calls are counted, never timed. `sizes` are numbers of customers, the first a handful."""

    sizes: ClassVar[Sequence[int]] = (10, 1_000, 10_000)
    old_entries: ClassVar[int] = 10_000

    def _grow(
        self,
        harness: Harness,
        *acts: Callable[[int], object],
        first: Callable[[], object] = lambda: None,
        rows: int = 0,
    ) -> None:
        """Let the ERP grow, and prepare it with `first`; acts get the number of customers.

        None of them must need more calls than pages of so many rows explain.
        """
        bases: dict[int, int] = {}
        there = 0
        for size in self.sizes:
            harness.crowd(size - there)
            there = size
            first()
            for number, act in enumerate(acts):
                before = harness.calls()
                act(size)
                spent = harness.calls() - before
                base = bases.setdefault(number, max(spent, 1))
                pages = -(-size // (rows or harness.page_rows))
                assert spent <= base * (1 + pages), f"{spent} calls for {size} customers"

    def test_reading_needs_calls_for_pages_not_for_customers(
        self, harness: Harness, adapter: Adapter
    ) -> None:
        def reader(table: str) -> Callable[[int], object]:
            return lambda size: sum(1 for _ in adapter.read(table))

        self._grow(harness, *map(reader, TABLES))

    @requires(Capability.REFRESH)
    def test_a_refresh_needs_calls_for_pages_not_for_debtors(
        self, harness: Harness, adapter: Adapter
    ) -> None:
        def refresh(size: int) -> None:
            debtors = [str(row["id"]) for row in rows(adapter, "customers")]
            assert len(rows(adapter, "items", debtors=debtors)) == size

        self._grow(harness, refresh)

    def test_heads_need_calls_for_pages_not_for_debtors(
        self, harness: Harness, adapter: Adapter
    ) -> None:
        entry = claim(adapter, "", 1)
        known = {str(row["id"]) for row in rows(adapter, "customers")}  # a real ERP is never empty

        def heads(size: int) -> None:
            assert len(adapter.heads(since=LONG_AGO).entries) == size

        def claim_new() -> None:
            new = {str(row["id"]) for row in rows(adapter, "customers")} - known
            known.update(new)
            write(adapter, *(replace(entry, debtor=debtor) for debtor in sorted(new)))

        self._grow(harness, heads, first=claim_new)

    def test_looking_up_needs_calls_for_pages_not_for_keys(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        self._grow(
            harness,
            lambda size: adapter.look_up(
                [Sought(f"key-{n}", debtor, "", "note") for n in range(size)]
            ),
        )

    def test_appending_a_batch_needs_calls_for_pages_not_for_debtors(
        self, harness: Harness, adapter: Adapter
    ) -> None:
        entry = claim(adapter, "", 1)
        others = {str(row["id"]) for row in rows(adapter, "customers")}
        written: Counter[str] = Counter()

        def append(size: int) -> None:
            there = {str(row["id"]) for row in rows(adapter, "customers")}
            written.update(there - others)
            assert len(written) == size
            write(adapter, *(replace(entry, debtor=d, position=n) for d, n in written.items()))

        self._grow(harness, append, rows=harness.batch_rows)

    def test_an_old_log_needs_no_more_calls_than_a_new_one(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        write(adapter, claim(adapter, debtor, 1), outcome(adapter, debtor, 2, reached("call")))
        before = harness.calls()
        young = entries(adapter, debtor)
        few = harness.calls() - before
        for start in range(3, self.old_entries, 500):
            write(adapter, *(delivery(debtor, n, f"k{n}") for n in range(start, start + 500)))
        newest = start + 500
        write(adapter, outcome(adapter, debtor, newest, reached("agency")))
        before = harness.calls()
        old = entries(adapter, debtor)
        assert harness.calls() - before <= few
        assert [entry.position for entry in old] == [newest]
        assert [entry.position for entry in young] == [2]
