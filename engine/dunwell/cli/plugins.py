"""`dunwell plugins`: what is installed, what each plugin brings, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import click

from dunwell.cli import exits
from dunwell.cli.found import find, plugin_settings, shown
from dunwell.cli.output import as_json, count, examples, say, say_json, say_problems, say_table
from dunwell.cli.session import Session, format_option, pass_session
from dunwell.hooks import Installed, load_plugins


@click.command(short_help="List what is installed.", epilog=examples("dunwell plugins"))
@format_option
@pass_session
def plugins(session: Session, form: str) -> None:
    """List the plugins, what they bring, and every problem of one."""
    off, folder = plugin_settings(find(Path.cwd(), given=session.given))
    loaded = load_plugins(off=off, folder=folder)
    if form == "json":
        say_json([_json(plugin) for plugin in loaded.installed])
    else:
        _show(loaded.installed)
        say_problems(loaded.problems)
    if loaded.problems:
        click.get_current_context().exit(exits.PROBLEMS)


def _show(installed: tuple[Installed, ...]) -> None:
    wrong = sum(bool(plugin.problems) for plugin in installed)
    with_problems = f", {wrong} with problems" if wrong else ""
    say(f"{count(len(installed), 'plugin')}{with_problems}")
    say()
    rows = [(plugin.name, _from(plugin), _state(plugin)) for plugin in installed]
    say_table(("plugin", "from", "brings"), rows)
    if wrong:
        say()


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
