"""The real engine over an ERP under test: it runs, it crashes, and where all of it ended."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from dunwell.command import Receipt
from dunwell.facts import Registry
from dunwell.log.entry import ItemState
from dunwell.log.fold import NOTHING, Memory
from dunwell.port import Adapter, Capability, Channel
from dunwell.run.apply import apply, read_log
from dunwell.run.daily import run_daily
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.run.planfile import Plan
from dunwell.testing.channel import MemoryChannel
from dunwell.testing.contract.deeds import rows
from dunwell.testing.contract.ladder import ADOPTED, JUMPS, MANAGER, house
from dunwell.testing.harness import Harness
from dunwell.testing.hostile import Crash, Fault, HostileAdapter, HostileChannel, Sabotage
from dunwell.testing.people import Face, People
from dunwell.testing.wording import PlainWording

LEASE = 60
"""Seconds that a claim lasts in the contract."""

DIGESTS = {"policies": "contract"}

OUR_PEOPLE = (MANAGER,)

KINDS: Mapping[str, Sequence[int]] = {
    "Reminded": (7, 6),
    "Held": (JUMPS["stop"] + 10,),
    "Called": (JUMPS["call"] + 20,),
    "Adopted": (ADOPTED + 10,),
}
"""The customers of a book, each with items of so many days past due."""


@dataclass(frozen=True, slots=True)
class Books:
    """Some customers of one kind each, and their items, by the names that tests call them."""

    customers: Mapping[str, str]
    items: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)  # of customers, by identifier
    called: Mapping[str, str] = field(default_factory=dict)  # of items; they may share numbers

    @property
    def reminded(self) -> str:
        """The customer who gets a message."""
        return self.customers["Reminded"]


class Office:
    """One ERP with engines on it. Each engine is a new one: it has seen nothing yet.

    `native`: the ERP sends messages itself.
    """

    def __init__(self, harness: Harness, *, blind: bool = False) -> None:
        self.harness = harness
        self.people: People = harness.people
        with closing(self.adapter) as adapter:
            self.channel = MemoryChannel(blind=blind, on=adapter.describe().on)
            self.native = adapter.capabilities()[Capability.REMIND].there
        self._passed = 0.0

    @property
    def adapter(self) -> Adapter:
        """A new adapter."""
        return self.harness.open()

    def _ticks(self) -> float:
        return time.monotonic() + self._passed

    def engine(self, sabotage: Sabotage | None = None, **changed: Any) -> Engine:
        """A new engine, with all that goes wrong; `changed` are other fields of it."""
        adapter, channel = self.harness.open(), self._channel()
        if sabotage is not None:
            adapter, channel = HostileAdapter(adapter, sabotage), HostileChannel(channel, sabotage)
        made = Engine(
            adapter,
            house(adapter.capabilities()),
            Registry(),
            PlainWording(),
            channels={} if self.native else {"email": channel},
            digests=DIGESTS,
            lease=LEASE,
            plain=True,
            tick=self._ticks,
        )
        return replace(made, **changed)

    def _channel(self) -> Channel:
        return self.channel

    # -- time -----------------------------------------------------------------------------------

    def sleep(self, span: timedelta) -> None:
        """Time passes, for the ERP and for engines that are at work."""
        self._passed += span.total_seconds()
        self.harness.pass_time(span)
        self.channel.on = self.adapter.describe().on

    def outlive(self) -> None:
        """Every lease passes."""
        self.sleep(timedelta(seconds=LEASE + 1))

    # -- books ----------------------------------------------------------------------------------

    def books(self, *kinds: str, amount: str = "100 EUR") -> Books:
        """New customers, one of each kind unless named, with items as old as their kind says."""
        self.harness.groups += 1
        group, on = self.harness.groups, self.adapter.describe().on
        customers, items, names, called = {}, {}, {}, {}
        for kind in kinds or KINDS:
            name = f"{kind} {group}"
            customer = self.people.customer(name, email=f"{kind.lower()}{group}@c.example")
            customers[kind], names[customer] = customer, kind
            for number, age in enumerate(KINDS[kind], 1):
                item = self.people.invoice(
                    f"{kind[0]}{number}-{group}",
                    customer=customer,
                    amount=amount,
                    issued=on - timedelta(age + 30),
                    due=on - timedelta(age),
                )
                items[f"{kind}-{number}"], called[item] = item, f"{kind}-{number}"
        return Books(customers, items, names, called)

    # -- runs -----------------------------------------------------------------------------------

    def run(self, sabotage: Sabotage | None = None) -> Sequence[Receipt]:
        """What a scheduler runs: recover, plan, apply."""
        made = self.engine(sabotage)
        with closing(made.adapter):
            return run_daily(made).receipts

    def plan(self) -> Plan:
        """The plan of a new engine."""
        made = self.engine()
        with closing(made.adapter):
            return make_plan(made).plan

    def apply(self, plan: Plan, sabotage: Sabotage | None = None) -> list[Receipt]:
        """A new engine does what a plan says."""
        made = self.engine(sabotage)
        with closing(made.adapter):
            return apply(made, plan)

    def crash(self, point: int) -> None:
        """A run that stops at a point, counted from 1."""
        with pytest.raises(Crash):
            self.run(Sabotage(crash_at=point))

    def resume(self) -> None:
        """Other engines go on: one too early for the claims that are open, one when it may."""
        self.run()
        self.outlive()
        self.run()

    # -- what became of it ----------------------------------------------------------------------

    def memory(self, debtor: str) -> Memory:
        """What a new engine remembers of a debtor."""
        return self._memories([debtor])[debtor]

    def _memories(self, debtors: Sequence[str]) -> Mapping[str, Memory]:
        made = self.engine()
        with closing(made.adapter):
            known = read_log(made, debtors)[0]
        return {debtor: known.get(debtor, NOTHING) for debtor in debtors}

    def state(self, debtor: str, item: str) -> ItemState | None:
        """Where an item stands."""
        states = self.memory(debtor).state.items
        return next((state for state in states if state.item == item), None)

    def sent(self, debtor: str) -> list[str]:
        """What the messages that a customer got are called."""
        return self._sent(debtor, self.people.faces(debtor) if self.native else ())

    def _sent(self, debtor: str, faces: Sequence[Face]) -> list[str]:
        if self.native:
            return [face.text for face in faces if face.kind == "remind"]
        return [
            s.message.template
            for s in self.channel.sent
            if s.debtor == debtor and s.message.address not in OUR_PEOPLE
        ]

    def told(self, debtor: str) -> list[str]:
        """What our own people were told about a customer, where the ERP does not tell them."""
        mine = [s.message for s in self.channel.sent if s.debtor == debtor]
        return [message.subject for message in mine if message.address in OUR_PEOPLE]

    def ends(self, books: Books) -> object:
        """Where everything stands, in names of the test."""
        with closing(self.adapter) as adapter:
            holds = Counter(
                books.names[str(row["customer"])]
                for row in rows(adapter, "holds")
                if row["customer"] in books.names
            )
        known = self._memories(sorted(books.customers.values())).values()
        states = [item for memory in known for item in memory.state.items]
        stages = sorted((books.called[i.item], i.stage, i.cycle, i.adopted) for i in states)
        sent, deeds = {}, {}
        for kind, customer in books.customers.items():
            faces = self.people.faces(customer)
            deeds[kind] = Counter(face.kind for face in faces if face.kind != "remind")
            sent[kind] = Counter(self._sent(customer, faces))
        told = {kind: Counter(self.told(c)) for kind, c in books.customers.items()}
        return stages, sent, holds, deeds, told

    def undisturbed(self, *kinds: str) -> tuple[object, int]:
        """How a run ends that nothing disturbs, and how many points it passes."""
        books, sabotage = self.books(*kinds), Sabotage()
        self.run(sabotage)
        return self.ends(books), sabotage.points


def act(method: str, nth: int, deed: object) -> Sabotage:
    """What other people or engines do just before a call of the port."""
    assert callable(deed)
    return Sabotage(Fault(method, "act", nth, before=deed))
