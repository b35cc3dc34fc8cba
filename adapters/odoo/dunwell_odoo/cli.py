"""`dunwell odoo`: what an administrator does once, and undoes."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import click

from dunwell.cli.output import examples
from dunwell.cli.own import own_settings
from dunwell.errors import ConfigurationError, ContractBrokenError
from dunwell.hooks import Settings
from dunwell_odoo.connecting import door_of
from dunwell_odoo.door import Door, RefusedError
from dunwell_odoo.options import Options, read_options
from dunwell_odoo.setup.admin import Admin
from dunwell_odoo.setup.making import Step, make, making
from dunwell_odoo.setup.removing import removing

Given = ParamSpec("Given")

SECRET = "admin_api_key"


def with_words(command: Callable[Given, None]) -> Callable[Given, None]:
    """What Odoo says is told, too: it is an administrator who reads it, and nobody logs it."""

    @functools.wraps(command)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except RefusedError as error:
            if not error.said or error.said in str(error):
                raise
            raise ContractBrokenError(f"{error}; Odoo says: {error.said}") from error

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def odoo() -> None:
    """Make what Dunwell needs in an Odoo, or take it away again."""


@odoo.command(epilog=examples("dunwell odoo setup", "dunwell odoo setup --remove"))
@click.option(
    "--login", default="", help="Of the administrator, where the key alone is not enough."
)
@click.option("--user", default="", help="Login of the engine's user; otherwise that of [erp].")
@click.option("--remove", is_flag=True, help="Take everything away again.")
@click.option("--log", is_flag=True, help="With --remove: the log too, which is its memory.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.pass_context
@with_words
def setup(
    context: click.Context, login: str, user: str, remove: bool, log: bool, yes: bool
) -> None:
    """Show what will be made in Odoo, ask, and make it; what is there already stays as it is.

    Run by an administrator: the key is DUNWELL_ODOO_ADMIN_API_KEY, or is asked for.
    """
    if log and not remove:
        raise click.UsageError("--log goes with --remove")
    options, settings = _settings(context)
    door = _admin_door(options, settings, login)
    try:
        admin = Admin(door)
        if remove:
            steps = removing(admin, log=log)
        else:
            steps = making(admin, user or options.login)
        _carry_out(admin, steps, remove=remove, yes=yes)
    finally:
        door.close()


def _carry_out(admin: Admin, steps: list[Step], *, remove: bool, yes: bool) -> None:
    for step in steps:
        click.echo(f"  {step}")
    if not any(step.do is not None for step in steps):
        click.echo("there is nothing of Dunwell" if remove else "everything is there")
        if not remove:
            make(admin, steps, _tell)
        return
    asked = f"do this in '{admin.door.database}' at {admin.door.line.base}?"
    if not yes and not click.confirm(asked):
        click.echo("nothing was changed")
        return
    if remove:
        for step in steps:
            if step.do is not None:
                _tell(step)
                step.do()
        click.echo("done; revoke the key of the engine's user, or archive the user")
    else:
        make(admin, steps, _tell)
        click.echo("done; 'dunwell doctor' says what works now")


def _tell(step: Step) -> None:
    click.echo(f"{step} ...")


def _admin_door(options: Options, settings: Settings, login: str) -> Door:
    key = settings.secret(SECRET)
    if not key and not sys.stdin.isatty():
        message = "there is no key of an administrator"
        raise ConfigurationError(f"{message} (set DUNWELL_ODOO_ADMIN_API_KEY)")
    if not key:
        key = click.prompt("API key of the administrator", hide_input=True, err=True)
    login = login or os.environ.get("DUNWELL_ODOO_ADMIN_LOGIN", "") or "admin"
    return door_of(options, settings, login=login, key=key)


def _settings(context: click.Context) -> tuple[Options, Settings]:
    """The Odoo that `dunwell.toml` names."""
    settings = own_settings(context, "odoo")
    return read_options(settings.values, settings.folder), settings
