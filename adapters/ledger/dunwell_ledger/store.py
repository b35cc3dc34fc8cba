"""The file of a ledger: made, opened, checked, locked; every connection to it is lent here.

A copied file keeps its identity: a restored backup is the same ledger, with the same keys in its
log. `mark` tells a copy from the original.
"""

from __future__ import annotations

import os
import queue
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from dunwell.errors import (
    ConfigurationError,
    ContractBrokenError,
    DeniedError,
    UnansweredError,
    UnavailableError,
)
from dunwell_ledger.patience import LONGEST, QUIET, Patience, busy

SCHEMA_VERSION = 1
_APPLICATION = 0x44554E57  # "DUNW" in the header of the file
_OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables
_CACHE_KIB = 8 * 1024  # a page of a table that is read once is not needed again
_LOADING_KIB = 64 * 1024


class Ledger:
    """One ledger file. Several threads and processes may use it at once.

    `reading()` and `writing()` lend a connection in one transaction; a write is all or nothing.
    """

    def __init__(self, path: Path, *, wait: float = LONGEST) -> None:
        self.path = path
        self.patience = Patience(f"{near(path)}", wait)
        self._idle: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        self._process = os.getpid()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the ledger, whatever others write meanwhile."""
        with self._lent() as connection:
            with _in_words(self.path):
                self.patience.begin(connection, "BEGIN")
            try:
                with _in_words(self.path):
                    yield connection
            finally:
                _undo(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection that alone may write; all of it is kept, or after an error nothing."""
        with self._lent() as connection:
            with _in_words(self.path):
                self.patience.begin(connection, "BEGIN IMMEDIATE")
            try:
                with _in_words(self.path):
                    yield connection
            except BaseException:
                _undo(connection)
                raise
            try:
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                if connection.in_transaction:
                    _undo(connection)
                    raise UnavailableError(
                        f"the ledger '{near(self.path)}' kept nothing: {error}"
                    ) from error
                raise UnansweredError(f"the ledger '{near(self.path)}': {error}") from error

    @contextmanager
    def loading(self) -> Iterator[sqlite3.Connection]:
        """A connection to fill a file that nobody else knows yet: nothing is checked or undone.

        After an error the file is lost. It skips the journal, the syncs and the foreign keys.
        """
        with self._lent() as connection, _in_words(self.path):
            _set(connection, foreign_keys="OFF", journal_mode="OFF", synchronous="OFF",
                 cache_size=f"-{_LOADING_KIB}")  # fmt: skip
            connection.execute("BEGIN EXCLUSIVE")
            yield connection
            connection.execute("COMMIT")
            _set(connection, foreign_keys="ON", journal_mode="WAL", synchronous="FULL",
                 cache_size=f"-{_CACHE_KIB}")  # fmt: skip

    def close(self) -> None:
        """Let go of all connections; safe to call twice."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        if os.getpid() != self._process:  # a forked child must not touch its parent's connections
            self._idle, self._process = queue.SimpleQueue(), os.getpid()
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            with _in_words(self.path):
                connection = _connect(self.path, min(QUIET, self.patience.longest))
        idle = self._idle
        try:
            yield connection
        finally:
            idle.put(connection)


def create(path: Path, *, identity: str = "") -> Ledger:
    """Make a new, empty ledger; `identity` names it for ever (by default something random).

    A file that exists already is a ConfigurationError.
    """
    if path.exists():
        raise ConfigurationError(
            f"'{near(path)}' exists already (choose another name, or remove it)"
        )
    if not path.parent.is_dir():
        raise ConfigurationError(f"there is no folder '{near(path.parent)}' (make it first)")
    _check_sqlite()
    with _in_words(path):
        connection = _connect(path, QUIET, new=True)
    try:
        with _in_words(path):
            connection.execute("PRAGMA journal_mode = WAL")
            # executescript would commit half a schema: one statement after the other instead
            connection.execute("BEGIN IMMEDIATE")
            for statement in _statements("schema.sql") + _statements("triggers.sql"):
                connection.execute(statement)
            name = identity or secrets.token_hex(8)
            connection.execute("INSERT INTO meta VALUES ('identity', ?)", (name,))
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
    finally:
        connection.close()
    return Ledger(path)


def open_ledger(path: Path) -> Ledger:
    """Open a ledger that exists; what is wrong with the file is a ConfigurationError in words."""
    _check_sqlite()
    if path.is_dir():
        raise ConfigurationError(f"'{near(path)}' is a folder, not a ledger (name the file in it)")
    if not path.exists():
        raise ConfigurationError(
            f"there is no ledger at '{near(path)}' (make one with 'dunwell ledger new', "
            "'dunwell ledger import' or 'dunwell ledger sample')"
        )
    ledger = Ledger(path)
    try:
        _recognise(ledger)
    except BaseException:
        ledger.close()
        raise
    return ledger


def _recognise(ledger: Ledger) -> None:
    """Raise a ConfigurationError where the file is no ledger, or one of a newer Dunwell."""
    try:
        with ledger.reading() as connection:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
    except ContractBrokenError as error:
        raise ConfigurationError(str(error)) from error
    name = near(ledger.path)
    if application != _APPLICATION:
        raise ConfigurationError(f"'{name}' is a database, but not a ledger of Dunwell")
    if version > SCHEMA_VERSION:
        raise ConfigurationError(
            f"'{name}' was made by a newer Dunwell (its schema is {version}, this one knows "
            f"{SCHEMA_VERSION}: upgrade Dunwell)"
        )


def near(path: Path) -> Path:
    """The path as people read it: relative to the folder they are in, where it is below that."""
    try:
        return path.relative_to(Path.cwd())
    except (ValueError, OSError):
        return path


def meta(connection: sqlite3.Connection, name: str) -> str | None:
    """One remark of the ledger about itself."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def set_meta(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Keep one remark of the ledger about itself."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def triggers() -> list[str]:
    """The statements that make the triggers, for a bulk load that drops them meanwhile."""
    return _statements("triggers.sql")


def _connect(path: Path, wait: float, *, new: bool = False) -> sqlite3.Connection:
    mode = "rwc" if new else "rw"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=wait,
        isolation_level=None,  # transactions are begun by name
        check_same_thread=False,  # lent to one thread at a time
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")  # a receipt must survive a power cut
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        connection.close()
        raise
    return connection


def _set(connection: sqlite3.Connection, **pragmas: str) -> None:
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name} = {value}")


def _undo(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """What SQLite says, as the port's errors; a transaction not yet committed has done nothing."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "readonly" in text or "read-only" in text:
            remedy = f"let this user write '{near(path)}' and its folder"
            raise DeniedError(
                f"the ledger '{near(path)}' cannot be written", remedy=remedy
            ) from error
        if busy(error):
            message = f"the ledger '{near(path)}' is being written by another program"
            raise UnavailableError(message) from error
        raise UnavailableError(f"the ledger '{near(path)}': {text}") from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.DataError):
            raise
        raise ContractBrokenError(_not_a_ledger(path, error)) from error


def _not_a_ledger(path: Path, error: Exception) -> str:
    return f"'{near(path)}' is no ledger, or is damaged: {error} (restore it from a backup)"


def _check_sqlite() -> None:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        need = ".".join(map(str, _OLDEST_SQLITE))
        raise ConfigurationError(
            f"this Python has SQLite {sqlite3.sqlite_version} (the ledger needs {need} or later)"
        )


def _statements(name: str) -> list[str]:
    found, pending = [], ""
    for line in (files("dunwell_ledger") / name).read_text("utf-8").splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found
