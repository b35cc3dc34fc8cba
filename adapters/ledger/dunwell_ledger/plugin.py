"""The ledger as a plugin: its settings in `dunwell.toml`, and the hook that registers it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from dunwell.errors import ConfigurationError
from dunwell.hooks import AdapterPlugin, Settings, hookimpl
from dunwell_ledger.clock import Clock

if TYPE_CHECKING:
    from dunwell.port import Adapter

KEYS = ("adapter", "path", "today", "now", "only_copy")
DEFAULT_PATH = "ledger.sqlite"


@hookimpl
def dunwell_adapters() -> list[AdapterPlugin]:
    """The embedded ledger."""
    return [AdapterPlugin("ledger", open_adapter, commands="dunwell_ledger.cli:ledger")]


def open_adapter(settings: Settings) -> Adapter:
    """The ledger that `[erp]` names; what is wrong with the settings is a ConfigurationError."""
    # Every start of `dunwell` reads this module: what is heavy is imported when it is needed.
    from dunwell_ledger.adapter import LedgerAdapter
    from dunwell_ledger.store import open_ledger

    for key in settings.values:
        if key not in KEYS:
            close = get_close_matches(key, KEYS, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(KEYS)}"
            raise ConfigurationError(f"unknown setting '{key}' in [erp] ({hint})")
    clock = clock_of(settings.values)
    only = settings.values.get("only_copy", False)
    if not isinstance(only, bool):
        raise ConfigurationError(f"'only_copy' in [erp] is true or false, not {only!r}")
    ledger = open_ledger(ledger_path(settings.values, settings.folder))
    return LedgerAdapter(ledger, clock=clock, only_copy=only)


def clock_of(values: Mapping[str, object]) -> Clock:
    """The clock that `today` and `now` pin."""
    return Clock(_day(values), _instant(values))


def ledger_path(values: Mapping[str, object], folder: Path) -> Path:
    """Where the ledger is: `path`, relative to the folder of `dunwell.toml`."""
    path = values.get("path", DEFAULT_PATH)
    if not isinstance(path, str) or not path.strip() or "\x00" in path:
        raise ConfigurationError(f"'path' in [erp] is a file name, not {path!r}")
    return folder / Path(path).expanduser()


def _day(values: Mapping[str, object]) -> date | None:
    value = values.get("today")
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        message = f"'today' in [erp] is a day like '2026-03-04', not '{value}'"
        raise ConfigurationError(message) from None


def _instant(values: Mapping[str, object]) -> datetime | None:
    value = values.get("now")
    if value is None:
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        message = f"'now' in [erp] is an instant like '2026-03-04T09:00:00Z', not '{value}'"
        raise ConfigurationError(message) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
