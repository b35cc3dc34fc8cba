"""The settings of `[erp]` for QuickBooks Online, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dunwell.errors import ConfigurationError

PRODUCTION = "https://quickbooks.api.intuit.com"
AUTHORIZE_URL = "https://appcenter.intuit.com/connect/oauth2"
TOKEN_URL = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"

Remind = Literal["channel", "quickbooks"]
StoreKind = Literal["file", "keyring"]
_KNOWN = (
    "adapter", "realm", "client_id", "api_base", "token_url", "authorize_url", "token_store",
    "remind", "payment_links", "timezone", "history_months", "folder", "requests_per_minute",
    "requests_per_second",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """What `[erp]` says. `folder` holds the cache, the lock and a token file; relative paths are
    those of `dunwell.toml`.
    """

    realm: str
    client_id: str
    folder: Path
    api_base: str = PRODUCTION
    token_url: str = TOKEN_URL
    authorize_url: str = AUTHORIZE_URL
    token_store: StoreKind = "file"
    remind: Remind = "channel"
    payment_links: bool = False
    timezone: str = ""
    history_months: int = 24
    requests_per_minute: int = 450
    requests_per_second: int = 8

    @property
    def token_file(self) -> Path:
        """Where tokens are kept that are not in the keyring."""
        return self.folder / f"{self.realm}.tokens.json"

    @property
    def cache_file(self) -> Path:
        """What was read before; it may be deleted at any time."""
        return self.folder / f"{self.realm}.cache.json"

    @property
    def pace_file(self) -> Path:
        """When requests left in the last minute, for all processes of this machine."""
        return self.folder / f"{self.realm}.pace"


def read_options(values: Mapping[str, object], folder: Path) -> Options:
    """Check the table; every mistake is a ConfigurationError that says what to write."""
    for key in values:
        if key not in _KNOWN:
            close = get_close_matches(key, _KNOWN, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(_KNOWN)}"
            raise ConfigurationError(f"unknown setting '{key}' in [erp] ({hint})")
    where = folder / Path(_text(values, "folder", ".dunwell/quickbooks")).expanduser()
    zone = _text(values, "timezone", "")
    if zone:
        _zone(zone)
    realm = _text(values, "realm")
    if not realm.isalnum():
        raise ConfigurationError(f"'realm' in [erp] is the company's number, not '{realm}'")
    return Options(
        realm=realm,
        client_id=_text(values, "client_id"),
        folder=where,
        api_base=_address(values, "api_base", PRODUCTION),
        token_url=_address(values, "token_url", TOKEN_URL),
        authorize_url=_address(values, "authorize_url", AUTHORIZE_URL),
        token_store=_store(values),
        remind=_remind(values),
        payment_links=_flag(values, "payment_links"),
        timezone=zone,
        history_months=_number(values, "history_months", 24, most=120),
        requests_per_minute=_number(values, "requests_per_minute", 450, most=500),
        requests_per_second=_number(values, "requests_per_second", 8, most=10),
    )


def _text(values: Mapping[str, object], key: str, default: str | None = None) -> str:
    value = values.get(key, default)
    if value is None:
        raise ConfigurationError(f"'{key}' is required in [erp] ('dunwell quickbooks' needs it)")
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ConfigurationError(f"'{key}' in [erp] is a text, not {value!r}")
    return str(value)


def _number(values: Mapping[str, object], key: str, default: int, *, most: int) -> int:
    value = values.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ConfigurationError(f"'{key}' in [erp] is a number from 1 to {most}, not {value!r}")
    return value


def _flag(values: Mapping[str, object], key: str) -> bool:
    value = values.get(key, False)
    if not isinstance(value, bool):
        raise ConfigurationError(f"'{key}' in [erp] is true or false, not {value!r}")
    return value


def _address(values: Mapping[str, object], key: str, default: str) -> str:
    value = _text(values, key, default).rstrip("/")
    parts = urlsplit(value)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        why = "tokens travel over it: write https, or http for this machine alone"
        raise ConfigurationError(f"'{key}' in [erp] cannot be '{value}' ({why})")
    return value


def _store(values: Mapping[str, object]) -> StoreKind:
    value = _text(values, "token_store", "file")
    if value == "keyring":
        return "keyring"
    if value == "file":
        return "file"
    known = " or ".join(f"'{one}'" for one in get_args(StoreKind))
    raise ConfigurationError(f"'token_store' in [erp] is {known}, not '{value}'")


def _remind(values: Mapping[str, object]) -> Remind:
    value = _text(values, "remind", "channel")
    if value == "channel":
        return "channel"
    if value == "quickbooks":
        return "quickbooks"
    known = " or ".join(f"'{one}'" for one in get_args(Remind))
    raise ConfigurationError(f"'remind' in [erp] is {known}, not '{value}'")


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        message = f"'timezone' in [erp] is a name like 'Europe/Madrid', not '{name}'"
        raise ConfigurationError(message) from None
