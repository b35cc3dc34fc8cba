"""Random small books, memories and policies, wide enough to reach every corner of the language.

Hypothesis draws how many there are of each kind, and a seed; everything else is thrown with dice
that
know the seed and the name of what they are for. So a part that is left out changes no other part,
failing examples shrink to few parts, and a whole world takes milliseconds to make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any, TypeVar

import polars as pl
from hypothesis import strategies as st

from dunwell.calendar import Duration
from dunwell.facts import Fact, Registry
from dunwell.log.entry import (
    BounceState,
    ContactState,
    ItemState,
    StandingState,
    State,
    WatchState,
)
from dunwell.log.fold import Contact, Memory
from dunwell.log.keys import address_hash
from dunwell.model import TABLES, Book, Describe, frame
from dunwell.money import Money
from dunwell.policy.tree import (
    ALWAYS,
    Action,
    Adopt,
    Approve,
    BySegment,
    CalendarRules,
    Condition,
    Every,
    House,
    Neither,
    Pause,
    Policy,
    Repeat,
    Segment,
    Some,
    Stage,
    Test,
    Veto,
    Watch,
)

T = TypeVar("T")

ON = date(2026, 3, 31)
CURRENCIES = ("EUR", "USD", "JPY", "KWD", "XXX")
STAGES = ("a", "b", "c", "d")
PLACES_OF_ITEMS = (*STAGES, "old_a", "gone")
COMPANIES = ("ES", "US")
HOLDS = ("orders", "delivery")
TEXTS = ("x", "y")
FACT_TEXTS: Mapping[str, tuple[str, ...]] = {
    "document_type": ("invoice", "instalment"),
    "promise": ("open", "kept", "broken"),
    "collection": ("none", "scheduled", "pending", "returned"),
    "customer_type": ("business", "public"),
    "customer_tag": ("vip", "slow"),
    "company": COMPANIES,
    "payer": ("C0", "C1"),
    "segment": ("s0", "s1"),
    "task_outcome": ("done", "cancelled", "said"),
    "shouted": ("NAME OF C0", "NAME OF C1"),
}
REGISTRY = Registry(
    [
        Fact("thirds", "item", "count", "a plugin's number", column=lambda f: f["balance"] % 3),
        Fact(
            "shouted", "account", "text", "a text", column=lambda f: f["name"].str.to_uppercase()
        ),
        Fact("worth", "account", "money", "money", column=lambda f: f["credit_limit"]),
        Fact("share", "account", "share", "a share", column=lambda f: f["credit_limit"] % 3),
        Fact("marks", "account", "texts", "texts", column=lambda f: f["tags"]),
        Fact("rest", "item", "money", "money", column=lambda f: f["balance"], event=True),
    ]
)
EVERY = tuple(REGISTRY)
ACCOUNT = tuple(n for n, f in REGISTRY.items() if f.level == "account")
EARLY = tuple(n for n in EVERY if not REGISTRY[n].counted)
LOOSE = ("days_past_due", "to_pay", "overdue_count", "exposure", "account_stage", "promise")


class Dice(Random):
    """Random choices as a book of receivables needs them."""

    def of(self, name: object) -> Dice:
        """Dice of their own for one part, whatever else is thrown."""
        return Dice(f"{self.seeded}/{name}", self.focus)

    def __init__(self, seed: str, focus: str = "") -> None:
        super().__init__(seed)
        self.seeded, self.focus = seed, focus

    def chance(self, one_in: int) -> bool:
        """True once in so many times."""
        return self.randrange(one_in) == 0

    def maybe(self, make: Callable[[], T], one_in: int = 3) -> T | None:
        """Missing once in so many times."""
        return None if self.chance(one_in) else make()

    def some(self, values: Sequence[T], most: int) -> list[T]:
        """A few different ones."""
        return self.sample(values, self.randrange(min(most, len(values)) + 1))

    def day(self, before: int = 60, after: int = 30) -> date:
        """A day around today, mostly a near one."""
        near = min(4, before), min(4, after)
        before, after = near if self.chance(2) else (before, after)
        return ON + timedelta(self.randint(-before, after))

    def minor(self) -> int:
        """An amount, often tiny."""
        if self.focus:
            return self.randint(0, 4)
        return self.randint(0, self.choice([5, 2000, 10**6]))

    def duration(self, least: int = 0) -> Duration:
        """Any span of time."""
        unit, most = self.choice(
            [("days", 20), ("business days", 12), ("weeks", 2), ("months", 2)]
        )
        return Duration(self.randint(least, most), unit)  # type: ignore[arg-type]

    def currency(self) -> str:
        """Mostly the home currency, rarely one without a rate."""
        if self.focus:
            return "EUR"
        return "EUR" if self.chance(2) else self.choice(CURRENCIES[: 5 if self.chance(20) else 4])


FOCUS: Mapping[str, tuple[str, ...]] = {
    "promises": ("promise", "broken_promises", "to_pay"),
    "history": ("invoices_paid", "late_share", "average_days_late", "usual_days_late"),
    "pauses": ("promise", "days_since_payment", "dispute_age", "is_excluded", "days_past_due"),
    "holds": ("stage", "thirds", "is_on_hold", "account_stage"),
}
"""What a world may be about: one account, small amounts, and mostly these facts."""

PERIODS = (
    Duration(12, "months"),
    Duration(30, "days"),
    Duration(5, "business days"),
    Duration(1, "days"),
)


def a_value(dice: Dice, fact: Fact) -> Any:
    """A threshold that fits the fact."""
    texts = FACT_TEXTS.get(fact.name, TEXTS)
    values: dict[str, Callable[[], Any]] = {
        "money": lambda: Money(dice.minor(), dice.currency()),
        "days": lambda: dice.duration() if dice.chance(3) else dice.randint(-3, 12),
        "count": lambda: dice.randint(0, 3),
        "share": lambda: Fraction(dice.randint(0, 5), dice.choice([1, 2, 3, 5])),
        "flag": lambda: dice.chance(2),
        "text": lambda: dice.choice(texts),
        "texts": lambda: dice.choice(texts),
        "date": lambda: dice.day(),
        "stage": lambda: dice.choice(PLACES_OF_ITEMS[: 6 if dice.chance(6) else 5]),
    }
    return values[fact.type]()


def a_test(dice: Dice, names: Sequence[str], segments: bool = True) -> Test:
    """One comparison of one of the facts."""
    if dice.focus and not dice.chance(4):
        names = [name for name in FOCUS[dice.focus] if name in names] or names
    fact = REGISTRY[dice.choice(names)]
    ops = ["is", "not", "known"]
    if fact.type not in ("flag", "text", "texts"):
        ops += ["at_least", "at_most", "over", "under", "before"] * 2
    op = dice.choice(ops)
    threshold: Any
    if op == "known":
        threshold = dice.chance(2)
    elif segments and dice.chance(4):
        by = {name: a_value(dice, fact) for name in dice.some(("s0", "s1"), 2)}
        threshold = BySegment(by, dice.maybe(lambda: a_value(dice, fact)))
    elif op in ("is", "not") and dice.chance(2):
        threshold = tuple(a_value(dice, fact) for _ in range(dice.randint(1, 2)))
    else:
        threshold = a_value(dice, fact)
    period = dice.choice(PERIODS) if fact.period else None
    return Test(fact.name, op, threshold, period)  # type: ignore[arg-type]


def a_condition(
    dice: Dice, names: Sequence[str] = EVERY, *, segments: bool = True, depth: int = 2
) -> Condition:
    """A tree of tests; the simplest ones most often, as people write them."""
    if depth == 0 or dice.chance(2):
        return a_test(dice, names, segments)
    kinds: list[Callable[[tuple[Condition, ...]], Condition]] = [Every, Every, Some, Neither]
    kind = dice.choice(kinds)
    parts = (
        a_condition(dice, names, segments=segments, depth=depth - 1)
        for _ in range(dice.randint(0, 3))
    )
    return kind(tuple(parts))


def an_easy_one(dice: Dice, names: Sequence[str] = EVERY) -> Condition:
    """A condition that holds often, or nothing ever happens."""
    open_ = Test("days_past_due", "at_least", -10)
    way = dice.randrange(6)
    if way < 3:
        return ALWAYS if way else open_
    return a_condition(dice, LOOSE if way < 5 else names)


def some_actions(dice: Dice) -> tuple[Action, ...]:
    """What a stage or watch does; only the standing ones matter to a decision."""
    known = [
        Action("remind", "remind", template="t"),
        Action("task", "task", summary="s"),
        *(Action("hold", f"hold:{kind}", hold=kind) for kind in HOLDS),
        Action("tag", "tag:vip", tag="vip"),
        Action("tag", "tag:late", tag="late"),
    ]
    return tuple(dice.sample(known, dice.randint(1, 2)))


def a_stage(dice: Dice, name: str) -> Stage:
    """One stage of a ladder."""
    return Stage(
        name,
        some_actions(dice),
        an_easy_one(dice),
        for_=a_condition(dice) if dice.chance(4) else ALWAYS,
        after=dice.maybe(dice.duration, 2),
        jump=an_easy_one(dice) if dice.chance(4) else None,
        repeat=dice.maybe(
            lambda: Repeat(dice.duration(1), dice.maybe(lambda: dice.randint(0, 3))), 2
        ),
        was=("old_a",) if name == "a" and dice.chance(2) else (),
        approve=Approve("boss", an_easy_one(dice)) if dice.chance(4) else None,
    )


def a_brief_pause(dice: Dice, name: str) -> Pause:
    """One that ends within days, so that its grace decides."""
    when: Condition = dice.choice(
        [
            Test("promise", "is", "open"),
            Test("days_since_payment", "at_most", dice.randrange(3)),
            Test("is_excluded", "is", True),
            Test("days_past_due", "is", dice.randrange(6)),
            Test("overdue_count_all", "is", dice.randrange(3)),
        ]
    )
    unit = dice.choice(["days", "days", "business days"])
    grace = dice.maybe(lambda: Duration(dice.randint(0, 4), unit), 4)  # type: ignore[arg-type]
    return Pause(name, when, grace, listed=dice.chance(3), lift=dice.chance(3))


def a_pause(dice: Dice, name: str) -> Pause:
    """A reason to leave items alone, with grace or without."""
    if dice.focus == "pauses":
        return a_brief_pause(dice, name)
    if dice.focus == "holds":
        some = Test("thirds", "is", tuple({dice.randrange(3), dice.randrange(3)}))
        return Pause(name, some, listed=dice.chance(3), lift=not dice.chance(3))
    dated = ("promise", "is_disputed", "days_since_payment", "days_past_due", "overdue_count_all")
    when = a_condition(dice, dated if dice.chance(2) else EARLY)
    if not dice.chance(3):  # items one by one, so that a part of the account goes on
        when = Every((when, Test("thirds", "is", dice.randrange(3))))
    grace = dice.maybe(dice.duration, 2)
    return Pause(name, when, grace, listed=dice.chance(3), lift=dice.chance(3))


def a_watch(dice: Dice, name: str) -> Watch:
    """Something beside the ladder, on an event or regularly."""
    event = ("promise", "bounced", "is_disputed", "task_outcome", "collection", "rest")
    when = a_test(dice, event) if dice.chance(2) else an_easy_one(dice)
    on_day = dice.maybe(lambda: dice.choice([1, 28, 31]), 2)
    every = Duration(dice.randint(1, 2), "months") if on_day else dice.duration(1)
    repeat = Repeat(every, dice.maybe(lambda: dice.randint(0, 3)), on_day)
    return Watch(name, when, some_actions(dice), dice.maybe(lambda: repeat))


def a_calendar(dice: Dice) -> CalendarRules:
    """Holidays, a zone and where closed days move."""
    return CalendarRules(
        holidays=dice.choice([(), ("ES",), ("ES-MD", "US")]),
        timezone=dice.choice(["", "Europe/Madrid", "America/New_York"]),
        due_rolls=dice.choice(["none", "next_business_day", "previous_business_day"]),
        closed=(dice.day(5, 5),) if dice.chance(2) else (),
    )


def a_policy(dice: Dice, name: str, sizes: Mapping[str, int], *, last: bool) -> Policy:
    """One policy of up to four stages."""
    ladder = tuple(a_stage(dice.of(stage), stage) for stage in STAGES[: sizes["stages"]])
    segments = tuple(
        Segment(
            f"s{n}",
            ALWAYS if dice.chance(3) else a_condition(dice.of(f"s{n}"), EARLY, segments=False),
        )
        for n in range(sizes["segments"])
    )
    adopts = [
        Adopt(a_condition(dice.of(f"adopt{n}")), dice.choice(ladder).name)
        for n in range(sizes["adopts"])
        if ladder
    ]
    easy = last and not dice.chance(6)
    own = tuple(a_pause(dice.of(f"own{n}"), f"own{n}") for n in range(sizes["pauses"]))
    return Policy(
        name,
        "JPY" if dice.chance(6) else "EUR",
        ladder,
        applies_to=ALWAYS if easy else a_condition(dice.of("applies"), EARLY, segments=False),
        segments=segments,
        adopt=tuple(adopts),
        watch=tuple(a_watch(dice.of(f"w{n}"), f"w{n}") for n in range(sizes["watches"])),
        pause=own if dice.chance(4) else None,
        calendar=a_calendar(dice.of("calendar")) if dice.chance(3) else None,
    )


def a_house(dice: Dice, sizes: Mapping[str, int]) -> House:
    """One or two policies, with pauses and vetoes for all."""
    count = sizes["policies"]
    return House(
        "house",
        tuple(
            a_policy(dice.of(f"policy{n}"), f"policy_{n}", sizes, last=n == count - 1)
            for n in range(count)
        ),
        calendar=a_calendar(dice.of("calendar")),
        pause=tuple(a_pause(dice.of(f"p{n}"), f"p{n}") for n in range(sizes["pauses"])),
        veto=tuple(
            Veto(f"v{n}", ("hold",), a_condition(dice.of(f"v{n}"))) for n in range(sizes["vetoes"])
        ),
    )


Row = dict[str, Any]
ITEMS = tuple(f"I{n}" for n in range(10))


def customer_of(dice: Dice) -> str:
    """Mostly the first; rarely one that the ERP does not know."""
    if dice.focus:
        return "C0"
    return dice.choice(["C0", "C0", "C0", "C1", "C2", "C9" if dice.chance(6) else "C0"])


def company_of(dice: Dice) -> str:
    """Mostly the first; rarely one that the ERP does not know."""
    if dice.focus:
        return "ES"
    return dice.choice(["ES", "ES", "ES", "US", "MARS" if dice.chance(6) else "ES"])


def a_customer(dice: Dice, name: str) -> Row:
    """One customer, perhaps paid for by another."""
    return {
        "id": name,
        "name": f"Name of {name}",
        "payer": dice.choice([None] * 6 + ["", "C0", "C1", "C7"]),
        "type": dice.maybe(lambda: dice.choice(["business", "public"])),
        "country": dice.maybe(lambda: dice.choice(TEXTS)),
        "language": dice.maybe(lambda: dice.choice(TEXTS)),
        "since": dice.maybe(lambda: dice.day(60, 0)),
        "salesperson": dice.maybe(lambda: dice.choice(TEXTS)),
        "tags": dice.maybe(lambda: dice.some(["vip", "slow", "late"], 2)),
        "email": dice.maybe(lambda: dice.choice(["", "one@x.example", "two@x.example"])),
        "credit_limit": dice.maybe(lambda: dice.randint(-5, 2000)),
        "credit_currency": dice.maybe(dice.currency),
    }


def an_item(dice: Dice, name: str) -> Row:
    """One item; few do not add up."""
    amount = max(1, dice.minor())
    balance = amount if dice.chance(2) else dice.randint(amount // 8, amount)
    if dice.chance(60):
        balance = dice.choice([-1, amount + 1])
    return {
        "id": name,
        "customer": customer_of(dice),
        "company": company_of(dice),
        "number": f"N-{name}",
        "document": dice.choice([None, "", "D0", "D1"]),
        "kind": dice.choice(["invoice", "instalment"]),
        "issued": dice.maybe(lambda: dice.day(60, 0)),
        "due": dice.maybe(dice.day, 16),
        "currency": dice.currency(),
        "amount": amount,
        "balance": balance,
        "terms": dice.maybe(lambda: dice.choice(TEXTS)),
        "method": dice.maybe(lambda: dice.choice(TEXTS)),
        "last_payment": dice.maybe(lambda: dice.day(10, 3)),
        "no_follow_up": dice.choice([None, None, None, False, dice.chance(3)]),
        "collection": dice.choice([None, None, "", "none", "returned", None])
        if not dice.chance(6)
        else dice.choice(["scheduled", "pending"]),
        "collection_failure": dice.maybe(lambda: dice.choice(TEXTS)),
        "collection_returns": dice.maybe(lambda: dice.randint(0, 2)),
    }


def a_row(dice: Dice, table: str, name: str) -> Row:
    """One row of any of the other tables; not every column belongs to each of them."""
    known: Row = {
        "id": name,
        "key": f"K{name}",
        "customer": customer_of(dice),
        "company": company_of(dice),
        "number": dice.choice([None, "", "CN"]),
        "role": dice.choice(["billing", None]),
        "email": dice.choice([None, "", "one@x.example", "three@x.example"]),
        "kind": "payment",
        "currency": dice.currency(),
        "balance": 3 if dice.chance(40) else -dice.choice([1, 50, dice.minor()]),
        "item": dice.choice([*ITEMS, None, None]),
        "on": dice.day(40, 2),
        "amount": dice.minor(),
        "due": dice.maybe(lambda: dice.day(60, 0)),
        "closes": dice.chance(2),
        "made": dice.day(15, 1),
        "by": dice.day(8, 8),
        "items": dice.maybe(lambda: dice.some(ITEMS[:4], 2), 2),
        "ended": dice.day(5, 3) if dice.chance(3) else None,
        "since": dice.day(10, 1),
        "until": dice.maybe(lambda: dice.day(3, 8)),
        "reason": dice.maybe(lambda: dice.choice(TEXTS)),
        "value": dice.choice(["mine", "theirs"]),
        "state": dice.choice(["open", "done", "cancelled"]),
        "outcome": dice.choice([None, "", "said"]),
    }
    if table == "settlements":
        known["item"] = dice.choice([*ITEMS[:4], "I10", "I11"])
        known["kind"] = dice.choice(["payment", "payment", "credit_note", "write_off"])
    elif table == "disputes":
        known["item"] = dice.choice([*ITEMS[:5], "D0", "D1"])
        known["amount"] = dice.maybe(dice.minor, 2)
    elif table == "exclusions":
        known["item"] = dice.choice([None, *ITEMS, "D0"])
    elif table in ("holds", "tasks"):
        known["company"] = dice.maybe(lambda: company_of(dice))
        known["kind"], known["by"] = dice.choice(HOLDS), "ana"
        known["ended"] = dice.maybe(lambda: dice.day(5, 1), 2)
    if dice.focus == "history" and table == "settlements":
        late = timedelta(dice.randint(-2, 8))
        known |= {"kind": "payment", "closes": True, "due": known["on"] - late}
    if dice.focus == "holds":
        known |= {"value": "mine"}
        if table == "holds":
            known |= {"kind": "orders"}
        if table == "settlements" and dice.chance(2):
            known |= {"kind": "write_off", "closes": True, "item": "I11"}
    return {column: known[column] for column in TABLES[table].schema if column in known}


OTHERS = (
    "contacts",
    "credits",
    "settlements",
    "promises",
    "disputes",
    "exclusions",
    "holds",
    "tasks",
)


def a_book(dice: Dice, sizes: Mapping[str, int]) -> Book:
    """Two companies, three customers, some items and all that belongs to them."""
    rows: dict[str, list[Row]] = {
        "companies": [
            {"id": "ES", "name": "Uno", "currency": "EUR"},
            {"id": "US", "name": "Two", "currency": "USD"},
        ],
        "customers": [a_customer(dice.of(f"C{n}"), f"C{n}") for n in range(3)],
        "items": [an_item(dice.of(name), name) for name in ITEMS[: sizes["items"]]],
    }
    for table in OTHERS:
        rows[table] = [a_row(dice.of(f"{table}{n}"), table, f"{n}") for n in range(sizes[table])]
    own = dice.of("rates")
    values = ("0.9", "1.1", "0.0065", "3", "0.5", "2.98765", "0" if own.chance(9) else "1.5")
    rows["rates"] = [
        {"company": company, "currency": currency, "on": day, "rate": own.choice(values)}
        for company in COMPANIES
        for currency in own.sample(CURRENCIES[:4], 3 if own.chance(4) else 4)
        for day in {ON - timedelta(5), own.day(5, 1)}
    ]
    return book(rows)


def book(given: Mapping[str, Sequence[Row]], on: date = ON) -> Book:
    """A book from rows; columns that no row has are empty."""
    tables = {}
    for name, rows in given.items():
        schema = TABLES[name].schema
        columns = {c: [row.get(c) for row in rows] for c in schema if any(c in r for r in rows)}
        tables[name] = frame(name, columns)
    now = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
    return Book(Describe("tenant", "test", on, now), tables)


def an_item_state(dice: Dice, item: str) -> ItemState:
    """Where an item stands, perhaps with the next stage half done."""
    stage = dice.choice([*STAGES, "a", "a", "a", "old_a" if dice.chance(2) else "gone"])
    part = dice.choice(PLACES_OF_ITEMS) if dice.chance(3) else None
    return ItemState(
        item,
        "policy_0",
        "" if part and dice.chance(4) else stage,
        dice.randint(0, 2),
        dice.day(2 if dice.chance(3) else 60, 0),
        pay_by=dice.day(6, 3) if dice.chance(3) else None,
        adopted=dice.choice(PLACES_OF_ITEMS) if dice.chance(4) else "",
        part=(part, ("hold:orders",)) if part else None,
        past=tuple(dice.some(PLACES_OF_ITEMS, 3)) if dice.chance(3) else (),
    )


SEEN = (
    "promise:0:open", "promise:0:broken", "bounce:B", "dispute:0", "task:K0",
    "collection:I0:0", "collection:I1:1", "rest:I0",
)  # fmt: skip


def a_standing(dice: Dice) -> StandingState:
    """A hold or tag that Dunwell remembers."""
    kind, names, value = dice.choice(
        [("hold", (*HOLDS, "credit"), "mine"), ("tag", ("vip", "late"), "")]
    )
    state = dice.choice(["placed", "placed", "released", "override"])
    if dice.focus == "holds":
        kind, names, value = "hold", HOLDS[:1], "mine"
    company = dice.choice(COMPANIES[: 1 if dice.chance(2) else 2])
    return StandingState(company, kind, dice.choice(names), state, value, 0, dice.day(60, 0))  # type: ignore[arg-type]


def a_memory(dice: Dice, sizes: Mapping[str, int]) -> Memory:
    """What the log of one debtor says."""
    watches = tuple(
        WatchState(
            dice.choice(COMPANIES),
            dice.choice(["policy_0/w0", "policy_0/w1", "policy_1/w0"]),
            dice.randint(0, 2),
            dice.day(60, 0),
            tuple(sorted(dice.some(SEEN, 4))),
        )
        for _ in range(sizes["watch_states"])
    )
    known = ITEMS[: sizes["item_states"]]
    bounced = BounceState("email", address_hash("email", "one@x.example"), ON, "B")
    state = State(
        items=tuple(an_item_state(dice.of(i), i) for i in (*known, "I11") if not dice.chance(5)),
        watches=watches,
        standing=tuple(a_standing(dice.of(f"h{n}")) for n in range(sizes["standing"])),
        contacts=tuple(
            ContactState(dice.day(10, 1), "email", "ES") for _ in range(dice.randrange(3))
        ),
        bounces=(bounced,) if dice.chance(2) else (),
    )
    people = tuple(
        Contact(datetime(2026, 3, dice.randint(20, 31), dice.randrange(24), 30, tzinfo=UTC),
                "call", "", None)
        for _ in range(dice.randrange(3))
    )  # fmt: skip
    return Memory(state, 3, 3, people=people, garbled="bad" if dice.chance(30) else "")


@dataclass(frozen=True)
class World:
    """All that a decision is made of; `sizes` and `seed` make it again."""

    book: Book
    house: House
    memories: Mapping[str, Memory]
    seed: int
    sizes: Mapping[str, int]


MOST = {
    **dict.fromkeys(OTHERS, 4),
    "contacts": 2,
    "credits": 2,
    "disputes": 2,
    "exclusions": 1,
    "holds": 2,
    "tasks": 2,
    "items": 10,
    "item_states": 10,
    "watch_states": 2,
    "standing": 3,
    "stages": 4,
    "segments": 2,
    "adopts": 2,
    "pauses": 2,
    "watches": 2,
    "vetoes": 2,
    "debtors": 3,
}


def a_world(seed: int, sizes: Mapping[str, int], focus: str = "") -> World:
    """The world of a seed, with so many of everything."""
    dice = Dice(f"{seed}", focus)
    memories = {f"C{n}": a_memory(dice.of(f"memory{n}"), sizes) for n in range(sizes["debtors"])}
    house = a_house(dice.of("house"), sizes)
    return World(a_book(dice.of("book"), sizes), house, memories, seed, sizes)


worlds: st.SearchStrategy[World] = st.builds(
    a_world,
    st.integers(0, 2**32),
    st.fixed_dictionaries(
        {
            **{name: st.integers(0, most) for name, most in MOST.items()},
            "policies": st.integers(1, 2),
        }
    ),
    st.sampled_from(["", "", *FOCUS]),
)


def shuffled(given: Book, seed: int) -> Book:
    """The same book with the rows of every table in another order."""
    tables: dict[str, pl.DataFrame] = {}
    for name, table in given.tables.items():
        tables[name] = table.sample(fraction=1, shuffle=True, seed=seed) if table.height else table
    return Book(given.describe, tables)
