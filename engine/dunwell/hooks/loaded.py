"""What the installed plugins bring, by name, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dunwell.errors import Problem
from dunwell.hooks.specs import AdapterPlugin, CalendarPlugin, ChannelPlugin, VetoPlugin

if TYPE_CHECKING:
    from dunwell.facts import Fact


@dataclass(frozen=True, slots=True)
class Installed:
    """One plugin: where it comes from and what it brings.

    `distribution` is empty for a one-file plugin, which has a `file`. `brings` names things as
    `adapter ledger`. One that is `off` was not even imported.
    """

    name: str
    distribution: str = ""
    version: str = ""
    file: str = ""
    hooks: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    off: bool = False


@dataclass(frozen=True, slots=True)
class Plugins:
    """Everything that plugins bring. Channels go by what they carry and their name: `email, smtp`.

    A plugin with a problem brings only what is right of it, so nothing may be decided or done
    while there are problems: a veto that could not be loaded would be missing in silence.
    """

    installed: tuple[Installed, ...] = ()
    adapters: Mapping[str, AdapterPlugin] = field(default_factory=dict)
    channels: Mapping[tuple[str, str], ChannelPlugin] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    calendars: Mapping[str, CalendarPlugin] = field(default_factory=dict)
    vetoes: Mapping[str, VetoPlugin] = field(default_factory=dict)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with any of them, in their order."""
        return [problem for plugin in self.installed for problem in plugin.problems]

    def carried(self, adapter: str) -> tuple[str, ...]:
        """What policies may name as channels, with an ERP by this adapter."""
        own = self.adapters[adapter].carries if adapter in self.adapters else ()
        return tuple(dict.fromkeys((*(carries for carries, _ in self.channels), *own)))

    def ways(self, channel: str) -> tuple[str, ...]:
        """The names that `via` may have for a channel."""
        return tuple(name for carries, name in self.channels if carries == channel)
