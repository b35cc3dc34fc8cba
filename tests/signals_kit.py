"""Signals from the evaluator's own verdicts, in the form in which the columns give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from dunwell.decide.case import ItemCase
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.signals import SCHEMAS, Signals
from dunwell.decide.standing import (
    _counts,
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
from dunwell.policy.tree import (
    Policy,
)


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
                ahead = item.stage < stage and _counts(item, stage, reading)
                yield "wants", (names.index(what), stage, order, reached, half, ahead)


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
