"""The evaluator over many cases: in this process, or in others where their start is worth it."""

from __future__ import annotations

import multiprocessing
import pickle
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

from dunwell.decide.case import Case
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.evaluator import Evaluation
from dunwell.facts import Registry

Key = tuple[str, str]
Found = dict[Key, Conclusions]

WORTH = 1_500
"""From so many cases on, the start of processes is worth it."""

CHUNK = 250


def judge(made: Sequence[Case], registry: Registry, *, workers: int) -> Mapping[Key, Conclusions]:
    """What the evaluator concludes of each case, with up to so many processes.

    A case that cannot be handed to another process, or whose process dies, is judged in this one.
    """
    if workers < 2 or len(made) < WORTH:
        return _judged(made, registry)
    # a plugin's function need not be known over there: cases carry the values that it gave
    bare = Registry(replace(fact, column=None) for fact in registry.extra)
    found: Found = {}
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = deque(made[n : n + CHUNK] for n in range(0, len(made), CHUNK))
        flying: deque[tuple[Sequence[Case], Future[bytes]]] = deque()
        while waiting or flying:
            while waiting and len(flying) < 2 * workers:
                chunk = waiting.popleft()
                future = _submit(pool, chunk, bare)
                if future is None:
                    found |= _judged(chunk, registry)
                else:
                    flying.append((chunk, future))
            if flying:
                chunk, future = flying.popleft()
                found |= _result(future, chunk, registry)
    return found


def left_alone(case: Case) -> bool:
    """Nothing is decided of it: no policy covers it, or what is known of it cannot be used."""
    return not case.policy.name or bool(case.problems) or bool(case.memory.garbled)


def _judged(made: Sequence[Case], registry: Registry) -> Found:
    return {case.account.id: Evaluation(case, registry).conclude() for case in made}


def _submit(
    pool: ProcessPoolExecutor, chunk: Sequence[Case], registry: Registry
) -> Future[bytes] | None:
    try:
        return pool.submit(work, pickle.dumps((chunk, registry)))
    except (BrokenProcessPool, OSError, pickle.PicklingError, AttributeError, TypeError):
        return None


def _result(future: Future[bytes], chunk: Sequence[Case], registry: Registry) -> Found:
    try:
        found: Found = pickle.loads(future.result())
    except BrokenProcessPool:
        return _judged(chunk, registry)
    return found


def work(chunk: bytes) -> bytes:
    """Judge a pickled chunk of cases; runs in another process."""
    made, registry = pickle.loads(chunk)  # written by our own parent process
    return pickle.dumps(_judged(made, registry))


def differences(one: Conclusions | None, other: Conclusions | None) -> Iterator[str]:
    """In which parts two verdicts differ, in words; None is a quiet account or one left alone."""
    if one is None or other is None:
        yield f"{_whole(one)} against {_whole(other)}"
        return
    for name in one.__slots__:
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine != theirs:
            yield f"{name} {mine} against {theirs}"


def _whole(verdict: Conclusions | None) -> str:
    return "nothing to do" if verdict is None else str(verdict)
