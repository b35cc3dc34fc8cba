"""`dunwell test`: the policies' own tests, stories in time beside the policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dunwell.cli import exits
from dunwell.cli.output import as_json, count, examples, say, say_json, say_problems
from dunwell.cli.session import Session, format_option, pass_session
from dunwell.cli.wiring import Setup, plain_setup, refuse
from dunwell.errors import Problem

if TYPE_CHECKING:
    from dunwell.casefile import Outcome


@click.command(
    short_help="Run the tests of the policies.",
    epilog=examples("dunwell test", "dunwell test policies/b2b.yaml"),
)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--verbose", "-v", is_flag=True, help="Name the tests that passed too.")
@format_option
@pass_session
def test(session: Session, paths: tuple[Path, ...], verbose: bool, form: str) -> None:
    """Run the tests of the policies: each a story in dated steps, told to an ERP in memory.

    With PATH only these files or folders, and the tests beside them that are told of their
    policies; where no policy is among them, the policies of the configuration are tested. A
    policy without a test is reported.
    """
    told = run_tests(session, paths)
    if form == "json":
        say_json(_json(told))
    else:
        _show(told, verbose=verbose)
    if not all(outcome.passed for outcome in told.outcomes):
        click.get_current_context().exit(exits.PROBLEMS)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the tests, and the policies without one."""

    outcomes: Sequence[Outcome]
    untested: Sequence[Problem]


def run_tests(session: Session, paths: Sequence[Path]) -> Told:
    """Run the tests of files and folders; a ProblemsError when policies or tests are wrong."""
    from dunwell.casefile import run, untested
    from dunwell.cli.belonging import choose
    from dunwell.cli.policies import load_policies

    setup = _setup(session, paths)
    chosen = choose(paths, setup.config.policies)
    erp = setup.config.erp.plugin
    house, found = load_policies(chosen.judges, setup.plugins, setup.registry, erp)
    refuse([*setup.problems, *dict.fromkeys([*chosen.problems, *found])])
    assert house is not None
    outcomes = run(chosen.cases, house, registry=setup.registry)
    asked = [p for p in house.policies if chosen.asked is None or p.name in chosen.asked]
    bare = untested(chosen.cases, replace(house, policies=tuple(asked)))
    return Told(outcomes, [replace(problem, level="warning") for problem in bare])


def _setup(session: Session, paths: Sequence[Path]) -> Setup:
    if paths and session.config_file() is None:
        return plain_setup(Path.cwd())
    return session.setup()


def _show(told: Told, *, verbose: bool) -> None:
    for outcome in told.outcomes:
        if outcome.passed and not verbose:
            continue
        word = click.style("passed", fg="green")
        if not outcome.passed:
            word = click.style("failed", fg="red")
        say(f"{word}  {outcome.case.test.test}")
        say_problems(outcome.problems)
    say_problems(told.untested)
    failed = sum(not outcome.passed for outcome in told.outcomes)
    verdict = f"{failed} failed" if failed else "all passed"
    if not told.outcomes:
        verdict = "nothing was tested"
    bare = f"; {count(len(told.untested), 'policy')} without a test" if told.untested else ""
    say(f"{count(len(told.outcomes), 'test')}: {verdict}{bare}")


def _json(told: Told) -> dict[str, object]:
    return {
        "tests": [
            {
                "test": outcome.case.test.test,
                "policy": outcome.case.test.policy,
                "file": outcome.case.place.file,
                "line": outcome.case.place.line,
                "passed": outcome.passed,
                "problems": [as_json(problem) for problem in outcome.problems],
            }
            for outcome in told.outcomes
        ],
        "untested": [as_json(problem) for problem in told.untested],
    }
