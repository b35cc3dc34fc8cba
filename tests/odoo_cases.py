"""What the tests of the adapter for Odoo share: where they run, and how they read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from dunwell.command import Attachment, Command, Message
from dunwell.testing.contract.deeds import rows
from dunwell_odoo.adapter import OdooAdapter

from tests.odoo_kit import Live, OdooHarness, StandIn
from tests.odoo_rpc import ABSENT, given

WHERE = [
    pytest.param("17", id="17"),
    pytest.param("19", id="19"),
    pytest.param(
        "live",
        id="live",
        marks=[pytest.mark.slow, pytest.mark.skipif(given() is None, reason=ABSENT)],
    ),
]
"""The stand-ins, and the Odoo that the environment names."""


@contextmanager
def raised(where: str) -> Iterator[OdooHarness]:
    """A fresh company on one of them."""
    harness = Live(given()) if where == "live" else StandIn(int(where))
    try:
        yield harness
    finally:
        harness.close()


@contextmanager
def adapter(harness: OdooHarness) -> Iterator[OdooAdapter]:
    """A new adapter that has seen nothing yet."""
    with closing(harness.open()) as made:
        yield made


def table(harness: OdooHarness, name: str) -> list[dict[str, Any]]:
    """The rows of a table, of the customers of this test alone."""
    mine = {str(number) for number in harness.clerks.partners}
    with adapter(harness) as made:
        found = rows(made, name)
    return [row for row in found if row.get("customer", row.get("id")) in mine]


def letter(
    address: str, *items: str, name: str = "Acme", channel: str = "email", body: str = "",
    attached: bool = False,
) -> Command:  # fmt: skip
    """A reminder that names some items."""
    files = (Attachment("statement.txt", "text/plain", "all of it"),) if attached else ()
    message = Message(
        "first", "en", channel, address, name, "Reminder", "please pay", body, attachments=files
    )
    return Command("remind", "remind", "standard", "first", items=items, message=message)
