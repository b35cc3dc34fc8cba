"""What a plugin may bring: adapters, channels, facts, calendars, vetoes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pluggy

if TYPE_CHECKING:  # every start of `dunwell` reads this module: nothing heavy in it
    from dunwell.calendar import CalendarSource
    from dunwell.command import AccountPlan, Command
    from dunwell.facts import Fact
    from dunwell.port import Adapter, Channel

PROJECT = "dunwell"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin module as the implementation of a hook."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One table of `dunwell.toml` for a plugin: values, the folder of the file, secrets.

    `secret(name)` looks in the environment (`DUNWELL_<PLUGIN>_<NAME>`) and then in the system
    keyring; secrets are never in the file.
    """

    values: Mapping[str, Any]
    folder: Path
    secret: Callable[[str], str | None] = field(default=lambda name: None)


@dataclass(frozen=True, slots=True)
class AdapterPlugin:
    """An adapter by its name in `[erp] adapter = ...`; `open` checks the settings.

    `commands` is a click group that `dunwell NAME` shows, imported only when it is used. `carries`
    are the channels besides e-mail by which such an ERP may send: policies may name them.
    """

    name: str
    open: Callable[[Settings], Adapter]
    commands: str = ""  # "module:attribute" of a click group
    port: int = 1
    carries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelPlugin:
    """A way for messages of one channel (`email`, ...) to leave, by its name in `via = ...`."""

    name: str
    channel: str
    open: Callable[[Settings], Channel]
    port: int = 1


@dataclass(frozen=True, slots=True)
class CalendarPlugin:
    """A source of closed days; `calendar: {holidays: CODE}` may name every code that it knows."""

    name: str
    source: CalendarSource
    port: int = 1


class Guard(Protocol):
    """Says why a command must not be done today, or None."""

    def __call__(self, command: Command, account: AccountPlan, on: date) -> str | None:
        """The reason, in words for the plan."""
        ...


@dataclass(frozen=True, slots=True)
class VetoPlugin:
    """A veto in code: it can only stop, never add."""

    name: str
    guard: Guard
    port: int = 1


class Hooks:
    """The hooks, one sentence each."""

    @hookspec
    def dunwell_adapters(self) -> Sequence[AdapterPlugin]:  # type: ignore[empty-body]
        """The ERPs that this plugin can talk to."""

    @hookspec
    def dunwell_channels(self) -> Sequence[ChannelPlugin]:  # type: ignore[empty-body]
        """The ways for messages to leave that this plugin brings."""

    @hookspec
    def dunwell_facts(self) -> Sequence[Fact]:  # type: ignore[empty-body]
        """More facts for conditions, computed from the columns of items or accounts."""

    @hookspec
    def dunwell_calendars(self) -> Sequence[CalendarPlugin]:  # type: ignore[empty-body]
        """More calendars of closed days."""

    @hookspec
    def dunwell_vetoes(self) -> Sequence[VetoPlugin]:  # type: ignore[empty-body]
        """Vetoes in code, asked for every command of a plan."""
