"""What a worker process does: one chunk of groups in, what follows out, or death."""

from __future__ import annotations

import faulthandler
import functools
import os
import pickle
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dunwell.decide.chain.engine import NetworkError
from dunwell.decide.chain.form import Fact
from dunwell.decide.chain.plain import PlainRunner
from dunwell.decide.chain.program import Incident, Outcome, Program

if TYPE_CHECKING:
    from dunwell.decide.chain.network import DurableRunner

Chunk = Mapping[str, Iterable[Fact]]


def ready() -> int:
    """Return the number of this process: a worker that answers can work."""
    return os.getpid()


def evaluate(program: bytes, chunk: Chunk, *, timeout: float, plain: bool) -> Outcome | str:
    """Return what follows in the chunk, or one line on how the network failed.

    A chunk that takes longer than `timeout` seconds ends this process. The alarm is a thread of
    its own that needs no lock of Python's, so it also ends a loop inside the C module.
    """
    with Path(os.devnull).open("w") as sink:
        faulthandler.dump_traceback_later(timeout, exit=True, file=sink)
        try:
            return _evaluate(program, chunk, plain=plain)
        finally:
            faulthandler.cancel_dump_traceback_later()


def _evaluate(program: bytes, chunk: Chunk, *, plain: bool) -> Outcome | str:
    if plain:
        return _plain_runner(program).run(chunk)
    try:
        runner = _network_runner(program)
    except Exception as error:
        # No group is to blame, so none is looked for.
        incident = Incident("", f"the network cannot be built: {error}")
        derived = _plain_runner(program).run(chunk).derived
        return Outcome(derived, (incident,), plain=frozenset(chunk))
    try:
        return runner.run(chunk)
    except NetworkError as error:
        _network_runner.cache_clear()
        return str(error)


@functools.lru_cache(maxsize=2)
def _network_runner(program: bytes) -> DurableRunner:
    # Needs the extra, and a process without it must be able to import this module.
    from dunwell.decide.chain.network import DurableRunner

    return DurableRunner(_load(program))


@functools.lru_cache(maxsize=2)
def _plain_runner(program: bytes) -> PlainRunner:
    return PlainRunner(_load(program))


def _load(program: bytes) -> Program:
    loaded: Program = pickle.loads(program)  # written by our own parent process
    return loaded
