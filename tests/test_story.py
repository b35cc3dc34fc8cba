"""The story on the ERP in memory and on the ledger, with mails that really arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from dunwell.hooks import Settings
from dunwell.testing.contract import Harness, MemoryHarness
from dunwell.testing.contract.deeds import rows
from dunwell_mail.smtp import open_smtp

from tests.story import World, crash_and_resume, promises, two_engines
from tests.test_kit_ledger import LedgerHarness
from tests.tryton_server import Mailbox, free_port


@pytest.fixture
def smtp() -> Iterator[tuple[Mailbox, int]]:
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield mailbox, port
    controller.stop()


@pytest.fixture(params=["memory", "ledger"])
def world(
    request: pytest.FixtureRequest,
    smtp: tuple[Mailbox, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    mailbox, port = smtp
    sender = {"from": "receivables@acme.example", "host": "127.0.0.1", "port": port, "tls": "none"}
    harness: Harness = MemoryHarness()
    if request.param == "ledger":
        harness = LedgerHarness(tmp_path, monkeypatch)

    def sells(customer: str) -> bool:
        with closing(harness.open()) as adapter:
            return not any(row["customer"] == customer for row in rows(adapter, "holds"))

    def received(address: str) -> list[str]:
        return [str(message["Subject"]) for message in mailbox.to(address)]

    yield World(harness, received, sells, lambda: open_smtp(Settings(sender, tmp_path)))
    if isinstance(harness, LedgerHarness):
        harness.close()


@pytest.mark.parametrize("told", [promises, crash_and_resume, two_engines])
def test_the_story_ends_well(world: World, told: Callable[[World], None]) -> None:
    told(world)
