"""Runs a program over many groups in worker processes, and outlives every death of one.

The processes are spawned: the parent has Polars with its threads, which a fork would copy in
whatever state they are, and a fork server would import the parent's main module, and with it
Polars, into the very process that is then forked. Spawning also is the same on every system.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeAlias

from dunwell.decide.chain import worker
from dunwell.decide.chain.engine import available
from dunwell.decide.chain.form import Fact
from dunwell.decide.chain.plain import PlainRunner
from dunwell.decide.chain.program import Derived, Incident, Outcome, Program

Chunk: TypeAlias = dict[str, tuple[Fact, ...]]
Answer: TypeAlias = Outcome | str | int
Work: TypeAlias = Callable[..., Outcome | str]

MAX_FAULTS = 64
MAX_WORKERS = 61  # as many as Windows can wait for
STARTING = 60.0


class Pool:
    """Worker processes that are started when first needed and can be used for many runs.

    `timeout` is the longest that a chunk of some thousand facts may take, in seconds. Below
    `inline_facts` the plain chainer, where it stands in, runs in the calling process; the network
    never does. Not to be shared between threads.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        timeout: float = 30.0,
        chunk_facts: int = 8_000,
        inline_facts: int = 20_000,
        work: Work = worker.evaluate,
    ) -> None:
        self.workers = min(workers or os.cpu_count() or 1, MAX_WORKERS)
        self.timeout = timeout
        self.chunk_facts = chunk_facts
        self._inline_facts = inline_facts
        self.work = work
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the workers end, without waiting for them; a later run starts new ones."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def start(self, most: int | None = None) -> None:
        """Start the workers (None: all), so that they are there when they are needed."""
        if not available():
            with suppress(WorkerLostError):
                for _ in range(self.workers if most is None else min(most, self.workers)):
                    self.submit(worker.ready)

    def run(self, program: Program, groups: Mapping[str, Iterable[Fact]]) -> Outcome:
        """Return what follows in each group, whatever happens to a worker.

        Raises FactError for a fact that no kind allows.
        """
        stand_in = available() or ""
        given = {group: tuple(groups[group]) for group in sorted(groups)}
        if stand_in and sum(map(len, given.values())) <= self._inline_facts:
            derived = PlainRunner(program).run(given).derived
            return Outcome(derived, (), stand_in, frozenset(given))
        run = _Run(self, program, plain=bool(stand_in))
        run.all(given)
        derived = {group: run.derived[group] for group in given}
        plain = frozenset(given if stand_in else run.plain)
        return Outcome(derived, tuple(sorted(set(run.incidents))), stand_in, plain)

    def submit(self, call: Callable[[], Answer]) -> Future[Answer]:
        """Hand a call to a worker, starting one if need be; raises WorkerLostError."""
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.workers, mp_context=multiprocessing.get_context("spawn")
            )
        try:
            return self._executor.submit(call)
        except (BrokenProcessPool, OSError, AssertionError) as error:
            # Died unseen; no memory or no processes left; or we are a daemon, which has none.
            raise WorkerLostError from error

    def kill(self) -> None:
        """End the workers at once, whatever they are doing; a later submit starts new ones."""
        if self._executor is not None:
            for process in list((self._executor._processes or {}).values()):
                process.kill()
        self.close()


def run(
    program: Program, groups: Mapping[str, Iterable[Fact]], *, workers: int | None = None
) -> Outcome:
    """Run once with workers of its own; a caller with more than one run keeps a `Pool`."""
    with Pool(workers) as pool:
        return pool.run(program, groups)


class WorkerLostError(Exception):
    """A worker died, had to be killed, or cannot be started; never leaves this module."""


class _Run:
    """One run: keeps the workers busy, and finds the groups that kill them."""

    def __init__(self, pool: Pool, program: Program, *, plain: bool) -> None:
        self.derived: dict[str, tuple[Derived, ...]] = {}
        self.incidents: list[Incident] = []
        self.plain: set[str] = set()
        self._pool = pool
        self._program = pickle.dumps(program)
        self._without = plain
        self._plain = PlainRunner(program)
        self._faults = 0

    def all(self, groups: Chunk) -> None:
        """Decide every group. Few chunks are in flight at a time, so few are under suspicion."""
        waiting = deque(_chunks(groups, self._pool.chunk_facts))
        flying: dict[Future[Answer], Chunk] = {}
        while (waiting or flying) and self._faults <= MAX_FAULTS:
            try:
                while waiting and len(flying) < 2 * self._pool.workers:
                    future = self._submit(waiting[0], self._pool.timeout)
                    flying[future] = waiting.popleft()
                self._collect(flying)
            except WorkerLostError:
                suspects = list(flying.values())
                flying.clear()
                self._clear_up(suspects)
        if self._faults > MAX_FAULTS:
            self._give_up(groups)

    def _submit(self, chunk: Chunk, timeout: float) -> Future[Answer]:
        work, program = self._pool.work, self._program
        return self._pool.submit(
            functools.partial(work, program, chunk, timeout=timeout, plain=self._without)
        )

    def _collect(self, flying: dict[Future[Answer], Chunk]) -> None:
        """Take what is finished. The workers end themselves in time; this wait is the last net."""
        done, _ = wait(flying, 2 * self._pool.timeout + STARTING, FIRST_COMPLETED)
        if not done:
            raise WorkerLostError
        for future in done:
            try:
                answer = future.result()
            except (BrokenProcessPool, CancelledError):
                raise WorkerLostError from None
            self._take(flying.pop(future), answer)

    def _take(self, chunk: Chunk, answer: Answer) -> None:
        if isinstance(answer, Outcome):
            self.derived.update(answer.derived)
            self.incidents += answer.incidents
            self.plain |= answer.plain
        else:
            self._narrow(chunk, str(answer))

    def _clear_up(self, suspects: list[Chunk]) -> None:
        """After a death: run what was in flight again, each chunk alone."""
        self._pool.kill()
        self._faults += 1
        before = len(self.incidents)
        if not self._alive():
            self._faults = MAX_FAULTS + 1
            return
        for chunk in suspects:
            self._alone(chunk)
        if len(self.incidents) == before and self._faults <= MAX_FAULTS:
            self.incidents.append(Incident("", "a worker process died, its work was repeated"))

    def _alone(self, chunk: Chunk) -> None:
        """Decide a chunk while nothing else runs; if it kills the worker, find the group."""
        if self._faults > MAX_FAULTS:
            return
        share = sum(map(len, chunk.values())) / self._pool.chunk_facts
        try:
            future = self._submit(chunk, self._pool.timeout * max(share, 1 / 6))
            self._collect({future: chunk})
        except WorkerLostError:
            self._pool.kill()
            self._narrow(chunk, "the worker process died or took too long")

    def _narrow(self, chunk: Chunk, what: str) -> None:
        """Go on with the halves of a chunk that failed, or without workers if it is one group."""
        self._faults += 1
        if len(chunk) == 1:
            for group, facts in chunk.items():
                self.derived[group] = self._plain.run_group(facts)
                self.plain.add(group)
                self.incidents.append(Incident(group, what))
        else:
            items = list(chunk.items())
            self._alone(dict(items[: len(items) // 2]))
            self._alone(dict(items[len(items) // 2 :]))

    def _alive(self) -> bool:
        """Return whether a worker can be started at all."""
        try:
            self._pool.submit(worker.ready).result(STARTING)
        except (WorkerLostError, BrokenProcessPool, TimeoutError):
            self._pool.kill()
            return False
        return True

    def _give_up(self, groups: Chunk) -> None:
        """Decide all that is left without workers."""
        left = {group: facts for group, facts in groups.items() if group not in self.derived}
        self.derived.update(self._plain.run(left).derived)
        self.plain |= set(left)
        what = f"worker processes die or do not start, {len(left)} groups were decided without"
        self.incidents.append(Incident("", what))


def _chunks(groups: Chunk, chunk_facts: int) -> Iterator[Chunk]:
    """Yield the groups in portions of about so many facts."""
    chunk: Chunk = {}
    count = 0
    for group, facts in groups.items():
        chunk[group] = facts
        count += len(facts) + 1
        if count >= chunk_facts:
            yield chunk
            chunk, count = {}, 0
    if chunk:
        yield chunk
