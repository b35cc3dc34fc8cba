"""Load plugins one by one; whatever one of them does wrong is a problem with its name in it."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pluggy

from dunwell.errors import NOWHERE, Place, Problem
from dunwell.hooks.loaded import Installed, Plugins
from dunwell.hooks.sources import Candidate, installed, one_file
from dunwell.hooks.specs import (
    PROJECT,
    AdapterPlugin,
    CalendarPlugin,
    ChannelPlugin,
    Hooks,
    VetoPlugin,
)

if TYPE_CHECKING:
    from dunwell.facts import Fact


def load_plugins(
    *,
    off: Collection[str] = (),
    folder: Path | None = None,
    candidates: Iterable[Candidate] | None = None,
) -> Plugins:
    """Everything that the installed plugins and those of a folder bring, and all problems.

    Never raises for a plugin's fault. Those named in `off` are listed and not imported.
    """
    found = list(installed() if candidates is None else candidates)
    if folder is not None:
        found += one_file(folder)
    taken = _Taken()
    loaded: dict[str, Installed] = {}
    twice = []
    for candidate in found:
        if candidate.name in loaded:
            twice.append(_twice(candidate, loaded[candidate.name]))
        elif candidate.name in off:
            loaded[candidate.name] = _named(candidate, off=True)
        else:
            loaded[candidate.name] = _Loader(candidate, taken).load()
    return taken.plugins((*loaded.values(), *twice))


@dataclass(slots=True)
class _Taken:
    """What all plugins brought so far, by kind and name, and whose it is."""

    values: dict[tuple[str, object], object] = field(default_factory=dict)
    owners: dict[tuple[str, object], str] = field(default_factory=dict)

    def plugins(self, found: tuple[Installed, ...]) -> Plugins:
        """All of it; each kind holds only its own type, which was checked when it was taken."""
        kinds: dict[str, dict[object, object]] = {}
        for (kind, key), value in self.values.items():
            kinds.setdefault(kind, {})[key] = value
        return Plugins(
            found,
            cast("Mapping[str, AdapterPlugin]", kinds.get("adapter", {})),
            cast("Mapping[tuple[str, str], ChannelPlugin]", kinds.get("channel", {})),
            cast("Mapping[str, Fact]", kinds.get("fact", {})),
            cast("Mapping[str, CalendarPlugin]", kinds.get("calendar", {})),
            cast("Mapping[str, VetoPlugin]", kinds.get("veto", {})),
        )


@dataclass(slots=True)
class _Loader:
    """Takes one plugin in; a manager of its own keeps its faults from all others."""

    candidate: Candidate
    taken: _Taken
    problems: list[Problem] = field(default_factory=list)
    brings: list[str] = field(default_factory=list)

    def load(self) -> Installed:
        module = self._import()
        hooks: list[str] = []
        if module is not None:
            manager = pluggy.PluginManager(PROJECT)
            manager.add_hookspecs(Hooks)
            hooks = self._hooks(manager, module)
            if not self.problems:
                self._register(manager, module)
            for hook in () if self.problems else hooks:
                self._take(manager, hook)
        return _named(
            self.candidate,
            hooks=tuple(hooks),
            brings=tuple(self.brings),
            problems=tuple(self.problems),
        )

    def _import(self) -> object | None:
        try:
            return self.candidate.load()
        except (Exception, SystemExit) as error:
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            name = self.candidate.name
            message = f"the plugin '{name}' cannot be loaded: {' '.join(what.split())}"
            self._problem(message, _switch_off(name), where=self._place(error))
            return None

    def _hooks(self, manager: pluggy.PluginManager, module: object) -> list[str]:
        """The names of its hooks; one that nobody calls or that asks for too much is a problem."""
        name = self.candidate.name
        marked = [n for n in dir(module) if manager.parse_hookimpl_opts(module, n) is not None]
        known = [n for n in vars(Hooks) if n.startswith(PROJECT)]
        if not marked:
            message = f"the plugin '{name}' has no hook"
            self._problem(message, "mark its functions with @hookimpl of dunwell.hooks")
        for hook in marked:
            if hook not in known:
                close = get_close_matches(hook, known, n=1)
                hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known)}"
                self._problem(f"the plugin '{name}' has an unknown hook '{hook}'", hint)
                continue
            function = getattr(module, hook)
            if inspect.signature(function).parameters:
                message = f"the hook '{hook}' of the plugin '{name}' asks for arguments"
                self._problem(message, f"write 'def {hook}():'", where=_line_of(function))
        return marked

    def _register(self, manager: pluggy.PluginManager, module: object) -> None:
        try:
            manager.register(module, self.candidate.name)
            manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            lines = " ".join(str(error).split())
            self._problem(f"the plugin '{self.candidate.name}' does not fit: {lines}")

    def _take(self, manager: pluggy.PluginManager, hook: str) -> None:
        name = self.candidate.name
        try:
            answers = [list(answer) for answer in getattr(manager.hook, hook)()]
        except (Exception, SystemExit) as error:
            what = f"{type(error).__name__}: {error}"
            message = f"the hook '{hook}' of the plugin '{name}' failed: {' '.join(what.split())}"
            self._problem(message, _switch_off(name), where=self._place(error))
            return
        kind, wanted, key = _kinds()[hook]
        for value in (value for answer in answers for value in answer):
            if not isinstance(value, wanted):
                message = f"the hook '{hook}' of the plugin '{name}' returned {_a(type(value))}"
                self._problem(message, f"it returns a list of {wanted.__name__}")
            elif self._fits(kind, value):
                self._put(kind, key(value), value)

    def _fits(self, kind: str, value: object) -> bool:
        from dunwell.port import PORT_VERSION

        name = self.candidate.name
        port = getattr(value, "port", PORT_VERSION)
        if port != PORT_VERSION:
            message = (
                f"the plugin '{name}' is built for version {port} of the port, and this is "
                f"version {PORT_VERSION}"
            )
            newer = isinstance(port, int) and port > PORT_VERSION
            self._problem(message, "upgrade Dunwell" if newer else "upgrade the plugin")
            return False
        if kind == "fact" and getattr(value, "column", None) is None:
            fact = getattr(value, "name", "")
            message = f"the fact '{fact}' of the plugin '{name}' has no 'column'"
            self._problem(message, "give the function that computes it")
            return False
        return True

    def _put(self, kind: str, key: object, value: object) -> None:
        name = self.candidate.name
        shown = " via ".join(key) if isinstance(key, tuple) else str(key)
        owner = self.taken.owners.setdefault((kind, key), name)
        if owner != name or (kind, key) in self.taken.values:
            whose = "twice" if owner == name else f"that the plugin '{owner}' has"
            message = f"the plugin '{name}' brings the {kind} '{shown}' {whose}"
            self._problem(message, "one of them must be renamed or switched off")
            return
        if kind == "fact":
            value = replace(cast("Fact", value), origin=name)
        self.taken.values[kind, key] = value
        self.brings.append(f"{kind} {shown}")

    def _problem(self, message: str, hint: str = "", *, where: Place | None = None) -> None:
        place = where or Place(self.candidate.file)
        self.problems.append(Problem(place if place.file else NOWHERE, message, hint))

    def _place(self, error: BaseException) -> Place | None:
        """Where in a one-file plugin it happened: the deepest line of the file itself."""
        file = self.candidate.file
        if not file:
            return None
        if isinstance(error, SyntaxError) and error.filename == file:
            return Place(file, error.lineno or 0, error.offset or 0)
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
        return Place(file, lines[-1] or 0, 1) if lines else None


def _line_of(function: object) -> Place | None:
    code = getattr(function, "__code__", None)
    if code is None or not Path(code.co_filename).is_file():
        return None
    return Place(code.co_filename, code.co_firstlineno, 1)


Kind = tuple[str, type, Callable[[object], object]]


def _kinds() -> dict[str, Kind]:
    from dunwell.facts import Fact

    def name(value: object) -> object:
        return getattr(value, "name", "")

    def way(value: object) -> object:
        assert isinstance(value, ChannelPlugin)
        return value.channel, value.name

    return {
        "dunwell_adapters": ("adapter", AdapterPlugin, name),
        "dunwell_channels": ("channel", ChannelPlugin, way),
        "dunwell_facts": ("fact", Fact, name),
        "dunwell_calendars": ("calendar", CalendarPlugin, name),
        "dunwell_vetoes": ("veto", VetoPlugin, name),
    }


def _named(
    candidate: Candidate,
    *,
    hooks: tuple[str, ...] = (),
    brings: tuple[str, ...] = (),
    problems: tuple[Problem, ...] = (),
    off: bool = False,
) -> Installed:
    return Installed(
        candidate.name,
        candidate.distribution,
        candidate.version,
        candidate.file,
        hooks,
        brings,
        problems,
        off,
    )


def _twice(candidate: Candidate, first: Installed) -> Installed:
    whose = first.distribution or first.file or "another one"
    message = f"a second plugin is named '{candidate.name}': the first is of {whose}"
    hint = "uninstall one, or rename the file"
    problem = Problem(Place(candidate.file) if candidate.file else NOWHERE, message, hint)
    return _named(candidate, problems=(problem,))


def _switch_off(name: str) -> str:
    return f'mend it, or switch it off: [plugins] off = ["{name}"]'


def _a(kind: type) -> str:
    return f"{'an' if kind.__name__[:1].lower() in 'aeiou' else 'a'} {kind.__name__}"
