"""What every command prints: problems, aligned tables, counts, JSON."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import click

from dunwell.errors import Problem

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


def count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "policy"), count(2, "policy"), count(0, "test")
    ('1 policy', '2 policies', '0 tests')
    """
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{number} {noun[:-1]}ies"
    return f"{number} {noun}{'es' if noun.endswith(('s', 'ch', 'x')) else 's'}"


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()
) -> Iterator[str]:
    r"""The lines of a table in columns; those numbered in `right` are set to the right.

    >>> print(*table(("what", "n"), [("mails", "2"), ("a hold", "10")], right=[1]), sep="\n")
    what     n
    mails    2
    a hold  10
    """
    every = [list(head), *(list(row) for row in rows)]
    widths = [max(width(row[n]) for row in every) for n in range(len(head))]
    for row in every:
        cells = [_set(cell, widths[n], right=n in right) for n, cell in enumerate(row)]
        yield "  ".join(cells).rstrip()


def say_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()
) -> None:
    """A table, its first line bold on a terminal."""
    first, *others = table(head, rows, right=right)
    say(click.style(first, bold=True))
    for line in others:
        say(line)


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    marks = sum(bool(unicodedata.combining(char)) for char in text)
    return len(text) + wide - marks


def _set(text: str, columns: int, *, right: bool) -> str:
    space = " " * (columns - width(text))
    return space + text if right else text + space
