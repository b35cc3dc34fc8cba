"""Odoo as a plugin: the hook that registers the adapter, and nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dunwell.errors import ConfigurationError
from dunwell.hooks import AdapterPlugin, Settings, hookimpl

if TYPE_CHECKING:
    from dunwell.port import Adapter


@hookimpl
def dunwell_adapters() -> list[AdapterPlugin]:
    """`[erp] adapter = "odoo"`, with `dunwell odoo setup`."""
    return [
        AdapterPlugin("odoo", open_adapter, commands="dunwell_odoo.cli:odoo", carries=("sms",))
    ]


def open_adapter(settings: Settings) -> Adapter:
    """The Odoo that `[erp]` names; what is wrong with the settings is a ConfigurationError."""
    # Every start of `dunwell` reads this module: what is heavy is imported when it is needed.
    try:
        from dunwell_odoo.opening import opened
    except ModuleNotFoundError as error:
        if error.name not in ("httpx", "odoolib"):
            raise
        why = "install 'dunwell[odoo]'"
        raise ConfigurationError(f"Odoo needs the package 'odoo-client-lib' ({why})") from error
    return opened(settings)
