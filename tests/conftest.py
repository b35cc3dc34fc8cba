"""How Hypothesis runs here: no deadlines, as a busy machine is no fault of the code."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("torture", parent=settings.get_profile("house"), max_examples=5_000)
settings.load_profile("house")
