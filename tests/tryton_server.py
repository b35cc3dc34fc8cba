"""A Tryton server and a mail server for tests, from what `scripts/tryton` has set up."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller

ROOT = Path(__file__).parents[1]
HOME = Path(os.environ.get("TRYTON_HOME", ROOT / "build" / "tryton"))
DATABASES = ("bare", "module")
PASSWORD = "admin-secret-1"
ZONE = ZoneInfo("Europe/Madrid")
"""Where the company is that `scripts/tryton` makes."""
ABSENT = "no Tryton here: run scripts/tryton"

CONFIG = """\
[database]
uri = {uri}
path = {folder}
[web]
listen = 127.0.0.1:{port}
[email]
uri = smtp://127.0.0.1:{smtp}
from = receivables@acme.example
[queue]
worker = true
[session]
max_attempt = 1000000
max_attempt_ip_network = 1000000
"""

LIKE = {"PYTHONOPTIMIZE": "1", "TZ": "UTC"}
"""The environment of whatever runs Tryton."""


def is_set_up() -> bool:
    """Whether there is a Tryton to be started."""
    return (HOME / ".ready").exists()


class Mailbox:
    """A real SMTP server that keeps what it accepts; addresses in `refuse` it turns away."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refuse: set[str] = set()

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        """Take or turn away a recipient."""
        if address in self.refuse:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a message."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        """What somebody received."""
        return [message for message in self.messages if address in str(message["To"])]

    def subjects(self, address: str) -> list[str]:
        """What it was about."""
        return [str(message["Subject"]) for message in self.to(address)]


class Server:
    """One running Tryton; its databases are files that can be put back in an instant."""

    def __init__(self, folder: Path, port: int, mailbox: Mailbox) -> None:
        self.folder, self.port, self.mailbox = folder, port, mailbox
        self.url = f"http://127.0.0.1:{port}"
        self.pid = 0
        self.books: dict[str, Any] = {}
        self.sessions: dict[str, tuple[str, dict[str, Any]]] = {}

    def spent(self) -> float:
        """Seconds of the processor that we and the server have had, where Linux counts them."""
        counted = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        ticks = int(counted[11]) + int(counted[12])
        return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")

    def keep(self, database: str, user: str, session: str, context: dict[str, Any]) -> None:
        """A session outlives every reset: what a database is put back to has it."""
        self.sessions[f"{database}/{user}"] = (session, context)
        _copy(self.folder / f"{database}.sqlite", self.folder / f"{database}.kept")

    def reset(self, database: str) -> None:
        """Put a database back to what it was; the server need not notice."""
        kept = self.folder / f"{database}.kept"
        file = self.folder / f"{database}.sqlite"
        _copy(kept if kept.exists() else HOME / file.name, file)
        self.mailbox.messages.clear()
        self.mailbox.refuse.clear()


def _copy(source: Path, target: Path) -> None:
    """Copy a database as SQLite does, so that who has it open sees the new one."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


class OnPostgres(Server):
    """The same on PostgreSQL, where nothing is put back: each test has parties of its own."""

    def keep(self, database: str, user: str, session: str, context: dict[str, Any]) -> None:
        self.sessions[f"{database}/{user}"] = (session, context)

    def reset(self, database: str) -> None:
        self.mailbox.messages.clear()
        self.mailbox.refuse.clear()


@contextmanager
def running(folder: Path, uri: str = "sqlite://") -> Iterator[Server]:
    """A server with its databases, and where its mails go; `uri` is where the databases are."""
    mailbox = Mailbox()
    port, smtp = free_port(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=smtp)
    controller.start()
    server = (Server if uri == "sqlite://" else OnPostgres)(folder, port, mailbox)
    for database in DATABASES:
        server.reset(database)
    config = folder / "trytond.conf"
    config.write_text(CONFIG.format(uri=uri, folder=folder, port=port, smtp=smtp), "utf-8")
    command = [str(HOME / "venv" / "bin" / "trytond"), "-c", str(config), "-d", *DATABASES]
    with (folder / "trytond.log").open("w") as log:  # whatever it says
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **LIKE})
        try:
            _wait(server.url, process)
            server.pid = process.pid
            yield server
        finally:
            process.terminate()
            process.wait(timeout=30)
            controller.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "trytond stopped at once: see trytond.log"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("trytond does not answer")
