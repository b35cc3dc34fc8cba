"""Registers the adapter: `[erp] adapter = "tryton"`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dunwell.errors import ConfigurationError
from dunwell.hooks import AdapterPlugin, Settings, hookimpl

if TYPE_CHECKING:
    from dunwell.port import Adapter

KNOWN = ("adapter", "url", "database", "user", "company", "mail", "customer_type")
TYPES = ("", "business", "consumer", "public")


@hookimpl
def dunwell_adapters() -> Sequence[AdapterPlugin]:
    """Tryton, by its JSON-RPC."""
    return [AdapterPlugin("tryton", open_adapter)]


def open_adapter(settings: Settings) -> Adapter:
    """The database that `[erp]` names; what is wrong with the table is a ConfigurationError."""
    from dunwell_tryton.adapter import TrytonAdapter
    from dunwell_tryton.client import Client

    values = settings.values
    unknown = set(values) - set(KNOWN)
    if unknown:
        known = ", ".join(KNOWN[1:])
        raise ConfigurationError(f"unknown setting '{min(unknown)}' in [erp] (known: {known})")
    for name in ("url", "database", "user"):
        if not isinstance(values.get(name), str):
            raise ConfigurationError(f"the setting '{name}' of [erp] is missing")
    mail, kind, company = (
        values.get("mail", "tryton"), values.get("customer_type", ""), values.get("company"),
    )  # fmt: skip
    if mail not in ("tryton", "channels"):
        raise ConfigurationError(f"'mail' is '{mail}' (it is 'tryton' or 'channels')")
    if kind not in TYPES:
        raise ConfigurationError(f"'customer_type' is '{kind}' (one of: {', '.join(TYPES[1:])})")
    if company is not None and not isinstance(company, int):
        raise ConfigurationError(f"'company' is '{company}' (it is the number of the company)")
    password = settings.secret("password")
    if not password:
        raise ConfigurationError(
            "the password of the Tryton user is not set (DUNWELL_TRYTON_PASSWORD, or the keyring)"
        )
    client = Client(values["url"], values["database"], values["user"], password)
    return TrytonAdapter(client, company=company, mails=mail == "tryton", customer_type=kind)
