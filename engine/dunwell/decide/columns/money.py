"""Money of many currencies in columns, converted exactly as `Sum.within` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import polars as pl

from dunwell.decide.columns.base import WIDE, Base, wide
from dunwell.money import Money, Rates, exponent

_MOST = 2**63 - 1
_WIDEST = 2**125


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
    key = ("company", "currency", "target")
    ways = foreign.select(key).unique()
    found = []
    for company, source, target in ways.iter_rows():
        rate = rates[company].rate(source, target)
        step = exponent(target) - exponent(source) if rate else 0
        found.append(None if rate is None else rate * Fraction(10) ** step)
    minors = foreign["minor"]
    largest = max(abs(int(minors.max() or 0)), abs(int(minors.min() or 0)))  # type: ignore[arg-type]
    each = [way for way in found if way is not None]
    ways = ways.with_columns(pl.Series("way", range(len(found)), dtype=pl.Int32))
    foreign = foreign.join(ways, on=key, how="left")
    if all(largest * way.numerator < _WIDEST and way.denominator < _WIDEST for way in each):
        minor = _in_columns(foreign["minor"], foreign["way"], found)
    else:
        minor = _one_by_one(foreign["minor"], foreign["way"], found)
    return foreign.select("a", minor.alias("minor"))


def _in_columns(minor: pl.Series, way: pl.Series, found: Sequence[Fraction | None]) -> pl.Series:
    """Times a fraction, rounded half even, in whole numbers."""
    tops = [None if each is None else each.numerator for each in found]
    bottoms = [None if each is None else each.denominator for each in found]
    top = pl.Series(tops, dtype=WIDE).gather(way)
    bottom = pl.Series(bottoms, dtype=WIDE).gather(way)
    exact = minor.abs() * top
    whole = exact // bottom
    twice = (exact - whole * bottom) * wide(2)
    up = (twice > bottom) | ((twice == bottom) & (whole % wide(2) == 1))
    rounded = whole + up.cast(WIDE)
    return (wide(0) - rounded).zip_with(minor < 0, rounded)


def _one_by_one(minor: pl.Series, way: pl.Series, found: Sequence[Fraction | None]) -> pl.Series:
    """The same for numbers beyond 128 bits."""
    answers = []
    for amount, number in zip(minor.to_list(), way.to_list(), strict=True):
        each = found[number]
        answers.append(None if each is None else round(amount * each))
    return pl.Series(answers, dtype=WIDE)
