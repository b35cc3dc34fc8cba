"""What every command prints: problems, aligned tables, counts, JSON."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence

import click

from dunwell.errors import Problem
from dunwell.render.text import Cell, count, fitted, table

__all__ = [
    "as_json",
    "columns",
    "count",
    "examples",
    "problem_line",
    "say",
    "say_json",
    "say_problems",
    "say_table",
    "table",
]

COLOURS = {"error": "red", "warning": "yellow"}


def say(text: str = "") -> None:
    """One line for the person at the terminal; nothing is printed anywhere else."""
    click.echo(text)


def say_json(value: object) -> None:
    """A value for a program; nothing else goes to the standard output then."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say_problems(problems: Iterable[Problem], *, err: bool = False) -> None:
    """Each problem on a line of its own, as editors read it."""
    for problem in problems:
        click.echo(problem_line(problem), err=err)


def problem_line(problem: Problem) -> str:
    """`file:line:column: message (hint)`, the message coloured by its weight."""
    text = str(problem)
    return text.replace(problem.message, click.style(problem.message, COLOURS[problem.level]), 1)


def as_json(problem: Problem) -> dict[str, object]:
    """A problem for a program."""
    where = problem.where
    return {
        "file": where.file,
        "line": where.line,
        "column": where.column,
        "level": problem.level,
        "message": problem.message,
        "hint": problem.hint,
    }


def examples(*lines: str) -> str:
    """The end of a command's help: how it is used, line by line as written."""
    title = "Example" if len(lines) == 1 else "Examples"
    return "\b\n" + "\n".join([f"{title}:", *(f"  {line}" for line in lines)])


def columns() -> int | None:
    """How wide the terminal is; None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def say_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()
) -> None:
    """A table, its first line bold on a terminal, and no wider than that where it can be."""
    cells: Iterable[Sequence[Cell]] = rows
    most = columns()
    if most is not None:
        cells = fitted(head, rows, most)
    first, *others = table(head, cells, right=right, indent="")
    say(click.style(first, bold=True))
    for line in others:
        say(line)
