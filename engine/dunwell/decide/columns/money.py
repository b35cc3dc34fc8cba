"""Money of many currencies in columns, converted exactly as `Sum.within` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import polars as pl

from dunwell.decide.columns.base import WIDE, Base
from dunwell.money import Money, Rates, convert, exponent

_MOST = 2**63 - 1


def bounds(
    pairs: Sequence[tuple[str, str]], least: Money, rates: Mapping[str, Rates]
) -> list[int | None]:
    """For each (company, currency) the least amount that converts to `least` or more.

    None without a rate. Conversion never falls when the amount rises, so one comparison with this
    bound is exact, and no amount need be converted.
    """
    return [_bound(currency, least, rates[company]) for company, currency in pairs]


def _bound(currency: str, least: Money, rates: Rates) -> int | None:
    if currency == least.currency:
        return least.minor
    rate = rates.rate(currency, least.currency)
    if rate is None:
        return None
    each = rate * Fraction(10) ** (exponent(least.currency) - exponent(currency))
    half = (least.minor - Fraction(1, 2)) / each
    bound = -(-half.numerator // half.denominator)  # rounded up
    if least.minor % 2 and half.denominator == 1:
        bound += 1  # halfway to an odd number is rounded down to the even one
    return max(-_MOST, min(_MOST, bound))


def within(
    base: Base, parts: pl.DataFrame, rates: Mapping[str, Rates], target: str | pl.Series
) -> pl.Series:
    """The parts (`a`, currency, minor) of each account in one currency, or in one of its own.

    Nothing is 0; null where a part that is not nothing has no rate.
    """
    if isinstance(target, str):
        wanted = parts.with_columns(pl.lit(target).alias("target"))
    else:
        wanted = parts.with_columns(target.gather(parts["a"]).alias("target"))
    wanted = wanted.with_columns(pl.col("minor").cast(WIDE))
    home = pl.col("currency") == pl.col("target")
    same = wanted.filter(home).select("a", "minor")
    foreign = wanted.filter(~home & (pl.col("minor") != 0))
    foreign = _converted(base, foreign, rates)
    both = pl.concat([same, foreign]) if foreign.height else same
    sums = both.group_by("a").agg(
        pl.col("minor").sum().alias("minor"), pl.col("minor").null_count().alias("missing")
    )
    size = base.accounts.height
    total = pl.Series([0], dtype=WIDE).new_from_index(0, size)
    total = total.scatter(sums["a"], sums["minor"]) if sums.height else total
    bad = sums.filter(pl.col("missing") > 0)["a"]
    return total.zip_with(
        ~base.marked("a", bad), pl.Series([None], dtype=WIDE).new_from_index(0, size)
    )


def _converted(base: Base, foreign: pl.DataFrame, rates: Mapping[str, Rates]) -> pl.DataFrame:
    if not foreign.height:
        return foreign.select("a", "minor")
    names = base.accounts["company"].gather(foreign["a"])
    foreign = foreign.with_columns(names.alias("company"))
    key = ("company", "currency", "target", "minor")
    distinct = foreign.select(key).unique()
    answers = []
    for company, source, target, minor in distinct.iter_rows():
        rate = rates[company].rate(source, target)
        answers.append(
            None if rate is None else convert(minor, rate, source=source, target=target)
        )
    distinct = distinct.with_columns(pl.Series("converted", answers, dtype=WIDE))
    joined = foreign.join(distinct, on=key, how="left")
    return joined.select("a", pl.col("converted").alias("minor"))
