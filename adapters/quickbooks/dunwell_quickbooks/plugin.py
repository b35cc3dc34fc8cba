"""QuickBooks Online as a plugin: the hook that registers the adapter, and nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dunwell.errors import ConfigurationError
from dunwell.hooks import AdapterPlugin, Settings, hookimpl

if TYPE_CHECKING:
    from dunwell.port import Adapter


@hookimpl
def dunwell_adapters() -> list[AdapterPlugin]:
    """`[erp] adapter = "quickbooks"`, with `dunwell quickbooks connect`."""
    return [
        AdapterPlugin("quickbooks", open_adapter, commands="dunwell_quickbooks.cli:quickbooks")
    ]


def open_adapter(settings: Settings) -> Adapter:
    """The company that `[erp]` names; what is wrong with the settings is a ConfigurationError."""
    # Every start of `dunwell` reads this module: what is heavy is imported when it is needed.
    try:
        from dunwell_quickbooks.opening import opened
    except ModuleNotFoundError as error:
        if error.name != "requests":
            raise
        why = "install 'dunwell[quickbooks]'"
        raise ConfigurationError(f"QuickBooks needs the package 'requests' ({why})") from error
    return opened(settings)
