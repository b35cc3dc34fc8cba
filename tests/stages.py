"""Where the story is told: on every ERP that is here, and on those that the environment gives.

A stage raises a world of its own for each telling. An ERP joins by its harness and two answers:
what arrived at an address, and whether a sale goes through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller

from dunwell.hooks import Settings
from dunwell.testing.contract import Harness, MemoryHarness
from dunwell.testing.contract.deeds import rows
from dunwell_mail.smtp import open_smtp

from tests.story import World
from tests.tryton_server import ABSENT, Mailbox, free_port, is_set_up

if TYPE_CHECKING:
    from tests.odoo_kit import OdooHarness

Raised = AbstractContextManager[World]


@dataclass(frozen=True)
class Stage:
    """One ERP to tell the story on; `absent` says why that cannot be here."""

    name: str
    raised: Callable[[pytest.FixtureRequest], Raised]
    absent: Callable[[], str] = lambda: ""
    slow: bool = True


@contextmanager
def with_our_mail(harness: Harness, folder: Path) -> Iterator[World]:
    """A world in which mails leave by Dunwell's own channel, to a real mail server."""
    mailbox, port = Mailbox(), free_port()
    sender = {"from": "receivables@acme.example", "host": "127.0.0.1", "port": port, "tls": "none"}

    def sells(customer: str) -> bool:
        with closing(harness.open()) as adapter:
            return not any(row["customer"] == customer for row in rows(adapter, "holds"))

    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield World(harness, mailbox.subjects, sells, lambda: open_smtp(Settings(sender, folder)))
    finally:
        controller.stop()


@contextmanager
def memory(request: pytest.FixtureRequest) -> Iterator[World]:
    """The ERP in memory."""
    with with_our_mail(MemoryHarness(), request.getfixturevalue("tmp_path")) as world:
        yield world


@contextmanager
def ledger(request: pytest.FixtureRequest) -> Iterator[World]:
    """The embedded ledger."""
    from tests.test_kit_ledger import LedgerHarness

    folder = request.getfixturevalue("tmp_path")
    with (
        closing(LedgerHarness(folder, request.getfixturevalue("monkeypatch"))) as harness,
        with_our_mail(harness, folder) as world,
    ):
        yield world


@contextmanager
def tryton(request: pytest.FixtureRequest, database: str) -> Iterator[World]:
    """A real Tryton, which sends by its own mail."""
    from tests.tryton_kit import TrytonHarness
    from tests.tryton_world import world

    yield world(TrytonHarness(request.getfixturevalue("tryton"), database))


def no_tryton() -> str:
    """Why there is no Tryton."""
    return "" if is_set_up() else ABSENT


@contextmanager
def odoo(request: pytest.FixtureRequest, version: int) -> Iterator[World]:
    """The stand-in for an Odoo, or (0) the one that the environment gives."""
    from tests.odoo_kit import Live, StandIn
    from tests.odoo_rpc import given
    from tests.odoo_stage import world

    harness: OdooHarness = StandIn(version) if version else Live(given())
    with closing(harness):
        yield world(harness)


def no_odoo() -> str:
    """Why there is no Odoo."""
    from tests.odoo_rpc import ABSENT as UNGIVEN
    from tests.odoo_rpc import given

    return "" if given() else UNGIVEN


STAGES: tuple[Stage, ...] = (
    Stage("memory", memory, slow=False),
    Stage("ledger", ledger, slow=False),
    Stage("tryton", partial(tryton, database="bare"), no_tryton),
    Stage("tryton-with-module", partial(tryton, database="module"), no_tryton),
    Stage("odoo-17-stand-in", partial(odoo, version=17)),
    Stage("odoo-19-stand-in", partial(odoo, version=19)),
    Stage("odoo", partial(odoo, version=0), no_odoo),
)


def parameters() -> list[Any]:
    """Every stage for a fixture, by its name."""
    slow = [pytest.mark.slow]
    return [pytest.param(each, id=each.name, marks=slow if each.slow else []) for each in STAGES]
