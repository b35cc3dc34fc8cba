"""Tokens: one refresher at a time, the newest token stored before it is used."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

import msgspec
import requests

from dunwell.errors import ConfigurationError, DeniedError, UnansweredError, UnavailableError

EARLY = 120
"""Seconds before its end at which an access token is not used any more."""

AGAIN = "run 'dunwell quickbooks connect' again"


class Grant(msgspec.Struct, frozen=True):
    """A pair of tokens; `expires` in seconds of the epoch. `seed` names the first refresh token
    where it came from the environment, so that a newer one there is noticed.
    """

    refresh: str
    access: str = ""
    expires: float = 0.0
    seed: str = ""


class TokenStore(Protocol):
    """Where the newest grant is kept between runs."""

    def load(self) -> Grant | None:
        """The newest grant, or None."""
        ...

    def save(self, grant: Grant) -> None:
        """Keep it; returns when it is kept."""
        ...

    def delete(self) -> None:
        """Forget it; nothing to forget is fine."""
        ...


class FileStore:
    """A file that only its owner can read, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Grant | None:
        """The newest grant; a file that others can read is refused."""
        try:
            found = self.path.stat()
            text = self.path.read_bytes()
        except FileNotFoundError:
            return None
        if os.name == "posix" and found.st_mode & 0o077:
            raise ConfigurationError(
                f"others can read the tokens in '{self.path}' (chmod 600, then reconnect)"
            )
        try:
            return msgspec.json.decode(text, type=Grant)
        except msgspec.MsgspecError as error:
            raise ConfigurationError(
                f"'{self.path}' holds no tokens: {error} ({AGAIN})"
            ) from error

    def save(self, grant: Grant) -> None:
        """Write beside it, flush, and rename: a crash leaves the old or the new one."""
        write_private(self.path, msgspec.json.encode(grant))

    def delete(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


class Keyring(Protocol):
    """What is used of the package `keyring`."""

    def get_password(self, service: str, name: str) -> str | None:
        """The secret, or None."""
        ...

    def set_password(self, service: str, name: str, value: str) -> None:
        """Keep a secret."""
        ...

    def delete_password(self, service: str, name: str) -> None:
        """Forget a secret."""
        ...


class KeyringStore:
    """The keyring of the system."""

    service = "dunwell"

    def __init__(self, realm: str, keyring: Keyring | None = None) -> None:
        self.name = f"quickbooks.tokens.{realm}"
        self.keyring = keyring or _keyring()

    def load(self) -> Grant | None:
        """The newest grant."""
        with _keyring_in_words():
            text = self.keyring.get_password(self.service, self.name)
        return msgspec.json.decode(text, type=Grant) if text else None

    def save(self, grant: Grant) -> None:
        """Keep it."""
        with _keyring_in_words():
            self.keyring.set_password(self.service, self.name, msgspec.json.encode(grant).decode())

    def delete(self) -> None:
        """Forget it."""
        if self.load() is not None:
            with _keyring_in_words():
                self.keyring.delete_password(self.service, self.name)


def _keyring() -> Keyring:
    try:
        import keyring
    except ImportError:
        why = "install 'dunwell[keyring]', or write token_store = \"file\""
        raise ConfigurationError(f"there is no keyring ({why})") from None
    return cast("Keyring", keyring)


@contextmanager
def _keyring_in_words() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # what the errors of `keyring` are
        why = 'write token_store = "file" instead'
        raise ConfigurationError(f"the system keyring does not answer: {error} ({why})") from error


class Tokens:
    """The access token in force, for all threads and processes of one company."""

    def __init__(
        self,
        store: TokenStore,
        lock: Path,
        *,
        url: str,
        client: str,
        secret: Callable[[], str | None],
        first: Callable[[], str | None] = lambda: None,
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.lock, self.url = store, lock, url
        self.client, self._secret, self._first = client, secret, first
        self.session = session or requests.Session()
        self.clock = clock
        self._grant: Grant | None = None
        self._threads = threading.Lock()

    def access(self, *, rejected: str = "") -> str:
        """An access token that is not the `rejected` one; refreshed at most once for all who ask.

        A DeniedError when only a person can help.
        """
        with self._threads:
            if not self._good(self._grant, rejected):
                with locked(self.lock):
                    grant = self._newest()
                    if not self._good(grant, rejected):
                        grant = self._refreshed(grant)
                    self._grant = grant
            assert self._grant is not None
            return self._grant.access

    def _good(self, grant: Grant | None, rejected: str) -> bool:
        if grant is None or not grant.access or grant.access == rejected:
            return False
        return self.clock() < grant.expires - EARLY

    def _newest(self) -> Grant:
        """What is stored; a refresh token of the environment that is not known yet goes first."""
        stored, first, seed = self.store.load(), self._first() or "", self.seed()
        if first and (stored is None or stored.seed != seed):
            return Grant(first, seed=seed)
        if stored is None:
            raise DeniedError(
                "QuickBooks is not connected", remedy="run 'dunwell quickbooks connect'"
            )
        return stored

    def seed(self) -> str:
        """A name of the refresh token in the environment; empty where there is none."""
        first = self._first() or ""
        return hashlib.sha256(first.encode()).hexdigest()[:16] if first else ""

    def _refreshed(self, old: Grant) -> Grant:
        form = {"grant_type": "refresh_token", "refresh_token": old.refresh}
        return self.exchange(form, seed=old.seed)

    def exchange(self, form: dict[str, str], *, seed: str = "") -> Grant:
        """Ask for tokens and keep them; only what is kept is ever used."""
        answer = self._post(self.url, form)
        given = _fields(answer)
        if answer.status_code in (400, 401):
            why = str(given.get("error_description") or given.get("error") or "refused")
            if given.get("error") == "invalid_client":
                remedy = "check 'client_id' and DUNWELL_QUICKBOOKS_CLIENT_SECRET"
                raise DeniedError(f"QuickBooks does not know this app: {why}", remedy=remedy)
            raise DeniedError(f"QuickBooks refuses the refresh token: {why}", remedy=AGAIN)
        if answer.status_code != 200 or "access_token" not in given:
            raise UnavailableError(f"the token service answered {answer.status_code}")
        ends = self.clock() + float(str(given.get("expires_in") or 3600))
        refresh = str(given.get("refresh_token") or form.get("refresh_token", ""))
        grant = Grant(refresh, str(given["access_token"]), ends, seed)
        self.store.save(grant)
        return grant

    def revoke(self) -> bool:
        """Give the tokens back and forget them; whether there were any."""
        with locked(self.lock):
            stored = self.store.load()
            if stored is None:
                return False
            self._grant = None
            url = self.url.rpartition("/")[0] + "/revoke"
            with contextlib.suppress(UnavailableError, UnansweredError):
                self._post(url, {"token": stored.refresh})
            self.store.delete()
            return True

    def _post(self, url: str, form: dict[str, str]) -> requests.Response:
        secret = self._secret()
        if not secret:
            message = "the secret of the app is missing"
            raise ConfigurationError(f"{message} (set DUNWELL_QUICKBOOKS_CLIENT_SECRET)")
        try:
            return self.session.post(
                url,
                data=form,
                auth=(self.client, secret),
                headers={"Accept": "application/json"},
                timeout=(10, 60),
                allow_redirects=False,
            )
        except requests.exceptions.ConnectTimeout as error:
            raise UnavailableError("the token service cannot be reached") from error
        except requests.RequestException as error:
            # where the answer to a refresh is lost, the old token may be worth nothing any more
            raise UnavailableError(f"the token service did not answer: {error}") from error


def _fields(answer: requests.Response) -> dict[str, object]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def write_private(path: Path, content: bytes, *, flush: bool = True) -> None:
    """Replace a file as a whole; only its owner can read it. Flushed, it survives a power cut."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        if flush:
            file.flush()
            os.fsync(file.fileno())
    beside.replace(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; the file stays, the lock goes with the process that held it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("ab") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError:
                    time.sleep(0.1)
            try:
                yield
            finally:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
            yield  # closing the file lets go of the lock
