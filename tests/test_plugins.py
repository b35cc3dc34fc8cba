"""Plugins: each loads for itself, and whatever one does wrong is a problem with its name in it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from dunwell.errors import Problem
from dunwell.facts import BUILT_IN, Fact, Registry
from dunwell.hooks import (
    AdapterPlugin,
    CalendarPlugin,
    Candidate,
    ChannelPlugin,
    Hooks,
    Plugins,
    Settings,
    VetoPlugin,
    hookimpl,
    load_plugins,
)
from dunwell.port import PORT_VERSION, Adapter, Channel
from dunwell.testing import Erp, MemoryAdapter, MemoryChannel


def module(**functions: Callable[..., object]) -> ModuleType:
    """A plugin module with these functions, each marked as a hook."""
    made = ModuleType("a_plugin")
    for name, function in functions.items():
        setattr(made, name, hookimpl(function))
    return made


def candidate(name: str, load: Callable[[], object]) -> Candidate:
    return Candidate(name, load, "some-package", "1.2")


@dataclass
class Box:
    """Holds a plugin module until it is loaded."""

    made: object


def loaded(**plugins: object) -> Plugins:
    return load_plugins(
        candidates=[
            candidate(name, partial(getattr, Box(made), "made")) for name, made in plugins.items()
        ]
    )


def faults(plugins: Plugins) -> list[str]:
    return [str(problem) for problem in plugins.problems]


def one_file(folder: Path, text: str, *, off: Sequence[str] = ()) -> Plugins:
    folder.joinpath("mine.py").write_text(text, encoding="utf-8")
    return load_plugins(folder=folder, candidates=(), off=off)


def open_memory(settings: Settings) -> Adapter:
    return MemoryAdapter(Erp())


def open_channel(settings: Settings) -> Channel:
    return MemoryChannel()


def test_hook_dunwell_adapters() -> None:
    plugin = AdapterPlugin("memory", open_memory)
    plugins = loaded(mem=module(dunwell_adapters=lambda: [plugin]))
    assert plugins.adapters == {"memory": plugin}
    assert plugins.installed[0].brings == ("adapter memory",)
    assert plugins.installed[0].distribution == "some-package"
    assert plugins.problems == []


def test_hook_dunwell_channels() -> None:
    email = ChannelPlugin("queue", "email", open_channel)
    letter = ChannelPlugin("queue", "letter", open_channel)
    plugins = loaded(mem=module(dunwell_channels=lambda: [email, letter]))
    assert plugins.channels == {("email", "queue"): email, ("letter", "queue"): letter}
    assert plugins.ways("letter") == ("queue",)
    assert plugins.problems == []


def test_hook_dunwell_facts() -> None:
    fact = Fact("risk_class", "account", "text", "the insurer's class", column=lambda f: f["x"])
    plugins = loaded(insurer=module(dunwell_facts=lambda: [fact]))
    assert plugins.facts["risk_class"].origin == "insurer"
    assert Registry(plugins.facts.values())["risk_class"].meaning == "the insurer's class"


def test_hook_dunwell_calendars() -> None:
    from dunwell.calendar import HolidaysPackage

    plugins = loaded(
        ours=module(dunwell_calendars=lambda: [CalendarPlugin("c", HolidaysPackage())])
    )
    assert "ES-MD" in plugins.calendars["c"].source.codes()


def test_hook_dunwell_vetoes() -> None:
    veto = VetoPlugin("lunar", lambda command, account, on: "no moon today")
    assert loaded(moon=module(dunwell_vetoes=lambda: [veto])).vetoes == {"lunar": veto}


def test_every_hook_has_a_test_named_after_it() -> None:
    hooks = [name for name in vars(Hooks) if name.startswith("dunwell_")]
    assert [name for name in hooks if f"test_hook_{name}" not in globals()] == []


def test_the_shipped_plugins_have_no_problems_and_use_the_public_hooks() -> None:
    plugins = load_plugins()
    assert plugins.problems == []
    assert "ledger" in plugins.adapters
    assert set(plugins.ways("email")) >= {"smtp", "folder"}
    assert "holidays" in plugins.calendars
    assert all(p.hooks for p in plugins.installed if p.distribution == "dunwell")


def broken_import() -> object:
    raise ModuleNotFoundError("No module named 'zeep'")


def leaves() -> object:
    sys.exit("not today")


def test_a_plugin_that_cannot_be_imported_is_a_problem_and_stops_no_other() -> None:
    good = module(dunwell_adapters=lambda: [AdapterPlugin("memory", open_memory)])
    plugins = load_plugins(
        candidates=[candidate("soap", broken_import), candidate("mem", lambda: good)]
    )
    assert faults(plugins) == [
        "the plugin 'soap' cannot be loaded: ModuleNotFoundError: No module named 'zeep' "
        '(mend it, or switch it off: [plugins] off = ["soap"])'
    ]
    assert list(plugins.adapters) == ["memory"]


def test_a_plugin_that_leaves_the_program_does_not() -> None:
    plugins = load_plugins(candidates=[candidate("quitter", leaves)])
    assert "'quitter' cannot be loaded: SystemExit: not today" in faults(plugins)[0]


def test_a_misspelt_hook_is_answered_with_the_one_that_was_meant() -> None:
    def dunwell_adaptors() -> list[AdapterPlugin]:
        return []

    (problem,) = loaded(mem=module(dunwell_adaptors=dunwell_adaptors)).problems
    assert problem.message == "the plugin 'mem' has an unknown hook 'dunwell_adaptors'"
    assert problem.hint == "did you mean 'dunwell_adapters'?"


def test_a_hook_that_asks_for_arguments_is_told_how_to_be_written() -> None:
    def dunwell_vetoes(config: object) -> list[VetoPlugin]:
        return []

    (problem,) = loaded(mem=module(dunwell_vetoes=dunwell_vetoes)).problems
    assert problem.message == "the hook 'dunwell_vetoes' of the plugin 'mem' asks for arguments"
    assert problem.hint == "write 'def dunwell_vetoes():'"
    assert problem.where.file.endswith("test_plugins.py")


def test_a_plugin_without_a_hook_is_a_problem() -> None:
    assert faults(loaded(empty=ModuleType("empty"))) == [
        "the plugin 'empty' has no hook (mark its functions with @hookimpl of dunwell.hooks)"
    ]


def test_a_plugin_for_another_port_is_refused_with_who_must_upgrade() -> None:
    newer = AdapterPlugin("memory", open_memory, port=PORT_VERSION + 1)
    older = VetoPlugin("old", lambda command, account, on: None, port=0)
    plugins = loaded(
        new=module(dunwell_adapters=lambda: [newer]), old=module(dunwell_vetoes=lambda: [older])
    )
    assert faults(plugins) == [
        "the plugin 'new' is built for version 2 of the port, and this is version 1 "
        "(upgrade Dunwell)",
        "the plugin 'old' is built for version 0 of the port, and this is version 1 "
        "(upgrade the plugin)",
    ]
    assert not plugins.adapters
    assert not plugins.vetoes


def test_of_two_plugins_with_one_name_the_second_is_a_problem() -> None:
    good = module(dunwell_adapters=lambda: [AdapterPlugin("memory", open_memory)])
    plugins = load_plugins(candidates=[candidate("mem", lambda: good)] * 2)
    assert faults(plugins) == [
        "a second plugin is named 'mem': the first is of some-package "
        "(uninstall one, or rename the file)"
    ]


def test_a_name_that_another_plugin_has_is_a_problem_of_the_second() -> None:
    first = module(dunwell_adapters=lambda: [AdapterPlugin("memory", open_memory)])
    second = module(dunwell_adapters=lambda: [AdapterPlugin("memory", open_memory)])
    assert faults(loaded(one=first, two=second)) == [
        "the plugin 'two' brings the adapter 'memory' that the plugin 'one' has "
        "(one of them must be renamed or switched off)"
    ]


def test_a_hook_that_fails_or_returns_nonsense_is_a_problem() -> None:
    def fails() -> list[VetoPlugin]:
        raise KeyError("licence")

    plugins = loaded(
        failing=module(dunwell_vetoes=fails),
        vague=module(dunwell_adapters=lambda: [{"name": "x"}]),
        bare=module(dunwell_adapters=lambda: AdapterPlugin("memory", open_memory)),
        factless=module(dunwell_facts=lambda: [BUILT_IN[0]]),
    )
    found = faults(plugins)
    assert (
        "the hook 'dunwell_vetoes' of the plugin 'failing' failed: KeyError: 'licence'" in found[0]
    )
    assert "'vague' returned a dict (it returns a list of AdapterPlugin)" in found[1]
    assert "'bare' failed: TypeError" in found[2]
    assert "the fact 'stage' of the plugin 'factless' has no 'column'" in found[3]


def test_a_fact_with_a_built_in_name_is_a_problem_of_the_registry() -> None:
    fact = Fact("promise", "item", "text", "ours", column=lambda f: pl.Series())
    plugins = loaded(mine=module(dunwell_facts=lambda: [fact]))
    assert [str(p) for p in Registry(plugins.facts.values()).problems] == [
        "plugin 'mine' brings the fact 'promise' that dunwell has (rename it)"
    ]


def test_a_plugin_that_is_off_is_not_even_imported() -> None:
    plugins = load_plugins(candidates=[candidate("soap", broken_import)], off=["soap"])
    assert plugins.problems == []
    assert [(p.name, p.off) for p in plugins.installed] == [("soap", True)]


ONE_FILE = """
from __future__ import annotations
from dataclasses import dataclass
from dunwell.hooks import VetoPlugin, hookimpl

@dataclass(frozen=True, slots=True)
class Quiet:
    why: str

    def __call__(self, command, account, on):
        return self.why if on.month == 12 else None

@hookimpl
def dunwell_vetoes():
    return [VetoPlugin("december", Quiet("nobody pays in December"))]
"""


def test_a_file_in_the_folder_is_a_plugin(tmp_path: Path) -> None:
    tmp_path.joinpath("_helper.py").write_text("raise SystemError", encoding="utf-8")
    plugins = one_file(tmp_path, ONE_FILE)
    assert plugins.problems == []
    assert list(plugins.vetoes) == ["december"]
    assert plugins.installed[0].file == str(tmp_path / "mine.py")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = (\n", 1, "SyntaxError"),
        ("import os\nx = 1\nx.y\n", 3, "AttributeError"),
        ("raise ValueError('a\\nb')\n", 1, "ValueError: a b"),
    ],
)
def test_a_broken_file_is_blamed_on_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    (problem,) = one_file(tmp_path, text).problems
    assert (problem.where.file, problem.where.line) == (str(tmp_path / "mine.py"), line)
    assert words in problem.message
    assert "\n" not in str(problem)
    assert "dunwell_plugin_mine" not in sys.modules


def test_a_package_registers_by_an_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("december.py").write_text(ONE_FILE, encoding="utf-8")
    meta = tmp_path / "december_quiet-3.1.dist-info"
    meta.mkdir()
    meta.joinpath("METADATA").write_text(
        "Metadata-Version: 2.1\nName: december-quiet\nVersion: 3.1\n"
    )
    meta.joinpath("entry_points.txt").write_text("[dunwell]\nquiet = december\n")
    monkeypatch.syspath_prepend(tmp_path)
    plugins = load_plugins()
    (found,) = (p for p in plugins.installed if p.name == "quiet")
    assert (found.distribution, found.version) == ("december-quiet", "3.1")
    assert found.brings == ("veto december",)
    monkeypatch.delitem(sys.modules, "december")


def test_a_stranger_cannot_take_a_shipped_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("thief.py").write_text(
        "from dunwell.hooks import AdapterPlugin, hookimpl\n"
        "@hookimpl\ndef dunwell_adapters():\n"
        "    return [AdapterPlugin('ledger', print)]\n",
        encoding="utf-8",
    )
    meta = tmp_path / "a_thief-1.dist-info"
    meta.mkdir()
    meta.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: a-thief\nVersion: 1\n")
    meta.joinpath("entry_points.txt").write_text("[dunwell]\naaa = thief\n")
    monkeypatch.syspath_prepend(tmp_path)
    plugins = load_plugins()
    assert plugins.adapters["ledger"].commands
    assert [p.message for p in plugins.problems] == [
        "the plugin 'aaa' brings the adapter 'ledger' that the plugin 'ledger' has"
    ]
    monkeypatch.delitem(sys.modules, "thief")


def test_problems_of_plugins_are_values() -> None:
    assert all(isinstance(problem, Problem) for problem in loaded(x=ModuleType("x")).problems)
