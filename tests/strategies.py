"""Random small books, memories and policies, wide enough to reach every corner of the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
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
STAGES = ("a", "b", "c", "d", "old_a", "gone")
COMPANIES = ("ES", "US")
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
}


def _per_item(frame: pl.DataFrame) -> pl.Series:
    return (frame["balance"] % 3).alias("thirds")


def _shouts(frame: pl.DataFrame) -> pl.Series:
    return frame["name"].str.to_uppercase()


def _worth(frame: pl.DataFrame) -> pl.Series:
    return frame["credit_limit"]


REGISTRY = Registry(
    [
        Fact("thirds", "item", "count", "a plugin's number", column=_per_item, origin="test"),
        Fact("shouted", "account", "text", "a plugin's text", column=_shouts, origin="test"),
        Fact("worth", "account", "money", "a plugin's money", column=_worth, origin="test"),
        Fact(
            "rest", "item", "money", "a plugin's money", column=lambda f: f["balance"], event=True
        ),
    ]
)


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """Missing about every third time."""
    return st.one_of(st.none(), strategy, strategy)


def days(before: int = 60, after: int = 30) -> st.SearchStrategy[date]:
    """Days around today, the nearest ones most often."""
    near = st.integers(-4, 4)
    return st.one_of(near, st.integers(-before, after)).map(lambda n: ON + timedelta(n))


past = days(60, 0)
durations = st.one_of(
    st.builds(Duration, st.integers(0, 20), st.sampled_from(["days", "business days"])),
    st.builds(Duration, st.integers(0, 2), st.sampled_from(["weeks", "months"])),
)
some_time = durations.filter(lambda d: d.count > 0)
periods = st.sampled_from(
    [
        Duration(12, "months"),
        Duration(30, "days"),
        Duration(5, "business days"),
        Duration(1, "days"),
    ]
)
minors = st.one_of(st.integers(0, 5), st.integers(0, 2000), st.integers(0, 10**6))
moneys = st.builds(Money, minors, st.sampled_from(CURRENCIES))
shares = st.builds(Fraction, st.integers(0, 5), st.sampled_from([1, 2, 3, 5]))


@st.composite
def tests(draw: st.DrawFn, names: Sequence[str], segments: bool) -> Test:
    """One comparison of one of the facts, with a threshold that fits it."""
    fact = REGISTRY[draw(st.sampled_from(names))]
    texts = FACT_TEXTS.get(fact.name, TEXTS)
    value: st.SearchStrategy[Any] = {
        "money": moneys,
        "days": st.one_of(st.integers(-3, 12), durations),
        "count": st.integers(0, 3),
        "share": shares,
        "flag": st.booleans(),
        "text": st.sampled_from(texts),
        "texts": st.sampled_from(texts),
        "date": days(),
        "stage": st.sampled_from(STAGES[:-1]),
    }[fact.type]
    ordered = fact.type not in ("flag", "text", "texts")
    op = draw(
        st.sampled_from(
            ["is", "not", "known"]
            + (["at_least", "at_most", "over", "under", "before"] if ordered else [])
        )
    )
    threshold: Any
    if op == "known":
        threshold = draw(st.booleans())
    elif segments and draw(st.integers(0, 3)) == 0:
        by = draw(st.dictionaries(st.sampled_from(["s0", "s1"]), value, max_size=2))
        threshold = BySegment(by, draw(maybe(value)))
    elif op in ("is", "not") and draw(st.booleans()):
        threshold = tuple(draw(st.lists(value, min_size=1, max_size=2)))
    else:
        threshold = draw(value)
    return Test(fact.name, op, threshold, draw(periods) if fact.period else None)  # type: ignore[arg-type]


ACCOUNT = tuple(n for n, f in REGISTRY.items() if f.level == "account")
UNCOUNTED = tuple(n for n in ACCOUNT if not REGISTRY[n].counted)
EVERY = tuple(REGISTRY)


def conditions(
    names: Sequence[str] = EVERY, *, segments: bool = True, size: int = 3
) -> st.SearchStrategy[Condition]:
    """Trees of tests; the simplest ones most often, as people write them."""
    leaf: st.SearchStrategy[Condition] = tests(names, segments)
    parts = st.lists(leaf, max_size=size).map(tuple)
    nested = st.one_of(
        leaf, parts.map(Every), parts.map(Some), parts.map(Neither), parts.map(Every)
    )
    deep = st.lists(nested, max_size=2).map(tuple)
    return st.one_of(leaf, leaf, nested, deep.map(Every), deep.map(Some), deep.map(Neither))


LOOSE = ("days_past_due", "to_pay", "overdue_count", "exposure", "stage", "promise")


def easy(names: Sequence[str] = EVERY) -> st.SearchStrategy[Condition]:
    """Conditions that hold often, or nothing ever happens."""
    open_ = Test("days_past_due", "at_least", -30)
    return st.one_of(st.just(ALWAYS), st.just(open_), conditions(LOOSE), conditions(names))


HOLDS = ("orders", "delivery")


def actions() -> st.SearchStrategy[tuple[Action, ...]]:
    """What a stage or watch does; only the standing ones matter to a decision."""
    one = st.sampled_from(
        [
            Action("remind", "remind", template="t"),
            Action("task", "task", summary="s"),
            *(Action("hold", f"hold:{kind}", hold=kind) for kind in HOLDS),
            Action("tag", "tag:vip", tag="vip"),
            Action("tag", "tag:late", tag="late"),
        ]
    )
    return st.lists(one, min_size=1, max_size=2, unique_by=lambda a: a.id).map(tuple)


repeats = st.builds(
    Repeat, st.builds(Duration, st.integers(1, 2), st.just("months")),
    maybe(st.integers(0, 2)), maybe(st.sampled_from([1, 28, 31])),
) | st.builds(Repeat, some_time, maybe(st.integers(0, 2)))  # fmt: skip


@st.composite
def stages(draw: st.DrawFn, name: str) -> Stage:
    """One stage of a ladder."""
    repeat = draw(maybe(st.builds(Repeat, some_time, maybe(st.integers(0, 2)))))
    return Stage(
        name,
        draw(actions()),
        draw(easy()),
        for_=draw(st.one_of(st.just(ALWAYS), conditions())),
        after=draw(maybe(durations)),
        jump=draw(maybe(easy())),
        repeat=repeat,
        was=("old_a",) if name == "a" and draw(st.booleans()) else (),
        approve=draw(maybe(st.builds(Approve, st.just("boss"), easy()))),
    )


@st.composite
def pauses(draw: st.DrawFn) -> tuple[Pause, ...]:
    """Reasons to leave items alone, with grace or without."""
    found = []
    for n in range(draw(st.integers(0, 3))):
        when = draw(conditions(tuple(f for f in EVERY if not REGISTRY[f].counted)))
        grace = draw(maybe(durations))
        found.append(Pause(f"p{n}", when, grace, draw(st.booleans()), draw(st.booleans())))
    return tuple(found)


calendars = st.builds(
    CalendarRules,
    holidays=st.sampled_from([(), ("ES",), ("ES-MD", "US")]),
    timezone=st.sampled_from(["", "Europe/Madrid", "America/New_York"]),
    due_rolls=st.sampled_from(["none", "next_business_day", "previous_business_day"]),
    closed=st.lists(days(5, 5), max_size=1).map(tuple),
)


@st.composite
def policies(draw: st.DrawFn, name: str) -> Policy:
    """One policy of up to four stages."""
    ladder = tuple(draw(stages(stage)) for stage in STAGES[: draw(st.integers(0, 4))])
    segments = tuple(
        Segment(f"s{n}", draw(st.one_of(st.just(ALWAYS), conditions(UNCOUNTED, segments=False))))
        for n in range(draw(st.integers(0, 2)))
    )
    adopts = (
        st.builds(Adopt, easy(), st.sampled_from([s.name for s in ladder])) if ladder else None
    )
    applies = st.one_of(
        st.just(ALWAYS), st.just(ALWAYS), conditions((*UNCOUNTED, "balance"), segments=False)
    )
    return Policy(
        name,
        draw(st.sampled_from(["EUR", "EUR", "JPY"])),
        ladder,
        applies_to=draw(applies),
        segments=segments,
        adopt=tuple(draw(st.lists(adopts, max_size=2))) if adopts is not None else (),
        watch=tuple(
            Watch(f"w{n}", draw(easy()), draw(actions()), draw(maybe(repeats)))
            for n in range(draw(st.integers(0, 2)))
        ),
        pause=draw(st.one_of(st.none(), st.none(), pauses())),
        calendar=draw(st.one_of(st.none(), st.none(), calendars)),
    )


@st.composite
def houses(draw: st.DrawFn) -> House:
    """One or two policies, with pauses and vetoes for all."""
    vetoes = st.builds(Veto, st.sampled_from(["v0", "v1"]), st.just(("hold",)), conditions())
    return House(
        "house",
        tuple(draw(policies(f"policy_{n}")) for n in range(draw(st.integers(1, 2)))),
        calendar=draw(calendars),
        pause=draw(pauses()),
        veto=tuple(draw(st.lists(vetoes, max_size=2, unique_by=lambda v: v.name))),
    )


Rows = list[dict[str, Any]]


def _table(draw: st.DrawFn, most: int, **columns: st.SearchStrategy[Any]) -> Rows:
    rows = draw(st.lists(st.fixed_dictionaries(columns), max_size=most))
    return [{"id": f"{n}", **row} for n, row in enumerate(rows)]


names = st.sampled_from(["C0", "C1", "C2", "C9"])
places = st.sampled_from([*COMPANIES, "ES", "ES", "MARS"])
money_names = st.sampled_from([*CURRENCIES[:4], "EUR", "EUR", "EUR"])
documents = st.sampled_from(["D0", "D1"])
item_ids = st.sampled_from([f"I{n}" for n in range(6)])


@st.composite
def customers(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """One customer, perhaps paid for by another."""
    return {
        "id": name,
        "name": f"Name of {name}",
        "payer": draw(st.sampled_from([None, None, "", "C0", "C1", "C7"])),
        "type": draw(maybe(st.sampled_from(["business", "public"]))),
        "country": draw(maybe(st.sampled_from(TEXTS))),
        "language": draw(maybe(st.sampled_from(TEXTS))),
        "since": draw(maybe(past)),
        "salesperson": draw(maybe(st.sampled_from(TEXTS))),
        "tags": draw(maybe(st.lists(st.sampled_from(["vip", "slow", "late"]), max_size=2))),
        "email": draw(maybe(st.sampled_from(["", "one@x.example", "two@x.example"]))),
        "credit_limit": draw(maybe(st.integers(-5, 2000))),
        "credit_currency": draw(maybe(money_names)),
    }


@st.composite
def items(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """One item; one in twenty does not add up."""
    amount = draw(st.one_of(st.integers(1, 5), st.integers(1, 2000), st.integers(1, 10**6)))
    balance = draw(st.one_of(st.just(amount), st.integers(0, amount)))
    if draw(st.integers(0, 19)) == 0:
        balance = draw(st.sampled_from([-1, amount + 1]))
    return {
        "id": name,
        "customer": draw(names),
        "company": draw(places),
        "number": f"N-{name}",
        "document": draw(maybe(documents)),
        "kind": draw(st.sampled_from(["invoice", "instalment"])),
        "issued": draw(maybe(past)),
        "due": draw(st.one_of(days(), days(), maybe(days()))),
        "currency": draw(st.one_of(money_names, st.sampled_from(CURRENCIES))),
        "amount": amount,
        "balance": balance,
        "terms": draw(maybe(st.sampled_from(TEXTS))),
        "method": draw(maybe(st.sampled_from(TEXTS))),
        "last_payment": draw(maybe(days(10, 3))),
        "no_follow_up": draw(st.sampled_from([None, None, None, False, True])),
        "collection": draw(
            st.sampled_from([None, None, None, "", "none", "scheduled", "pending", "returned"])
        ),
        "collection_failure": draw(maybe(st.sampled_from(TEXTS))),
        "collection_returns": draw(maybe(st.integers(0, 2))),
    }


@st.composite
def books(draw: st.DrawFn) -> Book:
    """A small book: two companies, three customers, up to six items and all that belongs to them."""
    given: dict[str, Rows] = {
        "companies": [
            {"id": "ES", "name": "Uno", "currency": "EUR"},
            {"id": "US", "name": "Two", "currency": "USD"},
        ],
        "customers": [draw(customers(f"C{n}")) for n in range(3)],
        "items": [draw(items(f"I{n}")) for n in range(draw(st.integers(0, 6)))],
    }
    given["contacts"] = _table(
        draw, 2, customer=names, role=st.sampled_from(["billing", None]),
        email=maybe(st.sampled_from(["", "one@x.example", "three@x.example"])),
    )  # fmt: skip
    given["credits"] = _table(
        draw, 4, customer=names, company=places, kind=st.just("payment"), currency=money_names,
        balance=st.one_of(minors.map(lambda m: -m), st.integers(-2000, 3)), item=maybe(item_ids),
        number=maybe(st.sampled_from(["", "CN"])),
    )  # fmt: skip
    given["settlements"] = _table(
        draw, 5, item=st.one_of(item_ids, st.sampled_from(["I7", "I8"])), customer=names,
        company=places, on=days(40, 2), currency=money_names, amount=minors,
        kind=st.sampled_from(["payment", "payment", "credit_note", "write_off"]),
        due=maybe(past), closes=st.booleans(),
    )  # fmt: skip
    given["promises"] = _table(
        draw, 3, customer=names, company=places, made=days(15, 1), by=days(8, 8),
        currency=money_names, amount=minors, items=maybe(st.lists(item_ids, max_size=2)),
        ended=st.one_of(st.none(), st.none(), days(5, 3)),
    )  # fmt: skip
    given["disputes"] = _table(
        draw, 3, item=st.one_of(item_ids, documents), since=days(10, 1), amount=maybe(minors),
        reason=maybe(st.sampled_from(TEXTS)), ended=st.one_of(st.none(), st.none(), days(5, 3)),
    )  # fmt: skip
    given["exclusions"] = _table(
        draw, 2, customer=names, item=st.one_of(st.none(), item_ids, documents),
        since=days(10, 1), until=maybe(days(3, 8)),
    )  # fmt: skip
    given["holds"] = _table(
        draw, 2, customer=names, company=maybe(places), kind=st.sampled_from(HOLDS),
        value=st.sampled_from(["mine", "theirs"]),
    )  # fmt: skip
    tasks = _table(
        draw, 2, customer=names, company=maybe(places),
        state=st.sampled_from(["open", "done", "cancelled"]),
        outcome=maybe(st.sampled_from(["", "said"])), ended=maybe(days(5, 1)),
    )  # fmt: skip
    given["tasks"] = [{**row, "key": f"K{row['id']}"} for row in tasks]
    for row in given["tasks"]:
        del row["id"]
    given["rates"] = [
        {
            "company": company,
            "currency": currency,
            "on": draw(days(5, 1)),
            "rate": draw(st.sampled_from(["0.9", "1.1", "0.0065", "3", "0.5", "2.98765", "0"])),
        }
        for company in COMPANIES
        for currency in draw(st.lists(st.sampled_from(CURRENCIES[:4]), max_size=4))
    ]
    return book(given)


def book(given: Mapping[str, Rows], on: date = ON) -> Book:
    """A book from rows; columns that no row has are empty."""
    tables = {}
    for name, rows in given.items():
        columns = {
            c: [row.get(c) for row in rows]
            for c in TABLES[name].schema
            if any(c in r for r in rows)
        }
        tables[name] = frame(name, columns)
    now = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
    return Book(Describe("tenant", "test", on, now), tables)


@st.composite
def item_states(draw: st.DrawFn, name: str) -> ItemState:
    """Where an item stands, perhaps with the next stage half done."""
    stage = draw(st.sampled_from([*STAGES, "a", "b"]))
    part = draw(st.sampled_from([None, None, *STAGES]))
    if part and draw(st.integers(0, 3)) == 0:
        stage = ""
    return ItemState(
        name,
        "policy_0",
        stage,
        draw(st.integers(0, 2)),
        draw(days(20, 0)),
        pay_by=draw(maybe(days(4, 4))),
        adopted=draw(st.sampled_from(["", "", "", *STAGES])),
        part=(part, ("hold:orders",)) if part else None,
    )


def seen() -> st.SearchStrategy[tuple[str, ...]]:
    """Occurrences that a watch has fired for."""
    known = ["promise:0:open", "promise:0:broken", "bounce:B", "dispute:0", "task:K0",
             "collection:I0:0", "collection:I1:1", "rest:I0"]  # fmt: skip
    return st.lists(st.sampled_from(known), max_size=3, unique=True).map(
        lambda found: tuple(sorted(found))
    )


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    """What the log of one debtor says."""
    known = draw(st.lists(item_ids, max_size=5, unique=True))
    watches = st.builds(
        WatchState, st.sampled_from(COMPANIES),
        st.sampled_from(["policy_0/w0", "policy_0/w1", "policy_1/w0"]),
        st.integers(0, 2), days(40, 0), seen(),
    )  # fmt: skip
    standing = st.builds(
        StandingState, st.sampled_from(COMPANIES), st.just("hold"),
        st.sampled_from([*HOLDS, "credit"]), st.sampled_from(["placed", "released", "override"]),
        st.just("mine"), st.integers(0, 1), past,
    ) | st.builds(
        StandingState, st.sampled_from(COMPANIES), st.just("tag"), st.sampled_from(["vip", "late"]),
        st.sampled_from(["placed", "released", "override"]), st.just(""), st.just(0), past,
    )  # fmt: skip
    bounced = address_hash("email", "one@x.example")
    instants = st.builds(
        lambda day, hour: datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC),
        days(10, 1), st.integers(0, 23),
    )  # fmt: skip
    state = State(
        items=tuple(draw(item_states(item)) for item in known),
        watches=tuple(draw(st.lists(watches, max_size=2))),
        standing=tuple(draw(st.lists(standing, max_size=3))),
        contacts=tuple(
            ContactState(day, "email", "ES") for day in draw(st.lists(days(10, 1), max_size=2))
        ),
        bounces=(BounceState("email", bounced, ON, "B"),) if draw(st.booleans()) else (),
    )
    people = tuple(Contact(at, "call", "", None) for at in draw(st.lists(instants, max_size=2)))
    return Memory(
        state, 3, 3, people=people, garbled=draw(st.sampled_from(["", "", "", "", "bad"]))
    )


@dataclass(frozen=True)
class World:
    """All that a decision is made of."""

    book: Book
    house: House
    memories: Mapping[str, Memory]


worlds: st.SearchStrategy[World] = st.builds(
    World,
    books(),
    houses(),
    st.fixed_dictionaries({}, optional={f"C{n}": memories() for n in range(3)}),
)
