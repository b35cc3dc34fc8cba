"""What one call of `dunwell` knows: which configuration, and how much to tell."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

from dunwell.errors import NOWHERE, Problem, ProblemsError

if TYPE_CHECKING:
    from dunwell.cli.wiring import Setup

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Session:
    """The options of `dunwell` itself."""

    given: Path | None = None
    debug: bool = False

    def config_file(self) -> Path | None:
        """The configuration in force; None when there is none."""
        from dunwell.cli.found import find

        return find(Path.cwd(), given=self.given)

    def setup(self) -> Setup:
        """The configuration with its plugins; a ProblemsError when it cannot be used."""
        from dunwell.cli.wiring import set_up

        file = self.config_file()
        if file is None:
            message = "there is no dunwell.toml here or in a folder above"
            hint = "make a starter with 'dunwell init DIR', or name one with --config"
            raise ProblemsError([Problem(NOWHERE, message, hint)])
        return set_up(file)


def pass_session(
    command: Callable[Concatenate[Session, _P], _T],
) -> Callable[_P, _T]:
    """Give a command the session as its first argument."""

    @functools.wraps(command)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        session = click.get_current_context().find_object(Session)
        return command(session or Session(), *args, **kwargs)

    return call


def format_option(command: Callable[_P, _T]) -> Callable[_P, _T]:
    """`--format text|json`, for commands whose output a program may read."""
    option = click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        help="For a person, or for a program.",
    )
    return option(command)
