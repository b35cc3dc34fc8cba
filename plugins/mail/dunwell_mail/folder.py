"""A channel that writes each message as a file KEY.eml: for trials, archives, other programs."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from dunwell.errors import NOWHERE, Problem
from dunwell.hooks import Settings
from dunwell.log.entry import Result
from dunwell.port import Channel, Delivery, Found, Sending
from dunwell_mail.compose import UnsendableError, as_bytes, compose
from dunwell_mail.settings import Sender, read_folder


def utc_now() -> datetime:
    """The clock of a channel; it decides nothing but the Date header."""
    return datetime.now(UTC)


@dataclass(slots=True)
class FolderChannel:
    """A file is there whole or not at all, so a look-up is exact and nothing is written twice."""

    folder: Path
    sender: Sender
    clock: Callable[[], datetime] = utc_now
    name: str = "folder"
    blind: bool = False

    def check(self) -> Sequence[Problem]:
        """Whether files can be put into the folder in one step."""
        probe = self.folder / f".check.{secrets.token_hex(8)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _put(probe, b"")
        except OSError as error:
            hint = "name a folder on a local disk that Dunwell may write to"
            return [Problem(NOWHERE, f"the folder takes no message: {_why(error)}", hint)]
        finally:
            with contextlib.suppress(OSError):
                probe.unlink(missing_ok=True)
        return []

    def send(self, sendings: Sequence[Sending]) -> Sequence[Result]:
        """Write each message under its key, synced before the answer; one answer each."""
        return [self._send(sending) for sending in sendings]

    def look_up(self, keys: Sequence[str]) -> Sequence[Found]:
        """Whether the files are there."""
        return [Found.PRESENT if self._path(key).exists() else Found.ABSENT for key in keys]

    def outcomes(self, *, since: date) -> Sequence[Delivery]:
        """Nothing comes back from a folder."""
        return ()

    def close(self) -> None:
        """Nothing is held open."""

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.eml"

    def _send(self, sending: Sending) -> Result:
        key = sending.key
        try:
            mail = as_bytes(compose(sending, self.sender, at=self.clock()))
        except UnsendableError as error:
            return Result(key, "failed", "never", "refused", str(error))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _put(self._path(key), mail)
        except FileExistsError:
            return Result(key, "already_done", delivery="accepted")
        except OSError as error:
            return Result(key, "failed", "later", detail=f"it could not be written: {_why(error)}")
        return Result(key, "done", delivery="accepted")


def open_folder(settings: Settings) -> Channel:
    """The folder channel; a ConfigurationError says which setting is wrong."""
    sender, folder = read_folder(settings)
    return FolderChannel(folder, sender)


def _put(path: Path, content: bytes) -> None:
    """Write a new file whole: synced under another name first, then linked to its own.

    A FileExistsError when the file is there already; after any other OSError it is not there.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make a new name in a folder last; where folders cannot be synced, the system does it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _why(error: OSError) -> str:
    """The system's code for it, without any path."""
    return errno.errorcode.get(error.errno or 0, "unknown error")
