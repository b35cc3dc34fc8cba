"""What all subjects of the contract share: the fixtures, and how gaps are declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from dunwell.port import Adapter, Capabilities, Capability
from dunwell.testing.harness import Harness
from dunwell.testing.people import People

F = TypeVar("F", bound=Callable[..., object])

_MARK = "dunwell_requires"


def requires(capability: Capability, *levels: str) -> Callable[[F], F]:
    """Run a test only on adapters that declare the capability, at one of the levels if given."""

    def mark(test: F) -> F:
        known = getattr(test, _MARK, ())
        setattr(test, _MARK, (*known, (capability, levels)))
        return test

    return mark


def lacking(
    declared: Capabilities, needs: tuple[tuple[Capability, tuple[str, ...]], ...]
) -> str | None:
    """Which of the needs an adapter does not declare, in words."""
    for capability, levels in needs:
        strength = declared[capability]
        word = capability.name.lower()
        if not strength.there:
            return f"the adapter declares no {word}: {strength.reason or 'no reason given'}"
        if levels and strength.level not in levels:
            return f"the adapter declares {word}: {strength.level}, not {' or '.join(levels)}"
    return None


class ContractBase:
    """Override `harness`; the rest is given."""

    @pytest.fixture
    def harness(self) -> Harness:
        """A fresh ERP, with people and adapters to it."""
        pytest.fail("override the fixture 'harness'")

    @pytest.fixture
    def adapter(self, harness: Harness) -> Iterator[Adapter]:
        """One adapter, closed afterwards."""
        adapter = harness.open()
        yield adapter
        adapter.close()

    @pytest.fixture
    def people(self, harness: Harness) -> People:
        """The people of the ERP."""
        return harness.people

    @pytest.fixture(autouse=True)
    def _declared(self, request: pytest.FixtureRequest, harness: Harness) -> None:
        needs = getattr(request.function, _MARK, ())
        if not needs:
            return
        adapter = harness.open()
        missing = lacking(adapter.capabilities(), needs)
        adapter.close()
        if missing is not None:
            pytest.skip(missing)
