"""How the contract itself is tested: adapters broken on purpose, and the tests that catch them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

import pytest

from dunwell.model import TABLES
from dunwell.port import Adapter
from dunwell.testing.contract.base import ContractBase
from dunwell.testing.erp import Erp
from dunwell.testing.harness import MemoryHarness
from dunwell.testing.memory import MemoryAdapter
from dunwell.testing.rows import Row


@dataclass(frozen=True)
class Broken:
    """An adapter (or an ERP) with one mistake; `fails` are the tests that must fail, no others.

    `pieces` are what the mistake replaces in Dunwell itself, by dotted names. Tests must fail by
    an assertion or a missing exception, unless `raises` names another.
    """

    mistake: str
    fails: Sequence[str]
    adapter: type[MemoryAdapter] = MemoryAdapter
    erp: type[Erp] = Erp
    harness: type[BrokenHarness] | None = None
    raises: tuple[type[BaseException], ...] = ()
    pieces: Mapping[str, object] = field(default_factory=dict)


class BrokenHarness(MemoryHarness):
    """The harness of a broken adapter; pages are small, so that little is needed to fill them."""

    page_rows = 20

    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.erp())
        self.broken = broken

    def anew(self) -> BrokenHarness:
        """Another ERP with the same mistake."""
        return type(self)(self.broken)

    def open(self) -> Adapter:
        """A new instance of the broken adapter."""
        return self.broken.adapter(self.erp, page_rows=self.page_rows)


def misread(tables: str, edit: Callable[[Row], Row | None]) -> type[MemoryAdapter]:
    """An adapter that reads the rows of some tables as they are not; None: not at all."""
    assert set(tables.split()) <= set(TABLES)

    class Misreads(MemoryAdapter):
        """Changes rows on their way."""

        def _rows(
            self,
            table: str,
            keys: Sequence[str],
            chosen: frozenset[str] | None,
            since: date | None,
        ) -> list[Row]:
            rows = super()._rows(table, keys, chosen, since)
            if table not in tables.split():
                return rows
            return [new for row in rows if (new := edit(dict(row))) is not None]

    return Misreads


def subject(test: object) -> str:
    """The class of the contract that a test is written in."""
    return str(getattr(test, "__qualname__", "")).split(".")[0]


def contract_tests(contract: type[ContractBase]) -> dict[str, str]:
    """The names of all tests of a contract, each with its subject."""
    names = [name for name in dir(contract) if name.startswith("test_")]
    return {name: subject(getattr(contract, name)) for name in names}


class Catches(ContractBase):
    """Runs broken adapters through some subjects of the contract, named beside it as base classes.

    Each goes through the subjects that must catch it; there the tests that it names must fail, and
    all others must pass.
    """

    broken: ClassVar[Sequence[Broken]] = ()
    special: ClassVar[
        Sequence[str]
    ] = ()  # tests that only some can run: those that must fail them
    sizes: ClassVar[Sequence[int]] = (10, 60, 200)
    old_entries: ClassVar[int] = 1_000

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Choose the broken adapters for a test."""
        subjects = contract_tests(type(self))
        mine = subject(metafunc.function)
        name = metafunc.function.__name__
        chosen = [
            each
            for each in self.broken
            if name in each.fails
            or (name not in self.special and mine in {subjects[test] for test in each.fails})
        ]
        metafunc.parametrize("broken_one", chosen, ids=lambda each: each.mistake.replace(" ", "_"))

    @pytest.fixture
    def broken_one(self, request: pytest.FixtureRequest) -> Broken:
        """The broken adapter of this run."""
        found = request.param
        assert isinstance(found, Broken)
        return found

    @pytest.fixture
    def harness(self, request: pytest.FixtureRequest, broken_one: Broken) -> MemoryHarness:
        """The broken adapter; the tests that must catch it are expected to fail."""
        if request.function.__name__ in broken_one.fails:
            caught: tuple[type[BaseException], ...] = (AssertionError, pytest.fail.Exception)
            mark = pytest.mark.xfail(
                strict=True, raises=(*caught, *broken_one.raises), reason=broken_one.mistake
            )
            request.applymarker(mark)
        monkeypatch = request.getfixturevalue("monkeypatch")
        for name, piece in broken_one.pieces.items():
            monkeypatch.setattr(name, piece)
        return (broken_one.harness or BrokenHarness)(broken_one)
