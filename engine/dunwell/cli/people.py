"""`dunwell approve` and `resolve`: what only a person can say."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dunwell.cli.days import Day
from dunwell.cli.output import examples, say, say_json
from dunwell.cli.planning import opened, say_lines
from dunwell.cli.session import Session, format_option, pass_session

if TYPE_CHECKING:
    from dunwell.run.planfile import Plan


class _Words(click.ParamType["str"]):
    """A text that says something: the log keeps it for good."""

    name = "TEXT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Read the text."""
        text = str(value).strip()
        if not text:
            self.fail("there is nothing in it", param, ctx)
        return text


by_option = click.option("--by", required=True, type=_Words(), metavar="NAME", help="Who says so.")
because_option = click.option(
    "--because", required=True, type=_Words(), metavar="TEXT", help="Why, for the log."
)


@click.command(
    short_help="Say yes or no to steps that wait.",
    epilog=examples(
        "dunwell approve today.plan --by luis --because 'agreed with sales'",
        "dunwell approve today.plan --only C0042 --no --until 2026-04-01 --by luis --because why",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--only", metavar="CUSTOMER", multiple=True, help="Only this customer; may be given again."
)
@click.option("--stage", metavar="STAGE", multiple=True, help="Only steps to this stage.")
@click.option(
    "--no", is_flag=True, help="Say no: the steps are silent until --until, or for good."
)
@click.option("--until", type=Day(), help="The last day of a no.")
@by_option
@because_option
@format_option
@pass_session
def approve(
    session: Session,
    file: Path,
    only: tuple[str, ...],
    stage: tuple[str, ...],
    no: bool,
    until: date | None,
    by: str,
    because: str,
    form: str,
) -> None:
    """Say yes or no to the steps that wait in the plan FILE; it is written into the ERP's log.

    A yes holds for these steps up to what they demand now, whatever day they are planned on; the
    next plan or run does them. A later word replaces an earlier one.
    """
    from dunwell.render.people import approved_lines, approved_values
    from dunwell.run.desk import PastError
    from dunwell.run.desk import approve as write
    from dunwell.run.planfile import load

    if until is not None and not no:
        raise click.UsageError("'--until' goes with '--no' (a yes holds until a later word)")
    made = load(file)
    chosen = _only(made, only)
    steps = _steps(made, stage)
    with opened(session) as engine:
        try:
            said = write(
                engine, steps, by=by, yes=not no, only=chosen, until=until, because=because
            )
        except PastError as error:
            raise click.UsageError(str(error)) from error
    names = {account.debtor: account.name for account in made.accounts}
    if form == "json":
        say_json(approved_values(said, names, yes=not no, by=by))
    else:
        say_lines(approved_lines(said, names, yes=not no, until=until))


def _only(plan: Plan, words: tuple[str, ...]) -> tuple[str, ...]:
    """The debtors of a plan by number or name; a usage error for one that does not wait there."""
    waiting = {a.debtor: a.name for a in plan.accounts if a.waiting}
    chosen: list[str] = []
    for word in words:
        wanted = word.casefold()
        found = [d for d, name in waiting.items() if d == word or name.casefold() == wanted]
        if not found:
            raise click.UsageError(f"nothing of '{word}' waits in this plan")
        chosen += found
    return tuple(chosen)


def _steps(plan: Plan, stages: tuple[str, ...]) -> Plan:
    """The plan with only the waiting steps of some stages."""
    if not stages:
        return plan
    from dataclasses import replace

    import msgspec

    known = {w.stage for a in plan.accounts for w in a.waiting}
    for stage in stages:
        if stage not in known:
            raise click.UsageError(f"no step to stage '{stage}' waits in this plan")
    accounts = tuple(
        msgspec.structs.replace(a, waiting=tuple(w for w in a.waiting if w.stage in stages))
        for a in plan.accounts
    )
    return replace(plan, accounts=accounts)


@click.command(
    short_help="Settle an unknown outcome.",
    epilog=examples(
        "dunwell resolve 6b1f0c.1 --sent --by ana --because 'it is in the sent folder'",
    ),
)
@click.argument("key")
@click.option("--sent", is_flag=True, help="It was done.")
@click.option("--not-sent", is_flag=True, help="It was not done, and may be done again.")
@by_option
@because_option
@format_option
@pass_session
def resolve(
    session: Session, key: str, sent: bool, not_sent: bool, by: str, because: str, form: str
) -> None:
    """Say whether the command under KEY was done, when nobody could tell.

    Sent: its items move as if it had been known at once. Not sent: the next plan does it again.
    'dunwell plan' shows the keys of unknown outcomes at its head.
    """
    if sent is not_sent:
        raise click.UsageError("say either '--sent' or '--not-sent'")
    from dunwell.run.desk import NothingKnownError
    from dunwell.run.desk import resolve as write

    with opened(session) as engine:
        try:
            debtor = write(engine, key, sent=sent, because=because, by=by)
        except NothingKnownError as error:
            raise click.UsageError(str(error)) from error
    if form == "json":
        say_json({"version": 1, "customer": debtor, "key": key, "sent": sent, "by": by})
        return
    word = "was sent" if sent else "was not sent"
    say(f"noted in the log of {debtor}: {key} {word}")
