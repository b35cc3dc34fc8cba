"""Finding policy tests in files and reading them, all problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dunwell.casefile.words import Test
from dunwell.errors import Place, Problem
from dunwell.source.bind import bind
from dunwell.source.nodes import MapNode
from dunwell.source.text import read_text
from dunwell.source.yaml import read


@dataclass(frozen=True, slots=True)
class Case:
    """One test and where it stands."""

    test: Test
    place: Place


def load_cases(paths: Sequence[Path]) -> tuple[list[Case], list[Problem]]:
    """The tests among the documents of these files; houses and policies are passed by."""
    cases: list[Case] = []
    problems: list[Problem] = []
    for path in paths:
        text, faults = read_text(path)
        problems += faults
        if text is None:
            continue
        nodes, faults = read(text, file=str(path))
        problems += faults
        for node in nodes:
            if not isinstance(node, MapNode) or node.entry("test") is None:
                continue
            test, faults = bind(node, Test)
            problems += faults
            if test is not None:
                cases.append(Case(test, test.place))
    return cases, sorted(set(problems))
