"""The door to durable-rules: loads its C module where it can be loaded, and says why where not."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import sys
from typing import Protocol, cast

from dunwell.errors import DunwellError


class NetworkError(DunwellError):
    """The engine lost or refused facts; nothing that it said about this session can be used."""


class RawEngine(Protocol):
    """The few functions of the C module that the fence lets through."""

    def create_ruleset(self, name: str, rules: str) -> int:
        """Compile rules in JSON and return a handle."""

    def delete_ruleset(self, handle: int) -> None:
        """Free what a handle holds."""

    def assert_facts(self, handle: int, facts: str) -> tuple[int, int]:
        """Take facts in JSON and return a code and the number of the session."""

    def start_action_for_state(self, handle: int, state: int) -> tuple[str, str] | None:
        """Return the session and its first firing, in JSON."""

    def complete_and_start_action(self, handle: int, state: int) -> str | None:
        """Return the next firing, in JSON, or nothing."""

    def delete_state(self, handle: int, sid: str) -> None:
        """Forget a session."""


@functools.cache
def raw_engine() -> RawEngine:
    """Return the C module; raises ImportError where it cannot be used.

    Python 3.13 took away a function that only callbacks which we never use refer to, so the
    module loads if its symbols are bound when they are first called and not before.
    """
    if not hasattr(sys, "getdlopenflags"):  # Windows binds lazily anyway
        return cast("RawEngine", importlib.import_module("durable_rules_engine"))
    flags = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_LAZY)
    try:
        return cast("RawEngine", importlib.import_module("durable_rules_engine"))
    finally:
        sys.setdlopenflags(flags)


def available() -> str | None:
    """Return nothing if the network can be used here, else one line on why it cannot."""
    for module, package in (("durable_rules_engine", "durable-rules"), ("msgspec", "msgspec")):
        if importlib.util.find_spec(module) is None:
            return f"{package} is not installed (pip install 'dunwell[network]')"
    try:
        raw_engine()
    except ImportError as error:
        return f"durable-rules does not import: {error}".splitlines()[0]
    return None
