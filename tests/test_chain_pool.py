"""The worker processes: used again, killed, hung, refused, and yet no group is lost."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dunwell.decide.chain import (
    Fact,
    FactError,
    Incident,
    PlainRunner,
    Pool,
    Program,
    Ref,
    Rule,
    Stratum,
    Test,
    available,
    head,
    kind,
    pattern,
    run,
)

DEBT = kind("debt", item="int", days="int")
PROMISE = kind("promise", item="int")
PAUSED = kind("paused", item="int")
REMIND = kind("remind", item="int")
PROMISED = Rule("promised", (pattern("p", "promise"),), head("paused", item=Ref("p", "item")))
REMINDER = Rule(
    "reminder",
    (pattern("d", "debt", Test("days", ">=", 15)),),
    head("remind", item=Ref("d", "item")),
    (pattern("p", "paused", Test("item", "==", Ref("d", "item"))),),
)
DUNNING = Program(
    (DEBT, PROMISE, PAUSED, REMIND),
    (Stratum("pauses", (PROMISED,)), Stratum("actions", (REMINDER,))),
)
BOOK: dict[str, list[Fact]] = {
    "A": [("debt", 1, 50), ("debt", 2, 20), ("debt", 3, 1)],
    "B": [("debt", 1, 50), ("promise", 1), ("debt", 2, 15)],
    "C": [("debt", 1, 50), ("promise", 2)],
}

WORK = '''
"""Work for the pool that does to its worker what a fault of the engine would do."""
import ctypes, os, signal, time
from pathlib import Path
from dunwell.decide.chain import worker

def evaluate(program, chunk, *, timeout, plain):
    if "killer" in chunk:
        os.kill(os.getpid(), signal.SIGKILL)
    return worker.evaluate(program, chunk, timeout=timeout, plain=plain)

def hangs(program, chunk, *, timeout, plain):
    worker._evaluate, right = hang if "killer" in chunk else worker._evaluate, worker._evaluate
    try:
        return worker.evaluate(program, chunk, timeout=timeout, plain=plain)
    finally:
        worker._evaluate = right

def hang(program, chunk, *, plain):
    ctypes.PyDLL(None).sleep(600)  # with the interpreter's lock held, as in C

def once(program, chunk, *, timeout, plain):
    mark = Path(os.environ["DUNWELL_TEST_MARK"])
    if "killer" in chunk and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return worker.evaluate(program, chunk, timeout=timeout, plain=plain)

def never(program, chunk, *, timeout, plain):
    os._exit(1)

def complains(program, chunk, *, timeout, plain):
    if "killer" in chunk:
        return "facts were lost"
    return worker.evaluate(program, chunk, timeout=timeout, plain=plain)
'''


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Yield a module of harmful work that the workers can import too."""
    (tmp_path / "chain_works.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("DUNWELL_TEST_MARK", str(tmp_path / "mark"))
    import chain_works  # type: ignore[import-not-found]

    yield chain_works
    sys.modules.pop("chain_works")


def wide_book() -> dict[str, list[Fact]]:
    book = {f"account {n:02}": BOOK["ABC"[n % 3]] for n in range(40)}
    return {**book, "killer": BOOK["B"]}


EXPECTED = PlainRunner(DUNNING).run(wide_book()).derived


def test_the_workers_derive_the_same_and_are_used_again() -> None:
    with Pool(2, chunk_facts=30, inline_facts=0) as pool:
        first = pool.run(DUNNING, wide_book())
        again = pool.run(DUNNING, dict(reversed(wide_book().items())))
    assert first.derived == again.derived == EXPECTED
    assert list(again.derived) == sorted(EXPECTED)
    assert first.incidents == again.incidents == ()
    assert first.stand_in == (available() or "")


def test_nothing_to_decide_starts_nothing() -> None:
    with Pool(2) as pool:
        assert pool.run(DUNNING, {}).derived == {}
        assert pool._executor is None


def test_a_bad_fact_is_told_to_the_caller() -> None:
    with pytest.raises(FactError, match="unknown kind 'detb'"):
        run(DUNNING, {"A": [("detb", 1)]}, workers=1)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("evaluate", "the worker process died or took too long"),
        ("complains", "facts were lost"),
    ],
)
def test_a_group_that_kills_its_worker_costs_only_an_incident(
    works: object, name: str, what: str
) -> None:
    with Pool(2, chunk_facts=24, inline_facts=0, work=getattr(works, name)) as pool:
        outcome = pool.run(DUNNING, wide_book())
    assert outcome.derived == EXPECTED
    assert outcome.incidents == (Incident("killer", what),)
    assert "killer" in outcome.plain


def test_a_group_that_hangs_its_worker_costs_only_an_incident(works: object) -> None:
    book = {"A": BOOK["A"], "killer": BOOK["B"]}
    with Pool(1, timeout=2.0, inline_facts=0, work=works.hangs) as pool:  # type: ignore[attr-defined]
        outcome = pool.run(DUNNING, book)
    assert outcome.derived == PlainRunner(DUNNING).run(book).derived
    assert Incident("killer", "the worker process died or took too long") in outcome.incidents


def test_a_worker_that_dies_once_is_replaced_and_its_work_repeated(works: object) -> None:
    with Pool(2, chunk_facts=30, inline_facts=0, work=works.once) as pool:  # type: ignore[attr-defined]
        outcome = pool.run(DUNNING, wide_book())
    assert outcome.derived == EXPECTED
    assert outcome.incidents == (Incident("", "a worker process died, its work was repeated"),)


def test_a_worker_killed_between_two_runs_does_not_lose_the_second() -> None:
    with Pool(1, inline_facts=0) as pool:
        pool.run(DUNNING, BOOK)
        assert pool._executor is not None
        (process,) = (pool._executor._processes or {}).values()
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        outcome = pool.run(DUNNING, wide_book())
    assert outcome.derived == EXPECTED
    assert {incident.group for incident in outcome.incidents} <= {""}


def test_workers_that_all_die_leave_the_run_to_the_plain_chainer(
    works: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dunwell.decide.chain.pool.MAX_FAULTS", 3)
    with Pool(1, chunk_facts=30, inline_facts=0, work=works.never) as pool:  # type: ignore[attr-defined]
        outcome = pool.run(DUNNING, wide_book())
    assert outcome.derived == EXPECTED
    what = "worker processes die or do not start, 41 groups were decided without"
    assert outcome.incidents == (Incident("", what),)


def test_a_process_that_may_have_no_workers_still_gets_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor.submit", refuse)
    with Pool(1, inline_facts=0) as pool:
        outcome = pool.run(DUNNING, wide_book())
    assert outcome.derived == EXPECTED
    assert [incident.group for incident in outcome.incidents] == [""]


def test_without_the_network_a_small_book_needs_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dunwell.decide.chain.pool.available", lambda: "it is not installed")
    with Pool(2) as pool:
        outcome = pool.run(DUNNING, wide_book())
        assert pool._executor is None
        pool._inline_facts = 0
        large = pool.run(DUNNING, wide_book())
    assert outcome.derived == large.derived == EXPECTED
    assert outcome.stand_in == large.stand_in == "it is not installed"
