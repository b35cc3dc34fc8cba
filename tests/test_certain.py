"""The evaluator decides by what its explanation says: a condition holds, fails, or neither."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunwell.decide.cases import Setting, cases
from dunwell.decide.certain import Asks, ready
from dunwell.decide.conditions import Finding, truth
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.memories import memories
from dunwell.policy.tree import Condition, Every, Neither, Some
from dunwell.run.reading import conditions

from tests.strategies import ON, REGISTRY, World, worlds

Group = type[Every] | type[Some] | type[Neither]


@given(worlds, st.lists(st.sampled_from([Every, Some, Neither]), min_size=1, max_size=3))
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
def test_a_condition_holds_or_fails_for_certain_just_where_its_explanation_says_so(
    world: World, groups: list[Group]
) -> None:
    """Also where it is nested in others, and where a fact is not known, which settles nothing."""
    written = tuple(conditions(world.house))
    asked: list[Condition] = [*written, *(group(written[:3]) for group in groups)]
    asked += [Neither((Some((one, groups[0](written[-2:]))),)) for one in written]
    asks = Asks(REGISTRY)
    for case in cases(world.book, memories(world.memories), Setting(world.house, REGISTRY, ON)):
        reading = Evaluation(case, REGISTRY)
        for condition in asked:
            certain = ready(condition, REGISTRY)
            for item in (None, *case.items):
                heard: list[Finding] = []
                told = truth(
                    condition, reading.view, item=item, registry=REGISTRY, record=heard.append
                )
                assert asks.holds(condition, reading.view, item) is (told is True)
                assert certain.fails(reading.view, item) is (told is False)
