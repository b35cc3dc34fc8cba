"""What the commands of a ledger share: days, amounts, errors in words, which ledger is meant."""

from __future__ import annotations

import functools
import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import ParamSpec

import click

from dunwell.errors import DunwellError, Place, Problem, ProblemsError
from dunwell.money import Money, parse_money
from dunwell_ledger.clock import Clock
from dunwell_ledger.plugin import clock_of, ledger_path
from dunwell_ledger.store import Ledger, near, open_ledger

Given = ParamSpec("Given")


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


def said(command: Callable[Given, None]) -> Callable[Given, None]:
    """What is wrong is printed in words: 1 for problems in files, 4 for a ledger out of reach."""

    @functools.wraps(command)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ProblemsError as error:
            for problem in error.problems:
                click.echo(str(problem), err=True)
            raise click.exceptions.Exit(1) from error
        except DunwellError as error:
            click.echo(str(error), err=True)
            raise click.exceptions.Exit(4) from error
        except sqlite3.IntegrityError as error:
            click.echo(f"the ledger cannot keep this: {error}", err=True)
            raise click.exceptions.Exit(1) from error

    return run


def settings_of(context: click.Context) -> tuple[Path, Clock]:
    """The ledger that is meant, and its clock."""
    values: dict[str, object] = {}
    file = context.meta.get("dunwell.config") or Path("dunwell.toml")
    try:
        found = tomllib.loads(file.read_text("utf-8")).get("erp", {})
        values = found if found.get("adapter") == "ledger" else {}
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise ProblemsError([Problem(Place(str(near(file))), str(error))]) from error
    return context.obj or ledger_path(values, file.parent), clock_of(values)


def today_of(book: Ledger, clock: Clock) -> date:
    """The company's own today."""
    with book.reading() as connection:
        row = connection.execute("SELECT timezone FROM companies ORDER BY n LIMIT 1").fetchone()
    return clock.on(row[0] if row else None)


@contextmanager
def meant(context: click.Context) -> Iterator[tuple[sqlite3.Connection, date, datetime]]:
    """A transaction in the ledger that is meant, with its today and its time."""
    path, clock = settings_of(context)
    book = open_ledger(path)
    today = today_of(book, clock)
    with book.writing() as connection:
        zone = connection.execute("SELECT timezone FROM companies ORDER BY n LIMIT 1").fetchone()
        yield connection, today, clock.now(zone[0] if zone else None)
    book.close()
