"""Random policies and accounts whose every condition is true or false at random."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

import polars as pl
from hypothesis import strategies as st

from dunwell.calendar import Calendar, Duration
from dunwell.decide.case import Case
from dunwell.decide.evaluator import Evaluation
from dunwell.facts import Fact, Registry
from dunwell.log.entry import ItemState, StandingState, State, WatchState
from dunwell.log.fold import Memory
from dunwell.model.accounts import Account
from dunwell.model.rows import Company, Customer, Exclusion, Hold, Item, Settlement
from dunwell.money import Rates
from dunwell.policy.tree import (
    ALWAYS,
    Action,
    Adopt,
    Approve,
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
    Veto,
    Watch,
)
from dunwell.policy.tree import Test as Comparison

ON = date(2026, 3, 18)
DAY = timedelta(1)
FLAGS = tuple(f"flag_{n}" for n in range(6))
MARKS = tuple(f"mark_{n}" for n in range(3))


def _nowhere(frame: pl.DataFrame) -> pl.Series:
    """Stand for a plugin's computation; cases carry the values themselves."""
    return pl.Series([None] * frame.height, dtype=pl.Boolean)


def _facts() -> Iterator[Fact]:
    for name in FLAGS:
        yield Fact(name, "item", "flag", "true at random", column=_nowhere, origin="test")
    for name in MARKS:
        yield Fact(name, "account", "flag", "true at random", column=_nowhere, origin="test")


REGISTRY = Registry(_facts())
COMPANY = Company("C", "Acme", "EUR")


def _conditions(facts: Sequence[str]) -> st.SearchStrategy[Condition]:
    leaf = st.builds(
        Comparison, st.sampled_from(facts), st.just("is"), st.sampled_from([(True,), (False,)])
    )
    parts = st.lists(leaf, min_size=1, max_size=2).map(tuple)
    return st.one_of(
        leaf, st.builds(Every, parts), st.builds(Some, parts), st.builds(Neither, parts),
        st.just(ALWAYS),
    )  # fmt: skip


of_item, of_account = _conditions((*FLAGS, *MARKS)), _conditions(MARKS)
durations = st.builds(Duration, st.integers(1, 3), st.just("days"))
STANDING = (
    Action("hold", "hold:orders", hold="orders"),
    Action("hold", "hold:credit", hold="credit"),
    Action("tag", "tag:agency", tag="agency"),
)
OWNED: tuple[tuple[Literal["hold", "tag"], str], ...] = (
    ("hold", "orders"),
    ("hold", "credit"),
    ("tag", "agency"),
)
STATES: tuple[Literal["placed", "released", "override"] | None, ...] = (
    None,
    "placed",
    "placed",
    "released",
    "override",
)
NOTE = Action("note", "note", text="noted")


@st.composite
def houses(draw: st.DrawFn) -> House:
    approve = st.none() | st.builds(Approve, st.sampled_from(["boss", "clerk"]), of_item)
    repeat = st.none() | st.builds(Repeat, durations, st.none() | st.integers(1, 2))
    actions = st.lists(st.sampled_from((*STANDING, NOTE)), min_size=1, unique=True).map(tuple)
    ladder = tuple(
        Stage(
            f"stage_{n}",
            draw(actions),
            draw(of_item),
            for_=draw(st.just(ALWAYS) | of_item),
            after=draw(st.none() | durations),
            jump=draw(st.none() | of_item),
            repeat=draw(repeat),
            approve=draw(approve),
        )
        for n in range(draw(st.integers(0, 4)))
    )
    adopt = st.builds(Adopt, of_item, st.sampled_from([s.name for s in ladder] or ["none"]))
    pause = st.builds(
        Pause, st.just(""), _conditions(FLAGS), st.none() | durations, st.booleans(), st.booleans()
    )
    watch = st.builds(Watch, st.just(""), of_item, actions, repeat)
    policy = Policy(
        "policy",
        "EUR",
        ladder,
        segments=tuple(
            Segment(f"segment_{n}", draw(of_account)) for n in range(draw(st.integers(0, 3)))
        ),
        adopt=tuple(draw(st.lists(adopt, max_size=2))) if ladder else (),
        watch=tuple(
            replace(w, name=f"watch_{n}") for n, w in enumerate(draw(st.lists(watch, max_size=2)))
        ),
    )
    pauses = enumerate(draw(st.lists(pause, max_size=2)))
    veto = st.builds(Veto, st.just("veto"), st.just(("hold",)), of_item)
    return House(
        "house",
        (policy,),
        pause=tuple(replace(p, name=f"pause_{n}") for n, p in pauses),
        veto=tuple(draw(st.lists(veto, max_size=1))),
    )


days = st.integers(0, 4).map(lambda back: ON - DAY * back)


@st.composite
def states(draw: st.DrawFn, item: str, policy: Policy) -> ItemState:
    names = [stage.name for stage in policy.ladder]
    stage = draw(st.sampled_from([*names, *names, "gone", ""]))
    return ItemState(
        item,
        policy.name,
        stage,
        draw(st.integers(0, 2)),
        draw(days),
        pay_by=draw(st.none() | st.sampled_from([ON - DAY, ON])),
        adopted=stage if draw(st.booleans()) else "",
        part=draw(st.none() | st.builds(lambda n: (n, ("note",)), st.sampled_from([*names, "x"]))),
    )


@st.composite
def accounts(draw: st.DrawFn, debtor: str) -> Account:
    items = tuple(
        Item(
            f"{debtor}-{n}", debtor, "C", f"F-{n}", None, "invoice", ON - DAY * 90,
            draw(st.none() | st.just(ON - DAY * n)), "EUR", 100, draw(st.integers(0, 1)) * 100,
            collection=draw(st.sampled_from([None, None, None, "pending"])),
        )
        for n in range(draw(st.integers(0, 4)))
    )  # fmt: skip
    out = st.builds(
        Exclusion, st.just("x"), st.just(debtor), st.sampled_from([i.id for i in items] or ["-"]),
        st.none(), st.just(ON - DAY * 9), st.sampled_from([None, ON, ON - DAY]),
    )  # fmt: skip
    hold = st.builds(
        Hold, st.just("h"), st.just(debtor), st.none(),
        st.sampled_from(["orders", "credit"]), st.sampled_from(["ours", "theirs"]),
    )  # fmt: skip
    gone = Settlement("s", "gone", debtor, "C", ON, "EUR", 100, "write_off", None, True)
    payer = Customer(debtor, "Name", tags=("agency",) if draw(st.booleans()) else ())
    return Account(
        debtor, COMPANY, payer, (payer,), (), items, (),
        (gone,) if draw(st.booleans()) else (), (), (),
        tuple(draw(st.lists(out, max_size=2))), tuple(draw(st.lists(hold, max_size=2))), (),
    )  # fmt: skip


@st.composite
def cases(draw: st.DrawFn, house: House, debtor: str) -> Case:
    policy = house.policies[0]
    account = draw(accounts(debtor))
    remembered = [draw(states(i.id, policy)) for i in account.items if draw(st.booleans())]
    remembered.append(ItemState("gone", policy.name, "stage_0", 0, ON - DAY))
    standing = tuple(
        StandingState("C", kind, name, state, "ours", 0, ON)
        for kind, name in OWNED
        if (state := draw(st.sampled_from(STATES)))
    )
    fired = tuple(
        WatchState("C", f"policy/{w.name}", draw(st.integers(0, 2)), draw(days))
        for w in policy.watch
        if draw(st.booleans())
    )
    truths = {(f, i.id): draw(st.booleans()) for f in FLAGS for i in account.items}
    truths |= {(f, ""): draw(st.booleans()) for f in MARKS}
    return Case(
        account, house, policy, Calendar(), Rates("EUR", {}), ON,
        Memory(State(tuple(remembered), fired, standing)), truths,
    )  # fmt: skip


@st.composite
def books(draw: st.DrawFn, most: int = 4) -> list[Evaluation]:
    """Some accounts of one random policy."""
    house = draw(houses())
    size = draw(st.integers(1, most))
    return [Evaluation(draw(cases(house, f"D{n}")), REGISTRY) for n in range(size)]


def some_book(accounts: int = 40) -> list[Evaluation]:
    """A larger book of one policy, always the same, in which every rule has something to do."""
    orders, credit, agency = STANDING

    def flag(name: str) -> Comparison:
        return Comparison(name, "is", (True,))

    policy = Policy(
        "policy",
        "EUR",
        (
            Stage("first", (NOTE,), flag("flag_0"), repeat=Repeat(Duration(1, "days"))),
            Stage(
                "hold",
                (orders, credit),
                flag("flag_1"),
                jump=flag("flag_2"),
                approve=Approve("clerk", flag("flag_5")),
            ),
            Stage(
                "agency",
                (agency, orders),
                flag("flag_3"),
                jump=flag("flag_4"),
                approve=Approve("boss", flag("flag_1")),
            ),
        ),
        segments=(Segment("vip", flag("mark_0")), Segment("standard")),
        adopt=(Adopt(flag("flag_5"), "hold"),),
        watch=(Watch("watch", flag("mark_1"), (credit,)),),
    )
    pause = (
        Pause("promised", Every((flag("flag_3"), flag("flag_4")))),
        Pause("leftover", Every((flag("flag_0"), flag("flag_4"))), lift=True, listed=True),
    )
    house = House("house", (policy,), pause=pause, veto=(Veto("veto", ("hold",), flag("mark_2")),))
    chance = random.Random(8)
    return [Evaluation(_some_case(house, f"D{n}", chance), REGISTRY) for n in range(accounts)]


def _some_case(house: House, debtor: str, chance: random.Random) -> Case:
    payer = Customer(debtor, "Name", tags=("agency",) * chance.randrange(2))
    items = tuple(
        Item(
            f"{debtor}-{n}", debtor, "C", f"F-{n}", None, "invoice", ON, ON - DAY * n, "EUR", 100,
            chance.choice([0, 100, 100]), no_follow_up=chance.random() < 0.1,
        )
        for n in range(chance.randrange(1, 5))
    )  # fmt: skip
    holds = tuple(
        Hold(k, debtor, None, k, "ours") for k in ("orders", "credit") if chance.randrange(2)
    )
    left = Exclusion("x", debtor, items[0].id, None, ON - DAY * 9, chance.choice([ON, ON - DAY]))
    gone = Settlement("s", "gone", debtor, "C", ON, "EUR", 100, "write_off", None, True)
    account = Account(
        debtor, COMPANY, payer, (payer,), (), items, (), (gone,) * chance.randrange(2), (), (),
        (left,) * chance.randrange(2), holds, (),
    )  # fmt: skip
    stages = ["first", "hold", "agency", "", "gone" if chance.random() < 0.2 else "first"]
    states = tuple(
        ItemState(i.id, "policy", chance.choice(stages), 0, ON - DAY, part=("hold", ("x",)))
        for i in items
    )
    states += (ItemState("gone", "policy", "hold", 0, ON - DAY),)
    standing = tuple(
        StandingState("C", kind, name, chance.choice(["placed", "override"]), "ours", 0, ON)
        for kind, name in OWNED
        if not chance.randrange(3)
    )
    truths = {(f, i.id): chance.random() < 0.4 for f in FLAGS for i in items}
    truths |= {(f, ""): chance.random() < 0.3 for f in MARKS}
    memory = Memory(State(states, (), standing))
    return Case(
        account, house, house.policies[0], Calendar(), Rates("EUR", {}), ON, memory, truths
    )
