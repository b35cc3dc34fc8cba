"""`dunwell plugins`: what is installed, what each plugin brings, and what is wrong with it."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dunwell.cli import exits
from dunwell.cli.found import find, plugin_settings, shown
from dunwell.cli.output import as_json, count, examples, say, say_json, say_problems, say_table
from dunwell.cli.session import Session, format_option, pass_session
from dunwell.errors import ProblemsError
from dunwell.hooks import Installed, load_plugins

if TYPE_CHECKING:
    from dunwell.cli.doctor import Health


@click.command(
    short_help="List what is installed.",
    epilog=examples("dunwell plugins", "dunwell plugins ledger"),
)
@click.argument("name", required=False)
@format_option
@pass_session
def plugins(session: Session, name: str | None, form: str) -> None:
    """List the plugins, what they bring, and every problem of one; or all of the plugin NAME.

    Of the adapter that dunwell.toml names, NAME shows what it can do there: the ERP is asked.
    """
    file = find(Path.cwd(), given=session.given)
    off, folder = plugin_settings(file)
    installed = load_plugins(off=off, folder=folder).installed
    if name is not None:
        installed = _chosen(installed, name)
    asked = _asked(session, installed[0]) if name is not None and file is not None else None
    if form == "json":
        told = [_json(plugin) for plugin in installed]
        say_json(told if name is None else {**told[0], "capabilities": _able(asked)})
    elif name is None:
        _show(installed)
    else:
        _show_one(installed[0], asked)
    problems = [problem for plugin in installed for problem in plugin.problems]
    problems += asked.problems if asked else []
    if form == "text":
        say_problems(problems)
    if problems:
        click.get_current_context().exit(exits.PROBLEMS)


def _chosen(installed: tuple[Installed, ...], name: str) -> tuple[Installed, ...]:
    found = tuple(plugin for plugin in installed if plugin.name == name)
    if not found:
        names = [plugin.name for plugin in installed]
        close = get_close_matches(name, names, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(names)}"
        raise click.UsageError(f"there is no plugin '{name}' ({hint})")
    return found


def _asked(session: Session, plugin: Installed) -> Health | None:
    """What the ERP says it can do, where the configuration names an adapter of this plugin."""
    from dunwell.cli.doctor import Health, ask_erp

    try:
        setup = session.setup()
    except ProblemsError:
        return None  # 'dunwell doctor' is for that
    if f"adapter {setup.config.erp.plugin}" not in plugin.brings:
        return None
    health = Health(setup.config.erp.plugin)
    ask_erp(setup, health)
    return health


def _able(asked: Health | None) -> dict[str, object] | None:
    from dunwell.cli.doctor import capabilities_json

    able = asked.capabilities if asked else None
    return capabilities_json(able) if able else None


def _show(installed: tuple[Installed, ...]) -> None:
    wrong = sum(bool(plugin.problems) for plugin in installed)
    with_problems = f", {wrong} with problems" if wrong else ""
    say(f"{count(len(installed), 'plugin')}{with_problems}")
    say()
    rows = [(plugin.name, _from(plugin), _hooks(plugin), _state(plugin)) for plugin in installed]
    say_table(("plugin", "from", "hooks", "brings"), rows)
    if wrong:
        say()


def _show_one(plugin: Installed, asked: Health | None) -> None:
    from dunwell.cli.doctor import say_capabilities, say_rows

    hooks = ", ".join(plugin.hooks) or "none"
    say_rows([("plugin", plugin.name), ("from", _from(plugin)), ("hooks", hooks),
              ("brings", _state(plugin))])  # fmt: skip
    if asked is not None and asked.capabilities is not None:
        say()
        say_capabilities(asked.capabilities)
    if plugin.problems or (asked is not None and asked.problems):
        say()


def _hooks(plugin: Installed) -> str:
    return ", ".join(hook.removeprefix("dunwell_") for hook in plugin.hooks)


def _from(plugin: Installed) -> str:
    if plugin.file:
        return str(shown(Path(plugin.file)))
    return f"{plugin.distribution} {plugin.version}".strip()


def _state(plugin: Installed) -> str:
    if plugin.off:
        return "switched off"
    if plugin.problems and not plugin.brings:
        return "cannot be used"
    return ", ".join(plugin.brings) or "nothing"


def _json(plugin: Installed) -> dict[str, object]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "file": plugin.file,
        "off": plugin.off,
        "hooks": plugin.hooks,
        "brings": plugin.brings,
        "problems": [as_json(problem) for problem in plugin.problems],
    }
