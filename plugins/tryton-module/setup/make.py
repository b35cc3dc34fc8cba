"""Make two databases for tests: `bare`, a small company, and `module`, the same with the module.

Usage: python make.py trytond.conf, for SQLite or PostgreSQL; TRYTONPASSFILE as for Tryton.
"""

from __future__ import annotations

import gc
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from trytond import commandline, config

ACTIVATED = ("ir", "res", "account_dunning_email", "sale_credit_limit")


def make(file: str) -> None:
    """Both databases, in one process: to load Tryton's modules once more takes seconds."""
    config.update_etc([file])
    from seed import seed  # what it imports wants to be configured

    uri = config.get("database", "uri")
    databases: Files | Cluster = Cluster(uri)
    if uri.startswith("sqlite:"):
        databases = Files(Path(config.get("database", "path")))
    databases.create("bare")
    with unchecked():
        activate(file, "bare", *ACTIVATED, "--email", "admin@example.com")
    seed(file, f"{uri}/bare")
    databases.copy("bare", "module")
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


@dataclass(frozen=True)
class Files:
    """Databases of SQLite."""

    folder: Path

    def create(self, name: str) -> None:
        """An empty one."""
        (self.folder / f"{name}.sqlite").touch()

    def copy(self, source: str, target: str) -> None:
        """One file each, without what SQLite keeps beside it."""
        old, new = (sqlite3.connect(self.folder / f"{n}.sqlite") for n in (source, target))
        with closing(old), closing(new):
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            old.backup(new)


@dataclass(frozen=True)
class Cluster:
    """Databases of PostgreSQL."""

    uri: str

    def create(self, name: str, more: str = "") -> None:
        """An empty one; one that is there is dropped."""
        import psycopg

        with closing(psycopg.connect(f"{self.uri}/postgres", autocommit=True)) as line:
            line.execute(f"drop database if exists {name} with (force)")
            line.execute(f"create database {name} {more}")

    def copy(self, source: str, target: str) -> None:
        """One like another, of which this process lets go first."""
        from trytond import backend

        backend.Database(source).close()
        self.create(target, f"template {source}")


if __name__ == "__main__":
    make(sys.argv[1])
