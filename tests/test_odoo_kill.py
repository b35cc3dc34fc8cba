"""On a live Odoo runs are killed at any moment, calls are given up and answers get lost, Odoo is
started again, two run at once: nothing is done twice and nothing is lost.

Runs on the Odoo that the environment names; DUNWELL_KILLS says how often, DUNWELL_ODOO_RESTART
how it is started again, DUNWELL_ODOO_BARE=1 that nobody ran the set-up there and nobody shall.
"""

from __future__ import annotations

import os
import random
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.odoo_kill_stage import GROUPS, Stage, go, leave
from tests.odoo_kill_worker import LEASE
from tests.odoo_kit import Live, set_up_was_run
from tests.odoo_rpc import ABSENT, given

SEEDS = int(os.environ.get("DUNWELL_KILLS", "3"))
AT_ONCE = 3
RESTART = os.environ.get("DUNWELL_ODOO_RESTART", "")
NO_RESTART = "DUNWELL_ODOO_RESTART names no command that starts this Odoo again"
BARE = os.environ.get("DUNWELL_ODOO_BARE", "") == "1"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(given() is None, reason=ABSENT)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    values = given()
    assert values is not None
    if BARE and set_up_was_run(values):
        pytest.skip("the set-up was run on the Odoo that the environment names")
    stage = Stage(harness := Live(values, bare=BARE), tmp_path_factory.mktemp("mails"))
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
    assert holds == ({} if stage.harness.bare else {"Held": GROUPS})
    assert tasks == {"Called": GROUPS}
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
