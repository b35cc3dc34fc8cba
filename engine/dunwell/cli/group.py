"""The group of all subcommands: imports the one that is used, and turns errors into exit codes."""

from __future__ import annotations

import os
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from dunwell import __version__
from dunwell.cli import exits
from dunwell.cli.commands import SECTIONS, entries
from dunwell.errors import DunwellError, ProblemsError

if TYPE_CHECKING:
    from dunwell.hooks import AdapterPlugin

CONFIG = "dunwell.config"
"""Under this name `click.Context.meta` tells an adapter's commands which file is in force."""


class Commands(click.Group):
    """Knows its subcommands by name only, until one is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands of Dunwell in the order of the help, then those of adapters."""
        own = list(entries())
        return own + sorted(name for name in _of_adapters(ctx) if name not in own)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None when nobody has it."""
        entry = entries().get(cmd_name)
        if entry is not None:
            return _imported(entry.target)
        plugin = _of_adapters(ctx).get(cmd_name)
        if plugin is None:
            return None
        ctx.meta[CONFIG] = _config_file(ctx)
        return commands_of(plugin)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; one that nobody has is answered with the one that was meant."""
        if args[0][:1] != "-" and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(_unknown(args[0], self.list_commands(ctx)), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in sections, without importing any."""
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in section.items()])
        others = [name for name in self.list_commands(ctx) if name not in entries()]
        if others:
            with formatter.section("Of adapters"):
                formatter.write_dl([(name, f"Commands of '{name}'.") for name in others])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the exit codes mean."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), text) for code, text in exits.MEANINGS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; every error ends here, as a message and an exit code."""
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        debug = bool(ctx.params.get("debug"))
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            ctx.exit(exits.INTERRUPTED)
        except DunwellError as error:
            _explain(error)
            _trace(debug)
            ctx.exit(exits.code_of(error))
        except OSError as error:
            _trace(debug)
            named = f"'{error.filename}': " if error.filename else ""
            reason = (error.strerror or str(error)).lower()
            click.echo(f"{_red('error')}: {named}{reason}", err=True)
            ctx.exit(exits.PROBLEMS)
        except Exception as error:
            _trace(debug)
            _our_fault(error, debug=debug)
            ctx.exit(exits.FAILED)


def _explain(error: DunwellError) -> None:
    if isinstance(error, ProblemsError):
        from dunwell.cli.output import say_problems

        say_problems(error.problems, err=True)
        return
    click.echo(f"{_red('error')}: {error}", err=True)


def _our_fault(error: Exception, *, debug: bool) -> None:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    at = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    click.echo(f"this is a fault of Dunwell: {what}{at}", err=True)
    more = "the traceback above" if debug else "what the same command prints with --debug"
    click.echo(f"please report it with {more}, and 'dunwell {__version__}'", err=True)


def _trace(debug: bool) -> None:
    if debug:
        click.echo(traceback.format_exc(), err=True)


def _red(text: str) -> str:
    return click.style(text, fg="red")


def _unknown(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else "'dunwell --help' lists them"
    return f"unknown command '{name}' ({hint})"


def _imported(target: str) -> click.Command:
    module, _, attribute = target.partition(":")
    return cast("click.Command", getattr(import_module(module), attribute))


def commands_of(plugin: AdapterPlugin) -> click.Command:
    """The group of commands that an adapter brings; a ClickException when it cannot be loaded."""
    try:
        found = _imported(plugin.commands)
    except (ImportError, AttributeError) as error:
        message = f"the commands of '{plugin.name}' cannot be loaded: {error}"
        raise click.ClickException(message) from error
    if not isinstance(found, click.Command):
        raise click.ClickException(f"'{plugin.commands}' of '{plugin.name}' is no command")
    return found


def _of_adapters(ctx: click.Context) -> dict[str, AdapterPlugin]:
    """The adapters that bring commands; what is wrong with plugins is not said here."""
    from dunwell.hooks import load_plugins

    found = ctx.meta.get(__name__)
    if found is None:
        off, folder = _plugin_settings(ctx)
        plugins = load_plugins(off=off, folder=folder)
        found = {name: each for name, each in plugins.adapters.items() if each.commands}
        ctx.meta[__name__] = found
    return cast("dict[str, AdapterPlugin]", found)


def _plugin_settings(ctx: click.Context) -> tuple[tuple[str, ...], Path | None]:
    from dunwell.cli.found import plugin_settings

    return plugin_settings(_config_file(ctx))


def _config_file(ctx: click.Context) -> Path | None:
    from dunwell.cli.found import find

    return find(Path.cwd(), given=ctx.params.get("config"))
