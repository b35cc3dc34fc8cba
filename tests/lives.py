"""Random books and policies that an engine lives with: a world of dice as an ERP in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

from dunwell.calendar import Duration, Window
from dunwell.command import AccountPlan, Command, Receipt
from dunwell.log.entry import ClaimBody, Claimed, Entry, OutcomeBody, Result, decode
from dunwell.message.facts import MessageFacts
from dunwell.money import Money
from dunwell.policy.tree import (
    Action,
    Approve,
    Budget,
    Condition,
    ContactRules,
    House,
    Policy,
    Stage,
    Test,
)
from dunwell.port import Channel
from dunwell.run.daily import run_daily
from dunwell.run.engine import Engine
from dunwell.run.plan import make_plan
from dunwell.run.planfile import Plan
from dunwell.run.words import Rendered
from dunwell.testing import (
    Crash,
    Erp,
    HostileAdapter,
    HostileChannel,
    MemoryAdapter,
    MemoryChannel,
    Sabotage,
)
from dunwell.testing.wording import PlainWording

from tests.strategies import ON, REGISTRY, Dice, World

OWN = (
    "stage",
    "account_stage",
    "contacts",
    "days_since_contact",
    "bounced",
    "is_on_hold",
    "customer_tag",
    "marks",
    "task_outcome",
)
"""Facts that a run changes itself: policies that read them may go on with a second run."""

HOURS = time(8), time(19)

DUE = Test("days_past_due", "at_least", -10)


def calm(house: House) -> House:
    """The house, reading only facts that no run of its own changes."""
    return mapped(house, lambda test: DUE if test.fact in OWN else test)


def mapped(house: House, change: Any) -> House:
    """The house with every test of its conditions changed."""

    def tree(condition: Condition) -> Condition:
        if isinstance(condition, Test):
            changed: Condition = change(condition)
            return changed
        return replace(condition, parts=tuple(tree(part) for part in condition.parts))

    def stage(old: Stage) -> Stage:
        approve = old.approve and Approve(old.approve.by, tree(old.approve.when))
        jump = tree(old.jump) if old.jump else None
        return replace(old, when=tree(old.when), for_=tree(old.for_), jump=jump, approve=approve)

    def policy(old: Policy) -> Policy:
        own = old.pause
        if own is not None:
            own = tuple(replace(p, when=tree(p.when)) for p in own)
        return replace(
            old,
            ladder=tuple(stage(s) for s in old.ladder),
            applies_to=tree(old.applies_to),
            segments=tuple(replace(s, when=tree(s.when)) for s in old.segments),
            adopt=tuple(replace(a, when=tree(a.when)) for a in old.adopt),
            watch=tuple(replace(w, when=tree(w.when)) for w in old.watch),
            pause=None
            if old.pause is None
            else tuple(replace(p, when=tree(p.when)) for p in old.pause),
        )

    return replace(
        house,
        policies=tuple(policy(p) for p in house.policies),
        pause=tuple(replace(p, when=tree(p.when)) for p in house.pause),
        veto=tuple(replace(v, when=tree(v.when)) for v in house.veto),
    )


def talking(house: House) -> House:
    """The house, with a message in most stages, and in some watches."""

    def more(old: tuple[Action, ...], wanted: bool) -> tuple[Action, ...]:
        silent = wanted and not any(action.kind == "remind" for action in old)
        return (*old, Action("remind", "remind", template="t")) if silent else old

    def policy(old: Policy) -> Policy:
        ladder = (replace(s, do=more(s.do, s.name != "c")) for s in old.ladder)
        watch = (replace(w, do=more(w.do, w.name == "w0")) for w in old.watch)
        return replace(old, ladder=tuple(ladder), watch=tuple(watch))

    return replace(house, policies=tuple(policy(p) for p in house.policies))


def erp_of(world: World) -> Erp:
    """The book of a world as an ERP in memory, with an empty log."""
    erp = Erp(on=ON)
    for table, frame in world.book.tables.items():
        erp.rows[table].clear()
        for row in frame.iter_rows(named=True):
            erp.put(table, **{name: value for name, value in row.items() if value is not None})
    for name, customer in erp.rows["customers"].items():
        customer.setdefault("tags", [])
        customer.setdefault("email", f"{name}@x.example".lower())
    for person in ("ana", "boss"):
        erp.person(person)
    return erp


@dataclass
class Recorder(PlainWording):
    """Keeps the facts of every message that was worded."""

    facts: list[tuple[str, MessageFacts]] = field(default_factory=list)

    def message(self, template: str, languages: Sequence[str], facts: MessageFacts) -> Rendered:
        self.facts.append((template, facts))
        return super().message(template, languages, facts)


@dataclass
class Life:
    """One ERP, one channel, and a new engine for every run."""

    erp: Erp
    house: House
    channel: MemoryChannel = field(default_factory=MemoryChannel)
    wording: Recorder = field(default_factory=Recorder)
    page_rows: int = 10_000

    def engine(self, sabotage: Sabotage | None = None) -> Engine:
        adapter: Any = MemoryAdapter(self.erp, page_rows=self.page_rows)
        channel: Channel = self.channel
        if sabotage is not None:
            adapter, channel = HostileAdapter(adapter, sabotage), HostileChannel(channel, sabotage)
        return Engine(
            adapter, self.house, REGISTRY, self.wording, channels={"email": channel}, plain=True,
            tick=lambda: self.erp.now.timestamp(),
        )  # fmt: skip

    def run(self, crash_at: int | None = None) -> Sequence[Receipt]:
        """A run, which may stop at a point."""
        self.channel.on = self.erp.on
        try:
            return run_daily(self.engine(Sabotage(crash_at=crash_at))).receipts
        except Crash:
            return ()

    def plan(self, only: str | None = None) -> Plan:
        return make_plan(self.engine(), only=only).plan

    def commands(self) -> list[tuple[AccountPlan, Command]]:
        """All commands of today's plan, each with its account."""
        return [(a, c) for a in self.plan().accounts for c in a.commands]

    def tomorrow(self, hour: int = 9) -> None:
        day = self.erp.on + timedelta(1)
        at = datetime.combine(day, time(hour), self.erp.zone)
        self.erp.now = at.astimezone(self.erp.now.tzinfo)

    def log(self) -> Iterator[Entry]:
        """Dunwell's entries, the oldest first."""
        for debtor in sorted(self.erp.logbook.debtors()):
            entries = [e for e in self.erp.logbook.newest(debtor, 10**6) if e.position]
            yield from sorted(entries, key=lambda entry: entry.position or 0)

    def settled(self) -> Iterator[tuple[str, ClaimBody, Claimed, Result]]:
        """Every claimed command that has an outcome, with its debtor."""
        claims: dict[str, ClaimBody] = {}
        for entry in self.log():
            body = decode(entry)
            if isinstance(body, ClaimBody):
                claims[entry.key] = body
            elif isinstance(body, OutcomeBody):
                results = {result.key: result for result in body.results}
                for command in claims[body.claim].commands:
                    yield entry.debtor, claims[body.claim], command, results[command.key]


def restrained(house: House, dice: Dice) -> House:
    """The house with a budget, and with hours in one zone."""
    budget = (Budget(1, Duration(1, "days")), Budget(dice.randint(1, 3), Duration(7, "days")))
    hours = {"email": Window("business", *HOURS)}
    policies = tuple(replace(policy, calendar=None, contact=None) for policy in house.policies)
    calendar = replace(house.calendar, timezone="Europe/Madrid")
    contact = ContactRules(windows=hours)
    return replace(house, policies=policies, budget=budget, calendar=calendar, contact=contact)


def acts(life: Life, dice: Dice) -> None:
    """What customers and people do on a day: at most two of many things."""
    erp = life.erp
    for _ in range(dice.choice([0, 0, 1, 1, 2])):
        items = [k for k, row in erp.rows["items"].items() if row["balance"]]
        if not items:
            return
        item = dice.choice(items)
        row = erp.rows["items"][item]
        customer = str(row["customer"])
        worth = int(str(row["balance"]))
        dice.choice(ACTS)(life, dice, item, customer, worth)


def _pay(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    life.erp.pay(item)


def _pay_part(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    currency = str(life.erp.rows["items"][item]["currency"])
    if worth > 1:
        life.erp.pay(item, Money(dice.randint(1, worth), currency))


def _reverse(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    ours = [k for k in life.erp.rows["settlements"] if k.startswith("settlement-")]
    if ours:
        life.erp.reverse(dice.choice(ours))


def _promise(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    row = life.erp.rows["items"][item]
    by = life.erp.on + timedelta(dice.randint(1, 9))
    items = [item] if dice.chance(2) else []
    amount = Money(worth, str(row["currency"]))
    life.erp.promise(customer, amount, by=by, items=items, company=str(row["company"]))


def _dispute(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    life.erp.dispute(item)


def _settle(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    for key, row in life.erp.rows["disputes"].items():
        if not row.get("ended"):
            life.erp.end_dispute(key)
            return


def _bounce(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    if life.channel.sent:
        life.channel.bounce(dice.choice(life.channel.sent[-5:]))


def _new_address(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    if customer in life.erp.rows["customers"]:
        life.erp.change_email(customer, f"a{dice.randrange(10**6)}@x.example")


def _lift(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    life.erp.lift_hold(customer, dice.choice(["orders", "delivery"]))


def _call(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    if customer in life.erp.rows["customers"]:
        life.erp.call(customer)


def _exclude(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    if customer in life.erp.rows["customers"]:
        life.erp.exclude(customer, item=item, until=life.erp.on + timedelta(dice.randint(0, 5)))


def _task(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    known = [k for k, row in life.erp.rows["tasks"].items() if row["state"] == "open"]
    if known:
        dice.choice([life.erp.finish_task, life.erp.cancel_task])(dice.choice(known))


def _invoice(life: Life, dice: Dice, item: str, customer: str, worth: int) -> None:
    row = life.erp.rows["items"][item]
    due = life.erp.on + timedelta(dice.randint(-3, 10))
    life.erp.invoice(
        customer=customer, amount=f"{dice.randint(1, 900)} EUR", due=due,
        company=str(row["company"]),
    )  # fmt: skip


ACTS = (
    _pay, _pay_part, _reverse, _promise, _dispute, _settle, _bounce, _new_address, _lift, _call,
    _exclude, _task, _invoice,
)  # fmt: skip
