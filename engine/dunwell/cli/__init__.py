"""The command line: `dunwell` and its subcommands, each imported only when it is used."""

from __future__ import annotations

from pathlib import Path

import click

from dunwell import __version__, memory
from dunwell.cli.group import Commands
from dunwell.cli.session import Session

__all__ = ["main"]


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="dunwell %(version)s")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="The configuration; else DUNWELL_CONFIG, else dunwell.toml here or above.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error too.")
@click.pass_context
def main(context: click.Context, config: Path | None, debug: bool) -> None:
    """Collect receivables by a policy: read the ERP, decide, and act exactly once.

    Begin with `dunwell init DIR`; `dunwell COMMAND --help` shows an example of each command.
    """
    memory.begin()
    context.obj = Session(config, debug=debug)
