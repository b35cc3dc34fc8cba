"""What the commands of a ledger share: days, amounts, errors in words, which ledger is meant."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path

import click

from dunwell.cli.own import settings_if_named
from dunwell.errors import NOWHERE, Problem, ProblemsError
from dunwell.hooks import Settings
from dunwell.money import Money, parse_money
from dunwell_ledger.clock import Clock
from dunwell_ledger.plugin import clock_of, ledger_path
from dunwell_ledger.store import Ledger, near, open_ledger


class Day(click.ParamType[date]):
    """A day as people write it in a command."""

    name = "DAY"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Read `2026-03-04`."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is not a day (write it like '2026-03-04')", param, ctx)


class Amount(click.ParamType[Money]):
    """An amount with its currency."""

    name = "AMOUNT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Money:
        """Read `50 EUR`."""
        try:
            return value if isinstance(value, Money) else parse_money(str(value))
        except ValueError as error:
            message, _, hint = str(error).partition(" | ")
            self.fail(f"{message} ({hint})", param, ctx)


def settings_of(context: click.Context) -> tuple[Path, Clock]:
    """The ledger that is meant, and its clock."""
    settings = settings_if_named(context, "ledger") or Settings({}, Path())
    path = context.obj if isinstance(context.obj, Path) else None
    return path or ledger_path(settings.values, settings.folder), clock_of(settings.values)


def today_of(book: Ledger, clock: Clock) -> date:
    """The company's own today."""
    with book.reading() as connection:
        row = connection.execute("SELECT timezone FROM companies ORDER BY n LIMIT 1").fetchone()
    return clock.on(row[0] if row else None)


def must_be_new(path: Path) -> None:
    """A usage error where a new ledger cannot be made at a path."""
    if path.exists():
        raise click.UsageError(
            f"'{near(path)}' exists already (choose another name, or remove it)"
        )
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no folder '{near(path.parent)}' (make it first)")


@contextmanager
def kept() -> Iterator[None]:
    """What a ledger cannot keep is said in words."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        message = f"the ledger cannot keep this: {error}"
        raise ProblemsError([Problem(NOWHERE, message)]) from error


@contextmanager
def meant(context: click.Context) -> Iterator[tuple[sqlite3.Connection, date, datetime]]:
    """A transaction in the ledger that is meant, with its today and its time."""
    path, clock = settings_of(context)
    with closing(open_ledger(path)) as book, kept():
        today = today_of(book, clock)
        with book.writing() as connection:
            row = connection.execute(
                "SELECT timezone FROM companies ORDER BY n LIMIT 1"
            ).fetchone()
            yield connection, today, clock.now(row[0] if row else None)
