"""Tryton's own dunning and Dunwell on one server, over one book.

Customers with one invoice each, all overdue; some pay between the decision and the mail, some are
blocked by a person. Both decide, both send by Tryton's mail, and both are told to send again.

    scripts/tryton && PYTHONPATH=plugins/tryton python -m bench tryton

Seconds are those of the processor, ours and the server's: a busy machine changes them little.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from dunwell.run.apply import apply
from dunwell.run.plan import make_plan

from tests.story import World
from tests.tryton_kit import TrytonHarness
from tests.tryton_server import ABSENT, Server, is_set_up, running

OVERDUE = timedelta(days=30)
LEVELS = 2


@dataclass(frozen=True, slots=True)
class Book:
    """The customers, and of each its address and its line."""

    customers: Sequence[str]
    lines: Sequence[int]

    def address(self, number: int) -> str:
        """Where a customer is written to."""
        return f"c{number}@c.example"


def book(harness: TrytonHarness, count: int) -> Book:
    """Customers who owe 900 EUR since a month."""
    clerks, on = harness.clerks, harness.today()
    customers = [clerks.customer(f"Customer {n}", email=f"c{n}@c.example") for n in range(count)]
    issued, due = on - 2 * OVERDUE, on - OVERDUE
    clerks.book([clerks.owed(c, Decimal(900), c, issued=issued, due=due) for c in customers])
    rows = harness.desk.rows("account.move.line", [["party", "!=", None]], ["id", "party"])
    of = {str(row["party"]): row["id"] for row in rows}
    return Book(customers, [of[customer] for customer in customers])


class Dunning:
    """Tryton's own, by its wizards."""

    def __init__(self, harness: TrytonHarness) -> None:
        self.client = harness.desk
        day = {"__class__": "timedelta", "seconds": 86_400}
        levels = [
            {"sequence": n, "overdue": {**day, "seconds": 86_400 * 5 * (n + 1)},
             "send_email": True, "email_from": "noreply@acme.example"}
            for n in range(LEVELS)
        ]  # fmt: skip
        (procedure,) = self.client.call(
            "model.account.dunning.procedure.create",
            [{"name": "Standard", "levels": [["create", levels]]}],
            changes=True,
        )
        self.client.call(
            "model.account.configuration.write", [1], {"default_dunning_procedure": procedure},
            changes=True,
        )  # fmt: skip

    def decide(self, on: object) -> None:
        """What is to be dunned."""
        self._wizard("create", "create_", {"start": {"date": on}})

    def send(self, ids: Sequence[int]) -> None:
        """Send the mails of some of them."""
        self._wizard("process", "process", {"start": {}}, ids)

    def all(self) -> dict[int, int]:
        """Every dunning by its line."""
        rows = self.client.rows("account.dunning", [["active", "in", [True, False]]], ["line"])
        return {row["line"]: row["id"] for row in rows}

    def block(self, number: int) -> None:
        """A person says: not this one."""
        self.client.call("model.account.dunning.write", [number], {"blocked": True}, changes=True)

    def _wizard(self, name: str, state: str, data: Any, ids: Sequence[int] = ()) -> None:
        wizard = f"wizard.account.dunning.{name}"
        context: dict[str, Any] = {}
        if ids:
            context = {"active_model": "account.dunning", "active_ids": list(ids)}
            context["active_id"] = ids[0]
        session = self.client.call(f"{wizard}.create", changes=True)[0]
        self.client.call(f"{wizard}.execute", session, data, state, changes=True, **context)
        self.client.call(f"{wizard}.delete", session, changes=True)


def theirs(server: Server, count: int, some: int) -> dict[str, object]:
    """Tryton's own dunning."""
    harness = TrytonHarness(server, "bare")
    own = Dunning(harness)
    made = book(harness, count)
    start = server.spent()
    own.decide(harness.today())
    decided = server.spent() - start
    dunnings = own.all()
    _disturb(harness, made, some, own)
    ids = [dunnings[line] for line in made.lines]
    start = server.spent()
    own.send(ids)
    sent = server.spent() - start
    once = _got(server)
    own.send(ids)
    return _said(made, some, decided, sent, once, _got(server))


def ours(server: Server, count: int, some: int) -> dict[str, object]:
    """Dunwell, with the policy of the story."""
    harness = TrytonHarness(server, "module")  # the same company in a file of its own
    own = Dunning(harness)
    made = book(harness, count)
    own.decide(harness.today())  # so that there is something that a person can block
    world = World(harness, lambda address: (), lambda customer: True)
    with ExitStack() as opened:
        engine = world.engine(opened)
        start = server.spent()
        plan = make_plan(engine).plan
        decided = server.spent() - start
        _disturb(harness, made, some, own)
        start = server.spent()
        apply(engine, plan)
        sent = server.spent() - start
        once = _got(server)
        apply(engine, plan)
        apply(engine, make_plan(engine).plan)
    return _said(made, some, decided, sent, once, _got(server))


def _disturb(harness: TrytonHarness, made: Book, some: int, own: Dunning) -> None:
    """The first customers pay, those after them are blocked."""
    for line in made.lines[:some]:
        harness.clerks.pay(str(line))
    dunnings = own.all()
    for line in made.lines[some : 2 * some]:
        own.block(dunnings[line])


def _got(server: Server) -> Counter[str]:
    return Counter(str(m["To"]).rpartition("<")[2].strip(">") for m in server.mailbox.messages)


def _said(
    made: Book, some: int, decided: float, sent: float, once: Counter[str], twice: Counter[str]
) -> dict[str, object]:
    numbers = range(len(made.customers))
    paid = sum(once[made.address(n)] for n in numbers[:some])
    blocked = sum(once[made.address(n)] for n in numbers[some : 2 * some])
    return {
        "ms a decision": f"{1000 * decided / len(made.lines):.1f}",
        "mails": once.total(),
        "ms a mail": f"{1000 * sent / max(1, once.total()):.0f}",
        "to who had paid": paid,
        "to who was blocked": blocked,
        "again when told again": twice.total() - once.total(),
    }


def main() -> None:
    """Both, side by side."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=60)
    options.add_argument("--some", type=int, default=5, help="how many pay, how many are blocked")
    chosen = options.parse_args()
    if not is_set_up():
        print(ABSENT)
        return
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        one = theirs(server, chosen.customers, chosen.some)
        other = ours(server, chosen.customers, chosen.some)
    print(f"{chosen.customers} customers, {chosen.some} paid meanwhile, {chosen.some} blocked")
    print(f"{'':24}{'account_dunning':>16}{'dunwell':>12}")
    for name, value in one.items():
        print(f"{name:24}{value!s:>16}{other[name]!s:>12}")
