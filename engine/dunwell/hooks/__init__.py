"""The public hooks: what a plugin may bring, and how plugins are found."""

from __future__ import annotations

from dunwell.hooks.loaded import Installed, Plugins
from dunwell.hooks.loading import load_plugins
from dunwell.hooks.sources import Candidate, installed, one_file
from dunwell.hooks.specs import (
    AdapterPlugin,
    CalendarPlugin,
    ChannelPlugin,
    Guard,
    Hooks,
    Settings,
    VetoPlugin,
    hookimpl,
    hookspec,
)

__all__ = [
    "AdapterPlugin",
    "CalendarPlugin",
    "Candidate",
    "ChannelPlugin",
    "Guard",
    "Hooks",
    "Installed",
    "Plugins",
    "Settings",
    "VetoPlugin",
    "hookimpl",
    "hookspec",
    "installed",
    "load_plugins",
    "one_file",
]
