"""Other processes that lend a hand with large books.

They are spawned, for the reasons that `chain.pool` gives. Rule networks run in processes of their
own, never in these.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Generic, ParamSpec, Self, TypeVar

from dunwell import memory
from dunwell.decide.chain import Pool

MOST = 61
"""As many processes as Windows can wait for."""

Given = ParamSpec("Given")
Said = TypeVar("Said")


class Answer(Generic[Said]):
    """What another process says, once it is asked for."""

    def __init__(self, future: Future[Said] | None) -> None:
        self._future = future

    def get(self) -> Said | None:
        """Wait for it; None where there is no such process, where it died or where it failed.

        Whatever went wrong there: the caller does it here, where an error comes out in the open.
        """
        if self._future is not None:
            with suppress(Exception):
                return self._future.result()
        return None


class Hands:
    """Up to so many processes (0: one for each processor); none where one is as good as two.

    They are started by `start`, or by the first call. Not to be shared between threads. `networks`
    are the processes for rule networks.
    """

    def __init__(self, workers: int = 0) -> None:
        self.workers = min(workers or os.cpu_count() or 1, MOST)
        self.networks = Pool(self.workers)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def idle(self) -> bool:
        """There is nobody to hand anything to."""
        return self.workers < 2

    def start(self, call: Callable[[], object], *, networks: int | None = None) -> None:
        """Start the processes and let each make a call, which imports what it will need; start so
        many of those for rule networks too (None: all).
        """
        if self._pool is None:
            for _ in range(self.workers):
                self.ask(call)
            self.networks.start(networks)

    def ask(
        self, call: Callable[Given, Said], *given: Given.args, **named: Given.kwargs
    ) -> Answer[Said]:
        """Hand a call over; it begins as soon as a process is free."""
        if self.idle:
            return Answer(None)
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_ready)
        try:
            return Answer(self._pool.submit(call, *given, **named))
        except (BrokenProcessPool, OSError, AssertionError):
            return Answer(None)  # all died; no memory is left; or we may have none ourselves

    def close(self) -> None:
        """End the processes; what has not begun is not done there any more."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
        self.networks.close()


@contextmanager
def unhurried() -> Iterator[None]:
    """Let the collector of cycles look less often meanwhile."""
    usual = gc.get_threshold()
    gc.set_threshold(*memory.GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _ready() -> None:
    """What every process does first."""
    memory.begin()
    memory.keep()
