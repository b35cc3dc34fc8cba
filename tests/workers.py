"""Runs in processes of their own, made to be killed: what both sides of the line say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from dunwell.run.apply import apply, read_log
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.run.recover import recover

# -- in the process that is killed ----------------------------------------------------------------


def say(word: str) -> None:
    """Tell the test."""
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def cycle(made: Engine, *, tell: bool = False) -> None:
    """Recover, plan, apply."""
    memories, now = read_log(made, None)
    recover(made, memories, now)
    plan = make_plan(made).plan
    if tell:
        say("planned")
    apply(made, plan)
    if tell:
        say("applied")


# -- in the test ----------------------------------------------------------------------------------


def started(script: Path, order: Mapping[str, object]) -> subprocess.Popen[str]:
    """A process that is ready to `go`."""
    worker = subprocess.Popen(
        [sys.executable, str(script), json.dumps(order)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(script.parents[1]), *sys.path])},
    )
    expect(worker, "ready")
    return worker


def go(worker: subprocess.Popen[str]) -> None:
    """Let it begin."""
    assert worker.stdin is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()


def expect(worker: subprocess.Popen[str], word: str) -> None:
    """It says this and nothing else."""
    assert worker.stdout is not None
    assert worker.stdout.readline() == f"{word}\n"


def leave(worker: subprocess.Popen[str], *, within: float) -> None:
    """Wait for its end, so many seconds at most."""
    worker.wait(timeout=within)
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            pipe.close()
