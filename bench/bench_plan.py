"""A whole plan from a ledger file: `python -m bench plan`.

Reading, folding, deciding, wording and writing. The book is in mid-life: Dunwell has worked on it
for a while, so most items stand at the stage that their days say, and some one account in twenty
has something to do today.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import dunwell_rules
from dunwell.cli.wording import TemplateWording
from dunwell.facts import Registry
from dunwell.hooks import Settings
from dunwell.log.entry import Entry, ItemState, OutcomeBody, State, encode
from dunwell.message import Templates
from dunwell.policy.tree import House, Limits
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.run.planfile import write
from dunwell.source.house import load_house
from dunwell.testing import MemoryChannel
from dunwell_ledger.plugin import open_adapter
from dunwell_ledger.sample import Debtor, make_sample

ON = date(2026, 3, 31)
REACHED = ((5, "first_notice"), (14, "second_notice"), (21, "call"))
"""Days past due at which an ordinary item was delivered to a stage."""


def history(debtor: Debtor) -> Iterable[Entry]:
    """One settled outcome that holds where every item of the debtor stands."""
    states = []
    for invoice in debtor.items:
        if invoice.due is None:
            continue
        due = date.fromisoformat(str(invoice.due))
        reached = [(d, s) for d, s in REACHED if due + timedelta(d) < debtor.on]
        if reached:
            days, stage = reached[-1]
            # `after` keeps the ordinary account quiet today; one in twenty has waited long enough
            late = int(sha256(debtor.id.encode()).hexdigest(), 16) % 20 == 0
            on = due + timedelta(days + 1) if late else debtor.on - timedelta(1)
            states.append(ItemState(invoice.id, "standard_b2b", stage, 0, on))
    if not states:
        return
    before = debtor.on - timedelta(3)
    body = OutcomeBody(debtor.tenant, "claim", before, (), State(items=tuple(states)))
    at = datetime(before.year, before.month, before.day, 9, tzinfo=UTC)
    yield Entry(debtor.id, None, 1, "outcome", f"{debtor.id}.1", at, "dunwell", body=encode(body))


def standard() -> House:
    """The shipped standard policy without limits, and without watches that would all fire anew."""
    path = dunwell_rules.policies()["standard_b2b"]
    house, problems = load_house([path], registry=Registry(), channels=["email"])
    if house is None:
        sys.exit("\n".join(map(str, problems)))
    policies = tuple(replace(policy, watch=()) for policy in house.policies)
    return replace(house, policies=policies, limits=Limits(), bank_data_within=None)


def main() -> None:
    """Make the book where it is not there yet, plan, and print how long each part took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--open", type=float, default=5)
    parser.add_argument("--paid", type=float, default=10)
    parser.add_argument("--keep", type=Path, help="folder in which the ledger file stays")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        path = folder / f"bench-{asked.customers}.sqlite"
        if not path.exists():
            begun = time.perf_counter()
            make_sample(
                path, customers=asked.customers, on=ON, open_each=asked.open,
                paid_each=asked.paid, entries=history,
            ).close()  # fmt: skip
            print(f"made {path.stat().st_size >> 20} MB in {time.perf_counter() - begun:.0f} s")
        plan(folder, path)


def plan(folder: Path, path: Path) -> None:
    """One plan, timed by its own progress."""
    marks: list[tuple[str, float, float]] = []

    def progress(what: str, done: int, total: int) -> None:
        if not marks or marks[-1][0] != what:
            marks.append((what, time.perf_counter(), time.process_time()))

    settings = Settings({"path": path.name, "now": f"{ON}T09:00:00+00:00"}, folder)
    engine = Engine(
        open_adapter(settings),
        standard(),
        Registry(),
        TemplateWording(Templates()),
        channels={"email": MemoryChannel()},
        progress=progress,
    )
    begun = time.perf_counter()
    planned = make_plan(engine)
    progress("writing", 0, 0)
    write(planned.plan, folder / "bench.plan")
    progress("", 0, 0)
    total = time.perf_counter() - begun
    for (what, start, busy), (_, end, over) in itertools.pairwise(marks):
        print(f"{what:10} {end - start:7.2f} s  {over - busy:7.2f} s of this process")
    header = planned.plan.header
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{'in all':10} {total:7.2f} s, peak {peak} MB, reader {header.reader}")
    print(f"{header.counts['judged']} accounts, counts {header.counts}")
