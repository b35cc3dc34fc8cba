"""On a live Odoo a run is killed at any moment, answers get lost, two run at once: nothing is
done twice and nothing is lost. Runs on the Odoo that the environment names.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dunwell.port import Adapter
from dunwell.run.apply import read_log
from dunwell.run.daily import run_daily
from dunwell.testing.contract.deeds import rows
from dunwell.testing.contract.office import Books, Office
from dunwell_odoo.names import SUBTYPE_REMINDER

from tests.odoo_kill_worker import LEASE, engine
from tests.odoo_kit import Live
from tests.odoo_rpc import ABSENT, given

WORKER = Path(__file__).with_name("odoo_kill_worker.py")
SEEDS = int(os.environ.get("DUNWELL_KILLS", "5"))
GROUPS = 6
"""Customers of each kind in one killed run."""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(given() is None, reason=ABSENT)]


@dataclass
class Stage:
    """A live Odoo, its customers, and engines in processes of their own."""

    harness: Live
    office: Office

    def order(self, *, seed: int = 0, share: float = 0.0) -> dict[str, Any]:
        own = self.harness.engine
        return {
            "url": own.base, "database": own.database, "login": own.login, "key": own.key,
            "seed": seed, "share": share,
        }  # fmt: skip

    def start(self, **order: Any) -> subprocess.Popen[str]:
        worker = subprocess.Popen(
            [sys.executable, str(WORKER), json.dumps(self.order(**order))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n", worker.communicate()[1]
        return worker

    def go_on(self) -> None:
        """What was begun is recovered after its lease, and the rest is done."""
        for _ in range(2):
            time.sleep(LEASE + 1)
            made = engine(self.order())
            with closing(made.adapter):
                run_daily(made)

    def books(self) -> list[Books]:
        return [self.office.books() for _ in range(GROUPS)]

    def ends(self, books: Sequence[Books]) -> tuple[Any, ...]:
        """Where everything stands, for all groups together: each alike, or nothing is well."""
        made = engine(self.order())
        kinds = {c: kind for each in books for kind, c in each.customers.items()}
        items = {i: name for each in books for name, i in each.items.items()}
        with closing(made.adapter) as adapter:
            memories, _ = read_log(made, sorted(kinds))
            holds = Counter(kinds[h["customer"]] for h in self.of("holds", adapter, kinds))
            tasks = Counter(kinds[t["customer"]] for t in self.of("tasks", adapter, kinds))
        stages = Counter(
            (items[i.item], i.stage, i.cycle, i.adopted)
            for memory in memories.values()
            for i in memory.state.items
        )
        doubts = sum(bool(m.claim or m.garbled or m.state.unknowns) for m in memories.values())
        return stages, holds, tasks, self.mails(kinds), doubts

    def of(self, table: str, adapter: Adapter, kinds: Mapping[str, str]) -> list[Any]:
        return [row for row in rows(adapter, table) if row["customer"] in kinds]

    def mails(self, kinds: Mapping[str, str]) -> Counter[tuple[str, int]]:
        """How many customers of each kind got how many messages."""
        subtype = self.harness.admin.xid(SUBTYPE_REMINDER)
        asked = [["mail_message_id.subtype_id", "=", subtype],
                 ["res_partner_id", "in", [int(customer) for customer in kinds]]]  # fmt: skip
        found = self.harness.admin.find("mail.notification", asked, "res_partner_id")
        got = Counter(str(row["res_partner_id"]) for row in found)
        return Counter((kinds[customer], times) for customer, times in got.items())

    def judge(self, books: Sequence[Books], wanted: object) -> None:
        assert self.ends(books) == wanted


def go(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()


def leave(worker: subprocess.Popen[str]) -> None:
    worker.communicate(timeout=300)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    values = given()
    assert values is not None
    harness = Live(values)
    yield Stage(harness, Office(harness))
    harness.close()


@pytest.fixture(scope="module")
def undisturbed(stage: Stage) -> tuple[object, float]:
    """How a run ends that nobody disturbs, for each group; and how long it takes."""
    books = stage.books()
    worker = stage.start()
    begun = time.monotonic()
    go(worker)
    leave(worker)
    span = time.monotonic() - begun
    assert worker.returncode == 0
    stages, holds, tasks, mails, doubts = stage.ends(books)
    assert set(stages.values()) == {GROUPS}
    assert (holds, tasks) == ({"Held": GROUPS}, {"Called": GROUPS})
    assert {times for _, times in mails} == {1}
    assert not doubts
    return (stages, holds, tasks, mails, doubts), span


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_killed_run_ends_as_one_that_nobody_killed(
    seed: int, stage: Stage, undisturbed: tuple[object, float]
) -> None:
    wanted, span = undisturbed
    rng = random.Random(seed)
    books = stage.books()
    for _ in range(1 + seed % 2):
        worker = stage.start()
        go(worker)
        time.sleep(rng.uniform(0.1, 1.1) * span)
        worker.kill()
        leave(worker)
        time.sleep(LEASE + 1)
    stage.go_on()
    stage.judge(books, wanted)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_answers_that_get_lost_change_nothing_in_the_end(
    seed: int, stage: Stage, undisturbed: tuple[object, float]
) -> None:
    wanted, _ = undisturbed
    books = stage.books()
    worker = stage.start(seed=seed, share=0.25)
    go(worker)
    leave(worker)
    stage.go_on()
    stage.judge(books, wanted)


def test_two_engines_at_once_do_everything_once(
    stage: Stage, undisturbed: tuple[object, float]
) -> None:
    wanted, _ = undisturbed
    books = stage.books()
    workers = [stage.start() for _ in range(2)]
    for worker in workers:
        go(worker)
    for worker in workers:
        leave(worker)
    stage.go_on()
    stage.judge(books, wanted)
