"""A whole plan from a ledger file: `python -m bench plan`.

Reading, folding, deciding, wording and writing. The book is in mid-life: Dunwell has worked on it
for a while, so every item stands at the stage that its days say. About one account in twenty has
something to do today; the last lines say how many have.
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
from dunwell.log.entry import Entry, ItemState, OutcomeBody, StandingState, State, encode
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
LADDER = (
    (-3, "courtesy"), (5, "first_notice"), (14, "second_notice"), (21, "call"),
    (30, "stop_supply"), (45, "final_notice"), (75, "agency"),
)  # fmt: skip
"""Days past due at which most items are delivered to a stage."""

QUIET = ((-7, "courtesy"), (1, "first_notice"), (8, "second_notice"), (15, "call"))
"""Where the items of those stand who were worked on yesterday: all that could come is behind
them, and the rest must wait.
"""

YESTERDAY = ON - timedelta(1)


def history(debtor: Debtor) -> Iterable[Entry]:
    """One settled outcome that holds where every item of the debtor stands.

    The items of two debtors in five stand where their days brought them, so that what passes a
    threshold today is due.
    """
    quiet = int(sha256(debtor.id.encode()).hexdigest(), 16) % 5 > 1
    states = []
    for invoice in debtor.items:
        if invoice.due is None:
            continue
        due = date.fromisoformat(str(invoice.due))
        passed = [pair for pair in (QUIET if quiet else LADDER) if pair[0] < (ON - due).days]
        reached = [(due + timedelta(days), stage) for days, stage in passed]
        if reached:
            on, stage = reached[-1]
            on = YESTERDAY if quiet else min(on, YESTERDAY)
            states.append(ItemState(invoice.id, "standard_b2b", stage, 0, on))
    if not states:
        return
    before = ON - timedelta(3)
    stopped = {"stop_supply", "final_notice"} & {state.stage for state in states}
    company = debtor.items[0].company
    hold = StandingState(company, "hold", "orders", "override", "lifted", 0, before)
    state = State(items=tuple(states), standing=(hold,) if stopped else ())
    body = encode(OutcomeBody(debtor.tenant, "claim", before, (), state))
    at = datetime(before.year, before.month, before.day, 9, tzinfo=UTC)
    yield Entry(debtor.id, None, 1, "outcome", f"{debtor.id}.1", at, "dunwell", body=body)


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
    judged, touched = header.counts["judged"], header.counts["accounts"]
    print(
        f"{judged} accounts, {touched} of them ({touched / judged:.1%}) touched: {header.counts}"
    )
