"""`dunwell check`: everything wrong with configuration, policies and templates, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from dunwell.cli import exits
from dunwell.cli.output import as_json, count, examples, say, say_json, say_problems
from dunwell.cli.session import Session, format_option, pass_session
from dunwell.cli.wiring import (
    SettingsError,
    Setup,
    open_adapter,
    open_channel,
    plain_setup,
    set_up,
)
from dunwell.errors import AdapterError, ConfigurationError, Problem, ProblemsError
from dunwell.policy.tree import House


@dataclass(slots=True)
class Findings:
    """What was looked at, and what is wrong with it."""

    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """How many problems are more than warnings."""
        return sum(problem.level == "error" for problem in self.problems)


@click.command(
    short_help="Show everything wrong with what you wrote.",
    epilog=examples("dunwell check", "dunwell check policies/b2b.yaml --format json"),
)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@format_option
@pass_session
def check(session: Session, paths: tuple[Path, ...], form: str) -> None:
    """Show everything wrong with configuration, policies, their tests and templates, all at once.

    With PATH only these policy files or folders, and the ERP is not asked.
    """
    found = findings(session, paths)
    warnings = len(found.problems) - found.errors
    if form == "json":
        problems = [as_json(problem) for problem in found.problems]
        counts = {"errors": found.errors, "warnings": warnings, **found.counts}
        say_json({"problems": problems, "counts": counts})
    else:
        say_problems(found.problems)
        say(_summary(found, warnings))
    if found.errors:
        click.get_current_context().exit(exits.PROBLEMS)


def _summary(found: Findings, warnings: int) -> str:
    seen = [count(number, _ONE[name]) for name, number in found.counts.items() if number]
    wrong = [count(found.errors, "problem")] if found.errors else []
    wrong += [count(warnings, "warning")] if warnings else []
    verdict = ", ".join(wrong) or "no problems"
    return f"{', '.join(seen)}: {verdict}" if seen else verdict


_ONE = {"policies": "policy", "stages": "stage", "watches": "watch", "tests": "test"}


def findings(session: Session, paths: Sequence[Path] = ()) -> Findings:
    """Everything wrong with the configuration and its policies, or with some policy files."""
    found = Findings()
    setup = _setup(session, found, paths)
    if setup is None:
        return found
    found.problems += setup.problems
    house = _policies(setup, found, paths)
    if house is not None and not paths and not found.errors:
        _erp(setup, house, found)
    found.problems = sorted(set(found.problems))
    return found


def _setup(session: Session, found: Findings, paths: Sequence[Path]) -> Setup | None:
    """The configuration; with a broken one, or none, what policies can be checked without it."""
    file = session.config_file()
    if file is None and not paths:
        session.setup()  # says what to do
    if file is not None:
        try:
            return set_up(file)
        except ProblemsError as error:
            found.problems += error.problems
    folder = file.absolute().parent if file is not None else Path.cwd()
    if not paths and not (folder / "policies").is_dir():
        return None
    return plain_setup(folder)


def _policies(setup: Setup, found: Findings, paths: Sequence[Path]) -> House | None:
    from dunwell.casefile import load_cases
    from dunwell.casefile.files import about_policies
    from dunwell.cli.policies import counted, load_policies, policy_files, wording_problems

    config = setup.config
    files, problems = policy_files(paths or config.policies)
    found.problems += problems
    cases, problems = load_cases(files.all)
    found.problems += problems
    if not files.policies:
        found.counts["tests"] = len(cases)
        return None
    house, problems = load_policies(files, setup.plugins, setup.registry, config.erp.plugin)
    found.problems += problems
    if house is not None:
        found.counts |= {**counted(house), "tests": len(cases)}
        found.problems += about_policies(cases, [policy.name for policy in house.policies])
    found.problems += wording_problems(house, config)
    return house


def _erp(setup: Setup, house: House, found: Findings) -> None:
    """What the ERP and the channels say, as far as they can be asked."""
    from dunwell.cli.demands import demands

    config = setup.config
    for name in config.channels:
        try:
            open_channel(setup, name).close()
        except SettingsError as error:
            found.problems.append(Problem(error.where, error.message))
    try:
        adapter = open_adapter(setup)
    except SettingsError as error:
        found.problems.append(Problem(error.where, error.message))
        return
    except AdapterError as error:
        found.problems.append(_not_asked(setup, error))
        return
    try:
        found.problems += demands(
            house,
            adapter.capabilities(),
            config.channels,
            erp=config.erp.plugin,
            places={"erp": config.erp.place},
        )
    except ConfigurationError as error:
        found.problems.append(Problem(config.erp.place, str(error)))
    except AdapterError as error:
        found.problems.append(_not_asked(setup, error))
    finally:
        adapter.close()


def _not_asked(setup: Setup, error: AdapterError) -> Problem:
    message = f"the ERP could not be asked: {error}"
    return Problem(setup.config.erp.place, message, "see 'dunwell doctor'", level="warning")
