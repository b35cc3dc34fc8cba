"""Dunwell on a live Odoo, and the peer that people install today on a copy of the same book.

The server comes from the environment (DUNWELL_ODOO_URL, _DATABASE, _LOGIN, _API_KEY, _ADMIN_LOGIN,
_ADMIN_API_KEY) and is written to: give it a copy. For the peer name another copy, on a server that
has `account_credit_control` among its add-ons:

    python -m bench odoo --peer COPY
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from dunwell.cli.wording import TemplateWording
from dunwell.command import Command, Message
from dunwell.facts import Registry
from dunwell.log.entry import (
    ClaimBody,
    Claimed,
    Entry,
    Kind,
    OutcomeBody,
    Result,
    State,
    encode,
)
from dunwell.log.keys import claim_key, effect_key
from dunwell.message import Templates
from dunwell.port import Effect, Won
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.testing import MemoryChannel
from dunwell.testing.contract.deeds import LONG_AGO, rows
from dunwell_odoo.adapter import OdooAdapter
from dunwell_odoo.door import Door, Line
from dunwell_odoo.options import Options

from bench.bench_plan import standard
from bench.odoo_peer import peer
from tests.odoo_kit import set_up
from tests.odoo_rpc import ABSENT, Rpc, given, live

LEASE = 900


@dataclass(frozen=True)
class Bench:
    """One Odoo and who works in it."""

    engine: Rpc
    admin: Rpc

    def door(self, user: Rpc) -> Door:
        """A new door."""
        return Door(Line(user.base), database=user.database, login=user.login, key=user.key)

    @contextmanager
    def adapter(self, *, action: bool = True) -> Iterator[OdooAdapter]:
        """A new adapter that has been asked once; `action` False: without the server action."""
        options = Options(self.engine.base, self.engine.database, self.engine.login)
        with closing(OdooAdapter(self.door(self.engine), options)) as made:
            if not action:
                vars(made)["installed"] = replace(made.installed, action=0)
            made.describe()
            yield made


@contextmanager
def timed(what: str, count: int = 0, door: Door | None = None) -> Iterator[None]:
    """Print how long something takes, what of it is ours, how much a second, how many calls."""
    calls, begun, busy = door.calls if door else 0, time.perf_counter(), time.process_time()
    yield
    spent, busy = time.perf_counter() - begun, time.process_time() - busy
    pace = f"{count / spent:8.0f}/s" if count else ""
    asked = f"{door.calls - calls:5} calls" if door else ""
    print(f"  {what:58}{spent:8.2f} s (here {busy:.2f} s of CPU){pace:>12}  {asked}")


# -- planning -------------------------------------------------------------------------------------


def plans(bench: Bench, times: int) -> None:
    """A whole plan, by a new instance each time."""
    spent, busy, calls, counts = [], [], 0, {}
    for _ in range(times):
        with bench.adapter() as adapter:
            engine = Engine(
                adapter, standard(), Registry(), TemplateWording(Templates()),
                channels={"email": MemoryChannel()},
            )  # fmt: skip
            before, begun, own = adapter.door.calls, time.perf_counter(), time.process_time()
            counts = make_plan(engine).plan.header.counts
            spent.append(time.perf_counter() - begun)
            busy.append(time.process_time() - own)
            calls = adapter.door.calls - before
    print(f"a plan, {times} times: {counts}")
    middle = statistics.median(spent)
    shown = f"here {min(busy):.2f} s of CPU"
    print(f"  best {min(spent):.2f} s ({shown}), middle {middle:.2f} s, {calls} calls")


# -- doing ----------------------------------------------------------------------------------------


def ends(adapter: OdooAdapter, debtors: Sequence[str]) -> dict[str, int]:
    """Where the log of each debtor ends."""
    found = dict.fromkeys(debtors, 0)
    for entry in adapter.heads(since=LONG_AGO).entries:
        if entry.debtor in found:
            found[entry.debtor] = max(found[entry.debtor], entry.position or 0)
    return found


def entry(debtor: str, position: int, kind: Kind, key: str, body: str) -> Entry:
    """An entry as an engine writes it."""
    return Entry(
        debtor, None, position, kind, key, datetime.now(UTC), "dunwell", body=body,
        text=f"{kind} of the benchmark", nonce=uuid4().hex,
    )  # fmt: skip


def written(adapter: OdooAdapter, entries: Sequence[Entry]) -> None:
    """Append entries that must be won."""
    assert all(isinstance(answer, Won) for answer in adapter.append(entries))


def remembered(adapter: OdooAdapter, debtors: Sequence[str]) -> None:
    """An outcome for every debtor that has none, so that there are heads to read."""
    tenant, on = adapter.tenant, adapter.describe().on
    body = encode(OutcomeBody(tenant, "claim", on, (), State()))
    fresh = [debtor for debtor, end in ends(adapter, debtors).items() if not end]
    if fresh:
        with timed("first entries of the log", len(fresh), adapter.door):
            written(adapter, [entry(d, 1, "outcome", f"first-{d}", body) for d in fresh])


def does(
    adapter: OdooAdapter, what: str, debtors: Sequence[str], command: Callable[[str], Command]
) -> None:
    """Claim, do, write down: one command for each debtor, as a run does it."""
    said, company = adapter.describe(), str(rows(adapter, "companies")[0]["id"])
    tails = ends(adapter, debtors)
    claims, effects = [], []
    for debtor in debtors:
        made, position = command(debtor), tails[debtor] + 1
        key = claim_key(said.tenant, debtor, position)
        claimed = Claimed(effect_key(key, 0), company, made.kind, made.action, "bench", "call")
        body = encode(ClaimBody(said.tenant, said.on, LEASE, "plan", (claimed,)))
        claims.append(entry(debtor, position, "claim", key, body))
        deadline = said.now + timedelta(seconds=LEASE)
        effects.append(Effect(effect_key(key, 0), debtor, company, made, deadline))
    results: list[Result] = []
    with timed(f"{len(debtors)} {what}", len(debtors), adapter.door):
        written(adapter, claims)
        results += adapter.execute(effects)
        outcomes = [
            entry(c.debtor, (c.position or 0) + 1, "outcome", f"{c.key}-outcome", encode(
                OutcomeBody(said.tenant, c.key, said.on, (result,), State())))
            for c, result in zip(claims, results, strict=True)
        ]  # fmt: skip
        written(adapter, outcomes)
    wrong = [result for result in results if result.status != "done"]
    if wrong:
        print(f"  {len(wrong)} were not done, such as {wrong[0]}")


def task(debtor: str) -> Command:
    """A call."""
    return Command("task", "task", "bench", "call", summary="Call them", assign=())


def reminds(address: dict[str, str], number: str) -> Callable[[str], Command]:
    """Reminders to customers."""

    def made(debtor: str) -> Command:
        message = Message(
            "first", "en", "email", address[debtor], "", "Payment reminder", f"Please pay {number}"
        )
        return Command("remind", "remind", "bench", "first", message=message)

    return made


def works(bench: Bench, tasks: int, mails: int) -> None:
    """Tasks and reminders, with the server action and call by call."""
    with bench.adapter() as adapter:
        known = [row for row in rows(adapter, "customers") if not row["payer"]]
        debtors = [str(row["id"]) for row in known][:tasks]
        address = {str(row["id"]): str(row["email"]) for row in known if row["email"]}
        remembered(adapter, debtors)
    for action in (True, False):
        how = "by the server action" if action else "call by call"
        with bench.adapter(action=action) as adapter:
            does(adapter, f"tasks with claims and outcomes, {how}", debtors, task)
    for action in (True, False):
        how = "by the server action (queued)" if action else "call by call (sent)"
        with bench.adapter(action=action) as adapter:
            chosen = [debtor for debtor in debtors if debtor in address][:mails]
            does(adapter, f"reminders, {how}", chosen, reminds(address, how))
    with timed("Odoo works off its queue", mails):
        bench.admin("mail.mail", "process_email_queue")


def main() -> None:
    """Dunwell first, the peer after it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--mails", type=int, default=100)
    parser.add_argument("--peer", metavar="DATABASE", help="a copy of the book for the peer")
    asked = parser.parse_args()
    values = given()
    if values is None:
        print(ABSENT)
        return
    engine, admin, version = live(values)
    bench = Bench(engine, admin)
    set_up(bench.door(admin), engine.login)
    moves = admin("account.move", "search_count", domain=[["state", "=", "posted"]])
    print(f"Odoo {version}, {moves} posted entries and invoices")
    works(bench, asked.tasks, asked.mails)
    plans(bench, asked.plans)
    if asked.peer:
        peer({**values, "DATABASE": asked.peer})
