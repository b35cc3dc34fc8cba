"""The network concludes what the evaluator concludes, whatever the order, partition or death."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.decide.chain import Pool, available
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.network import ACCOUNTS, FEW, ITEMS, conclude, concluding
from dunwell.decide.network.shapes import facts_of, item_shapes
from dunwell.decide.signals import Signals

from tests.network_kit import books, some_book
from tests.signals_kit import signals_of

needs_network = pytest.mark.skipif(available() is not None, reason=str(available()))


def expected(readings: Sequence[Evaluation]) -> Mapping[tuple[str, str], Conclusions]:
    return {reading.case.account.id: reading.conclude() for reading in readings}


def shuffled(signals: Signals, seed: int) -> Signals:
    frames = {
        name: frame.sample(fraction=1, shuffle=True, seed=seed)
        for name, frame in signals.frames.items()
    }
    return replace(signals, frames=frames)


# --- equality


@settings(max_examples=200)
@given(books())
def test_the_rules_conclude_what_the_evaluator_concludes(readings: list[Evaluation]) -> None:
    found = conclude(signals_of(readings), readings[0].case.house, plain=True)
    assert found.conclusions == expected(readings)


@given(books(), st.randoms(use_true_random=False))
def test_neither_order_nor_partition_of_accounts_matters(
    readings: list[Evaluation], chance: random.Random
) -> None:
    wanted = expected(readings)
    house = readings[0].case.house
    chance.shuffle(readings)
    mixed = shuffled(signals_of(readings), chance.randrange(1000))
    assert conclude(mixed, house, plain=True).conclusions == wanted
    cut = chance.randint(0, len(readings))
    parts = [part for part in (readings[:cut], readings[cut:]) if part]
    apart = [conclude(signals_of(part), house, plain=True).conclusions for part in parts]
    assert {key: found for part in apart for key, found in part.items()} == wanted


def test_every_rule_fires_somewhere_in_the_book_of_these_tests() -> None:
    readings = some_book(400)
    found = conclude(signals_of(readings), readings[0].case.house, plain=True)
    assert found.conclusions == expected(readings)
    fired = {t.rule for key in found.conclusions for t in found.why(*key)}
    strata = (*ITEMS.strata, *ACCOUNTS.strata)
    assert fired == {rule.name for stratum in strata for rule in stratum.rules}


def test_accounts_that_look_alike_are_decided_once_and_each_gets_its_own_items() -> None:
    readings = [next(reading for reading in some_book() if reading.rises)] * 3
    signals = signals_of(readings)
    debtors = pl.Series("debtor", ["A", "B", "C"])
    accounts = signals["accounts"].with_columns(debtors)
    items = signals["items"].with_columns(pl.col("id") + "." + pl.col("account").cast(pl.String))
    signals = replace(signals, frames={**signals.frames, "accounts": accounts, "items": items})
    alone = item_shapes(signals_of(readings[:1]), 2)["shape"]
    assert set(item_shapes(signals, 2)["shape"]) == set(alone)
    conclusions = conclude(signals, readings[0].case.house, plain=True).conclusions
    own = {debtor: {s.item[-1] for s in c.rise} for (debtor, _), c in conclusions.items()}
    assert own == {"A": {"0"}, "B": {"1"}, "C": {"2"}}


def test_a_shape_is_read_back_as_the_facts_that_it_was_made_of() -> None:
    assert facts_of("0,1,false,true;2;4,jump,3,0;6,0,1,2,true,false,true") == (
        ("pause_holds", 1, False, True),
        ("waits",),
        ("may_move", "jump", 3, 0),
        ("wants", 0, 1, 2, True, False, True),
    )
    assert facts_of("7,0;9,0,,true,false,true;9,1,placed,true,false,true") == (
        ("segment_holds", 0),
        ("standing", 0, "", True, False, True),
        ("standing", 1, "placed", True, False, True),
    )


def test_few_accounts_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunwell.decide.chain.Pool.submit", None)
    monkeypatch.setattr(concluding, "available", lambda: None)
    readings = some_book(FEW)
    found = conclude(signals_of(readings), readings[0].case.house)
    assert (found.reader, found.conclusions) == ("network", expected(readings))


def test_where_the_network_is_missing_all_is_left_to_the_evaluator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(concluding, "available", lambda: "no compiler")
    readings = some_book(3)
    found = conclude(signals_of(readings), readings[0].case.house)
    assert found.reader == "evaluator stands in: no compiler"
    assert found.conclusions == {}
    assert found.incidents == {(f"D{n}", "C"): "no compiler" for n in range(3)}


def test_a_conclusion_can_be_traced_to_its_causes() -> None:
    reading = next(reading for reading in some_book() if reading.rises)
    key = reading.case.account.id
    found = conclude(signals_of([reading]), reading.case.house, plain=True)
    told = {trace.fact: trace for trace in found.why(*key)}
    for step in found.conclusions[key].rise:
        (rise,) = (t for t in told.values() if t.fact.startswith("rises") and step.item in t.fact)
        assert rise.rule == "an item rises unless it is silent, resting, adopted or stuck"
        assert all(cause in told for cause in rise.because)
    assert found.why("nobody", "C") == ()


# --- in worker processes


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as workers:
        yield workers


@needs_network
@settings(max_examples=60)
@given(readings=books(3))
def test_the_network_concludes_what_the_evaluator_concludes(
    readings: list[Evaluation], pool: Pool
) -> None:
    signals, house = signals_of(readings), readings[0].case.house
    found = conclude(signals, house, pool=pool)
    assert (found.conclusions, found.incidents) == (expected(readings), {})
    plain = conclude(signals, house, plain=True)
    assert [found.why(*k) for k in plain.conclusions] == [plain.why(*k) for k in plain.conclusions]


@needs_network
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_size_of_sessions_does_not_matter(size: int) -> None:
    readings = some_book(150)
    signals, house = signals_of(readings), readings[0].case.house
    with Pool(2, chunk_facts=size) as workers:
        found = conclude(shuffled(signals, size), house, pool=workers)
    assert found.conclusions == expected(readings)


@needs_network
@pytest.mark.parametrize("work", ["kills", "dies_once", "never"])
def test_a_dead_worker_changes_no_conclusion_and_names_whom_it_concerned(
    work: str, works: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dunwell.decide.chain.pool.MAX_FAULTS", 12)
    readings = some_book()
    signals, house = signals_of(readings), readings[0].case.house
    shapes = item_shapes(signals, 2)
    shape = shapes["shape"][0]
    monkeypatch.setenv("DUNWELL_TEST_SHAPE", shape)
    with Pool(2, chunk_facts=60, work=getattr(works, work)) as workers:
        found = conclude(signals, house, pool=workers)
    assert found.conclusions == expected(readings)
    concerned = {
        "kills": {number for number, _, other in shapes.iter_rows() if other == shape},
        "dies_once": set(),
        "never": set(range(len(readings))),
    }[work]
    assert set(found.incidents) == {(f"D{number}", "C") for number in concerned}


WORK = '''
"""Work that dies on one shape always, on it once, or on everything."""
import os, signal
from pathlib import Path
from dunwell.decide.chain import worker

def kills(program, chunk, *, timeout, plain):
    if os.environ["DUNWELL_TEST_SHAPE"] in chunk:
        os.kill(os.getpid(), signal.SIGKILL)
    return worker.evaluate(program, chunk, timeout=timeout, plain=plain)

def dies_once(program, chunk, *, timeout, plain):
    mark = Path(os.environ["DUNWELL_TEST_MARK"])
    if os.environ["DUNWELL_TEST_SHAPE"] in chunk and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return worker.evaluate(program, chunk, timeout=timeout, plain=plain)

def never(program, chunk, *, timeout, plain):
    os._exit(1)
'''


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Yield a module of harmful work that the workers can import too."""
    (tmp_path / "network_works.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("DUNWELL_TEST_MARK", str(tmp_path / "mark"))
    import network_works  # type: ignore[import-not-found]

    yield network_works
    sys.modules.pop("network_works")
