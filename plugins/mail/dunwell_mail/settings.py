"""The settings of both channels, checked when a channel is opened."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dunwell.errors import ConfigurationError
from dunwell.hooks import Settings
from dunwell_mail.address import plain_address

Tls = Literal["starttls", "implicit", "none", "unprotected"]
_PORTS: Mapping[Tls, int] = {"starttls": 587, "implicit": 465, "none": 25, "unprotected": 25}
_LOCAL = ("localhost", "127.0.0.1", "::1")
_ELSEWHERE = ("via", "channel")  # read by the engine, in the same table


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: both channels need it to compose a message."""

    address: str
    name: str = ""
    reply_to: str = ""

    @property
    def domain(self) -> str:
        """The domain of the address, which also names our messages."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Smtp:
    """How to reach the mail server.

    `unprotected` is plain text on purpose, `none` the same but only on this machine.
    """

    sender: Sender
    host: str
    port: int
    tls: Tls = "starttls"
    ca: Path | None = None
    user: str = ""
    timeout: int = 30  # seconds, for each answer
    final_timeout: int = 300  # seconds, for the answer to a whole message
    return_path: str = ""  # where bounces go; empty: the sender
    bounces: Path | None = None  # Maildir, mbox, or a folder of .eml with what came back


def read_sender(settings: Settings) -> Sender:
    """The sender of either channel; a ConfigurationError says what is wrong."""
    reply_to = _text(settings, "reply_to")
    return Sender(
        _address("from", _text(settings, "from", needed=True)),
        _text(settings, "from_name"),
        _address("reply_to", reply_to) if reply_to else "",
    )


def read_folder(settings: Settings) -> tuple[Sender, Path]:
    """Settings of the folder channel: `folder`, `from`, `from_name`, `reply_to`."""
    _known(settings, ("folder", "from", "from_name", "reply_to"))
    return read_sender(settings), _path(settings, _text(settings, "folder", needed=True))


def read_smtp(settings: Settings) -> Smtp:
    """Settings of the SMTP channel; a ConfigurationError says what is wrong."""
    keys = (
        "from from_name reply_to host port tls ca user timeout final_timeout return_path bounces"
    )
    _known(settings, keys.split())
    host = _text(settings, "host", needed=True)
    tls = _tls(settings, host)
    user = _text(settings, "user")
    if user and tls == "unprotected":
        raise ConfigurationError(
            "'user' would send the password readable to everybody: tls is 'starttls' or 'implicit'"
        )
    return_path = _text(settings, "return_path")
    ca, bounces = _text(settings, "ca"), _text(settings, "bounces")
    if ca and not _path(settings, ca).is_file():
        raise ConfigurationError(f"'ca' names '{ca}', and there is no such file")
    return Smtp(
        read_sender(settings),
        host,
        _number(settings, "port", _PORTS[tls], 65535),
        tls,
        _path(settings, ca) if ca else None,
        user,
        _number(settings, "timeout", 30, 600),
        _number(settings, "final_timeout", 300, 600),
        _address("return_path", return_path) if return_path else "",
        _path(settings, bounces) if bounces else None,
    )


def _tls(settings: Settings, host: str) -> Tls:
    written = _text(settings, "tls") or "starttls"
    for known in _PORTS:
        if written == known:
            if known == "none" and host not in _LOCAL:
                raise ConfigurationError(
                    f"tls is 'none' for '{host}', which is another machine: write 'starttls' or "
                    "'implicit', or 'unprotected' if everybody on the way may read the messages"
                )
            return known
    raise ConfigurationError(f"unknown tls '{written}': write 'starttls', 'implicit' or 'none'")


def _known(settings: Settings, keys: list[str] | tuple[str, ...]) -> None:
    for key in settings.values:
        if key in keys or key in _ELSEWHERE:
            continue
        if key == "password":
            raise ConfigurationError(
                "'password' does not belong in the file: set it in the environment or the keyring"
            )
        close = difflib.get_close_matches(key, keys, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(keys)}"
        raise ConfigurationError(f"unknown setting '{key}' ({hint})")


def _text(settings: Settings, key: str, *, needed: bool = False) -> str:
    value = settings.values.get(key, "")
    if not isinstance(value, str):
        raise ConfigurationError(f"'{key}' is text in quotes")
    if needed and not value.strip():
        raise ConfigurationError(f"the setting '{key}' is missing")
    return value.strip()


def _number(settings: Settings, key: str, default: int, most: int) -> int:
    value = settings.values.get(key, default)
    if type(value) is not int or not 0 < value <= most:
        raise ConfigurationError(f"'{key}' is a whole number from 1 to {most}")
    return value


def _address(key: str, text: str) -> str:
    address = plain_address(text)
    if address is None:
        raise ConfigurationError(f"'{key}' is not an e-mail address such as 'ar@company.example'")
    return address


def _path(settings: Settings, text: str) -> Path:
    return settings.folder / Path(text).expanduser()
