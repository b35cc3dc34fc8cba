"""What the commands that an adapter brings need: its table of `dunwell.toml`, and its secrets.

Errors need nothing: those of `dunwell.errors` end such a command as they end any other.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from dunwell.cli.found import FILE
from dunwell.cli.group import CONFIG
from dunwell.cli.secrets import secret
from dunwell.cli.toml import Toml, read_toml
from dunwell.errors import NOWHERE, Problem, ProblemsError
from dunwell.hooks import Settings
from dunwell.source import read_text


def own_settings(context: click.Context, adapter: str) -> Settings:
    """The settings of the adapter, which must be the one that the configuration names."""
    found = settings_if_named(context, adapter)
    if found is not None:
        return found
    file = _file(context)
    if not file.is_file():
        message, hint = "there is no dunwell.toml", "make one with 'dunwell init DIR'"
        raise ProblemsError([Problem(NOWHERE, message, hint)])
    message, hint = f"'adapter' in [erp] is not '{adapter}'", f'write adapter = "{adapter}"'
    raise ProblemsError([Problem(_toml(file).place("erp", "adapter"), message, hint)])


def settings_if_named(context: click.Context, adapter: str) -> Settings | None:
    """The settings of the adapter; None without a configuration, or where it names another."""
    file = _file(context)
    table = _toml(file).values.get("erp") if file.is_file() else None
    if not isinstance(table, dict) or table.get("adapter") != adapter:
        return None
    return Settings(table, file.absolute().parent, partial(secret, adapter))


def _file(context: click.Context) -> Path:
    return context.meta.get(CONFIG) or Path(FILE)


def _toml(file: Path) -> Toml:
    text, problems = read_text(file)
    toml, more = read_toml(text, file=str(file)) if text is not None else (None, [])
    if toml is None:
        raise ProblemsError([*problems, *more])
    return toml
