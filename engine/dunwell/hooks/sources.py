"""Where plugins come from: the entry points of installed packages, and files in a folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from dunwell.hooks.specs import PROJECT

OWN = "dunwell"
"""The distribution whose plugins come first, so that a stranger cannot take their names."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that can be imported; nothing of it has run yet."""

    name: str
    load: Callable[[], object]
    distribution: str = ""
    version: str = ""
    file: str = ""


def installed() -> list[Candidate]:
    """The plugins of all installed packages: Dunwell's own first, then by name."""
    found = [_of(entry) for entry in entry_points(group=PROJECT)]
    own = Candidate("calendars", _calendars, OWN, _version(found))
    ordered = sorted(found, key=lambda c: (c.distribution != OWN, c.name, c.distribution))
    return [own, *ordered]


def one_file(folder: Path) -> Iterator[Candidate]:
    """The plugins of a folder: each file `NAME.py` is one, those with `_` in front are not."""
    for path in sorted(folder.glob("*.py")):
        if not path.name.startswith("_"):
            yield Candidate(path.stem, _Load(path), file=str(path))


@dataclass(frozen=True, slots=True)
class _Load:
    """Runs a file as a module of its own."""

    path: Path

    def __call__(self) -> ModuleType:
        name = f"dunwell_plugin_{self.path.stem}"
        spec = spec_from_file_location(name, self.path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{self.path} is no Python file")
        module = module_from_spec(spec)
        sys.modules[name] = module  # dataclasses look their own module up
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module


def _of(entry: EntryPoint) -> Candidate:
    dist = entry.dist
    if dist is None:
        return Candidate(entry.name, entry.load)
    return Candidate(entry.name, entry.load, dist.name, dist.version)


def _version(found: list[Candidate]) -> str:
    return next((c.version for c in found if c.distribution == OWN), "")


def _calendars() -> ModuleType:
    from dunwell.hooks import calendars

    return calendars
