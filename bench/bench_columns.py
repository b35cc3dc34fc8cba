"""How long the columns reader takes for a large book: `python -m bench columns`."""

from __future__ import annotations

import argparse
import resource
import time

from dunwell.decide.columns import read
from dunwell.facts import Registry

from bench.book import ON, made


def main() -> None:
    """Measure a few runs in one process and print each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    given = made(asked.items, asked.accounts)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{asked.items} items, {asked.accounts} accounts, made with {before // 1024} MB")
    for _ in range(asked.runs):
        start, busy = time.perf_counter(), time.process_time()
        found = read(given.book, given.house, given.memories, Registry(), on=ON)
        wall, cpu = time.perf_counter() - start, time.process_time() - busy
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        accounts = sum(s["accounts"].height for s in found.signals)
        print(f"{wall:.2f} s ({cpu:.2f} s of processors), peak {peak} MB, {accounts} to do")
