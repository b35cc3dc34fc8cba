"""Conditions over whole columns: a policy's tree becomes true, false and not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any, cast

import polars as pl

from dunwell.calendar import first_within
from dunwell.decide.columns import account_facts, item_facts
from dunwell.decide.columns.account_facts import ACCOUNT, PERIOD, account_stage
from dunwell.decide.columns.base import always, nothing
from dunwell.decide.columns.item_facts import ITEM
from dunwell.decide.columns.kinds import ORDER, Column, Unknown
from dunwell.decide.columns.plugged import plugged_test
from dunwell.decide.columns.sheet import Sheet, View
from dunwell.policy.tree import BySegment, Condition, Every, Neither, Test, Value, tests

Threshold = Value | tuple[Value, ...] | None

_DATED = item_facts.DATED | account_facts.DATED


def items_where(sheet: Sheet, condition: Condition, view: View) -> pl.Series:
    """The items for which a condition holds for certain."""
    of_items, truth = _truth(sheet, condition, view, items=True)
    found = truth if of_items else sheet.base.on_items(truth)
    return found.fill_null(False)


def accounts_where(sheet: Sheet, condition: Condition, view: View) -> pl.Series:
    """The accounts for which a condition holds for certain; facts of items are not known here."""
    return _truth(sheet, condition, view, items=False)[1].fill_null(False)


def of_items(sheet: Sheet, condition: Condition) -> bool:
    """Whether a condition reads a fact of single items."""
    return any(sheet.registry[test.fact].level == "item" for test in tests(condition))


def dated(sheet: Sheet, condition: Condition) -> bool:
    """Whether a condition may come out otherwise on another day with the same facts."""
    return any(test.fact in _DATED for test in tests(condition))


def _truth(
    sheet: Sheet, condition: Condition, view: View, *, items: bool
) -> tuple[bool, pl.Series]:
    """Whether the column is of items rather than of accounts, and the column."""
    if isinstance(condition, Test):
        return _test(sheet, condition, view, items=items)
    found = [_truth(sheet, part, view, items=items) for part in condition.parts]
    join: Callable[[pl.Series, pl.Series], pl.Series]
    join = _both if isinstance(condition, Every) else _either
    # what accounts say is put together before it is spread over their items
    whole = _joined(join, (truth for is_item, truth in found if not is_item))
    single = _joined(join, (truth for is_item, truth in found if is_item))
    if whole is None and single is None:
        whole = always(sheet.height, isinstance(condition, Every))
    if single is None:
        assert whole is not None
        truth = whole
    else:
        truth = single if whole is None else join(single, sheet.base.on_items(whole))
    return single is not None, ~truth if isinstance(condition, Neither) else truth


def _joined(
    join: Callable[[pl.Series, pl.Series], pl.Series], parts: Iterable[pl.Series]
) -> pl.Series | None:
    known = list(parts)
    return reduce(join, known) if known else None


def _both(a: pl.Series, b: pl.Series) -> pl.Series:
    return a & b


def _either(a: pl.Series, b: pl.Series) -> pl.Series:
    return a | b


def _test(sheet: Sheet, test: Test, view: View, *, items: bool) -> tuple[bool, pl.Series]:
    fact = sheet.registry[test.fact]
    is_item = items and fact.level == "item"
    size = sheet.base.items.height if is_item else sheet.height
    by_segment = isinstance(test.value, BySegment)
    kind: tuple[object, ...] = (is_item, test.fact, test.op, str(test.within), repr(test.value))
    day = view.day if test.fact in _DATED else sheet.on
    pauses = fact.counted and view.pauses
    segments = view.segments and (by_segment or test.fact == "segment")
    key = ("test", *kind, day, segments, pauses)
    if key not in sheet.made:
        seen = View(day, segments, pauses)
        if not is_item and fact.level == "item":
            column: Column = Unknown(size)
            ask: Callable[[Threshold], pl.Series] = lambda t: _compare(sheet, column, test.op, t)  # noqa: E731
        else:
            ask = _asker(sheet, test, seen, size, is_item=is_item)
        sheet.made[key] = _by_segment(sheet, test.value, seen, ask, is_item=is_item)
    found = sheet.made[key]
    assert isinstance(found, pl.Series)
    return is_item, found


def _asker(
    sheet: Sheet, test: Test, view: View, size: int, *, is_item: bool
) -> Callable[[Threshold], pl.Series]:
    fact = sheet.registry[test.fact]
    if fact.type == "stage":
        return lambda threshold: _stage(sheet, test.op, threshold, is_item=is_item)
    if fact.column is not None:
        return lambda threshold: plugged_test(sheet, fact, test.op, threshold)
    column = _column(sheet, test, view, size, is_item=is_item)
    return lambda threshold: _compare(sheet, column, test.op, threshold)


def _column(sheet: Sheet, test: Test, view: View, size: int, *, is_item: bool) -> Column:
    """The fact's column as seen from there, made once for all tests of it."""
    name = test.fact
    segments = view.segments and name == "segment"
    key = ("column", is_item, name, str(test.within), view.day, segments, view.pauses)
    if key not in sheet.made:
        if is_item:
            column = ITEM[name](sheet, view)
        elif name not in PERIOD:
            column = ACCOUNT[name](sheet, view)
        elif test.within is None:
            column = Unknown(size)
        else:
            first = first_within(sheet.on, test.within, calendar=sheet.calendar)
            column = PERIOD[name](sheet, first)
        sheet.made[key] = column
    return cast("Column", sheet.made[key])


def _by_segment(
    sheet: Sheet,
    value: Any,
    view: View,
    ask: Callable[[Threshold], pl.Series],
    *,
    is_item: bool,
) -> pl.Series:
    """The answer under the threshold of each account's own segment."""
    if not isinstance(value, BySegment):
        return ask(value)
    if not view.segments or sheet.segment is None:
        return ask(value.values.get("", value.other))
    segment = sheet.base.on_items(sheet.segment) if is_item else sheet.segment
    answer = ask(value.other)
    for index, one in enumerate(sheet.policy.segments):
        if one.name in value.values:
            answer = ask(value.values[one.name]).zip_with(segment == index, answer)
    return answer


def _compare(sheet: Sheet, column: Column, op: str, threshold: Threshold) -> pl.Series:
    """The same answers as `dunwell.decide.conditions.compare`."""
    known = column.known()
    if op == "known":
        return known == threshold if isinstance(threshold, bool) else always(known.len(), False)
    if threshold is None:
        return nothing(known.len(), pl.Boolean())
    if op in ("is", "not"):
        wanted = threshold if isinstance(threshold, tuple) else (threshold,)
        if not wanted:
            found = always(known.len(), False).zip_with(known, nothing(known.len(), pl.Boolean()))
        else:
            found = reduce(_either, (column.equal(one, sheet.terms) for one in wanted))
        return found if op == "is" else ~found
    assert not isinstance(threshold, tuple)
    return column.ordered(op, threshold, sheet.terms)


def _stage(sheet: Sheet, op: str, threshold: Threshold, *, is_item: bool) -> pl.Series:
    if is_item:
        place, known = sheet.stage, sheet.has_stage
        place = place.zip_with(place >= 0, nothing(place.len(), place.dtype))
    else:
        place = account_stage(sheet)
        known = place.is_not_null()
    if op == "known":
        return known == threshold if isinstance(threshold, bool) else always(known.len(), False)
    wanted = threshold if isinstance(threshold, tuple) else (threshold,)
    marks = [sheet.policy.stage(str(one)) for one in wanted]
    if threshold is None or None in marks:
        return nothing(place.len(), pl.Boolean())
    if op in ("is", "not"):
        found = place.is_in(marks) if marks else place < -1
        return found if op == "is" else ~found
    return ORDER[op](place, marks[0])
