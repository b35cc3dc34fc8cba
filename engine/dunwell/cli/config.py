"""`dunwell.toml`: which ERP, which policies, which channels; everything wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dunwell.cli.found import FILE, shown
from dunwell.cli.secrets import leaked, secret
from dunwell.cli.toml import Toml, TomlValue, as_text, read_toml
from dunwell.errors import Place, Problem
from dunwell.hooks import Settings
from dunwell.source import ListNode, MapNode, Node, ScalarNode, bind, read_text, suggest


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Open(BaseModel):
    """A table whose other keys belong to a plugin, which judges them itself."""

    model_config = ConfigDict(extra="allow", frozen=True)


class _Erp(_Open):
    adapter: str = Field(min_length=1)


class _Channel(_Open):
    via: str = Field(min_length=1)


class Run(_Table):
    """How a run is done: worker processes (0: as many as help), cross-check, lease in seconds."""

    workers: int = Field(default=0, ge=0, le=256)
    verify: Literal["sample", "all"] = "sample"
    lease: int = Field(default=900, ge=60, le=86_400)


class _Plugins(_Table):
    off: tuple[str, ...] = ()
    folder: str = ""


class _File(_Table):
    policies: tuple[str, ...] = Field(default=("policies",), min_length=1)
    templates: str = ""
    languages: tuple[str, ...] = ()
    erp: _Erp
    channels: dict[str, _Channel] = Field(default_factory=dict)
    run: Run = Run()
    plugins: _Plugins = _Plugins()


@dataclass(frozen=True, slots=True)
class PluginTable:
    """The table of one plugin: its name there, and the values that it judges itself."""

    plugin: str
    values: Mapping[str, TomlValue]
    place: Place


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that can be used. `file` is as the user knows it, all paths are absolute.

    `languages` are those that every template must exist in; the first is the one to fall back to.
    """

    file: Path
    policies: tuple[Path, ...]
    erp: PluginTable
    templates: Path | None = None
    languages: tuple[str, ...] = ()
    channels: Mapping[str, PluginTable] = field(default_factory=dict)
    run: Run = field(default_factory=Run)
    off: tuple[str, ...] = ()
    plugins: Path | None = None
    toml: Toml = field(default=Toml(FILE, {}, {}), repr=False)

    @property
    def folder(self) -> Path:
        """The folder that all relative paths of the file start from."""
        return self.file.absolute().parent

    def settings(self, table: PluginTable) -> Settings:
        """What a plugin gets to see."""
        return Settings(table.values, self.folder, partial(secret, table.plugin))


def written(path: Path) -> Toml | None:
    """A file as it is written, whatever its values are worth; None when it is no TOML."""
    text, problems = read_text(path)
    return None if text is None or problems else read_toml(text, file=str(path))[0]


def load(path: Path) -> tuple[Config | None, list[Problem]]:
    """The configuration of a file, and all that is wrong with it; None when it cannot be used."""
    text, problems = read_text(path)
    if text is None or problems:
        return None, problems
    toml, problems = read_toml(text, file=str(path))
    if toml is None:
        return None, problems
    file, problems = bind(_nodes(toml.values, toml, ()), _File)
    problems = [*_placed(problems, toml), *leaked(toml), *_misplaced(toml)]
    if file is None:
        return None, sorted(set(problems))
    config = _config(path, file, toml)
    problems += _check_paths(config)
    return (None if problems else config), sorted(set(problems))


def _config(path: Path, file: _File, toml: Toml) -> Config:
    folder = path.absolute().parent
    erp = toml.table("erp")
    return Config(
        file=path,
        policies=tuple(folder / Path(name).expanduser() for name in file.policies),
        erp=PluginTable(file.erp.adapter, erp, toml.place("erp")),
        templates=folder / Path(file.templates).expanduser() if file.templates else None,
        languages=file.languages,
        channels={
            name: PluginTable(
                channel.via, toml.table("channels", name), toml.place("channels", name)
            )
            for name, channel in file.channels.items()
        },
        run=file.run,
        off=file.plugins.off,
        plugins=folder / Path(file.plugins.folder).expanduser() if file.plugins.folder else None,
        toml=toml,
    )


def _nodes(value: TomlValue, toml: Toml, path: tuple[str, ...]) -> Node:
    """The file as the nodes that problems are blamed on."""
    place = toml.place(*path) if path else Place(toml.file, 1, 1)
    if isinstance(value, dict):
        entries: list[tuple[ScalarNode, Node]] = [
            (ScalarNode(key, toml.place(*path, key)), _nodes(inner, toml, (*path, key)))
            for key, inner in value.items()
        ]
        return MapNode(entries, place)
    if isinstance(value, list):
        return ListNode([_nodes(inner, toml, path) for inner in value], place)
    return ScalarNode(as_text(value), place, quoted=isinstance(value, str))


_FORMS = {
    "write [...], or one '- ' a line": 'write ["..."]',
    "write 'key: value'": 'write it as a table: [name], and key = "value" below it',
}


def _placed(problems: list[Problem], toml: Toml) -> Iterator[Problem]:
    """The same problems in the words of TOML."""
    meant = {toml.place("erp"): ("adapter", toml.table("erp"))}
    for name in toml.table("channels"):
        meant[toml.place("channels", name)] = ("via", toml.table("channels", name))
    for problem in problems:
        hint = _FORMS.get(problem.hint, problem.hint)
        if problem.message == "'erp' is required":
            hint = 'write [erp] and adapter = "ledger" below it'
        key, table = meant.get(problem.where, ("", {}))
        if problem.message == f"'{key}' is required":
            written = suggest(key, table)
            hint = f"you wrote '{written}'" if written else f'write {key} = "..."'
        yield Problem(problem.where, problem.message, hint)


def _misplaced(toml: Toml) -> Iterator[Problem]:
    """Keys of the whole file that stand below a table, to which TOML then gives them."""
    for table in ("erp", "run", "plugins"):
        for key in toml.table(table):
            if key in ("policies", "templates", "languages") and key not in toml.values:
                message = f"'{key}' stands in [{table}] and belongs to the whole file"
                yield Problem(toml.place(table, key), message, "move it above the first [table]")


def _check_paths(config: Config) -> Iterator[Problem]:
    toml = config.toml
    for path in config.policies:
        if not path.exists():
            message = f"'policies' names '{shown(path)}', and there is no such file or folder"
            yield Problem(toml.place("policies"), message, "make it, or name another one")
    for key, folder in (("templates", config.templates), ("plugins", config.plugins)):
        if folder is not None and not folder.is_dir():
            place = toml.place(*(("plugins", "folder") if key == "plugins" else (key,)))
            message = f"'{'folder' if key == 'plugins' else key}' names '{shown(folder)}'"
            yield Problem(place, f"{message}, and there is no such folder", "make it")
