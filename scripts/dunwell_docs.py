"""Write anew what the pages show of Dunwell: `python scripts/dunwell_docs.py`.

A comment above a block of a page says what it is:

    <!-- file: policies/acme.yaml -->   the block is that file, for the commands further down
    <!-- run -->                        the output of its `$ dunwell ...` is written anew
    <!-- run on 2026-04-08 -->          the same, after the day in dunwell.toml was set to this
    <!-- edit: policies/acme.yaml -->   the block is a line that takes the place of its like
    <!-- quiet -->                      its commands run, and what they print is not shown
    <!-- made: words -->                a table is made here, up to the next heading
    <!-- in: docs/examples/x.py -->     each part of the block is in that file, word for word

The tests do the same and compare, so no page shows what Dunwell does not do.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from click.testing import CliRunner

from dunwell.cli import main
from dunwell.cli.commands import SECTIONS, entries
from dunwell.message.facts import RECORDS, VARIABLES, Variable

ROOT = Path(__file__).parents[1]
PLAYED = ("README.md", "docs/getting-started.md", "docs/policies.md", "docs/templates.md")
"""The pages with commands in them."""
REFERENCE = "docs/cli.md"
WIDTH = 88

_BLOCK = re.compile(
    r"^(?:<!-- (?P<marker>[^\n]*?) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)
_MADE = re.compile(r"(<!-- made: words -->\n).*?(?=^## )", re.M | re.S)
_NOW = re.compile(r'now = "[0-9-]{10}T')
_CHANGES = [  # what differs from one machine, or from one run, to the next
    (re.compile(r"\bin \d+\.\d+ ?s\b"), "in 0.4s"),
    (re.compile(r"\breader=\S+"), "reader=network"),
    (re.compile(r"\bread by the .*"), "read by the network"),
    (re.compile(r"\bledger:[0-9a-f]{16}\b"), "ledger:5f0c2a9d31b7e864"),
]


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page; `start` and `end` are where its text is."""

    marker: str
    language: str
    text: str
    start: int
    end: int
    line: int


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    for found in _BLOCK.finditer(page):
        start, end = found.span("text")
        line = page.count("\n", 0, start) + 1
        yield Block(found["marker"] or "", found["language"], found["text"], start, end, line)


def play(page: str, folder: Path) -> str:
    """The page with the outputs that its commands have now; they run in an empty folder."""
    parts, done = [], 0
    with contextlib.chdir(folder):
        for block in blocks(page):
            word, _, name = block.marker.partition(": ")
            if word == "edit":
                _edit(Path(name), block.text)
            elif word == "file":
                Path(name).parent.mkdir(parents=True, exist_ok=True)
                Path(name).write_text(block.text, "utf-8")
            elif word.split()[:1] == ["quiet"]:
                _set_day(word)
                _session(block.text)
            elif word.split()[:1] == ["run"]:
                _set_day(word)
                parts += [page[done : block.start], _session(block.text)]
                done = block.end
    return "".join([*parts, page[done:]])


def _set_day(marker: str) -> None:
    """Move the ledger's clock: `run on 2026-04-08`."""
    day = marker.partition(" on ")[2]
    if day:
        file = Path("dunwell.toml")
        file.write_text(_NOW.sub(f'now = "{day}T', file.read_text("utf-8")), "utf-8")


def _edit(file: Path, line: str) -> None:
    """Put a line of a file in the place of the one that begins with the same word."""
    word = line.partition(":")[0]
    text, times = re.subn(rf"^{word}:.*\n", line, file.read_text("utf-8"), flags=re.M)
    assert times == 1, f"{times} lines of {file} begin with '{word}'"
    file.write_text(text, "utf-8")


def _session(text: str) -> str:
    """The commands of a block, each with its output."""
    lines = []
    code = 0
    for command in (line for line in text.splitlines() if line.startswith("$ ")):
        lines.append(command)
        if command == "$ echo $?":
            lines.append(str(code))
            continue
        if command.startswith("$ cd "):
            os.chdir(command[5:])
            continue
        code, output = run(shlex.split(command[2:], comments=True))
        lines += output.splitlines()
    return "".join(f"{line}\n" for line in lines)


def run(words: Sequence[str]) -> tuple[int, str]:
    """Exit code and output of one command; what differs from run to run is made the same."""
    assert words[0] == "dunwell", f"a page runs only dunwell, not '{words[0]}'"
    env = {name: None for name in os.environ if name.startswith("DUNWELL_")}
    runner = CliRunner(env={**env, "NO_COLOR": "1", "COLUMNS": "100"})
    done = runner.invoke(main, list(words[1:]), prog_name="dunwell")
    output = done.output
    for found, instead in _CHANGES:
        output = found.sub(instead, output)
    return done.exit_code, output


def reference() -> str:
    """The page with the help of every command."""
    lines = [
        "# The command line",
        "",
        "This page is made from the help of each command: `dunwell COMMAND --help`.",
        "",
    ]
    own = click.Context(
        main,
        info_name="dunwell",
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        **main.context_settings,
    )
    lines += ["```text", *main.get_help(own).splitlines(), "```", ""]
    for title, section in SECTIONS.items():
        lines += [f"## {title}", ""]
        for name in section:
            lines += _of_command(own, name, 3)
    others = [name for name in main.list_commands(own) if name not in entries()]
    lines += ["## Of adapters", ""]
    for name in others:
        lines += _of_command(own, name, 3)
    return "\n".join(lines).rstrip() + "\n"


def _of_command(parent: click.Context, name: str, level: int) -> Iterator[str]:
    assert isinstance(parent.command, click.Group)
    command = parent.command.get_command(parent, name)
    assert command is not None
    context = click.Context(command, parent, name, terminal_width=WIDTH, max_content_width=WIDTH)
    yield f"{'#' * level} `{context.command_path}`"
    yield ""
    yield "```text"
    yield from (line.rstrip() for line in command.get_help(context).splitlines())
    yield "```"
    yield ""
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            yield from _of_command(context, each, level + 1)


def words() -> str:
    """The tables of all words that a template may use."""
    parts = [_table("word", VARIABLES.values())]
    for record, fields in RECORDS.items():
        parts += [f"\n### Of a {record}\n", _table("word", fields.values())]
    return "\n".join(parts)


def _table(head: str, variables: Iterable[Variable]) -> str:
    rows = [f"| {head} | is | type |", "|---|---|---|"]
    rows += [
        f"| `{v.name}` | {v.meaning} | {v.type}{', may be empty' if v.optional else ''} |"
        for v in variables
    ]
    return "\n".join(rows)


def made(page: str) -> str:
    """The page with its tables made anew: `<!-- made: words -->` up to the next heading."""
    return _MADE.sub(lambda found: f"{found[1]}\n{words()}\n\n", page)


def as_it_is() -> Iterator[tuple[Path, str, str]]:
    """Each page that is made or played: its path, its text, and what the text should be."""
    path = ROOT / REFERENCE
    yield path, path.read_text("utf-8") if path.exists() else "", reference()
    for name in PLAYED:
        path = ROOT / name
        text = path.read_text("utf-8")
        with tempfile.TemporaryDirectory() as folder:
            yield path, text, made(play(text, Path(folder)))


if __name__ == "__main__":
    for path, before, now in as_it_is():
        if before != now:
            path.write_text(now, "utf-8")
            sys.stdout.write(f"written anew: {path.relative_to(ROOT)}\n")
