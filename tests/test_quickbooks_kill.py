"""A run on QuickBooks Online is killed at any moment, another goes on: nothing twice or lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from dunwell.log.fold import Memory
from dunwell.run.apply import read_log
from dunwell.testing.contract.deeds import rows
from dunwell.testing.contract.office import KINDS

from tests.loopback import served
from tests.quickbooks_kit import Clerks
from tests.quickbooks_service import Service
from tests.quickbooks_worker import engine
from tests.workers import cycle, expect, go, leave, started

CUSTOMERS = 16
LATER = timedelta(hours=1)
SEEDS = int(os.environ.get("DUNWELL_KILLS", "20")) // 8
WORKER = Path(__file__).with_name("quickbooks_worker.py")

Ends = Counter[tuple[str, ...]]
"""What there is at the end, each with its customer first, and how often."""


@dataclass
class Company:
    """A company in the stand-in with customers of every kind, served on loopback."""

    folder: Path
    base: str
    service: Service
    remind: str
    names: dict[str, str] = field(default_factory=dict)

    def fill(self) -> None:
        clerks, kinds = Clerks(self.service), list(KINDS)
        for number in range(CUSTOMERS):
            kind = kinds[number % len(kinds)]
            customer = clerks.customer(f"{kind} {number}", email=f"c{number}@c.example")
            self.names[customer] = f"{kind} {number}"
            for age in KINDS[kind]:
                due = clerks.on - timedelta(age)
                item = clerks.invoice(customer=customer, issued=due, due=due, amount="100 EUR")
                self.names[item] = f"{kind} {number}: {age}"

    def start(self) -> subprocess.Popen[str]:
        order = {"folder": str(self.folder), "base": self.base, "remind": self.remind}
        return started(WORKER, order)

    def killed(self, rng: random.Random, span: float) -> None:
        """A run that dies somewhere between its plan and its last receipt."""
        worker = self.start()
        go(worker)
        expect(worker, "planned")
        time.sleep(rng.random() * span)
        worker.send_signal(signal.SIGKILL)
        leave(worker, within=120)
        time.sleep(0.1)  # what was on its way arrives
        self.service.now += LATER

    def resume(self) -> None:
        made = engine(self.folder, self.base, self.remind)
        with closing(made.adapter):
            cycle(made)

    def memories(self) -> Mapping[str, Memory]:
        made = engine(self.folder, self.base, self.remind)
        with closing(made.adapter):
            return read_log(made, None)[0]

    def ends(self) -> Ends:
        """Where everything stands, customer by customer, in names that are the same anywhere."""
        made, found = engine(self.folder, self.base, self.remind), Counter[tuple[str, ...]]()
        with closing(made.adapter):
            for memory in read_log(made, None)[0].values():
                for item in memory.state.items:
                    name, _, age = self.names[item.item].partition(": ")
                    found[name, age, item.stage, str(item.cycle), item.adopted] += 1
            for row in rows(made.adapter, "holds"):
                found[self.names[str(row["customer"])], "hold", str(row["kind"])] += 1
        for customer in self.service.books.rows["Customer"]:
            for face in Clerks(self.service).faces(customer):
                found[self.names[customer], face.kind, face.text.splitlines()[1]] += 1
        for number, _ in self.service.books.mails:
            name, _, age = self.names[number].partition(": ")
            found[name, "mailed", age] += 1
        for path in (self.folder / "mail").glob("*.eml"):
            mail = message_from_bytes(path.read_bytes())
            found[self.names[str(mail["X-Dunwell-Debtor"])], "sent", str(mail["To"])] += 1
        return found


@contextmanager
def company(folder: Path, remind: str) -> Iterator[Company]:
    service = Service()
    with served(service) as base:
        made = Company(folder, base, service, remind)
        made.fill()
        yield made


@dataclass(frozen=True)
class Whole:
    """How a run ends that nobody kills, and how long it takes from its plan to its end."""

    ends: Ends
    span: float


@pytest.fixture(scope="module", params=["channel", "quickbooks"])
def remind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def undisturbed(remind: str, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    with company(tmp_path_factory.mktemp("whole"), remind) as made:
        worker = made.start()
        go(worker)
        expect(worker, "planned")
        begun = time.monotonic()
        expect(worker, "applied")
        span = time.monotonic() - begun
        leave(worker, within=120)
        return Whole(made.ends(), span)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_killed_run_sends_nothing_twice_and_ends_as_one_that_nobody_killed(
    seed: int, remind: str, undisturbed: Whole, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    with company(tmp_path, remind) as made:
        kills = 1 + seed % 2
        for _ in range(kills):
            made.killed(rng, undisturbed.span)
        for _ in range(2):
            made.resume()
            made.service.now += LATER
        memories, ends = made.memories(), made.ends()
    assert not any(memory.garbled or memory.claim for memory in memories.values())
    doubts = [u for m in memories.values() for u in m.state.unknowns]
    assert len(doubts) <= kills, "an engine has one mail in its hand"
    assert remind == "quickbooks" or not doubts, "a folder can be asked"
    assert max(n for what, n in ends.items() if what[1] in ("mailed", "sent")) == 1
    unsure = {made.names[item].partition(": ")[0] for u in doubts for item in u.command.items}
    for what in ends | undisturbed.ends:
        if what[0] not in unsure:
            assert ends[what] == undisturbed.ends[what], what


@pytest.mark.slow
def test_two_engines_at_once_send_each_message_once(
    remind: str, undisturbed: Whole, tmp_path: Path
) -> None:
    with company(tmp_path, remind) as made:
        workers = [made.start() for _ in range(2)]
        for worker in workers:
            go(worker)
        for worker in workers:
            leave(worker, within=120)
        assert [worker.returncode for worker in workers] == [0, 0]
        made.service.now += LATER
        made.resume()
        assert made.ends() == undisturbed.ends
