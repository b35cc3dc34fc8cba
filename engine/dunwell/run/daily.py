"""A whole run for a scheduler: what came back, what was left behind, plan, apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from dunwell.command import Receipt
from dunwell.errors import AdapterError
from dunwell.run.apply import apply
from dunwell.run.copies import original
from dunwell.run.desk import collect
from dunwell.run.engine import Engine
from dunwell.run.plan import Planned, make_plan
from dunwell.run.reading import read
from dunwell.run.recover import fold_claimed, recover

LOOK_BACK = timedelta(days=30)
"""How long after a message left a bounce is still asked for."""


@dataclass(frozen=True, slots=True)
class Daily:
    """What a run did: the plan, a receipt for each command, and what came before it."""

    planned: Planned
    receipts: Sequence[Receipt]
    recovered: tuple[str, ...] = ()
    collected: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())


def run_daily(engine: Engine) -> Daily:
    """Collect deliveries, recover claims whose lease has passed, plan, and apply.

    Raises `StoppedError` where nothing may be done, and what adapters raise when the ERP cannot be
    reached. That a channel cannot say what came back is a problem and stops nothing.
    """
    described = original(engine.adapter)
    problems: tuple[str, ...] = ()
    collected: list[str] = []
    try:
        collected = collect(engine, described.on - LOOK_BACK)
    except AdapterError as error:
        problems = (f"what came back was not collected: {error}",)
    seen = read(engine.adapter, engine.house, describe=described, progress=engine.progress)
    recovered = recover(engine, fold_claimed(seen.entries), seen.now)
    planned = make_plan(engine, seen=None if recovered else seen)
    receipts = apply(engine, planned.plan)
    return Daily(planned, receipts, tuple(recovered), tuple(collected), problems)
