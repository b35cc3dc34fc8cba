"""The contract of the port as tests: subclass `AdapterContract`, override `harness`, run pytest.

    class TestMyErp(AdapterContract):
        @pytest.fixture
        def harness(self) -> MyHarness:
            return MyHarness()

Each subject can also be run alone. What an adapter does not declare is skipped, with the reason.
New tests come only with minor releases.
"""

from __future__ import annotations

from collections.abc import Sequence

from dunwell.testing.contract.append import AppendContract
from dunwell.testing.contract.base import ContractBase, requires
from dunwell.testing.contract.effects import EffectContract
from dunwell.testing.contract.faults import FaultContract
from dunwell.testing.contract.heads import HeadsContract
from dunwell.testing.contract.holds import HoldContract
from dunwell.testing.contract.money import MoneyContract
from dunwell.testing.contract.paging import PagingContract
from dunwell.testing.contract.reading import ReadingContract
from dunwell.testing.contract.scale import ScaleContract
from dunwell.testing.contract.tasks import TaskContract
from dunwell.testing.harness import Harness, MemoryHarness


class AdapterContract(
    AppendContract,
    HeadsContract,
    EffectContract,
    HoldContract,
    TaskContract,
    ReadingContract,
    PagingContract,
    MoneyContract,
    FaultContract,
    ScaleContract,
):
    """All of it."""


def contract_subjects() -> Sequence[type[ContractBase]]:
    """The classes of `AdapterContract`, one for each subject."""
    return [base for base in AdapterContract.__bases__ if issubclass(base, ContractBase)]


__all__ = [
    "AdapterContract",
    "AppendContract",
    "ContractBase",
    "EffectContract",
    "FaultContract",
    "Harness",
    "HeadsContract",
    "HoldContract",
    "MemoryHarness",
    "MoneyContract",
    "PagingContract",
    "ReadingContract",
    "ScaleContract",
    "TaskContract",
    "contract_subjects",
    "requires",
]
