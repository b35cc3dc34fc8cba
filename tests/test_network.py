"""The network concludes what the evaluator concludes, whatever the order, partition or death."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.calendar import Calendar, Duration
from dunwell.decide.case import Case, ItemCase
from dunwell.decide.chain import Pool, available
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.network import ACCOUNTS, FEW, ITEMS, conclude, concluding
from dunwell.decide.network.shapes import facts_of, item_shapes
from dunwell.decide.signals import SCHEMAS, Signals
from dunwell.decide.standing import (
    _half_done,
    _lifted,
    _owned,
    _reached,
    _watch_holds,
    _written_off,
    in_force,
    name_of,
)
from dunwell.decide.values import View
from dunwell.facts import Fact, Registry
from dunwell.log.entry import ItemState, StandingState, State, WatchState
from dunwell.log.fold import Memory
from dunwell.model.rows import Account, Company, Customer, Exclusion, Hold, Item, Settlement
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

needs_network = pytest.mark.skipif(available() is not None, reason=str(available()))

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

# --- from the evaluator's verdicts to signals, as the columns reader gives them


def signals_of(readings: Sequence[Evaluation]) -> Signals:
    """The signals of accounts under one policy, each condition as the evaluator judges it."""
    case = readings[0].case
    actions = tuple(_actions(case.policy))
    owned = {name for reading in readings for name in _owned(reading)}
    names = tuple(sorted({name for *_, name in actions} | owned))
    rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in SCHEMAS}
    number = 0
    for account, reading in enumerate(readings):
        rows["accounts"].append((account, *reading.case.account.id))
        for item in reading.case.items:
            for name, row in _of_item(reading, item, names, actions):
                rows[name].append((account, number, *row))
            number += 1
        for name, row in _of_account(reading, names, actions):
            rows[name].append((account, *row))
    frames = {
        name: pl.DataFrame(found, schema=SCHEMAS[name], orient="row")
        for name, found in rows.items()
    }
    ids = tuple((stage, watch, action) for stage, watch, action, _ in actions)
    return Signals(case.policy.name, frames, names, ids)


def _actions(policy: Policy) -> Iterator[tuple[int, str, str, tuple[str, str]]]:
    for index, stage in enumerate(policy.ladder):
        for action in stage.do:
            if action.standing:
                yield index, "", action.id, name_of(action)
    for watch in policy.watch:
        for action in watch.do:
            if action.standing:
                yield -1, watch.name, action.id, name_of(action)


def _of_item(
    reading: Evaluation,
    item: ItemCase,
    names: Sequence[tuple[str, str]],
    actions: Sequence[tuple[int, str, str, tuple[str, str]]],
) -> Iterator[tuple[str, tuple[object, ...]]]:
    case, name = reading.case, item.row.id
    yield "items", (name, item.stage, item.waits)
    pauses = {pause.name: n for n, pause in enumerate(case.house.pauses(case.policy))}
    for reason in reading.silence.get(name, ()):
        if reason in pauses:
            pause = case.house.pauses(case.policy)[pauses[reason]]
            yield "pauses", (pauses[reason], "", pause.lift, pause.listed)
        else:
            yield "pauses", (-1, reason, False, False)
    if reading._reasons(item, today=False):
        yield "yesterday", ()
    stages = set(range(len(case.policy.ladder)))
    for stage in stages:
        if reading.approval(item, stage):
            yield "approvals", (stage,)
    if reading.live(item):
        yield from _ways(reading, item)
        if not (item.state and item.state.stage):
            for order, adopt in enumerate(case.policy.adopt):
                if reading.holds(adopt.when, "adopt", reading.view, item):
                    yield "adopts", (order, case.policy.stage(adopt.at))
    if item.to_pay > 0 or item.covered.wholly_disputed:
        for order, (stage, _, _, what) in enumerate(actions):
            if stage >= 0 and reading.for_(case.policy.ladder[stage], item):
                reached = _reached(item, stage, reading)
                half = _half_done(item, reading) >= stage
                yield "wants", (names.index(what), stage, order, reached, half)


def _ways(reading: Evaluation, item: ItemCase) -> Iterator[tuple[str, tuple[object, ...]]]:
    if not reading.free(item):
        return
    ladder = reading.case.policy.ladder
    for index in range(item.stage + 1, len(ladder)):
        stage = ladder[index]
        free = reading.for_(stage, item) and reading.waited(item, stage)
        if free and stage.jump and reading.holds(stage.jump, "jump", reading.view, item):
            yield "moves", ("jump", index, 0)
    following = reading.next_stage(item)
    if following is not None:
        stage = ladder[following]
        held = reading.holds(stage.when, "when", reading.view, item)
        if held and reading.waited(item, stage):
            yield "moves", ("next", following, 0)
    repeat = reading._repeat(item)
    if repeat is not None:
        yield "moves", ("repeat", repeat.stage, repeat.cycle)


def _of_account(
    reading: Evaluation,
    names: Sequence[tuple[str, str]],
    actions: Sequence[tuple[int, str, str, tuple[str, str]]],
) -> Iterator[tuple[str, tuple[object, ...]]]:
    case = reading.case
    view = View(case, case.on)
    for n, segment in enumerate(case.policy.segments):
        if reading.holds(segment.when, "segment", view, None):
            yield "segments", (n,)
    watches = {watch.name: watch for watch in case.policy.watch}
    for order, (_, watch, _, what) in enumerate(actions):
        if watch and _watch_holds(reading, watches[watch]):
            yield "watching", (names.index(what), order, watch)
    owned = _owned(reading)
    for n, name in enumerate(names):
        state, there = owned.get(name), in_force(reading, name)
        if state is None:
            if there:
                yield "standing", (n, "", False, True, False)
        else:
            ours = not _lifted(reading, state)
            yield "standing", (n, state.state, ours, there, _written_off(reading, state))
    for fire in reading.fires:
        yield "fires", (fire.watch, fire.cycle, list(fire.occurrences), list(fire.items))
    for veto, item in reading.vetoed:
        yield "vetoes", (veto, item)


# --- random policies and cases; plugin facts that are true at random drive every condition


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


def expected(readings: Sequence[Evaluation]) -> Mapping[tuple[str, str], Conclusions]:
    return {reading.case.account.id: reading.conclude() for reading in readings}


def shuffled(signals: Signals, seed: int) -> Signals:
    frames = {
        name: frame.sample(fraction=1, shuffle=True, seed=seed)
        for name, frame in signals.frames.items()
    }
    return replace(signals, frames=frames)


# --- equality


@settings(max_examples=200)
@given(books())
def test_the_rules_conclude_what_the_evaluator_concludes(readings: list[Evaluation]) -> None:
    found = conclude(signals_of(readings), readings[0].case.house, plain=True)
    assert found.conclusions == expected(readings)


@given(books(), st.randoms(use_true_random=False))
def test_neither_order_nor_partition_of_accounts_matters(
    readings: list[Evaluation], chance: random.Random
) -> None:
    wanted = expected(readings)
    house = readings[0].case.house
    chance.shuffle(readings)
    mixed = shuffled(signals_of(readings), chance.randrange(1000))
    assert conclude(mixed, house, plain=True).conclusions == wanted
    cut = chance.randint(0, len(readings))
    parts = [part for part in (readings[:cut], readings[cut:]) if part]
    apart = [conclude(signals_of(part), house, plain=True).conclusions for part in parts]
    assert {key: found for part in apart for key, found in part.items()} == wanted


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
                "agency", (agency, orders), flag("flag_3"), approve=Approve("boss", flag("flag_1"))
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
    chance = random.Random(7)
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
        if chance.randrange(2)
    )
    truths = {(f, i.id): chance.random() < 0.4 for f in FLAGS for i in items}
    truths |= {(f, ""): chance.random() < 0.3 for f in MARKS}
    memory = Memory(State(states, (), standing))
    return Case(
        account, house, house.policies[0], Calendar(), Rates("EUR", {}), ON, memory, truths
    )


def test_every_rule_fires_somewhere_in_the_book_of_these_tests() -> None:
    readings = some_book(200)
    found = conclude(signals_of(readings), readings[0].case.house, plain=True)
    assert found.conclusions == expected(readings)
    fired = {t.rule for key in found.conclusions for t in found.why(*key)}
    strata = (*ITEMS.strata, *ACCOUNTS.strata)
    assert fired == {rule.name for stratum in strata for rule in stratum.rules}


def test_accounts_that_look_alike_are_decided_once_and_each_gets_its_own_items() -> None:
    readings = [next(reading for reading in some_book() if reading.rises)] * 3
    signals = signals_of(readings)
    debtors = pl.Series("debtor", ["A", "B", "C"])
    accounts = signals["accounts"].with_columns(debtors)
    items = signals["items"].with_columns(pl.col("id") + "." + pl.col("account").cast(pl.String))
    signals = replace(signals, frames={**signals.frames, "accounts": accounts, "items": items})
    alone = item_shapes(signals_of(readings[:1]), 2)["shape"]
    assert set(item_shapes(signals, 2)["shape"]) == set(alone)
    conclusions = conclude(signals, readings[0].case.house, plain=True).conclusions
    own = {debtor: {s.item[-1] for s in c.rise} for (debtor, _), c in conclusions.items()}
    assert own == {"A": {"0"}, "B": {"1"}, "C": {"2"}}


def test_a_shape_is_read_back_as_the_facts_that_it_was_made_of() -> None:
    assert facts_of("0,1,false,true;2;4,jump,3,0;6,0,1,2,true,false") == (
        ("pause_holds", 1, False, True),
        ("waits",),
        ("may_move", "jump", 3, 0),
        ("wants", 0, 1, 2, True, False),
    )
    assert facts_of("7,0;9,0,,true,false,true;9,1,placed,true,false,true") == (
        ("segment_holds", 0),
        ("standing", 0, "", True, False, True),
        ("standing", 1, "placed", True, False, True),
    )


def test_few_accounts_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunwell.decide.chain.Pool.submit", None)
    monkeypatch.setattr(concluding, "available", lambda: None)
    readings = some_book(FEW)
    found = conclude(signals_of(readings), readings[0].case.house)
    assert (found.reader, found.conclusions) == ("network", expected(readings))


def test_where_the_network_is_missing_all_is_left_to_the_evaluator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(concluding, "available", lambda: "no compiler")
    readings = some_book(3)
    found = conclude(signals_of(readings), readings[0].case.house)
    assert found.reader == "evaluator stands in: no compiler"
    assert found.conclusions == {}
    assert found.incidents == {(f"D{n}", "C"): "no compiler" for n in range(3)}


def test_a_conclusion_can_be_traced_to_its_causes() -> None:
    reading = next(reading for reading in some_book() if reading.rises)
    key = reading.case.account.id
    found = conclude(signals_of([reading]), reading.case.house, plain=True)
    told = {trace.fact: trace for trace in found.why(*key)}
    for step in found.conclusions[key].rise:
        (rise,) = (t for t in told.values() if t.fact.startswith("rises") and step.item in t.fact)
        assert rise.rule == "an item rises unless it is silent, resting, adopted or stuck"
        assert all(cause in told for cause in rise.because)
    assert found.why("nobody", "C") == ()


# --- in worker processes


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as workers:
        yield workers


@needs_network
@settings(max_examples=60)
@given(readings=books(3))
def test_the_network_concludes_what_the_evaluator_concludes(
    readings: list[Evaluation], pool: Pool
) -> None:
    signals, house = signals_of(readings), readings[0].case.house
    found = conclude(signals, house, pool=pool)
    assert (found.conclusions, found.incidents) == (expected(readings), {})
    plain = conclude(signals, house, plain=True)
    assert [found.why(*k) for k in plain.conclusions] == [plain.why(*k) for k in plain.conclusions]


@needs_network
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_size_of_sessions_does_not_matter(size: int) -> None:
    readings = some_book(150)
    signals, house = signals_of(readings), readings[0].case.house
    with Pool(2, chunk_facts=size) as workers:
        found = conclude(shuffled(signals, size), house, pool=workers)
    assert found.conclusions == expected(readings)


@needs_network
@pytest.mark.parametrize("work", ["kills", "dies_once", "never"])
def test_a_dead_worker_changes_no_conclusion_and_names_whom_it_concerned(
    work: str, works: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dunwell.decide.chain.pool.MAX_FAULTS", 12)
    readings = some_book()
    signals, house = signals_of(readings), readings[0].case.house
    shapes = item_shapes(signals, 2)
    shape = shapes["shape"][0]
    monkeypatch.setenv("DUNWELL_TEST_SHAPE", shape)
    with Pool(2, chunk_facts=60, work=getattr(works, work)) as workers:
        found = conclude(signals, house, pool=workers)
    assert found.conclusions == expected(readings)
    concerned = {
        "kills": {number for number, _, other in shapes.iter_rows() if other == shape},
        "dies_once": set(),
        "never": set(range(len(readings))),
    }[work]
    assert set(found.incidents) == {(f"D{number}", "C") for number in concerned}


WORK = '''
"""Work that dies on one shape always, on it once, or on everything."""
import os, signal
from pathlib import Path
from dunwell.decide.chain import worker

def kills(program, chunk, *, timeout, plain):
    if os.environ["DUNWELL_TEST_SHAPE"] in chunk:
        os.kill(os.getpid(), signal.SIGKILL)
    return worker.evaluate(program, chunk, timeout=timeout, plain=plain)

def dies_once(program, chunk, *, timeout, plain):
    mark = Path(os.environ["DUNWELL_TEST_MARK"])
    if os.environ["DUNWELL_TEST_SHAPE"] in chunk and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return worker.evaluate(program, chunk, timeout=timeout, plain=plain)

def never(program, chunk, *, timeout, plain):
    os._exit(1)
'''


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Yield a module of harmful work that the workers can import too."""
    (tmp_path / "network_works.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("DUNWELL_TEST_MARK", str(tmp_path / "mark"))
    import network_works  # type: ignore[import-not-found]

    yield network_works
    sys.modules.pop("network_works")
