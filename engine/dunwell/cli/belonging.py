"""Which tests belong to the files that were named, and which policies judge them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dunwell.cli.policies import TESTS, Files, policy_files
from dunwell.errors import Problem

if TYPE_CHECKING:
    from dunwell.casefile import Case


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tests to run, the files that judge them, and what is wrong with any of them."""

    judges: Files
    cases: Sequence[Case]
    asked: Collection[str] | None  # the policies that should have a test; None: all that judge
    problems: Sequence[Problem]


def choose(paths: Sequence[Path], configured: Sequence[Path]) -> Chosen:
    """The tests of these files, with those elsewhere that are told of the policies in them.

    `configured` are the policies of the configuration. They judge when no path is given, when
    only tests are named, and when the policies named are among them: then their house is known.
    """
    from dunwell.casefile import load_cases

    if not paths:
        files, problems = policy_files(configured)
        cases, faults = load_cases(files.all)
        return Chosen(files, cases, None, [*problems, *faults])
    named, problems = policy_files(paths)
    asked = _asked(named.policies)
    judges, more = _judges(named, configured, only_tests=asked is None)
    cases, faults = load_cases(named.all)
    problems += [*more, *faults]
    if asked is not None:
        others, faults = load_cases(_elsewhere(named, judges))
        cases += [case for case in others if case.test.policy in asked]
        problems += faults
    return Chosen(judges, cases, asked or (), problems)


def _judges(
    named: Files, configured: Sequence[Path], *, only_tests: bool
) -> tuple[Files, list[Problem]]:
    """The files that judge, and what is wrong with finding them."""
    whole, problems = policy_files(configured)
    if not only_tests:
        known = {path.resolve() for path in whole.all}
        inside = all(path.resolve() in known for path in named.policies)
        return (whole, problems) if inside else (named, [])
    if any(path.exists() for path in configured):
        return whole, problems
    beside = [policy for test in named.tests for policy in _policy_beside(test)]
    return policy_files(beside or configured)


def _policy_beside(test: Path) -> Iterable[Path]:
    """`b2b.yaml` for `b2b.test.yaml`, where it is there."""
    stem = next(test.name.removesuffix(end) for end in TESTS if test.name.endswith(end))
    found = (test.with_name(stem + ending) for ending in (".yaml", ".yml"))
    return (path for path in found if path.is_file())


def _elsewhere(named: Files, judges: Files) -> list[Path]:
    """Other files in which tests of the named policies may be: those judging, those beside."""
    taken = {path.resolve() for path in named.all}
    beside = sorted(
        path
        for folder in dict.fromkeys(policy.parent for policy in named.policies)
        for path in folder.iterdir()
        if path.name.endswith(TESTS)
    )
    found: dict[Path, Path] = {}
    for path in (*judges.all, *beside):
        if path.resolve() not in taken:
            found.setdefault(path.resolve(), path)
    return list(found.values())


def _asked(files: Sequence[Path]) -> frozenset[str] | None:
    """The policies in these files, and those that a house in them lists; None: only tests."""
    from dunwell.source import MapNode, read_text
    from dunwell.source.house import kind_of
    from dunwell.source.names import texts
    from dunwell.source.yaml import read

    asked: list[str] = []
    found = False
    for path in files:
        text, _ = read_text(path)
        documents, _ = read(text or "", file=str(path))
        for node in documents:
            kind = kind_of(node)
            if isinstance(node, MapNode) and kind in ("house", "policy"):
                found = True
                said = node.get("policies" if kind == "house" else "policy")
                asked += [name.text for name in texts(said)]
    return frozenset(asked) if found else None
