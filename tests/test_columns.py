"""The columns reader says of every account what the plain reader says."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from tests.strategies import ON, REGISTRY, World, worlds

from dunwell.decide.case import Case
from dunwell.decide.cases import Setting, cases
from dunwell.decide.columns import Reading, read
from dunwell.decide.conclusions import Conclusions, Fire, Place, Step
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.memories import memories as columns_of
from dunwell.decide.signals import Signals
from dunwell.model import Book
from dunwell.policy.tree import House, Policy

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
        own: Mapping[str, list[dict[str, object]]],
        signals: Signals,
        policy: Policy,
        house: House,
    ) -> None:
        self.own: Mapping[str, list[dict]] = own  # type: ignore[type-arg, assignment]
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
        best: dict[int, dict] = {}  # type: ignore[type-arg]
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
                place += self._place(number, name, wants, reasons, needed)
        return {
            "place": tuple(sorted(place)),
            **{key: tuple(sorted(found)) for key, found in lists.items()},
        }

    def _place(
        self,
        number: int,
        name: Key,
        wants: list[dict],  # type: ignore[type-arg]
        reasons: Mapping[int, list[str]],
        needed: set[tuple[int, int]],
    ) -> list[Place]:
        offers: dict[int, list[int]] = {}
        for row in wants:
            if row["name"] == number and row["reached"] and row["item"] not in reasons:
                offers.setdefault(row["order"], []).append(row["item"])
        for row in self.own["watching"]:
            if row["name"] == number:
                offers.setdefault(row["order"], [])
        if not offers:
            return []
        order = min(offers)
        stage, watch, action = self.signals.actions[order]
        items = offers[order]
        role = ""
        approve = self.policy.ladder[stage].approve if stage >= 0 else None
        if approve and any((item, stage) in needed for item in items):
            role = approve.by
        ids = tuple(sorted(self.ids[item] for item in items))
        return [Place(*name, stage, action, watch, ids, approve=role)]


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


QUICK = settings(max_examples=300, suppress_health_check=list(HealthCheck))


@QUICK
@given(worlds)
def test_columns_and_evaluator_agree_on_every_account(world: World) -> None:
    check(world)


@pytest.mark.torture
@settings(max_examples=20_000, suppress_health_check=list(HealthCheck))
@given(worlds)
def test_columns_and_evaluator_agree_on_very_many_books(world: World) -> None:
    check(world)
