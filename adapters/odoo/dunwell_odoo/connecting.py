"""From the settings to a door."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from dunwell.errors import ConfigurationError
from dunwell.hooks import Settings
from dunwell_odoo.door import Door
from dunwell_odoo.options import Options


def door_of(
    options: Options,
    settings: Settings,
    *,
    login: str = "",
    key: str = "",
    client: httpx.Client | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Door:
    """The door as the user of the settings, or as another one."""
    key = (key or settings.secret("api_key") or "").strip()
    if not key:
        raise ConfigurationError(
            "there is no key for Odoo (set DUNWELL_ODOO_API_KEY, or 'keyring set dunwell "
            "odoo.api_key'; in Odoo: My Profile, Account Security, New API Key)"
        )
    return Door(
        options.line(settings.secret("proxy") or ""),
        database=options.database,
        login=login or options.login,
        key=key,
        protocol=options.protocol,
        client=client,
        sleep=sleep,
    )
