"""A run is killed at any moment, another engine goes on: nothing twice, nothing lost."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from dunwell.log.fold import Memory
from dunwell.run.apply import read_log
from dunwell_ledger import people
from dunwell_ledger.store import create

from tests.kill_worker import engine
from tests.workers import cycle, expect, go, leave, started

NOW = datetime(2026, 2, 9, 9, 0, tzinfo=UTC)
LATER = timedelta(hours=1)
CUSTOMERS = 40
SEEDS = int(os.environ.get("DUNWELL_KILLS", "20"))
WORKER = Path(__file__).with_name("kill_worker.py")


@dataclass
class Post:
    """A real mail server; counts what arrives by addressee and by Dunwell's key."""

    keys: Counter[str] = field(default_factory=Counter)
    addresses: Counter[str] = field(default_factory=Counter)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        mail = message_from_bytes(envelope.content)
        self.keys[str(mail["X-Dunwell-Key"])] += 1
        self.addresses.update(envelope.rcpt_tos)
        time.sleep(0.002)
        return "250 taken"


@contextmanager
def serving(post: Post) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def book(folder: Path) -> None:
    """Customers for messages, for holds with messages, for tasks, and for silent adoption."""
    ledger = create(folder / "book.sqlite", identity="torture")
    kinds = ("", "public", "per_item", "adopting")
    with ledger.writing() as connection:
        people.add(
            connection,
            "companies",
            [{"id": "main", "name": "Main", "currency": "EUR", "country": "ES",
              "timezone": "Europe/Madrid"}],
        )  # fmt: skip
        for n in range(CUSTOMERS):
            kind = kinds[n % 4]
            people.add(
                connection,
                "customers",
                [{"id": f"C{n}", "name": f"Customer {n}", "country": "ES", "type": "business",
                  "email": f"c{n}@c.example", "tags": kind}],
            )  # fmt: skip
            due = "2025-10-01" if kind == "adopting" else "2026-02-02"
            people.add(
                connection,
                "items",
                [{"id": f"F{n}", "customer": f"C{n}", "company": "main", "number": f"F{n}",
                  "kind": "invoice", "issued": "2025-09-01", "due": due, "currency": "EUR",
                  "amount": 90000, "balance": 90000}],
            )  # fmt: skip
    ledger.close()


def start(folder: Path, now: datetime, port: int) -> subprocess.Popen[str]:
    return started(WORKER, {"folder": str(folder), "now": now.isoformat(), "port": port})


def killed_run(folder: Path, now: datetime, port: int, rng: random.Random, span: float) -> None:
    """A run that dies somewhere between its plan and its last receipt."""
    worker = start(folder, now, port)
    go(worker)
    expect(worker, "planned")
    time.sleep(rng.random() * span)
    worker.send_signal(signal.SIGKILL)
    leave(worker, within=60)


def memories(folder: Path, now: datetime, port: int) -> dict[str, Memory]:
    made = engine(folder, now, port)
    found = read_log(made, None)[0]
    made.adapter.close()
    return found


def end_state(folder: Path, now: datetime, port: int) -> object:
    """Where everything stands, without keys and positions."""
    made = engine(folder, now, port)
    stages = sorted(
        (i.item, i.stage, i.cycle, i.adopted)
        for m in read_log(made, None)[0].values()
        for i in m.state.items
    )
    rows = {
        table: sorted(
            str(customer) for page in made.adapter.read(table) for customer in page["customer"]
        )
        for table in ("holds", "tasks")
    }
    made.adapter.close()
    return stages, rows


def mails(folder: Path) -> Counter[str]:
    return Counter(
        str(message_from_bytes(path.read_bytes())["To"])
        for path in (folder / "mail").glob("*.eml")
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, Counter[str], float]:
    """The end of a run that nobody kills, and how long it takes from its plan to its end."""
    folder = tmp_path_factory.mktemp("whole")
    book(folder)
    worker = start(folder, NOW, 0)
    go(worker)
    expect(worker, "planned")
    begun = time.monotonic()
    expect(worker, "applied")
    span = time.monotonic() - begun
    leave(worker, within=60)
    return end_state(folder, NOW, 0), mails(folder), span


def resume(folder: Path, now: datetime, port: int) -> None:
    made = engine(folder, now, port)
    cycle(made)
    made.adapter.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_killed_run_on_ledger_and_folder_ends_as_one_that_nobody_killed(
    seed: int, tmp_path: Path, undisturbed: tuple[object, Counter[str], float]
) -> None:
    wanted, letters, span = undisturbed
    rng = random.Random(seed)
    book(tmp_path)
    now = NOW
    for _ in range(1 + seed % 2):
        killed_run(tmp_path, now, 0, rng, span)
        now += LATER
    resume(tmp_path, now, 0)
    assert mails(tmp_path) == letters
    assert end_state(tmp_path, now, 0) == wanted


# the mail server of the test finds out late that a killed client has gone
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_killed_run_over_smtp_sends_nothing_twice_and_leaves_at_most_one_unknown(
    seed: int, tmp_path: Path, undisturbed: tuple[object, Counter[str], float]
) -> None:
    _, letters, span = undisturbed
    rng = random.Random(1000 + seed)
    book(tmp_path)
    post = Post()
    with serving(post) as port:
        killed_run(tmp_path, NOW, port, rng, span * 2)
        resume(tmp_path, NOW + LATER, port)
        unknowns = [
            u for m in memories(tmp_path, NOW + LATER, port).values() for u in m.state.unknowns
        ]
    assert max(post.keys.values()) == 1
    assert max(post.addresses.values()) == 1
    assert len(unknowns) <= 1
    lost = len(letters) - len(post.addresses)
    assert 0 <= lost <= len(unknowns)


@pytest.mark.slow
def test_two_engines_that_apply_at_once_send_each_message_once(
    tmp_path: Path, undisturbed: tuple[object, Counter[str], float]
) -> None:
    wanted, letters, _ = undisturbed
    book(tmp_path)
    workers = [start(tmp_path, NOW, 0) for _ in range(2)]
    for worker in workers:
        go(worker)
    for worker in workers:
        leave(worker, within=60)
    assert [worker.returncode for worker in workers] == [0, 0]
    resume(tmp_path, NOW + LATER, 0)
    assert mails(tmp_path) == letters
    assert end_state(tmp_path, NOW + LATER, 0) == wanted
