"""One story, written once, told to every ERP: reminders that arrive, promises, a hold, crashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.stages import Stage, parameters
from tests.story import World, crash_and_resume, promises, two_engines


@pytest.fixture(params=parameters())
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    stage: Stage = request.param
    if why := stage.absent():
        pytest.skip(why)
    with stage.raised(request) as world:
        yield world


@pytest.mark.parametrize("told", [promises, crash_and_resume, two_engines])
def test_the_story_ends_well(world: World, told: Callable[[World], None]) -> None:
    told(world)
