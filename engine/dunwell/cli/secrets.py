"""Secrets: from the environment or the system keyring, and never from the file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Protocol, cast

from dunwell.cli.toml import Path, Toml, TomlValue
from dunwell.errors import ConfigurationError, Problem

SERVICE = "dunwell"
"""Under which the system keyring holds them, each as `PLUGIN.NAME`."""

_LOOKS = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|token|api_?key|private_?key|credentials?)$"
)
_IN_A_URL = re.compile(r"://[^/\s:@]+:[^/\s@]+@")


class Keyring(Protocol):
    """What is used of the package `keyring`."""

    def get_password(self, service: str, name: str) -> str | None:
        """The secret, or None."""
        ...


def variable(plugin: str, name: str) -> str:
    """The environment variable of a secret.

    >>> variable("smtp", "password")
    'DUNWELL_SMTP_PASSWORD'
    """
    return re.sub(r"[^A-Z0-9]+", "_", f"DUNWELL_{plugin}_{name}".upper())


def secret(plugin: str, name: str) -> str | None:
    """The secret of a plugin; None when there is none.

    A ConfigurationError when there is a keyring that does not answer.
    """
    value = os.environ.get(variable(plugin, name))
    if value:
        return value
    try:
        import keyring
        from keyring.errors import KeyringError, NoKeyringError
    except ImportError:
        return None
    try:
        return cast("Keyring", keyring).get_password(SERVICE, f"{plugin}.{name}")
    except NoKeyringError:
        return None
    except KeyringError as error:
        way = f"set {variable(plugin, name)} instead"
        raise ConfigurationError(f"the system keyring does not answer: {error} ({way})") from error


def where_to_put(plugin: str, name: str) -> str:
    """What to write instead of a secret in the file."""
    return f"set {variable(plugin, name)}, or 'keyring set {SERVICE} {plugin}.{name}'"


def leaked(toml: Toml) -> list[Problem]:
    """Every key of the file that looks like a secret, and every address that holds one."""
    problems = []
    for path, value in _walk(toml.values, ()):
        key, place = path[-1], toml.place(*path)
        hint = where_to_put(_plugin(toml, path), _plain(key))
        if _LOOKS.search(_plain(key)):
            message = f"'{key}' is a secret and does not belong in the file"
            problems.append(Problem(place, message, hint))
        elif isinstance(value, str) and _IN_A_URL.search(value):
            message = f"the address in '{key}' holds a password, which does not belong in the file"
            problems.append(Problem(place, message, "take the user and the password out of it"))
    return problems


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", key.lower())


def _walk(value: TomlValue, path: Path) -> Iterator[tuple[Path, TomlValue]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key), inner
            yield from _walk(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, path)


def _plugin(toml: Toml, path: Path) -> str:
    """Whose secret it would be, by the table that it stands in."""
    table = toml.values.get(path[0])
    if path[0] == "erp" and isinstance(table, dict):
        return str(table.get("adapter", "erp"))
    if path[0] == "channels" and isinstance(table, dict) and len(path) > 1:
        channel = table.get(path[1])
        via = channel.get("via") if isinstance(channel, dict) else None
        return str(via or path[1])
    return path[0] if len(path) > 1 else "erp"
