"""Waiting for a ledger that another program writes to: said after a second, and not for ever."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable

from dunwell.errors import UnavailableError

QUIET = 1.0
"""Seconds of waiting that nobody need know of."""

LONGEST = 30.0
"""Seconds of waiting in all."""


def busy(error: sqlite3.Error) -> bool:
    """Somebody else has the ledger; later it may go."""
    return isinstance(error, sqlite3.OperationalError) and (
        "locked" in str(error) or "busy" in str(error)
    )


class Patience:
    """How long one program waits for a ledger.

    Whoever has waited in vain does not wait again: what comes after it fails at once, until
    something goes.
    """

    def __init__(
        self, name: str, longest: float, tell: Callable[[str], None] | None = None
    ) -> None:
        self.name = name
        self.longest = longest
        self.tell = tell or _on_stderr
        self.in_vain = False

    def begin(self, connection: sqlite3.Connection, how: str) -> None:
        """Begin a transaction when the ledger is free; `UnavailableError` where it never is.

        A transaction that reads has its state of the ledger when this returns.
        """
        begun = time.monotonic()
        told = False
        while True:
            try:
                connection.execute(how)
                if how == "BEGIN":  # which alone takes nothing yet
                    connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
            except sqlite3.OperationalError as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if not busy(error):
                    raise
                waited = time.monotonic() - begun
                if self.in_vain or waited >= self.longest:
                    self.in_vain = True
                    raise UnavailableError(self._given_up()) from error
                if not told:
                    told = True
                    self.tell(
                        f"waiting for the ledger '{self.name}': another program is writing to it"
                    )
            else:
                self.in_vain = False
                return

    def _given_up(self) -> str:
        return (
            f"the ledger '{self.name}' is being written by another program: it was waited for "
            f"{self.longest:g} seconds (try again when that one is done)"
        )


def _on_stderr(message: str) -> None:
    clean = "\r\033[K" if sys.stderr.isatty() else ""
    sys.stderr.write(f"{clean}{message}\n")
    sys.stderr.flush()
