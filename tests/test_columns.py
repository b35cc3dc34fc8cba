"""The columns reader says of every account what the plain reader says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunwell.decide.case import Case
from dunwell.decide.cases import Setting, cases
from dunwell.decide.columns import Reading, read
from dunwell.decide.columns.base import Base
from dunwell.decide.columns.money import bounds, within
from dunwell.decide.conclusions import Conclusions, Fire, Place, Step
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.folding import fold_entries
from dunwell.decide.memories import memories as columns_of
from dunwell.decide.signals import Signals
from dunwell.decide.values import Sum
from dunwell.log.entry import (
    ApprovalBody,
    ApprovalState,
    ClaimBody,
    DeliveryBody,
    Entry,
    ItemState,
    OutcomeBody,
    Record,
    StandingState,
    State,
    encode,
)
from dunwell.log.fold import Memory, fold
from dunwell.model import Book, Describe
from dunwell.money import Money, Rates
from dunwell.policy.tree import ALWAYS, Action, House, Pause, Policy, Stage
from dunwell.policy.tree import Test as Comparison

from tests.strategies import ON, REGISTRY, World, book, shuffled, worlds

Key = tuple[str, str]


def concluded(signals: Signals, house: House) -> dict[Key, Conclusions]:
    """Signals put together in the plainest way: what the rule network does, in Python."""
    policy = next(p for p in house.policies if p.name == signals.policy)
    rows = {name: signals[name].partition_by("account", as_dict=True) for name in signals.frames}
    found = {}
    for number, debtor, company in signals["accounts"].iter_rows():
        own = {
            name: parts[(number,)].rows(named=True) if (number,) in parts else []
            for name, parts in rows.items()
        }
        found[debtor, company] = _Account(own, signals, policy, house).conclusions()
    return found


class _Account:
    def __init__(
        self,
        own: Mapping[str, list[dict[str, Any]]],
        signals: Signals,
        policy: Policy,
        house: House,
    ) -> None:
        self.own = own
        self.signals, self.policy, self.house = signals, policy, house
        self.ids = {row["item"]: row["id"] for row in self.own["items"]}

    def conclusions(self) -> Conclusions:
        ids = self.ids
        segments = [row["segment"] for row in self.own["segments"]]
        pauses = self.house.pauses(self.policy)
        reasons: dict[int, list[str]] = {}
        order = {"": 0, "excluded": 1, "disputed": 2, "collection": 3}
        for row in sorted(self.own["pauses"], key=lambda r: (order[r["guard"]], r["pause"])):
            name = row["guard"] or pauses[row["pause"]].name
            reasons.setdefault(row["item"], []).append(name)
        unlisted = {row["item"] for row in self.own["pauses"] if not row["listed"]}
        resting = {row["item"] for row in self.own["yesterday"]} - set(reasons)
        waits = {row["item"] for row in self.own["items"] if row["waits"]}
        adopted: dict[int, int] = {}
        for row in sorted(self.own["adopts"], key=lambda r: r["order"]):
            adopted.setdefault(row["item"], row["stage"])
        needed = {(row["item"], row["stage"]) for row in self.own["approvals"]}
        idle = set(reasons) | resting | waits | set(adopted)
        rises = [s for s in self._steps(needed) if s[0] not in idle]
        lists = self._standing(rises, reasons, waits, needed)
        fires = [
            Fire(r["watch"], r["cycle"], tuple(r["occurrences"]), tuple(r["items"]))
            for r in self.own["fires"]
        ]
        return Conclusions(
            policy=self.policy.name,
            segment=self.policy.segments[min(segments)].name if segments else "",
            silent=tuple(sorted((ids[i], tuple(why)) for i, why in reasons.items())),
            listed=tuple(sorted(ids[i] for i in set(reasons) - unlisted)),
            resting=tuple(sorted(ids[i] for i in resting)),
            waiting=tuple(sorted(ids[i] for i in waits)),
            adopt=tuple(sorted(Step(ids[i], stage) for i, stage in adopted.items())),
            rise=tuple(sorted(step for _, step in rises)),
            fire=tuple(sorted(fires)),
            vetoed=tuple(sorted((r["veto"], r["item"]) for r in self.own["vetoes"])),
            **lists,  # type: ignore[arg-type]
        )

    def _steps(self, needed: set[tuple[int, int]]) -> list[tuple[int, Step]]:
        severity = {"jump": 2, "next": 1, "repeat": 0}
        best: dict[int, dict[str, Any]] = {}
        for row in sorted(self.own["moves"], key=lambda r: (severity[r["kind"]], r["stage"])):
            best[row["item"]] = row
        roles = [stage.approve.by if stage.approve else "" for stage in self.policy.ladder]
        return [
            (
                item,
                Step(
                    self.ids[item],
                    row["stage"],
                    row["cycle"],
                    row["kind"] == "jump",
                    roles[row["stage"]] if (item, row["stage"]) in needed else "",
                ),
            )
            for item, row in best.items()
        ]

    def _standing(
        self,
        rises: list[tuple[int, Step]],
        reasons: Mapping[int, list[str]],
        waits: set[int],
        needed: set[tuple[int, int]],
    ) -> dict[str, object]:
        rising = {item: step.stage for item, step in rises if not step.approve}
        lifted = {row["item"] for row in self.own["pauses"] if row["lift"]}
        wants = [row for row in self.own["wants"] if row["item"] not in lifted]
        asks = {
            row["name"]
            for row in wants
            if row["reached"] or row["half"] or rising.get(row["item"], -1) >= row["stage"]
        } | {row["name"] for row in self.own["watching"]}
        states = {row["name"]: row for row in self.own["standing"]}
        place = []
        lists: dict[str, list[Key]] = {"released": [], "overridden": [], "cleared": [], "kept": []}
        for number, name in enumerate(self.signals.names):
            state = states.get(number, {"state": "", "ours": False, "in_force": False})
            asked = number in asks or bool(waits)
            if state["state"] and (state["state"] == "override" or not state["ours"]):
                if not asked:
                    lists["cleared"].append(name)
                elif state["state"] == "placed":
                    lists["overridden"].append(name)
            elif state["state"]:
                if not asked:
                    lists["kept" if state["written_off"] else "released"].append(name)
            elif not state["in_force"]:
                jumps = {item: step.stage for item, step in rises if step.jumped}
                place += self._place(number, name, wants, reasons, needed, jumps)
        return {
            "place": tuple(sorted(place)),
            **{key: tuple(sorted(found)) for key, found in lists.items()},
        }

    def _place(
        self,
        number: int,
        name: Key,
        wants: list[dict[str, Any]],
        reasons: Mapping[int, list[str]],
        needed: set[tuple[int, int]],
        jumps: Mapping[int, int],
    ) -> list[Place]:
        offers: dict[int, list[int]] = {}
        passes: dict[int, list[int]] = {}
        for row in wants:
            if row["name"] == number and row["reached"] and row["item"] not in reasons:
                offers.setdefault(row["order"], []).append(row["item"])
            if row["name"] == number and row["ahead"] and row["stage"] < jumps.get(row["item"], 0):
                passes.setdefault(row["order"], []).append(row["item"])
        for row in self.own["watching"]:
            if row["name"] == number:
                offers.setdefault(row["order"], [])
        if not offers and not passes:
            return []
        passed, offers = not offers, offers or passes
        order = min(offers)
        stage, watch, action = self.signals.actions[order]
        items = offers[order]
        role = ""
        approve = self.policy.ladder[stage].approve if stage >= 0 else None
        if approve and any((item, stage) in needed for item in items):
            role = approve.by
        ids = tuple(sorted(self.ids[item] for item in items))
        return [Place(*name, stage, action, watch, ids, role, passed)]


def reading(world: World, book: Book | None = None, **more: object) -> Reading:
    remembered = columns_of(world.memories)
    return read(book or world.book, world.house, remembered, REGISTRY, on=ON, **more)  # type: ignore[arg-type]


def by_account(found: Reading, house: House) -> dict[Key, Conclusions]:
    every: dict[Key, Conclusions] = {}
    for signals in found.signals:
        every |= concluded(signals, house)
    return every


def plainly(world: World) -> tuple[dict[Key, Case], dict[Key, Conclusions]]:
    """The evaluator's word on every account that is judged and not left alone."""
    setting = Setting(world.house, REGISTRY, ON)
    made = cases(world.book, columns_of(world.memories), setting)
    every = {case.account.id: case for case in made}
    sound = {
        key: Evaluation(case, REGISTRY).conclude()
        for key, case in every.items()
        if case.policy.name and not case.problems and not case.memory.garbled
    }
    return every, sound


def check(world: World) -> None:
    every, sound = plainly(world)
    found = reading(world)
    mine = by_account(found, world.house)
    busy = {key: word for key, word in sound.items() if not word.quiet}
    assert mine == busy
    view = found.overview
    assert set(view["unjudged"].rows()) == {k for k, c in every.items() if not c.policy.name}
    problems: dict[Key, set[str]] = {}
    for debtor, company, _, problem in view["problems"].iter_rows():
        problems.setdefault((debtor, company), set()).add(problem)
    left_alone = {k for k, c in every.items() if c.policy.name and k not in sound}
    assert set(problems) == left_alone
    for key in left_alone:
        assert set(every[key].problems) <= problems[key]
    assert view.judged == sum(bool(case.policy.name) for case in every.values())
    assert view["accounts"]["accounts"].sum() == len(sound)
    counted: dict[str, int] = {}
    for word in sound.values():
        for _, reasons in word.silent:
            for reason in reasons:
                counted[reason] = counted.get(reason, 0) + 1
    silent = view["silent"].group_by("reason").agg(pl.col("items").sum())
    assert dict(silent.iter_rows()) == counted


QUICK = settings(max_examples=250, suppress_health_check=list(HealthCheck))


@QUICK
@given(worlds)
def test_columns_and_evaluator_agree_on_every_account(world: World) -> None:
    check(world)


@pytest.mark.torture
@settings(max_examples=20_000, suppress_health_check=list(HealthCheck))
@given(worlds)
def test_columns_and_evaluator_agree_on_very_many_books(world: World) -> None:
    check(world)


@given(
    st.lists(st.integers(-(2**62), 2**62) | st.integers(-30, 30), min_size=1, max_size=5),
    st.sampled_from(["EUR", "JPY", "KWD", "USD"]),
    st.sampled_from(["EUR", "JPY", "KWD", "USD"]),
    st.fractions(min_value=Fraction(1, 10**12), max_value=10**12) | st.just(Fraction(5, 2)),
)
def test_sums_in_columns_convert_as_money_does(
    minors: list[int], source: str, target: str, rate: Fraction
) -> None:
    rates = {"ES": Rates(target, {} if source == target else {source: 1 / rate})}
    table = pl.DataFrame({"a": range(len(minors))}, schema={"a": pl.Int32})
    base = Base(
        Book(Describe("t", "t", ON, datetime(2026, 3, 31, tzinfo=UTC))),
        ON,
        table.with_columns(pl.lit("ES").alias("company")),
        pl.DataFrame(),
        {},
        (("ES", source),),
        pl.DataFrame(),
    )
    parts = table.with_columns(pl.Series("minor", minors), pl.lit(source).alias("currency"))
    sums = [Sum({source: minor}).within(target, rates["ES"]) for minor in minors]
    assert within(base, parts, rates, target).to_list() == sums
    for threshold in (*minors[:2], 0, 1, 7):
        bound = bounds(base.pairs, Money(threshold, target), rates)[0]
        assert bound is not None
        assert [minor >= bound for minor in minors] == [
            found is not None and found >= threshold for found in sums
        ]


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(worlds)
def test_sums_beyond_64_bits_stay_exact(world: World) -> None:
    tables = dict(world.book.tables)
    for name, columns in (("items", ("amount", "balance")), ("credits", ("balance",))):
        tables[name] = tables[name].with_columns(pl.col(*columns) * 9 * 10**12)
    check(replace(world, book=Book(world.book.describe, tables)))


@settings(
    max_examples=30,
    suppress_health_check=[*HealthCheck],
)
@given(worlds)
def test_very_many_customers_and_companies_are_joined(world: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dunwell.decide.columns.rows.MOST_KEYS", 0)
        check(world)


FEW = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@FEW
@given(worlds, st.integers(0, 1000))
def test_the_order_of_rows_changes_no_signal(world: World, seed: int) -> None:
    first, second = reading(world), reading(world, shuffled(world.book, seed))
    assert [s.policy for s in first.signals] == [s.policy for s in second.signals]
    for one, other in zip(first.signals, second.signals, strict=True):
        assert (one.names, one.actions) == (other.names, other.actions)
        for name in one.frames:
            assert one[name].equals(other[name]), name
    for name in ("accounts", "silent", "stages", "problems", "unjudged", "strays"):
        assert first.overview[name].equals(second.overview[name]), name


@FEW
@given(worlds, st.sets(st.sampled_from(["C0", "C1", "C2"])))
def test_a_partition_by_debtor_changes_no_conclusion(world: World, part: set[str]) -> None:
    parts = (part, {"C0", "C1", "C2"} - part)
    together = by_account(reading(world), world.house)
    apart: dict[Key, Conclusions] = {}
    for debtors in parts:
        found = by_account(reading(world, debtors=debtors), world.house)
        assert {debtor for debtor, _ in found} <= debtors
        apart |= found
    assert apart == together


@FEW
@given(worlds, st.sets(st.sampled_from(["C0", "C1", "C2"])))
def test_the_evaluator_reads_some_debtors_as_it_reads_all(world: World, part: set[str]) -> None:
    setting = Setting(world.house, REGISTRY, ON)
    remembered = columns_of(world.memories)
    whole = cases(world.book, remembered, setting)
    some = cases(world.book, remembered, setting, debtors=sorted(part))
    assert some == [case for case in whole if case.account.debtor in part]


NOW = datetime(2026, 3, 31, 6, tzinfo=UTC)


def entries_of(debtor: str, world: World, tail: int) -> list[Entry]:
    """A log that ends in the memory's state, with something after it or not."""
    memory = world.memories[debtor]
    claim = ClaimBody("t", ON, 60, "p", ())
    outcome = OutcomeBody("t", "k", ON, (), memory.state)
    after: list[list[tuple[str, Record]]] = [
        [],
        [("approval", ApprovalBody("t", ApprovalState(("x",), True, "ana", ON)))],
        [("delivery", DeliveryBody("m-1", "bounced", ON, "email", "hash"))],
        [("claim", claim)],
    ]
    bodies = [("claim", claim), ("outcome", outcome), *after[tail % 4]]
    found = [
        Entry(debtor, "ES", n, kind, f"k{n}", NOW, "dunwell", body=encode(body))  # type: ignore[arg-type]
        for n, (kind, body) in enumerate(bodies, start=1)
    ]
    if memory.garbled:
        found.append(Entry(debtor, "ES", len(found) + 1, "outcome", "x", NOW, "dunwell", body="{"))
    calls = memory.people[: 1 if tail > 3 else 0]
    return found + [Entry(debtor, None, None, "contact", "c", c.at, "person") for c in calls]


@FEW
@given(worlds, st.lists(st.integers(0, 7), min_size=3, max_size=3), st.randoms())
def test_logs_folded_together_say_what_each_says_alone(
    world: World, tails: list[int], order: Random
) -> None:
    alone: dict[str, list[Entry]] = {}
    for debtor, tail in zip(sorted(world.memories), tails, strict=False):
        alone[debtor] = entries_of(debtor, world, tail)
    mixed = [entry for entries in alone.values() for entry in entries]
    order.shuffle(mixed)
    together = fold_entries(mixed)
    each = {debtor: fold(entries) for debtor, entries in alone.items()}
    assert {debtor: together.memory(debtor) for debtor in each} == each
    one_by_one = columns_of(each)
    for name in ("items", "contacts", "bounces", "watches", "standing"):
        rows = getattr(together, name).rows()
        assert sorted(rows, key=repr) == sorted(getattr(one_by_one, name).rows(), key=repr), name
    assert together.garbled == one_by_one.garbled
    assert together.claimed == one_by_one.claimed


def test_a_debtor_without_a_log_is_not_known() -> None:
    assert fold_entries([]).memory("nobody") == columns_of({}).memory("nobody")
    assert read(
        Book(Describe("t", "t", ON, NOW)), House("h", ()), fold_entries([]), REGISTRY, on=ON
    ).overview.judged == 0  # fmt: skip


def test_items_of_nobody_known_are_shown_as_strays() -> None:
    rows = [
        {"id": "I", "customer": who, "company": "ES", "number": f"N-{who}", "kind": "invoice",
         "currency": "EUR", "amount": 100, "balance": 100, "due": date(2026, 3, 1)}
        for who in ("C0", "C9")
    ]  # fmt: skip
    rows[1]["id"] = "J"
    given_book = book(
        {
            "companies": [{"id": "ES", "name": "Uno", "currency": "EUR"}],
            "customers": [{"id": "C0", "name": "Known"}],
            "items": rows,
        }
    )
    house = House("h", (Policy("p", "EUR", ()),))
    view = read(given_book, house, fold_entries([]), REGISTRY, on=ON).overview
    assert view["strays"].rows() == [("J", "N-C9", "C9", "ES")]
    assert view["stages"].rows() == [("p", -1, "", "EUR", 1, 100)]
    assert view["accounts"].rows() == [("p", "", 1, 1)]


def test_deciding_without_columns_does_not_load_them() -> None:
    code = "import dunwell.decide.evaluator, sys; print('dunwell.decide.columns' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_a_hold_is_released_when_only_a_leftover_is_left() -> None:
    rows: dict[str, list[dict[str, Any]]] = {
        "companies": [{"id": "ES", "name": "Uno", "currency": "EUR"}],
        "customers": [{"id": "C0", "name": "Small change"}],
        "items": [
            {"id": "I0", "customer": "C0", "company": "ES", "number": "N-1", "kind": "invoice",
             "currency": "EUR", "amount": 9000, "balance": 50, "due": date(2026, 1, 10)}
        ],
        "holds": [{"id": "h", "customer": "C0", "kind": "orders", "value": "mine"}],
    }  # fmt: skip
    hold = Action("hold", "hold:orders", hold="orders")
    leftover = Comparison("balance", "under", Money(300, "EUR"))
    state = State(
        items=(ItemState("I0", "p", "a", 0, date(2026, 3, 1)),),
        standing=(StandingState("ES", "hold", "orders", "placed", "mine", 0, date(2026, 3, 1)),),
    )
    for lift in (True, False):
        pause = Pause("leftover", leftover, listed=True, lift=lift)
        house = House("h", (Policy("p", "EUR", (Stage("a", (hold,), ALWAYS),)),), pause=(pause,))
        world = World(book(rows), house, {"C0": Memory(state, 2, 2)}, 0, {})
        check(world)
        word = by_account(reading(world), house).get(("C0", "ES"))
        assert (word.released if word else ()) == ((("hold", "orders"),) if lift else ())
