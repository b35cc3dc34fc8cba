"""From the settings to an adapter."""

from __future__ import annotations

from dunwell.hooks import Settings
from dunwell_odoo.adapter import OdooAdapter
from dunwell_odoo.connecting import door_of
from dunwell_odoo.options import read_options


def opened(settings: Settings) -> OdooAdapter:
    """The adapter that the settings name; nothing is asked yet."""
    options = read_options(settings.values, settings.folder)
    return OdooAdapter(door_of(options, settings), options)
