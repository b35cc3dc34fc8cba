"""Policy tests: stories in time that finance writes for its policies, run on an ERP in memory."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dunwell.casefile.files import Case, load_cases
    from dunwell.casefile.runner import Outcome, run, untested

__all__ = ["Case", "Outcome", "load_cases", "run", "untested"]

_IN_FILES = ("Case", "load_cases")


def __getattr__(name: str) -> object:
    """Reading tests needs little, running them all of the engine: each when it is asked for."""
    if name not in __all__:
        raise AttributeError(name)
    part = "files" if name in _IN_FILES else "runner"
    return getattr(import_module(f"dunwell.casefile.{part}"), name)
