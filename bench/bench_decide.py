"""Decisions of a large book, beside a peer and beside the limit: `python -m bench decide`.

Dunwell decides a whole policy with its cross-check. Beside it, in the same run: the bare
conditions of the stages in zen-engine (GoRules), measured on a part of the items and scaled up,
and the same in plain Polars expressions: the peer and the physical limit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import time
from collections.abc import Callable

import polars as pl

from dunwell.decide.decide import decide
from dunwell.facts import Registry

from bench.book import ON, STEP, Made, made

STAGES = 12
PART = 20_000
"""Items on which the peer is measured."""


def timed(call: Callable[[], object]) -> tuple[float, float, object]:
    """Wall seconds, processor seconds with those of workers, and the answer."""
    before, start = os.times(), time.perf_counter()
    answer = call()
    wall = time.perf_counter() - start
    for process in multiprocessing.active_children():  # what they used counts when they have ended
        process.join()
    after = os.times()
    return wall, sum(after[:4]) - sum(before[:4]), answer


def dunwell(given: Made, verify: str) -> Callable[[], object]:
    """The whole decision: columns, network and cross-check."""
    return lambda: decide(
        given.book, given.house, given.memories, Registry(), on=ON, workers=2, verify=verify
    )


def polars(given: Made) -> Callable[[], object]:
    """The bare conditions of the twelve stages, written by hand as expressions."""
    late = (pl.lit(ON) - pl.col("due")).dt.total_days()
    owed = pl.col("balance").filter(late > 0).sum().over("customer")
    stages = [
        ((late >= 5 + n * STEP) & (owed >= (500_000 if n > 3 else 0))).alias(f"s{n}")
        for n in range(STAGES)
    ]
    return lambda: given.book["items"].select(stages).sum()


def zen(given: Made) -> Callable[[], object]:
    """The same conditions as compiled expressions of zen-engine, for a part of the items."""
    import zen as engine

    stages = [
        engine.compile_expression(f"late >= {5 + n * STEP} and owed >= {500_000 if n > 3 else 0}")
        for n in range(STAGES)
    ]
    late = (pl.lit(ON) - pl.col("due")).dt.total_days().alias("late")
    rows = given.book["items"].head(PART).select(late, pl.col("balance").alias("owed")).to_dicts()
    return lambda: sum(stage.evaluate(row) for row in rows for stage in stages)


def main() -> None:
    """Print a table: seconds, ratios to the first row, and the growth from a tenth of the book."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--no-all", action="store_true", help="leave `verify all` out")
    asked = parser.parse_args()
    small = made(asked.items // 10, asked.accounts // 10)
    timed(dunwell(small, "sample"))  # what is imported and compiled once
    tenth, _, _ = timed(dunwell(small, "sample"))
    given = made(asked.items, asked.accounts)
    whole, cpu, found = timed(dunwell(given, "sample"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{asked.items} items, {asked.accounts} accounts, 12 stages, 6 segments, 4 pauses")
    print(f"{found.checked} accounts cross-checked, {len(found.conclusions)} to do")  # type: ignore[attr-defined]
    print(f"{'':34}{'wall s':>9}{'cpu s':>9}{'ratio':>9}")
    row("dunwell, cross-check of a sample", whole, cpu, whole)
    if not asked.no_all:
        wall, busy, _ = timed(dunwell(given, "all"))
        row("dunwell, verify all", wall, busy, whole)
    wall, busy, _ = timed(polars(given))
    row("plain Polars, bare conditions", wall, busy, whole)
    wall, busy, _ = timed(zen(given))
    scale = asked.items / PART
    row("zen-engine, bare conditions", wall * scale, busy * scale, whole)
    print(f"growth from a tenth of the book: {whole / tenth:.1f} times; peak {peak} MB")


def row(name: str, wall: float, cpu: float, whole: float) -> None:
    """One line of the table."""
    print(f"{name:34}{wall:9.2f}{cpu:9.2f}{wall / whole:9.2f}")
