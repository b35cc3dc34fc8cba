"""Policies, their tests and message templates that ship with Dunwell: files to copy and change."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from pathlib import Path

_TEST, _HOUSE = ".test.yaml", "_house.yaml"


def policies() -> Mapping[str, Path]:
    """The shipped policies by name; each file has a house and one policy and can be used alone.

    >>> sorted(policies())
    ['firm_habitual', 'gentle_subscription', 'standard_b2b']
    """
    return {
        path.name.removesuffix(".yaml"): path
        for path in _files(".yaml")
        if not path.name.endswith((_TEST, _HOUSE))
    }


def tests() -> Mapping[str, Path]:
    """The file of tests beside each shipped policy, by the policy's name."""
    return {path.name.removesuffix(_TEST): path for path in _files(_TEST)}


def houses() -> Mapping[str, Path]:
    """Houses without policies, by name: how several of the shipped policies live together.

    >>> sorted(houses())
    ['three_policies']
    """
    return {path.name.removesuffix(_HOUSE): path for path in _files(_HOUSE)}


def templates() -> Path:
    """The folder of the message templates, `NAME.LANGUAGE.j2`."""
    return _root() / "templates"


def _files(ending: str) -> list[Path]:
    return sorted((_root() / "policies").glob(f"*{ending}"))


def _root() -> Path:
    return Path(str(importlib.resources.files("dunwell_rules")))
