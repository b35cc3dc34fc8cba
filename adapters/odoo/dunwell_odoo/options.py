"""The settings of `[erp]` for Odoo, checked: every mistake at once, each with what to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dunwell.errors import ConfigurationError
from dunwell_odoo.wire import Line

_T = TypeVar("_T")

KNOWN = (
    "adapter", "url", "database", "login", "companies", "protocol", "timeout", "connect_timeout",
    "ca", "proxy", "allow_http", "remind", "payment_links", "timezone", "history_months",
)  # fmt: skip
REQUIRED = {
    "url": 'url = "https://odoo.example.com"',
    "database": 'database = "production"',
    "login": 'login = "dunwell@example.com"',
}
MOST_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Options:
    """What `[erp]` says. Without `companies` all that the user may see are worked for."""

    url: str
    database: str
    login: str
    companies: tuple[str | int, ...] = ()
    protocol: Literal["json2", "jsonrpc"] | None = None
    timeout: float = 120.0  # seconds until an answer
    connect_timeout: float = 10.0
    ca: Path | None = None
    proxy: str = field(default="", repr=False)
    remind: Literal["odoo", "channel"] = "odoo"
    payment_links: bool = True
    timezone: str = ""
    history_months: int = 24

    def line(self, proxy: str = "") -> Line:
        """Where requests go; `proxy` instead of the one here when it holds a password."""
        return Line(
            self.url,
            read=self.timeout,
            connect=self.connect_timeout,
            ca=self.ca,
            proxy=proxy or self.proxy,
        )


class _Reader:
    """Takes settings out of a table and keeps what is wrong with them."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values
        self.wrong: list[str] = []

    def say(self, key: str, what: str, instead: str) -> None:
        self.wrong.append(f"'{key}' in [erp] {what} ({instead})")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        example = REQUIRED.get(key, f'write {key} = "..."')
        if value is None:
            if key in REQUIRED:
                self.say(key, "is missing", f"write {example}")
            return ""
        if not isinstance(value, str) or not value.strip():
            self.say(key, f"is a text, not {value!r}", f"write {example}")
            return ""
        return value.strip()

    def one(self, key: str, known: Mapping[str, _T], default: _T) -> _T:
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, str) and value in known:
            return known[value]
        listed = " or ".join(f"'{one}'" for one in known)
        self.say(key, f"cannot be {value!r}", f"write {listed}")
        return default

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        self.say(key, f"cannot be {value!r}", "write true or false")
        return default

    def number(self, key: str, default: float, *, most: int) -> float:
        value = self.values.get(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most:
            return value
        self.say(key, f"cannot be {value!r}", f"write a number up to {most}")
        return default


def read_options(values: Mapping[str, object], folder: Path) -> Options:
    """Check the table; a ConfigurationError names every mistake, where, and what to write."""
    table = _Reader(values)
    for key in values:
        if key not in KNOWN:
            close = get_close_matches(key, KNOWN, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(KNOWN)}"
            table.say(key, "is not a setting", hint)
    ca = table.text("ca")
    months = table.number("history_months", 24, most=240)
    if months != int(months):
        table.say("history_months", f"cannot be {months}", "write a whole number")
    options = Options(
        url=_address(table),
        database=table.text("database"),
        login=table.text("login"),
        companies=_companies(table),
        protocol=table.one("protocol", {"json2": "json2", "jsonrpc": "jsonrpc"}, None),
        timeout=table.number("timeout", 120.0, most=MOST_SECONDS),
        connect_timeout=table.number("connect_timeout", 10.0, most=MOST_SECONDS),
        ca=_file(table, folder / Path(ca).expanduser()) if ca else None,
        proxy=_proxy(table),
        remind=table.one("remind", {"odoo": "odoo", "channel": "channel"}, "odoo"),
        payment_links=table.flag("payment_links", default=True),
        timezone=_checked(table, "timezone", _zone, "write a name like 'Europe/Madrid'"),
        history_months=int(months),
    )
    if table.wrong:
        raise ConfigurationError("; ".join(table.wrong))
    return options


def _address(table: _Reader) -> str:
    """The address without its last slash, and without what a browser shows behind it."""
    value = table.text("url").rstrip("/")
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        good = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        table.say("url", f"cannot be '{value}'", f"write {REQUIRED['url']}")
        return value
    if parts.username or parts.password:
        table.say("url", "holds a user", "the key comes from DUNWELL_ODOO_API_KEY alone")
    allowed = table.flag("allow_http", default=False) or _is_here(parts.hostname or "")
    if parts.scheme == "http" and not allowed:
        why = (
            "the key would travel in clear: write https://, or allow_http = true in a safe network"
        )
        table.say("url", f"cannot be '{value}'", why)
    return value.removesuffix("/web").removesuffix("/odoo")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _proxy(table: _Reader) -> str:
    value = table.text("proxy")
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        table.say("proxy", f"cannot be '{value}'", "write http://proxy.example.com:3128")
    elif parts.username or parts.password:
        table.say("proxy", "holds a user", "put the whole address into DUNWELL_ODOO_PROXY")
    return value


def _companies(table: _Reader) -> tuple[str | int, ...]:
    value = table.values.get("companies", [])
    good = isinstance(value, list) and all(
        isinstance(one, str | int) and not isinstance(one, bool) for one in value
    )
    if not good:
        table.say("companies", f"cannot be {value!r}", 'write ["First company", 2]')
        return ()
    assert isinstance(value, list)
    return tuple(value)


def _file(table: _Reader, path: Path) -> Path:
    if not path.is_file():
        table.say("ca", f"names no file: {path}", "write the path of a PEM file")
    return path


def _checked(table: _Reader, key: str, check: Callable[[str], object], instead: str) -> str:
    value = table.text(key)
    if value and not check(value):
        table.say(key, f"cannot be '{value}'", instead)
    return value


def _zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
