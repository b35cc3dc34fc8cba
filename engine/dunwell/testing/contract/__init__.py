"""The contract as tests: subclass `AdapterContract`, override `harness`, run pytest.

    class TestMyErp(AdapterContract):
        @pytest.fixture
        def harness(self) -> MyHarness:
            return MyHarness()

`EngineContract` takes the same harness and lets the real engine run on the adapter: crashes,
races, memory, plans. Each subject can also be run alone. What an adapter does not declare is
skipped, with the reason. New tests come only with minor releases.
"""

from __future__ import annotations

from collections.abc import Sequence

from dunwell.testing.contract.append import AppendContract
from dunwell.testing.contract.base import ContractBase, requires
from dunwell.testing.contract.counting import CallContract
from dunwell.testing.contract.crashes import CrashContract
from dunwell.testing.contract.effects import EffectContract
from dunwell.testing.contract.faults import FaultContract
from dunwell.testing.contract.heads import HeadsContract
from dunwell.testing.contract.holds import HoldContract
from dunwell.testing.contract.money import MoneyContract
from dunwell.testing.contract.paging import PagingContract
from dunwell.testing.contract.plans import PlanContract
from dunwell.testing.contract.races import RaceContract
from dunwell.testing.contract.reading import ReadingContract
from dunwell.testing.contract.remembering import MemoryContract
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


class EngineContract(CrashContract, RaceContract, MemoryContract, PlanContract, CallContract):
    """The engine on the adapter: what must be true of the two together."""


def contract_subjects() -> Sequence[type[ContractBase]]:
    """The classes of `AdapterContract`, one for each subject."""
    return [base for base in AdapterContract.__bases__ if issubclass(base, ContractBase)]


__all__ = [
    "AdapterContract",
    "AppendContract",
    "CallContract",
    "ContractBase",
    "CrashContract",
    "EffectContract",
    "EngineContract",
    "FaultContract",
    "Harness",
    "HeadsContract",
    "HoldContract",
    "MemoryContract",
    "MemoryHarness",
    "MoneyContract",
    "PagingContract",
    "PlanContract",
    "RaceContract",
    "ReadingContract",
    "ScaleContract",
    "TaskContract",
    "contract_subjects",
    "requires",
]
