"""Facts that plugins bring, compared value by value as the evaluator does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from dunwell.calendar import Calendar
from dunwell.decide.cases import known_value
from dunwell.decide.conditions import compare
from dunwell.facts import Fact
from dunwell.model import TABLES
from dunwell.money import Rates
from dunwell.policy.tree import Policy, Value

if TYPE_CHECKING:
    from dunwell.decide.columns.sheet import Sheet


@dataclass(frozen=True, slots=True)
class _Terms:
    policy: Policy
    rates: Rates
    calendar: Calendar


def plugged_test(
    sheet: Sheet, fact: Fact, op: str, threshold: Value | tuple[Value, ...] | None
) -> pl.Series:
    """The answers to one test of a plugin's fact, asked once for each distinct value."""
    values = column_of(sheet, fact)
    money = fact.type == "money"
    names = sheet.base.accounts["company"]
    if fact.level == "item":
        company = sheet.base.on_items(names) if money else names.new_from_index(0, values.len())
        own = sheet.base.items["currency"]
    else:
        company = names
        books = sheet.base.book["companies"]
        own = names.replace_strict(books["id"], books["currency"], default=None)
    rows = pl.DataFrame({"value": values})
    if money:
        rows = rows.with_columns(company.alias("company"), own.alias("currency"))
    numbers, distinct = _distinct(rows)
    answers = []
    for row in distinct.iter_rows():
        currency = row[2] if money else ""
        place = row[1] if money else next(iter(sheet.rates))
        terms = _Terms(sheet.policy, sheet.rates[place], sheet.calendar)
        value = known_value(fact, row[0], currency)
        answers.append(compare(fact, op, value, threshold, terms))  # type: ignore[arg-type]
    return pl.Series(answers, dtype=pl.Boolean).gather(numbers)


def _distinct(rows: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame]:
    """The number of each row's values among the distinct ones."""
    if isinstance(rows["value"].dtype, pl.List):  # compared one by one: sets are few
        return pl.int_range(rows.height, eager=True), rows
    distinct = rows.unique(maintain_order=True)
    numbered = distinct.with_row_index("number")
    joined = rows.join(
        numbered, on=rows.columns, how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["number"], distinct


def column_of(sheet: Sheet, fact: Fact) -> pl.Series:
    """A plugin's column for all items or accounts, computed once."""
    key = ("plugged", fact.name)
    if key not in sheet.made:
        assert fact.column is not None
        sheet.made[key] = fact.column(_frame(sheet, fact))
    found = sheet.made[key]
    assert isinstance(found, pl.Series)
    return found


def _frame(sheet: Sheet, fact: Fact) -> pl.DataFrame:
    """What a plugin computes from: the published columns of `items` or `customers`, and `on`."""
    if fact.level == "item":
        company = sheet.base.on_items(sheet.base.accounts["company"])
        table = sheet.base.book["items"][sheet.base.items["row"]]
        table = table.with_columns(company.alias("company"))
        table = table.select(list(TABLES["items"].schema))
    else:
        customers = sheet.base.book["customers"]
        table = pl.DataFrame([sheet.base.customer(name) for name in customers.columns])
        tags = pl.col("tags").list.sort().fill_null(pl.lit([], dtype=pl.List(pl.String)))
        table = table.with_columns(tags)
    return table.with_columns(pl.lit(sheet.on).alias("on"))
