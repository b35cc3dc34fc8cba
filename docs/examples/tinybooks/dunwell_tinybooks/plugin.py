"""Registers the adapter; `[erp] adapter = "tinybooks"` finds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dunwell.errors import ConfigurationError
from dunwell.hooks import AdapterPlugin, Settings, hookimpl

if TYPE_CHECKING:
    from dunwell.port import Adapter


@hookimpl
def dunwell_adapters() -> Sequence[AdapterPlugin]:
    """The made-up ERP Tinybooks."""
    return [AdapterPlugin("tinybooks", open_adapter)]


def open_adapter(settings: Settings) -> Adapter:
    """The books that `[erp] path` names; what is wrong with the table is a ConfigurationError."""
    # Every start of `dunwell` reads this module, so what is heavy is imported when it is needed.
    from dunwell_tinybooks.adapter import TinybooksAdapter
    from dunwell_tinybooks.erp import Tinybooks

    unknown = set(settings.values) - {"adapter", "path"}
    if unknown:
        raise ConfigurationError(f"unknown setting '{min(unknown)}' in [erp] (known: path)")
    path = settings.values.get("path")
    if not isinstance(path, str):
        raise ConfigurationError("the setting 'path' is missing: the file with the books")
    file = settings.folder / path
    if not file.exists():
        raise ConfigurationError(f"'path' names '{path}', and there are no such books")
    return TinybooksAdapter(Tinybooks(file))
