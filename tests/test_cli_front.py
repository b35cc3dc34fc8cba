"""`dunwell` itself: its help, its exit codes, and what a person sees when something goes wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import dunwell
from dunwell.cli import exits, main
from dunwell.cli.commands import entries
from dunwell.cli.group import Commands
from dunwell.cli.progress import Bar, line

BOOM = '''
import click
from dunwell.errors import *
from dunwell.hooks import AdapterPlugin, hookimpl
from dunwell.run.planfile import StoppedError

@click.group()
def boom():
    """Fails as asked."""

@boom.command()
@click.argument("how")
def fail(how):
    where = Place("policies/b2b.yaml", 3, 5)
    raise {
        "problems": ProblemsError([Problem(where, "unknown key 'x'", "did you mean 'y'?")]),
        "configuration": ConfigurationError("no such database"),
        "denied": DeniedError("may not read partners", remedy="ask the ERP admin"),
        "unavailable": UnavailableError("the ERP does not answer"),
        "contract": ContractBrokenError("two customers have one id"),
        "unanswered": UnansweredError("the answer was lost"),
        "stopped": StoppedError("this plan expired"),
        "crash": KeyError("oops"),
        "disk": PermissionError(13, "Permission denied", "out.plan"),
        "ctrl-c": KeyboardInterrupt(),
    }[how]

@hookimpl
def dunwell_adapters():
    return [AdapterPlugin("boom", print, commands="dunwell_plugin_boom:boom")]
'''


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DUNWELL_CONFIG", raising=False)


@pytest.fixture
def _boom(tmp_path: Path) -> None:
    """An installation whose one-file adapter brings a command that fails."""
    tmp_path.joinpath("plugins").mkdir()
    tmp_path.joinpath("plugins", "boom.py").write_text(BOOM, encoding="utf-8")
    tmp_path.joinpath("dunwell.toml").write_text('[plugins]\nfolder = "plugins"\n')


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="dunwell")


def test_the_version_is_one_line() -> None:
    assert call("--version").output == f"dunwell {dunwell.__version__}\n"


def test_the_help_lists_every_command_and_exit_code() -> None:
    text = call("--help").output
    for name, entry in entries().items():
        assert f"  {name} " in text
        assert entry.help.split()[0] in text
    assert "  ledger " in text
    for code, meaning in exits.MEANINGS.items():
        assert f"  {code}  {meaning}" in text


def test_every_command_has_an_example_and_the_help_that_the_list_promises() -> None:
    context = click.Context(main)
    assert isinstance(main, Commands)
    for name, entry in entries().items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.short_help == entry.help
        text = call(name, "--help").output
        assert "Example" in text, name
        assert f"dunwell {name}" in text.partition("Example")[2], name


def subcommands(group: click.Group, *words: str) -> Iterator[tuple[str, ...]]:
    """Every command below a group, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from subcommands(command, *words, name)
        else:
            yield (*words, name)


def test_every_command_of_an_adapter_has_an_example() -> None:
    assert isinstance(main, click.Group)
    below = [words for words in subcommands(main) if len(words) > 1]
    assert ("ledger", "import") in below
    for words in below:
        assert (
            f"dunwell {' '.join(words)}" in call(*words, "--help").output.partition("Example")[2]
        )


def test_what_exits_say_is_complete() -> None:
    assert sorted(exits.MEANINGS) == [0, 1, 2, 3, 4, 5, 6]


def test_starting_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from dunwell.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'polars', 'pydantic', 'jinja2', 'babel', 'holidays', 'yaml', 'sqlite3'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_an_unknown_command_is_answered_with_the_one_that_was_meant() -> None:
    result = call("chek")
    assert result.exit_code == exits.USAGE
    assert "unknown command 'chek' (did you mean 'check'?)" in result.stderr
    assert "'dunwell --help' lists them" in call("xyzzy").stderr


@pytest.mark.usefixtures("_boom")
@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("problems", 1, "policies/b2b.yaml:3:5: unknown key 'x' (did you mean 'y'?)\n"),
        ("configuration", 4, "error: no such database\n"),
        ("denied", 4, "error: may not read partners (ask the ERP admin)\n"),
        ("unavailable", 4, "error: the ERP does not answer\n"),
        ("contract", 4, "error: two customers have one id\n"),
        ("unanswered", 4, "error: the answer was lost\n"),
        ("stopped", 5, "error: this plan expired\n"),
        ("disk", 1, "error: 'out.plan': permission denied\n"),
        ("ctrl-c", 130, "interrupted\n"),
    ],
)
def test_each_error_has_its_words_and_its_exit_code(how: str, code: int, words: str) -> None:
    result = call("boom", "fail", how)
    assert (result.exit_code, result.stderr.lstrip("\n"), result.stdout) == (code, words, "")


@pytest.mark.usefixtures("_boom")
def test_a_fault_of_our_own_says_so_and_how_to_report_it() -> None:
    result = call("boom", "fail", "crash")
    assert result.exit_code == exits.FAILED
    first, second = result.stderr.splitlines()
    assert first.startswith("this is a fault of Dunwell: KeyError: 'oops' (boom.py, line ")
    assert second == (
        "please report it with what the same command prints with --debug, "
        f"and 'dunwell {dunwell.__version__}'"
    )


@pytest.mark.usefixtures("_boom")
def test_debug_adds_the_traceback() -> None:
    assert "Traceback (most recent call last)" in call("--debug", "boom", "fail", "crash").stderr
    quiet, loud = call("boom", "fail", "denied"), call("--debug", "boom", "fail", "denied")
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in loud.stderr
    assert loud.exit_code == quiet.exit_code


@pytest.mark.usefixtures("_boom")
def test_an_adapter_brings_its_own_commands() -> None:
    assert "  boom " in call("--help").output
    assert "Fails as asked." in call("boom", "--help").output


def test_commands_of_an_adapter_that_cannot_be_loaded_are_a_message(tmp_path: Path) -> None:
    tmp_path.joinpath("plugins").mkdir()
    text = BOOM.replace("dunwell_plugin_boom:boom", "nowhere.to_be:found")
    tmp_path.joinpath("plugins", "boom.py").write_text(text, encoding="utf-8")
    tmp_path.joinpath("dunwell.toml").write_text('[plugins]\nfolder = "plugins"\n')
    result = call("boom", "fail", "x")
    assert result.exit_code == 1
    assert "the commands of 'boom' cannot be loaded: No module named 'nowhere'" in result.stderr


def test_a_broken_plugin_does_not_spoil_the_help(tmp_path: Path) -> None:
    tmp_path.joinpath("plugins").mkdir()
    tmp_path.joinpath("plugins", "bad.py").write_text("raise SystemError", encoding="utf-8")
    tmp_path.joinpath("dunwell.toml").write_text('[plugins]\nfolder = "plugins"\n')
    assert call("--help").exit_code == 0


def test_without_a_configuration_a_command_says_how_to_get_one() -> None:
    result = call("check")
    assert result.exit_code == exits.PROBLEMS
    assert result.stderr == (
        "there is no dunwell.toml here or in a folder above "
        "(make a starter with 'dunwell init DIR', or name one with --config)\n"
    )


def test_colours_are_only_for_a_terminal_that_wants_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runner = CliRunner()
    assert "\x1b[" not in runner.invoke(main, ["plugins"]).output
    assert "\x1b[" in runner.invoke(main, ["plugins"], color=True).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in runner.invoke(main, ["plugins"], color=True).output


def test_a_bar_is_drawn_after_a_second_and_only_where_somebody_looks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    early, hidden = Bar(shown=True), Bar(shown=False, begun=-10.0)
    early("reading", 1, 2)
    hidden("reading", 1, 2)
    early.close()
    assert capsys.readouterr().err == ""
    late = Bar(shown=True, begun=-10.0, drawn=-10.0)
    late("reading", 1, 2)
    late.close()
    assert "reading" in capsys.readouterr().err
    assert line("deciding", 0, 0) == "deciding ..."
    assert line("applying", 5, 4).endswith("100 %")
