"""What one day of a policy test brought, for comparing it with what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dunwell.command import Receipt
from dunwell.decide.evaluator import Evaluation
from dunwell.run.plan import Planned


@dataclass(frozen=True, slots=True)
class Day:
    """What one day of a story brought."""

    planned: Planned | None = None
    receipts: tuple[Receipt, ...] = ()
    readings: tuple[Evaluation, ...] = ()  # of all accounts, as they were decided
    stages: Mapping[str, str] = field(default_factory=dict)  # by item, after the day
    holds: tuple[str, ...] = ()  # in force after the day
    stopped: str = ""
