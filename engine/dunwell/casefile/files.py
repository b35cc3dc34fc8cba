"""Finding policy tests in files and reading them, all problems at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dunwell.casefile.words import Test
from dunwell.errors import Place, Problem
from dunwell.source.bind import bind
from dunwell.source.house import kind_of
from dunwell.source.nodes import MapNode, Node, ScalarNode
from dunwell.source.suggest import hint_for, suggest
from dunwell.source.text import read_text
from dunwell.source.yaml import read


@dataclass(frozen=True, slots=True)
class Case:
    """One test and where it stands."""

    test: Test
    place: Place


ENDINGS = (".test.yaml", ".test.yml")
"""How files end that hold nothing but tests."""


def load_cases(paths: Sequence[Path]) -> tuple[list[Case], list[Problem]]:
    """The tests among the documents of these files.

    Houses and policies are passed by; not so in a file of tests, where nobody would read them.
    """
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
                problems += _no_test(node) if path.name.endswith(ENDINGS) else ()
                continue
            test, faults = bind(node, Test)
            problems += faults
            if test is not None:
                cases.append(Case(test, test.place))
    return cases, sorted(set(problems))


def about_policies(cases: Sequence[Case], policies: Collection[str]) -> Iterator[Problem]:
    """Tests of policies that there are not."""
    for case in cases:
        if case.test.policy not in policies:
            yield no_policy(case, policies)


def no_policy(case: Case, policies: Collection[str]) -> Problem:
    """The policy that a test is told of is not there."""
    name = case.test.policy
    hint = hint_for(name, policies) or "a test names the policy that it is told of"
    return Problem(case.test.place_of("policy"), f"no policy '{name}'", hint)


def _no_test(node: Node) -> Iterator[Problem]:
    if isinstance(node, ScalarNode) and node.is_empty:
        return
    place, hint = node.place, "a test begins with 'test: ' and what it shows"
    words = [key for key, _ in node.entries] if isinstance(node, MapNode) else []
    meant = next((key for key in words if suggest(key.text, ["test"])), None)
    kind = kind_of(node)
    if meant is not None:
        place, hint = meant.place, "did you mean 'test'?"
    elif kind is not None and not {"given", "steps"} & {key.text for key in words}:
        what = f"a {kind} in a file of tests is never read"
        yield Problem(place, what, "put it into a file that ends with .yaml, not .test.yaml")
        return
    yield Problem(place, "this is no test", hint)
