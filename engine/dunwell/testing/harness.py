"""What the contract needs of an ERP under test, beside the adapter itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from dunwell.port import Adapter
from dunwell.testing.erp import Erp
from dunwell.testing.memory import MemoryAdapter
from dunwell.testing.people import People, absent


class Harness(ABC):
    """One fresh ERP for one test: its people, adapters to it, and what can go wrong on the way.

    `people` do in it what people do. `page_rows` is how many rows one call may bring; an ERP
    that lets choose takes 100, so that the tests of paging are quick; `batch_rows` is how many
    entries it takes in one call. What is left as it is here skips its tests.
    """

    people: People
    page_rows: int = 100
    batch_rows: int = 25
    groups: int = 0
    _crowd: int = 0

    def anew(self) -> Harness:
        """Another fresh ERP, where that is quick to have; this one otherwise."""
        return self

    @abstractmethod
    def open(self) -> Adapter:
        """A new instance of the adapter, that has seen nothing yet, on the same ERP."""

    @abstractmethod
    def calls(self) -> int:
        """How many requests the ERP has had so far; embedded: queries and transactions."""

    def crowd(self, customers: int) -> None:
        """Make many customers with one open invoice each; make it quick where that can be done."""
        for _ in range(customers):
            self._crowd += 1
            customer = self.people.customer(f"Customer {self._crowd}")
            self.people.invoice(f"INV-{self._crowd}", customer=customer)

    def pass_time(self, span: timedelta) -> None:
        """Let the ERP's clock move on."""
        absent("clock that a test can move")

    def live_in(self, timezone: str) -> None:
        """Let the main company live in another zone (an IANA name)."""
        absent("zone that a test can change")

    def elsewhere(self) -> Callable[[], Adapter]:
        """What opens the adapter in another process; must be picklable."""
        absent("life outside this process")

    def disconnect(self) -> None:
        """Cut the line: from now on no request reaches the ERP."""
        absent("line that a test can cut")

    def lose_answer(self) -> None:
        """Lose the answer to the next request that changes something, after it was done."""
        absent("answer that a test can lose")

    def answer_late(self, *, change: bool = False) -> None:
        """Do what the next request asks, and answer when nobody waits for it any more.

        With `change` it is the next one that changes something.
        """
        absent("answer that a test can hold back")

    def answer_nonsense(self, *, change: bool = False) -> None:
        """Do what the next request asks, and answer what no ERP says: the page of a proxy."""
        absent("answer that a test can garble")

    def open_as_stranger(self) -> Adapter:
        """An adapter with credentials that the ERP does not know; opening it may raise already."""
        absent("credentials")


class MemoryHarness(Harness):
    """The harness of the ERP in memory; also the example for writing one."""

    def __init__(self, erp: Erp | None = None) -> None:
        self.erp = Erp() if erp is None else erp
        self.people = self.erp

    def open(self) -> Adapter:
        """A new adapter on the same ERP."""
        return MemoryAdapter(self.erp, page_rows=self.page_rows)

    def anew(self) -> Harness:
        """Nothing is quicker."""
        return type(self)()

    def calls(self) -> int:
        """As the ERP counted."""
        return self.erp.calls

    def pass_time(self, span: timedelta) -> None:
        """Move its clock."""
        self.erp.now += span

    def live_in(self, timezone: str) -> None:
        """Move its company."""
        self.erp.zone = ZoneInfo(timezone)
        for row in self.erp.rows["companies"].values():
            row["timezone"] = timezone

    def disconnect(self) -> None:
        """Take it down."""
        self.erp.link = "down"

    def lose_answer(self) -> None:
        """Lose the next answer."""
        self.erp.link = "lost"

    def answer_late(self, *, change: bool = False) -> None:
        """Hold the next answer back."""
        self.erp.link = "late"

    def answer_nonsense(self, *, change: bool = False) -> None:
        """Garble the next answer."""
        self.erp.link = "nonsense"

    def open_as_stranger(self) -> Adapter:
        """Let nobody in."""
        self.erp.link = "denied"
        return self.open()
