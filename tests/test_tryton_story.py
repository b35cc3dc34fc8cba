"""The story in a real Tryton: reminders by its own mail, a hold that stops a clerk's sale."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.story import World, crash_and_resume, promises, two_engines
from tests.tryton_kit import TrytonHarness
from tests.tryton_server import ABSENT, Server, is_set_up
from tests.tryton_world import world as world_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_set_up(), reason=ABSENT)]


@pytest.fixture(params=["bare", "module"])
def world(request: pytest.FixtureRequest, tryton: Server) -> World:
    return world_of(TrytonHarness(tryton, request.param))


@pytest.mark.parametrize("told", [promises, crash_and_resume, two_engines])
def test_the_story_ends_well(world: World, told: Callable[[World], None]) -> None:
    told(world)
