"""On a live Odoo runs are killed at any moment, calls are given up and answers get lost, Odoo is
started again, two run at once: nothing is done twice and nothing is lost.

Runs on the Odoo that the environment names; DUNWELL_KILLS says how often, DUNWELL_ODOO_RESTART
how it is started again.
"""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dunwell.money import Money
from dunwell.port import Adapter
from dunwell.run.apply import read_log
from dunwell.run.daily import run_daily
from dunwell.testing.contract.deeds import rows
from dunwell.testing.contract.office import KINDS, Books
from dunwell_odoo.codec import subject
from dunwell_odoo.names import SUBTYPE_REMINDER

from tests.odoo_kill_worker import LEASE, engine
from tests.odoo_kit import Live
from tests.odoo_rpc import ABSENT, given

WORKER = Path(__file__).with_name("odoo_kill_worker.py")
SEEDS = int(os.environ.get("DUNWELL_KILLS", "3"))
GROUPS = 6
"""Customers of each kind that a test begins with; and how often runs are killed for a seed."""
AT_ONCE = 3
RESTART = os.environ.get("DUNWELL_ODOO_RESTART", "")
NO_RESTART = "DUNWELL_ODOO_RESTART names no command that starts this Odoo again"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(given() is None, reason=ABSENT)]


@dataclass
class Stage:
    """A live Odoo, its customers, and engines in processes of their own."""

    harness: Live
    kills: int = 0
    torn: int = 0  # kills that left something begun

    def order(self, **more: Any) -> dict[str, Any]:
        own = self.harness.engine
        usual = {"seed": 0, "share": 0.0, "hasty": 0.0, "patient": False}
        return {
            "url": own.base, "database": own.database, "login": own.login, "key": own.key,
            **usual, **more,
        }  # fmt: skip

    def start(self, number: int = 1, **order: Any) -> list[subprocess.Popen[str]]:
        workers = [
            subprocess.Popen(
                [sys.executable, str(WORKER), json.dumps(self.order(**order))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            for _ in range(number)
        ]  # fmt: skip
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n", worker.communicate()[1]
        return workers

    def kill(self, worker: subprocess.Popen[str], books: Sequence[Books]) -> None:
        """Kill a run; one that was over already was none."""
        worker.kill()
        leave(worker)
        assert worker.returncode in (-signal.SIGKILL, 0)
        if worker.returncode:
            self.kills += 1
            self.torn += self.begun(books)

    def begun(self, books: Sequence[Books]) -> bool:
        """Whether a claim has no outcome yet."""
        ids = [int(one) for each in books for one in each.customers.values()]
        found = self.harness.admin.find(
            "mail.message", [["model", "=", "res.partner"], ["res_id", "in", ids]], "subject"
        )
        kinds = Counter(row["subject"] for row in found)
        return kinds[subject("claim")] > kinds[subject("outcome")]

    def go_on(self) -> None:
        """What was begun is recovered after its lease, and the rest is done."""
        for _ in range(2):
            time.sleep(LEASE + 1)
            made = engine(self.order())
            with closing(made.adapter):
                run_daily(made)

    def books(self) -> list[Books]:
        """Customers of every kind with their items, in a few calls."""
        clerks, admin, first = self.harness.clerks, self.harness.admin, self.harness.groups
        self.harness.groups += GROUPS
        rows = [
            {"name": f"{kind} {first + n}", "email": f"{kind}{first + n}@c.example",
             "is_company": True, "customer_rank": 1}
            for n in range(GROUPS) for kind in KINDS
        ]  # fmt: skip
        made = iter(admin("res.partner", "create", vals_list=rows, context=clerks.here))
        groups = [{kind: next(made) for kind in KINDS} for _ in range(GROUPS)]
        clerks.partners += [number for group in groups for number in group.values()]
        moves: dict[int, tuple[int, str]] = {}
        for kind, ages in KINDS.items():
            for number, age in enumerate(ages, 1):
                due = clerks.on - timedelta(age)
                given = [
                    (f"{kind[0]}{number}-{first + n}", group[kind], Money(10_000, "EUR"))
                    for n, group in enumerate(groups)
                ]
                for n, move in enumerate(
                    clerks.invoices(given, issued=due, due=due, company=clerks.main)
                ):
                    moves[move] = n, f"{kind}-{number}"
        owed = ["account_id.account_type", "=", "asset_receivable"]
        lines = admin.find("account.move.line", [["move_id", "in", [*moves]], owed], "move_id")
        items: list[dict[str, str]] = [{} for _ in groups]
        for line in lines:
            n, name = moves[line["move_id"]]
            items[n][name] = str(line["id"])
        return [
            Books({kind: str(one) for kind, one in group.items()}, items[n])
            for n, group in enumerate(groups)
        ]

    def withdraw(self, books: Sequence[Books]) -> list[list[int]]:
        """Make drafts of all invoices: nobody owes them until they are posted."""
        admin, ids = self.harness.admin, [int(i) for each in books for i in each.items.values()]
        found = admin.find("account.move.line", [["id", "in", ids]], "move_id")
        of = {str(row["id"]): row["move_id"] for row in found}
        admin("account.move", "button_draft", sorted(of.values()))
        return [[of[item] for item in each.items.values()] for each in books]

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
    stage = Stage(harness)
    yield stage
    sys.stdout.write(f"{stage.kills} runs killed, {stage.torn} of them in the middle of a claim\n")
    harness.close()


@pytest.fixture(scope="module")
def undisturbed(stage: Stage) -> tuple[object, float]:
    """How a run ends that nobody disturbs, for each group; and how long it takes."""
    books = stage.books()
    (worker,) = stage.start()
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
def test_killed_runs_end_as_one_that_nobody_killed(
    seed: int, stage: Stage, undisturbed: tuple[object, float]
) -> None:
    wanted, span = undisturbed
    rng = random.Random(seed)
    books = stage.books()
    for moves in stage.withdraw(books):  # each finds new invoices, and what others left behind
        workers = stage.start(AT_ONCE)
        stage.harness.admin("account.move", "action_post", moves)
        for worker in workers:
            go(worker)
        for worker in workers:
            time.sleep(rng.uniform(0.05, 0.5) * span)
            stage.kill(worker, books)
        time.sleep(rng.uniform(0, LEASE))
    stage.go_on()
    stage.judge(books, wanted)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("trouble", [{"share": 0.25}, {"hasty": 0.25}], ids=["lost", "given up"])
def test_answers_that_nobody_got_change_nothing_in_the_end(
    trouble: dict[str, Any], seed: int, stage: Stage, undisturbed: tuple[object, float]
) -> None:
    wanted, _ = undisturbed
    books = stage.books()
    (worker,) = stage.start(seed=seed, **trouble)
    go(worker)
    leave(worker)
    stage.go_on()
    stage.judge(books, wanted)


@pytest.mark.skipif(not RESTART, reason=NO_RESTART)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_an_odoo_that_is_started_again_in_the_middle_changes_nothing_in_the_end(
    seed: int, stage: Stage, undisturbed: tuple[object, float]
) -> None:
    wanted, span = undisturbed
    books = stage.books()
    (worker,) = stage.start(patient=True)
    go(worker)
    time.sleep(random.Random(seed).uniform(0.05, 0.9) * span)
    subprocess.run(shlex.split(RESTART), check=True, stdout=subprocess.DEVNULL)
    leave(worker)
    stage.go_on()
    stage.judge(books, wanted)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_two_engines_at_once_do_everything_once(
    seed: int, stage: Stage, undisturbed: tuple[object, float]
) -> None:
    wanted, span = undisturbed
    books = stage.books()
    workers = stage.start(2)
    for worker in workers:
        go(worker)
        time.sleep(random.Random(seed).uniform(0, 0.3) * span)
    for worker in workers:
        leave(worker)
    stage.go_on()
    stage.judge(books, wanted)
