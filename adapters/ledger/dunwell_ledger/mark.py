"""Which file a ledger is: so that a copy of it, or a restored backup, is told from the original.

A copy has the same log, the same keys and the same customers. Two engines, one on each, would
write to the same people twice; a backup has forgotten what was sent since. So the ledger remembers
the number that the file system gave its file. A copy is another file. So is one that was moved to
another disk: only a person knows which of the two it is.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from dunwell_ledger.store import meta, near, set_meta

_NAME = "file"


@dataclass(frozen=True, slots=True)
class Mark:
    """The file in which Dunwell worked last: its number and where it was."""

    number: int
    path: str


def here(path: Path) -> Mark | None:
    """The file at a path; None where the file system numbers no files."""
    number = path.stat().st_ino
    return Mark(number, str(path.resolve())) if number else None


def remembered(connection: sqlite3.Connection) -> Mark | None:
    """The file that the ledger knows; None before Dunwell first worked in it."""
    try:
        found = json.loads(meta(connection, _NAME) or "{}")
        return Mark(int(found["number"]), str(found["path"]))
    except (ValueError, KeyError, TypeError):
        return None


def doubt(connection: sqlite3.Connection, path: Path) -> str:
    """Why this may not be the file in which Dunwell worked last; "" when it is."""
    now, known = here(path), remembered(connection)
    if now is None or known is None or now.number == known.number:
        return ""
    place = f"the ledger '{near(path)}'"
    if now.path == known.path:
        what = (
            f"{place} is another file than the one in which Dunwell worked last: was it restored?"
        )
    elif stands(known):
        what = f"{place} is a copy of '{known.path}'"
    else:
        what = f"{place} was copied or moved from '{known.path}'"
    return f"{what} (say 'dunwell ledger adopt' where it is the one to work in from now on)"


def stands(mark: Mark) -> bool:
    """Whether that file is still where it was."""
    try:
        return Path(mark.path).stat().st_ino == mark.number
    except OSError:
        return False


def remember(connection: sqlite3.Connection, path: Path, *, adopt: bool = False) -> None:
    """Keep which file this is, and where; another one only where a person says so."""
    now, known = here(path), remembered(connection)
    if now is None or now == known:
        return
    if adopt or known is None or known.number == now.number:
        set_meta(connection, _NAME, json.dumps({"number": now.number, "path": now.path}))
