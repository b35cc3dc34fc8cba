"""A PostgreSQL for Tryton: the one that the environment gives, or one of this machine's programs.

`TRYTON_POSTGRES` is a URI without a database, of a user who may make and drop databases.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.tryton_server import HOME, LIKE, PASSWORD, ROOT, free_port

CONFIG = "[database]\nuri = {uri}\n[queue]\nworker = true\n"
ABSENT = "no PostgreSQL here: set TRYTON_POSTGRES, or install one with its initdb"
MAKE = ROOT / "plugins" / "tryton-module" / "setup" / "make.py"


def programs() -> Path | None:
    """Where the programs of PostgreSQL are."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists()), None)


@contextmanager
def postgres() -> Iterator[str]:
    """A URI of databases that may be made and dropped."""
    given = os.environ.get("TRYTON_POSTGRES")
    if given:
        yield given.rstrip("/")
        return
    there = programs()
    assert there is not None
    with tempfile.TemporaryDirectory(prefix="dunwell-") as folder:
        user = "nobody" if os.geteuid() == 0 else None  # it refuses to be root
        if user:
            shutil.chown(folder, user)
        data, port = f"{folder}/data", free_port()

        def run(*words: str) -> None:
            _run([str(there / words[0]), "-D", data, *words[1:]], user)

        run("initdb", "-A", "trust", "-U", "tryton", "-E", "UTF8", "--no-sync")
        asked = f"-p {port} -k {folder} -c fsync=off -c listen_addresses=127.0.0.1"
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", asked, "start")
        try:
            yield f"postgresql://tryton@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")


def make(uri: str, folder: Path) -> None:
    """The databases of the tests."""
    config, secret = folder / "make.conf", folder / "pass.txt"
    config.write_text(CONFIG.format(uri=uri), "utf-8")
    secret.write_text(PASSWORD, "utf-8")
    python = str(HOME / "venv" / "bin" / "python")
    _run([python, str(MAKE), str(config)], None, TRYTONPASSFILE=str(secret), **LIKE)


def _run(words: Sequence[str], user: str | None, **more: str) -> None:
    done = subprocess.run(
        words, user=user, env={**os.environ, **more}, cwd="/",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{words[0]}: {done.stdout[-2000:]}"
