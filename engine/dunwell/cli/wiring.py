"""Where everything meets: configuration, plugins, policies and templates become an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dunwell import __version__
from dunwell.cli import config as configuration
from dunwell.cli.config import Config, PluginTable
from dunwell.cli.found import FILE
from dunwell.cli.policies import Files, digest, load_policies, policy_files
from dunwell.cli.toml import Toml, TomlValue, as_text
from dunwell.errors import (
    AdapterError,
    ConfigurationError,
    ContractBrokenError,
    Place,
    Problem,
    ProblemsError,
)
from dunwell.facts import Registry
from dunwell.hooks import Plugins, Settings, load_plugins
from dunwell.source import hint_for

if TYPE_CHECKING:
    from dunwell.message import Templates
    from dunwell.policy.tree import House
    from dunwell.port import Adapter, Channel
    from dunwell.run.engine import Engine, Progress

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Setup:
    """A configuration with the plugins and facts in force; `problems` are those of the plugins."""

    config: Config
    plugins: Plugins
    registry: Registry
    problems: tuple[Problem, ...] = ()


def set_up(path: Path) -> Setup:
    """Read a configuration and load its plugins; a ProblemsError when it cannot be used."""
    config, problems = configuration.load(path)
    if config is None:
        raise ProblemsError(sorted({*problems, *_names_of(path)}))
    plugins = load_plugins(off=config.off, folder=config.plugins)
    registry = Registry(plugins.facts.values())
    problems = [*plugins.problems, *registry.problems, *_off(config, plugins)]
    problems += _names(config.toml, plugins)
    return Setup(config, plugins, registry, tuple(problems))


def _names_of(path: Path) -> Iterator[Problem]:
    """Adapters and channels that nobody brings, where the rest of the file cannot be used."""
    toml = configuration.written(path)
    if toml is not None and "plugins" not in toml.values:  # its own plugins might bring them
        yield from _names(toml, load_plugins())


def plain_setup(folder: Path) -> Setup:
    """What policies can be judged by without a configuration: the installed plugins."""
    plugins = load_plugins()
    config = Config(folder / FILE, (folder / "policies",), PluginTable("", {}, Place("")))
    return Setup(config, plugins, Registry(plugins.facts.values()), tuple(plugins.problems))


def _off(config: Config, plugins: Plugins) -> Iterator[Problem]:
    known = [plugin.name for plugin in plugins.installed]
    for name in config.off:
        if name not in known:
            message = f"no plugin '{name}' is installed that could be off"
            place = config.toml.place("plugins", "off")
            yield Problem(place, message, hint_for(name, known), level="warning")


def _names(toml: Toml, plugins: Plugins) -> Iterator[Problem]:
    """Adapters and channels that nobody brings; what is no name at all is told elsewhere."""
    see = "'dunwell plugins' lists what is installed"
    adapter = _name(toml.table("erp").get("adapter"))
    if adapter and adapter not in plugins.adapters:
        message = f"no plugin brings the adapter '{adapter}'"
        hint = hint_for(adapter, plugins.adapters) or see
        yield Problem(toml.place("erp", "adapter"), message, hint)
    carried = dict.fromkeys(carries for carries, _ in plugins.channels)
    for channel in toml.table("channels"):
        via = _name(toml.table("channels", channel).get("via"))
        if channel not in carried:
            message = f"no plugin brings the channel '{channel}'"
            hint = hint_for(channel, carried) or see
            yield Problem(toml.place("channels", channel), message, hint)
        elif via and (channel, via) not in plugins.channels:
            message = f"no plugin carries '{channel}' via '{via}'"
            hint = hint_for(via, plugins.ways(channel)) or see
            yield Problem(toml.place("channels", channel, "via"), message, hint)


def _name(value: TomlValue | None) -> str:
    """A name as the configuration reads it, a bare number too; "" for what can be none."""
    return "" if value is None or isinstance(value, list | dict) else as_text(value)


def refuse(problems: Sequence[Problem]) -> None:
    """Raise a ProblemsError when one of them is an error: warnings stop nothing."""
    if any(problem.level == "error" for problem in problems):
        raise ProblemsError(list(problems))


def open_adapter(setup: Setup) -> Adapter:
    """The adapter to the ERP; its own errors, with the line of its table in the message."""
    from dunwell.run.guarded import guarded

    name = setup.config.erp.plugin
    adapter = _opened(setup.plugins.adapters[name].open, setup.config, setup.config.erp, "adapter")
    return guarded(adapter, name)


def open_channel(setup: Setup, name: str) -> Channel:
    """One of the channels of the configuration."""
    table = setup.config.channels[name]
    from dunwell.run.guarded import guarded_channel

    plugin = setup.plugins.channels[name, table.plugin]
    return guarded_channel(_opened(plugin.open, setup.config, table, "channel"), table.plugin)


class SettingsError(ConfigurationError):
    """A plugin refuses its table of `dunwell.toml`; `where` is that table."""

    def __init__(self, where: Place, message: str) -> None:
        self.where, self.message = where, message
        super().__init__(f"{where}: {message}")


def _opened(make: Callable[[Settings], _T], config: Config, table: PluginTable, kind: str) -> _T:
    try:
        return make(config.settings(table))
    except ConfigurationError as error:
        raise SettingsError(table.place, str(error)) from error
    except AdapterError:
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        message = f"the {kind} '{table.plugin}' failed while it was opened: {what}"
        raise ContractBrokenError(message) from error


def templates(config: Config) -> Templates:
    """The templates in force: the house's own, then those that ship."""
    from dunwell.message import Templates

    folders = [config.templates] if config.templates is not None else []
    return Templates(folders, config.languages[:1])


def load(setup: Setup) -> tuple[House, Files, list[Problem]]:
    """The house of the configured policies, with warnings; a ProblemsError when it has errors."""
    files, problems = policy_files(setup.config.policies)
    erp = setup.config.erp.plugin
    house, found = load_policies(files, setup.plugins, setup.registry, erp)
    problems = [*setup.problems, *problems, *found]
    refuse(problems)
    assert house is not None
    return house, files, problems


@contextmanager
def engine(
    setup: Setup,
    *,
    workers: int | None = None,
    verify: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Engine]:
    """Everything that a run works with, closed afterwards.

    Raises ProblemsError for problems in files or plugins, and what adapters raise when the ERP
    cannot be reached.
    """
    from dunwell.cli.wording import TemplateWording
    from dunwell.run.engine import Engine, silent

    house, files, _ = load(setup)
    words = templates(setup.config)
    refuse(words.problems)
    run = setup.config.run
    with ExitStack() as open_ones:
        adapter = open_adapter(setup)
        open_ones.callback(adapter.close)
        channels = {}
        for name in setup.config.channels:
            channels[name] = open_channel(setup, name)
            open_ones.callback(channels[name].close)
        yield Engine(
            adapter=adapter,
            house=house,
            registry=setup.registry,
            wording=TemplateWording(words),
            channels=channels,
            calendars=tuple(calendar.source for calendar in setup.plugins.calendars.values()),
            vetoes=tuple(setup.plugins.vetoes.values()),
            digests=digests(setup, files, words),
            lease=run.lease,
            workers=run.workers if workers is None else workers,
            verify=verify or run.verify,
            progress=progress or silent,
        )


def digests(setup: Setup, files: Files, words: Templates) -> dict[str, str]:
    """Names of everything that a decision and its wording depend on besides the facts."""
    plugins = sorted(f"{p.name} {p.version}" for p in setup.plugins.installed if not p.off)
    return {
        "dunwell": __version__,
        "plugins": ", ".join(plugins),
        "policies": digest(files),
        "templates": words.digest(),
    }
