"""Paging: however people work meanwhile, a row that was there all the time is read once."""

from __future__ import annotations

from collections.abc import Callable

from dunwell.model import frame
from dunwell.port import Adapter
from dunwell.testing.contract.base import ContractBase
from dunwell.testing.contract.reading import ids
from dunwell.testing.harness import Harness
from dunwell.testing.people import People


def read_while(adapter: Adapter, meanwhile: Callable[[], object]) -> list[str]:
    """The identifiers of all items; after the first page people do something."""
    found: list[str] = []
    for count, page in enumerate(adapter.read("items")):
        found += frame("items", page)["id"].to_list()
        if count == 0:
            meanwhile()
    return found


class PagingContract(ContractBase):
    """Pages of a table that does not stand still."""

    def test_pages_are_bounded(self, harness: Harness, adapter: Adapter) -> None:
        harness.crowd(2 * harness.page_rows + 1)
        sizes = [frame("items", page).height for page in adapter.read("items")]
        assert max(sizes) <= harness.page_rows
        assert sum(sizes) == 2 * harness.page_rows + 1

    def test_an_invoice_issued_meanwhile_hides_no_other(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        harness.crowd(2 * harness.page_rows + 1)
        before = ids(adapter, "items")
        found = read_while(
            adapter, lambda: [people.invoice(number) for number in ("0000", "zzzz")]
        )
        assert [item for item in before if found.count(item) != 1] == []

    def test_an_invoice_paid_meanwhile_hides_no_other(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        harness.crowd(2 * harness.page_rows + 1)
        before = ids(adapter, "items")
        first = frame("items", next(iter(adapter.read("items"))))["id"].to_list()
        found = read_while(adapter, lambda: [people.pay(item) for item in first[:5]])
        assert [item for item in before if found.count(item) != 1] == []

    def test_an_invoice_deleted_meanwhile_hides_no_other(
        self, harness: Harness, adapter: Adapter, people: People
    ) -> None:
        harness.crowd(2 * harness.page_rows + 1)
        before = ids(adapter, "items")
        found = read_while(adapter, lambda: people.delete_invoice(before[0]))
        assert [item for item in before[1:] if found.count(item) != 1] == []
