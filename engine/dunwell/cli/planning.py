"""`dunwell plan`, `apply` and `run`: decide, act, or both."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dunwell.cli import exits
from dunwell.cli.days import Day
from dunwell.cli.output import examples, say, say_json
from dunwell.cli.progress import Bar
from dunwell.cli.session import Session, format_option, pass_session

if TYPE_CHECKING:
    from dunwell.run.clauses import Said
    from dunwell.run.daily import Daily
    from dunwell.run.engine import Engine
    from dunwell.run.outcomes import Applied, Ran

verify_option = click.option(
    "--verify",
    type=click.Choice(["sample", "all"]),
    help="Cross-check a sample of a large book, or every account; else as configured.",
)


def in_a_folder(path: Path | None) -> Path | None:
    """A file that could be written as far as its folder is there; said before any work is done."""
    if path is not None and not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder '{path.parent}' to write '{path.name}' into")
    return path


@click.command(
    short_help="Decide everything, do nothing.",
    epilog=examples(
        "dunwell plan",
        "dunwell plan --out today.plan",
        "dunwell plan --as-of 2026-04-01 --only C0042",
    ),
)
@click.option("--as-of", type=Day(), help="Decide as of another day; such a plan is a what-if.")
@click.option("--only", metavar="CUSTOMER", help="Only this customer: number, name or invoice.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=lambda _context, _parameter, path: in_a_folder(path),
    help="Write the plan to this file, which only you can read, for 'dunwell apply'.",
)
@verify_option
@click.option("--all", "every", is_flag=True, help="Show every account, not only the first.")
@format_option
@pass_session
def plan(
    session: Session,
    as_of: date | None,
    only: str | None,
    out: Path | None,
    verify: str | None,
    every: bool,
    form: str,
) -> None:
    """Decide everything as of today and do nothing: what, to whom, how much money, and why.

    What nobody knows comes first, then what would be done, who waits, who is paused, who is left
    alone and why, then the accounts by money. Ends with 5 when the facts are too old to decide.
    """
    from dunwell.cli.subject import one
    from dunwell.render.plan import FIRST, plan_lines
    from dunwell.run.plan import make_plan
    from dunwell.run.planfile import write
    from dunwell.run.summary import summarize

    with opened(session, verify=verify) as engine:
        debtor = one(engine.adapter, only).debtor if only else None
        planned = make_plan(engine, as_of=as_of, only=debtor)
        most = None if every or form == "json" else FIRST
        summary = summarize(planned, engine.registry, most=most)
    if out is not None:
        write(planned.plan, out)
    if form == "json":
        say_json(as_json(summary))
        return
    say_lines(plan_lines(summary, every=every))
    if out is not None:
        say()
        say(f"written to {out}; do it with 'dunwell apply {out}'")
        if summary.waiting:
            say(f"say yes with 'dunwell approve {out} --by NAME --because TEXT'")


@click.command(
    short_help="Do exactly what a plan says, once.",
    epilog=examples("dunwell apply today.plan", "dunwell apply today.plan --format json"),
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--all", "every", is_flag=True, help="Show every failure, not only the first.")
@format_option
@pass_session
def apply(session: Session, file: Path, every: bool, form: str) -> None:
    """Do exactly what the plan in FILE says, once, and tell what became of each command.

    Nothing is decided anew: what no longer holds is skipped. What an earlier run left behind when
    it was stopped is looked up and settled first. A plan that was altered, has expired,
    is of another day, tenant or policy, or is over a limit is refused with 5 before anything is
    done. Applied twice it does nothing. Ends with 2 when there is no such FILE, with 3 when
    commands failed or are unknown, with 6 when steps wait for a yes.
    """
    from dunwell.render.outcomes import applied_lines
    from dunwell.run.apply import apply as do
    from dunwell.run.outcomes import applied
    from dunwell.run.planfile import load
    from dunwell.run.recover import recover_all

    made = load(file)
    with opened(session) as engine:
        recover_all(engine)
        done = applied(made, do(engine, made))
    if form == "json":
        say_json(as_json(done))
    else:
        say_lines(applied_lines(done, every=every))
    click.get_current_context().exit(code_of(done))


@click.command(
    short_help="Plan and apply, for a scheduler.",
    epilog=examples("dunwell run", "dunwell run -v 2>>details.log", "dunwell run --format json"),
)
@click.option("-v", "--verbose", is_flag=True, help="Tell the details on the error stream.")
@verify_option
@format_option
@pass_session
def run(session: Session, verbose: bool, verify: str | None, form: str) -> None:
    """Collect what came back, recover what was left behind, plan, and apply: for a scheduler.

    Prints one line:

    \b
      2026-03-04 done=12 skipped=3 failed=0 unknown=1 waiting=2 paused=40 in 3.2s reader=network

    done, skipped, failed: commands of this run; unknown: outcomes that nobody knows, older ones
    too; waiting: steps that wait for a yes; paused: items left alone, once for each reason. When
    nothing may be done it says why, '2026-03-04 stopped: ...', and ends with 5, or with 4 when the
    ERP cannot be reached. Ends with 3 while anything failed or is unknown, with 6 while steps
    wait.
    """  # noqa: D301 - click keeps the lines below a real backspace as they are
    from dunwell.errors import AdapterError, ProblemsError
    from dunwell.render.outcomes import run_line
    from dunwell.run.outcomes import Ran
    from dunwell.run.planfile import StoppedError

    begun = time.monotonic()
    told: list[date] = []
    try:
        with opened(session, verify=verify) as engine:
            told.append(engine.adapter.describe().on)
            ran = _daily(engine, begun, verbose=verbose)
    except ProblemsError:
        raise
    except (AdapterError, StoppedError) as error:
        code = exits.code_of(error)
        ran = Ran(1, next(iter(told), None), stopped=str(error), exit_code=code)
    if form == "json":
        say_json(as_json(ran))
    else:
        say(run_line(ran))
    click.get_current_context().exit(ran.exit_code)


def _daily(engine: Engine, begun: float, *, verbose: bool) -> Ran:
    from dunwell.run.daily import run_daily
    from dunwell.run.outcomes import Ran, applied

    daily = run_daily(engine)
    done = applied(daily.planned.plan, daily.receipts)
    if verbose:
        _details(engine, daily, done)
    header = daily.planned.plan.header
    memories = daily.planned.memories
    open_before = sum(len(memories.memory(d).state.unknowns) for d in memories.unsettled)
    unknown = open_before + done.unknown
    silent = daily.planned.decided.overview["silent"]
    return Ran(
        version=1,
        on=header.on,
        done=done.done,
        skipped=done.skipped,
        failed=done.failed,
        unknown=unknown,
        waiting=done.waiting,
        paused=int(silent["items"].sum()),
        left_alone=len(daily.planned.decided.alone),
        recovered=daily.recovered,
        collected=daily.collected,
        reader=header.reader,
        problems=(*daily.problems, *header.problems),
        exit_code=exits.FAILED if unknown else code_of(done),
        seconds=round(time.monotonic() - begun, 1),
    )


def _details(engine: Engine, daily: Daily, done: Applied) -> None:
    from dunwell.render.outcomes import applied_lines
    from dunwell.render.plan import FIRST, plan_lines
    from dunwell.render.text import safe
    from dunwell.run.summary import summarize

    for line in (*daily.problems, *daily.collected):
        click.echo(safe(line), err=True)
    summary = summarize(daily.planned, engine.registry, most=FIRST)
    say_lines(plan_lines(summary, recovered=daily.recovered), err=True)
    click.echo("", err=True)
    say_lines(applied_lines(done), err=True)


@contextmanager
def opened(session: Session, *, verify: str | None = None) -> Iterator[Engine]:
    """An engine as configured, with a bar that shows how far it is."""
    from dunwell.cli.wiring import engine

    bar = Bar()
    try:
        with engine(session.setup(), verify=verify, progress=bar) as made:
            yield made
    finally:
        bar.close()


def code_of(done: Applied) -> int:
    """How an applied plan ends."""
    if done.failed or done.unknown:
        return exits.FAILED
    return exits.WAITING if done.waiting else exits.DONE


def say_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """All lines at once."""
    click.echo("\n".join(lines), err=err)


def as_json(value: Said) -> dict[str, object]:
    """A report for a program: every field is always there, money in major units as text."""
    import msgspec

    told: dict[str, object] = msgspec.to_builtins(value)
    return told
