"""Where runs are killed: a live Odoo, customers of every kind, engines in their own processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from dunwell.money import Money
from dunwell.port import Adapter
from dunwell.run.apply import read_log
from dunwell.run.daily import run_daily
from dunwell.testing.contract.deeds import rows
from dunwell.testing.contract.office import KINDS, Books
from dunwell_odoo.codec import subject
from dunwell_odoo.names import SUBTYPE_REMINDER

from tests.odoo_kill_worker import LEASE, engine
from tests.odoo_kit import Live

WORKER = Path(__file__).with_name("odoo_kill_worker.py")
GROUPS = 6
"""Customers of each kind that a test begins with; and how often runs are killed for a seed."""


@dataclass
class Stage:
    """A live Odoo, its customers, and engines in processes of their own.

    Where nobody ran the set-up, messages are files in `folder`, tasks are Odoo's own to-dos.
    """

    harness: Live
    folder: Path
    kills: int = 0
    torn: int = 0  # kills that left something begun

    def order(self, **more: Any) -> dict[str, Any]:
        own = self.harness.engine
        folder = str(self.folder) if self.harness.bare else ""
        usual = {"seed": 0, "share": 0.0, "hasty": 0.0, "patient": False, "folder": folder}
        return {
            "url": own.base, "database": own.database, "login": own.login, "key": own.key,
            **usual, **more,
        }  # fmt: skip

    def start(self, number: int = 1, **order: Any) -> list[subprocess.Popen[str]]:
        workers = [
            subprocess.Popen(
                [sys.executable, str(WORKER), json.dumps(self.order(**order))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            for _ in range(number)
        ]  # fmt: skip
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n", worker.communicate()[1]
        return workers

    def kill(self, worker: subprocess.Popen[str], books: Sequence[Books]) -> None:
        """Kill a run; one that was over already was none."""
        worker.kill()
        leave(worker)
        assert worker.returncode in (-signal.SIGKILL, 0)
        if worker.returncode:
            self.kills += 1
            self.torn += self.begun(books)

    def begun(self, books: Sequence[Books]) -> bool:
        """Whether a claim has no outcome yet."""
        ids = [int(one) for each in books for one in each.customers.values()]
        found = self.harness.admin.find(
            "mail.message", [["model", "=", "res.partner"], ["res_id", "in", ids]], "subject"
        )
        kinds = Counter(row["subject"] for row in found)
        return kinds[subject("claim")] > kinds[subject("outcome")]

    def go_on(self) -> None:
        """What was begun is recovered after its lease, and the rest is done."""
        for _ in range(2):
            time.sleep(LEASE + 1)
            made = engine(self.order())
            with closing(made.adapter):
                run_daily(made)

    def books(self) -> list[Books]:
        """Customers of every kind with their items, in a few calls."""
        clerks, admin, first = self.harness.clerks, self.harness.admin, self.harness.groups
        self.harness.groups += GROUPS
        rows = [
            {"name": f"{kind} {first + n}", "email": f"{kind}{first + n}@c.example",
             "is_company": True, "customer_rank": 1}
            for n in range(GROUPS) for kind in KINDS
        ]  # fmt: skip
        made = iter(admin("res.partner", "create", vals_list=rows, context=clerks.here))
        groups = [{kind: next(made) for kind in KINDS} for _ in range(GROUPS)]
        clerks.partners += [number for group in groups for number in group.values()]
        moves: dict[int, tuple[int, str]] = {}
        for kind, ages in KINDS.items():
            for number, age in enumerate(ages, 1):
                due = clerks.on - timedelta(age)
                given = [
                    (f"{kind[0]}{number}-{first + n}", group[kind], Money(10_000, "EUR"))
                    for n, group in enumerate(groups)
                ]
                for n, move in enumerate(
                    clerks.invoices(given, issued=due, due=due, company=clerks.main)
                ):
                    moves[move] = n, f"{kind}-{number}"
        owed = ["account_id.account_type", "=", "asset_receivable"]
        lines = admin.find("account.move.line", [["move_id", "in", [*moves]], owed], "move_id")
        items: list[dict[str, str]] = [{} for _ in groups]
        for line in lines:
            n, name = moves[line["move_id"]]
            items[n][name] = str(line["id"])
        return [
            Books({kind: str(one) for kind, one in group.items()}, items[n])
            for n, group in enumerate(groups)
        ]

    def withdraw(self, books: Sequence[Books]) -> list[list[int]]:
        """Make drafts of all invoices: nobody owes them until they are posted."""
        admin, ids = self.harness.admin, [int(i) for each in books for i in each.items.values()]
        found = admin.find("account.move.line", [["id", "in", ids]], "move_id")
        of = {str(row["id"]): row["move_id"] for row in found}
        admin("account.move", "button_draft", sorted(of.values()))
        return [[of[item] for item in each.items.values()] for each in books]

    def ends(self, books: Sequence[Books]) -> tuple[Any, ...]:
        """Where everything stands, for all groups together: each alike, or nothing is well."""
        made = engine(self.order())
        kinds = {c: kind for each in books for kind, c in each.customers.items()}
        items = {i: name for each in books for name, i in each.items.items()}
        with closing(made.adapter) as adapter:
            memories, _ = read_log(made, sorted(kinds))
            holds = Counter(kinds[h["customer"]] for h in self.holds(adapter, kinds))
        tasks = Counter(kinds[customer] for customer in self.tasks(kinds))
        stages = Counter(
            (items[i.item], i.stage, i.cycle, i.adopted)
            for memory in memories.values()
            for i in memory.state.items
        )
        doubts = sum(bool(m.claim or m.garbled or m.state.unknowns) for m in memories.values())
        return stages, holds, tasks, self.mails(kinds), doubts

    def holds(self, adapter: Adapter, kinds: Mapping[str, str]) -> list[Any]:
        return [row for row in rows(adapter, "holds") if row["customer"] in kinds]

    def tasks(self, kinds: Mapping[str, str]) -> list[str]:
        """Whose tasks there are, each as often: as Odoo has them, of whatever type."""
        asked = [["res_model", "=", "res.partner"], ["res_id", "in", [int(one) for one in kinds]]]
        return [str(row["res_id"]) for row in self.harness.admin.find(
            "mail.activity", asked, "res_id")]  # fmt: skip

    def mails(self, kinds: Mapping[str, str]) -> Counter[tuple[str, int]]:
        """How many customers of each kind got how many messages."""
        got = self.filed(kinds) if self.harness.bare else self.notified(kinds)
        return Counter((kinds[customer], times) for customer, times in got.items())

    def notified(self, kinds: Mapping[str, str]) -> Counter[str]:
        """How many messages customers got from Odoo."""
        subtype = self.harness.admin.xid(SUBTYPE_REMINDER)
        asked = [["mail_message_id.subtype_id", "=", subtype],
                 ["res_partner_id", "in", [int(customer) for customer in kinds]]]  # fmt: skip
        found = self.harness.admin.find("mail.notification", asked, "res_partner_id")
        return Counter(str(row["res_partner_id"]) for row in found)

    def filed(self, kinds: Mapping[str, str]) -> Counter[str]:
        """How many messages customers got from the channel."""
        asked = [["id", "in", [int(customer) for customer in kinds]]]
        found = self.harness.admin.find("res.partner", asked, "email")
        whose = {row["email"]: str(row["id"]) for row in found}
        files = [file.read_bytes() for file in self.folder.glob("*.eml")]
        sent = [parseaddr(BytesHeaderParser().parsebytes(file)["To"])[1] for file in files]
        return Counter(whose[address] for address in sent if address in whose)

    def judge(self, books: Sequence[Books], wanted: object) -> None:
        assert self.ends(books) == wanted


def go(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()


def leave(worker: subprocess.Popen[str]) -> None:
    worker.communicate(timeout=300)
