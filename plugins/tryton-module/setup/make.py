"""Make two databases for tests: `bare`, a small company, and `module`, the same with the module.

Usage: python make.py FOLDER, where the folder has a trytond.conf; TRYTONPASSFILE as for Tryton.
"""

from __future__ import annotations

import gc
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from trytond import commandline, config

ACTIVATED = ("ir", "res", "account_dunning_email", "sale_credit_limit")


def make(folder: Path) -> None:
    """Both databases, in one process: to load Tryton's modules once more takes seconds."""
    file = str(folder / "trytond.conf")
    config.update_etc([file])
    from seed import seed  # what it imports wants to be configured

    bare, module = folder / "bare.sqlite", folder / "module.sqlite"
    bare.touch()
    with unchecked():
        activate(file, "bare", *ACTIVATED, "--email", "admin@example.com")
    seed(file, "bare")
    copy(bare, module)
    with unchecked():
        activate(file, "module", "dunwell")


def activate(file: str, database: str, *more: str) -> None:
    """What `trytond-admin -u` does; without indexes, which few rows do not need."""
    from trytond import admin

    words = ["-c", file, "-d", database, "--activate-dependencies", "--no-indexes", "-u", *more]
    admin.run(commandline.get_parser_admin().parse_args(words))


@contextmanager
def unchecked() -> Iterator[None]:
    """Take Tryton's own records as they are shipped: to check each takes half of the time."""
    from trytond.model import ModelStorage

    checked = ModelStorage.__dict__["_validate"]
    ModelStorage._validate = classmethod(lambda cls, records, field_names=None: None)
    gc.disable()
    try:
        yield
    finally:
        ModelStorage._validate = checked
        gc.enable()


def copy(source: Path, target: Path) -> None:
    """One file each, without what SQLite keeps beside it."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        old.backup(new)


if __name__ == "__main__":
    make(Path(sys.argv[1]).resolve())
