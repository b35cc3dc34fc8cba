"""`dunwell demo`: the main job on an invented company, the same on any day."""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dunwell.cli import exits
from dunwell.cli.output import examples, say
from dunwell.cli.session import Session

if TYPE_CHECKING:
    from dunwell.command import AccountPlan

SEED, ON = "44", "2026-03-04"
AFTERNOON, EVENING = "17:00", "20:00"

CONFIG = """\
# The demo: an invented company on {on}, at an hour that stands still.
policies = ["policies"]

[erp]
adapter = "ledger"
path = "ledger.sqlite"
today = "{on}"
now = "{on}T{hour}:00Z"

[channels.email]
via = "folder"
folder = "outbox"
from = "receivables@nordwind.example"
from_name = "Nordwind receivables"
"""

NEXT = """\
  cd {folder}
  ls outbox                              # the messages, one file each
  dunwell explain CUSTOMER_OR_INVOICE    # why, why not, and what comes next
  dunwell plan --as-of 2026-03-20        # a what-if
  edit policies/standard_b2b.yaml, then 'dunwell check', 'dunwell test' and 'dunwell plan'
  set today and now in dunwell.toml to another day, then 'dunwell run'
"""


@click.command(
    short_help="See a small company's receivables collected.",
    epilog=examples("dunwell demo", "dunwell demo demo-folder"),
)
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
def demo(folder: Path | None) -> None:
    """See the main job on an invented company: plan, apply, run again, explain.

    Some 300 customers in several countries and currencies, about 3,000 invoices, on a day and at
    an hour that stand still. Everything is in FOLDER, or a temporary one, and stays there.
    """
    home = _folder(folder)
    with contextlib.chdir(home):
        _show()
    say()
    say("Go on from here")
    say(NEXT.format(folder=home).rstrip())


def _folder(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="dunwell-demo-"))
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"'{folder}' is not empty (name a folder that is not there yet)")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


def _show() -> None:
    import dunwell_rules

    policies = Path("policies")
    policies.mkdir()
    for files in (dunwell_rules.policies(), dunwell_rules.tests()):
        path = files["standard_b2b"]
        (policies / path.name).write_bytes(path.read_bytes())
    _clock(AFTERNOON)
    _run("An invented company", "ledger", "sample", "ledger.sqlite", "--seed", SEED, "--on", ON)
    _run("Decide everything, do nothing", "plan", "--out", "today.plan")
    _run("Do exactly that", "apply", "today.plan")
    _clock(EVENING)
    _run(f"At {EVENING} UTC, when it is day for those who slept", "run")
    _run("The same again finds nothing to do", "run")
    chosen = _interesting()
    item = next(item for command in reversed(chosen.commands) for item in command.items)
    _run("Why, why not, and what comes next", "explain", f"invoice:{item}")
    _run("What the ERP remembers of this customer", "log", chosen.debtor, "--limit", "6")


def _clock(hour: str) -> None:
    Path("dunwell.toml").write_text(CONFIG.format(on=ON, hour=hour), encoding="utf-8")


def _run(title: str, *words: str) -> None:
    """Print a command and run it, as if it had been typed."""
    from dunwell.cli import main

    say()
    say(click.style(f"# {title}", bold=True))
    say(click.style(f"$ dunwell {shlex.join(words)}", bold=True))
    code = main.main(list(words), prog_name="dunwell", standalone_mode=False, obj=Session())
    if code not in (None, exits.DONE, exits.WAITING):
        raise click.exceptions.Exit(int(code))


def _interesting() -> AccountPlan:
    """The account of the plan for which the most different things were done."""
    from dunwell.run.planfile import load

    def worth(account: AccountPlan) -> tuple[int, int, str]:
        kinds = {command.kind for command in account.commands}
        return -("hold" in kinds), -len(kinds), account.debtor

    return min(_moved(load(Path("today.plan")).accounts), key=worth)


def _moved(accounts: tuple[AccountPlan, ...]) -> Iterator[AccountPlan]:
    return (a for a in accounts if any(command.items for command in a.commands))
