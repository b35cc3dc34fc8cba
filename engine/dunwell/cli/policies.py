"""The policy files of a configuration, and all that is wrong with them and their templates."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dunwell.cli.config import Config
from dunwell.cli.found import shown
from dunwell.errors import Place, Problem
from dunwell.facts import Registry
from dunwell.hooks import Plugins
from dunwell.policy.tree import Action, House, Policy

ENDINGS = (".yaml", ".yml")
TESTS = (".test.yaml", ".test.yml")


@dataclass(frozen=True, slots=True)
class Files:
    """The policy files in their order; those with tests are apart, they decide nothing."""

    policies: tuple[Path, ...]
    tests: tuple[Path, ...]

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file."""
        return (*self.policies, *self.tests)


def policy_files(paths: Sequence[Path]) -> tuple[Files, list[Problem]]:
    """The YAML files of these files and folders, each once, those of a folder sorted by name."""
    found: dict[Path, None] = {}
    problems = []
    for path in paths:
        if not path.is_dir():
            found[shown(path)] = None
            continue
        inside = sorted(p for p in path.rglob("*") if p.name.endswith(ENDINGS) and p.is_file())
        inside = [
            p for p in inside if not any(n.startswith(".") for n in p.parts[len(path.parts) :])
        ]
        if not inside:
            message = "there is no policy in this folder"
            hint = "policies end with .yaml, their tests with .test.yaml"
            problems.append(Problem(Place(str(shown(path))), message, hint))
        found.update(dict.fromkeys(shown(p) for p in inside))
    tests = tuple(path for path in found if path.name.endswith(TESTS))
    return Files(tuple(path for path in found if path not in tests), tests), problems


def load_policies(
    files: Files, plugins: Plugins, registry: Registry, erp: str = ""
) -> tuple[House | None, list[Problem]]:
    """The house of the files; None when a problem of them is an error.

    `erp` is the adapter that is configured: an ERP may carry channels itself.
    """
    from dunwell.source.house import load_house

    codes: set[str] = set()
    for name, calendar in plugins.calendars.items():
        if name != "holidays":  # known without asking; reading its codes takes time
            codes |= set(calendar.source.codes())
    return load_house(
        files.policies,
        registry=registry,
        channels=plugins.carried(erp),
        calendars=codes,
    )


def digest(files: Files) -> str:
    """A name of what the policies say: the bytes of each file, in order."""
    content = hashlib.sha256()
    for path in files.policies:
        data = path.read_bytes()
        content.update(f"{len(data)}:".encode() + data)
    return content.hexdigest()


def wording_problems(house: House | None, config: Config) -> list[Problem]:
    """What is wrong with the templates that the policies need, and with the texts inside them.

    Without a house only the user's own templates are looked at.
    """
    from dunwell.message import check_templates, check_text

    names: dict[str, Place] = {}
    short: dict[str, Place] = {}
    attach: dict[str, Place] = {}
    problems: list[Problem] = []
    for action in actions(house) if house is not None else ():
        if action.template:
            names.setdefault(action.template, action.place)
        for kind in action.attach:
            attach.setdefault(kind, action.place)
        for text in (action.summary, action.text, action.reason):
            problems += check_text(text, action.place) if text else []
    if house is not None:
        wordless = [p for p in house.policies if set(house.contacts(p).channels) - {"email"}]
        for action in (each for policy in wordless for each in policy_actions(policy)):
            if action.template:
                short.setdefault(action.template, action.place)
    folders = [shown(config.templates)] if config.templates is not None else []
    languages = _languages(config)
    problems += check_templates(names, languages, folders, attach=attach, short=short)
    return [_about_languages(problem, config) for problem in problems]


def _languages(config: Config) -> Collection[str]:
    """The languages asked for; without a word those in which the user's own templates are."""
    if config.languages:
        return config.languages
    folder = config.templates
    own = {path.name.split(".")[-2] for path in folder.glob("*.*.j2")} if folder else set()
    return sorted(own) or ["en"]


def _about_languages(problem: Problem, config: Config) -> Problem:
    if problem.where.file:
        return problem
    return replace(problem, where=config.toml.place("languages"))


def actions(house: House) -> Iterator[Action]:
    """Every action of every policy, in the order written."""
    for policy in house.policies:
        yield from policy_actions(policy)


def policy_actions(policy: Policy) -> Iterator[Action]:
    """Every action of a policy: of its stages, then of its watches."""
    for stage in policy.ladder:
        yield from stage.do
    for watch in policy.watch:
        yield from watch.do


def counted(house: House) -> Mapping[str, int]:
    """How much there is of what, for a summary."""
    return {
        "policies": len(house.policies),
        "stages": sum(len(policy.ladder) for policy in house.policies),
        "watches": sum(len(policy.watch) for policy in house.policies),
    }
