"""Columns with the rule network say of every account what the evaluator says, on any book."""

from __future__ import annotations

import random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunwell.decide.cases import Setting, cases
from dunwell.decide.columns import Reading, read
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.decide import decide
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.judging import judged, left_alone, shown
from dunwell.decide.memories import memories
from dunwell.decide.network import conclude
from dunwell.decide.parts import opened, parts
from dunwell.model import Book

from tests.strategies import ON, REGISTRY, World, shuffled, worlds

Key = tuple[str, str]
QUICK = settings(max_examples=150, suppress_health_check=list(HealthCheck))


def seen(world: World, book: Book, debtors: list[str] | None = None) -> Reading:
    remembered = memories(world.memories)
    return read(book, world.house, remembered, REGISTRY, on=ON, debtors=debtors)


def by_network(
    world: World, book: Book, debtors: list[str] | None = None
) -> dict[Key, Conclusions]:
    """What columns and network conclude where something is to do."""
    found: dict[Key, Conclusions] = {}
    for signals in seen(world, book, debtors).signals:
        found |= conclude(signals, world.house, plain=True).conclusions
    return found


def by_evaluator(world: World) -> dict[Key, Conclusions]:
    """What the evaluator concludes where something is to do."""
    made = cases(world.book, memories(world.memories), Setting(world.house, REGISTRY, ON))
    every = {c.account.id: Evaluation(c, REGISTRY).conclude() for c in made if not left_alone(c)}
    return {key: word for key, word in every.items() if not word.quiet}


def check(world: World, chance: random.Random) -> None:
    wanted = by_evaluator(world)
    assert by_network(world, world.book) == wanted
    assert by_network(world, shuffled(world.book, chance.randrange(1000))) == wanted
    debtors = [f"C{n}" for n in range(10)]
    chance.shuffle(debtors)
    parts = [debtors[:3], debtors[3:]]
    apart = [by_network(world, world.book, part) for part in parts]
    assert apart[0] | apart[1] == wanted
    assert not set(apart[0]) & set(apart[1])


@QUICK
@given(worlds, st.randoms(use_true_random=False))
def test_three_readers_agree_in_any_order_and_partition(
    world: World, chance: random.Random
) -> None:
    check(world, chance)


@pytest.mark.torture
@settings(max_examples=20_000, suppress_health_check=list(HealthCheck))
@given(worlds, st.randoms(use_true_random=False))
def test_three_readers_agree_on_very_many_books(world: World, chance: random.Random) -> None:
    check(world, chance)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(worlds)
def test_a_part_of_a_book_has_the_same_cases_as_the_whole(world: World) -> None:
    remembered = memories(world.memories)
    setting = Setting(world.house, REGISTRY, ON)
    whole = cases(world.book, remembered, setting)
    names = world.book["customers"]["id"].to_list()
    apart = []
    for chosen, part in parts(world.book, remembered, names, size=2):
        book, known, named = opened(part)
        assert named == chosen
        own = cases(book, known, setting, debtors=named)
        assert own == cases(world.book, remembered, setting, debtors=chosen)
        apart += own
    assert apart == whole


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(worlds)
def test_deciding_checks_every_account_of_a_small_book(world: World) -> None:
    remembered = memories(world.memories)
    decided = decide(world.book, world.house, remembered, REGISTRY, on=ON, workers=1)
    made = cases(world.book, remembered, Setting(world.house, REGISTRY, ON))
    # what stands on accounts that no policy covers any more is for the evaluator alone
    uncovered = shown(judged([c for c in made if not c.policy.name], REGISTRY), ())
    assert decided.conclusions == by_evaluator(world) | uncovered
    assert decided.checked == (0 if decided.incidents else len(made))
    assert set(decided.alone) == {
        case.account.id for case in made if case.policy.name and left_alone(case)
    }
    assert set(decided.cases) == {*decided.conclusions, *decided.alone}
    unjudged = pl.DataFrame({"policy": [c.policy.name for c in made]}).filter(policy="").height
    assert decided.judged == len(made) - unjudged
