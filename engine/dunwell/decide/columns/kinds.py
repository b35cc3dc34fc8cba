"""Columns of facts by kind, and how each kind compares with a threshold: true, false or null."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Protocol

import polars as pl

from dunwell.calendar import Calendar, Duration, add_months, epoch_day
from dunwell.decide.columns.base import WIDE, always, nothing, wide
from dunwell.decide.columns.money import bounds
from dunwell.money import Money, Rates
from dunwell.policy.tree import Policy, Value

ORDER: Mapping[str, Callable[..., pl.Series]] = {
    "at_least": operator.ge,
    "at_most": operator.le,
    "over": operator.gt,
    "under": operator.lt,
    "before": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What comparing needs beside the columns."""

    policy: Policy
    calendar: Calendar
    rates: Mapping[str, Rates]  # by company


class Column(Protocol):
    """A fact's values for all items or accounts."""

    def known(self) -> pl.Series:
        """Where the fact is known."""
        ...

    def equal(self, wanted: Value, terms: Terms) -> pl.Series:
        """Where it equals a value."""
        ...

    def ordered(self, op: str, threshold: Value, terms: Terms) -> pl.Series:
        """Where it is over, under and so on."""
        ...


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that is not known of anything."""

    size: int

    def known(self) -> pl.Series:
        """Nowhere."""
        return always(self.size, False)

    def equal(self, wanted: Value, terms: Terms) -> pl.Series:
        """Not known."""
        return nothing(self.size, pl.Boolean())

    def ordered(self, op: str, threshold: Value, terms: Terms) -> pl.Series:
        """Not known."""
        return nothing(self.size, pl.Boolean())


@dataclass(frozen=True, slots=True)
class Plain:
    """Texts, flags, dates and whole numbers as they are."""

    values: pl.Series

    def known(self) -> pl.Series:
        """Where there is a value."""
        return self.values.is_not_null()

    def equal(self, wanted: Value, terms: Terms) -> pl.Series:
        """Where the value is this one; a value of another type is never the same."""
        if not self._fits(wanted):
            return _only(self.known(), always(self.values.len(), False))
        if isinstance(wanted, Fraction):
            return self._against(operator.eq, wanted)
        found: pl.Series = self.values == wanted
        return found

    def _fits(self, wanted: Value) -> bool:
        dtype = self.values.dtype
        if dtype == pl.Boolean:
            return isinstance(wanted, bool)
        if dtype == pl.String:
            return isinstance(wanted, str)
        if dtype == pl.Date:
            return isinstance(wanted, date)
        return isinstance(wanted, int | Fraction)

    def ordered(self, op: str, threshold: Value, terms: Terms) -> pl.Series:
        """Where a date or number is over, under and so on; texts have no order."""
        dtype = self.values.dtype
        if dtype == pl.Date and isinstance(threshold, date):
            return ORDER[op](self.values, threshold)
        if dtype.is_integer() and isinstance(threshold, int | Fraction):
            return self._against(ORDER[op], Fraction(threshold))
        return nothing(self.values.len(), pl.Boolean())

    def _against(self, order: Callable[..., pl.Series], wanted: Fraction) -> pl.Series:
        left = self.values.cast(WIDE) * wide(wanted.denominator)
        return order(left, wide(wanted.numerator))


@dataclass(frozen=True, slots=True)
class Ratio:
    """An exact fraction in two columns of whole numbers; the lower one is above zero, or null."""

    upper: pl.Series
    lower: pl.Series

    def known(self) -> pl.Series:
        """Where there is a lower number."""
        return self.lower.is_not_null()

    def equal(self, wanted: Value, terms: Terms) -> pl.Series:
        """Where it is this share."""
        if isinstance(wanted, int | Fraction):
            return self._against(operator.eq, Fraction(wanted))
        return _only(self.known(), always(self.lower.len(), False))

    def ordered(self, op: str, threshold: Value, terms: Terms) -> pl.Series:
        """Compare crosswise, without dividing."""
        if isinstance(threshold, int | Fraction):
            return self._against(ORDER[op], Fraction(threshold))
        return nothing(self.lower.len(), pl.Boolean())

    def _against(self, order: Callable[..., pl.Series], wanted: Fraction) -> pl.Series:
        left = self.upper.cast(WIDE) * wide(wanted.denominator)
        return order(left, self.lower.cast(WIDE) * wide(wanted.numerator))


@dataclass(frozen=True, slots=True)
class Days:
    """Days between a column of dates and a day: since it, or (`until`) up to it."""

    dates: pl.Series
    day: date
    until: bool = False

    def known(self) -> pl.Series:
        """Where there is a date."""
        return self.dates.is_not_null()

    def equal(self, wanted: Value, terms: Terms) -> pl.Series:
        """Where it is so many days."""
        if not isinstance(wanted, int | Duration):
            return _only(self.known(), always(self.dates.len(), False))
        return self.ordered("at_least", wanted, terms) & self.ordered("at_most", wanted, terms)

    def ordered(self, op: str, threshold: Value, terms: Terms) -> pl.Series:
        """Compare days, business days or months."""
        order = ORDER[op]
        if isinstance(threshold, Duration):
            if threshold.unit == "business days":
                return order(self._worked(terms.calendar), threshold.count)
            if threshold.unit == "months":
                return self._months(order, threshold.count)
            days = threshold.count * (7 if threshold.unit == "weeks" else 1)
        elif isinstance(threshold, int):
            days = int(threshold)
        else:
            return nothing(self.dates.len(), pl.Boolean())
        numbers, today = self.dates.to_physical(), epoch_day(self.day)
        return order(numbers, today + days) if self.until else order(today - numbers, days)

    def _worked(self, calendar: Calendar) -> pl.Series:
        def count(day: date) -> int:
            start, end = (self.day, day) if self.until else (day, self.day)
            return calendar.business_days_between(start, end)

        return by_date(self.dates, count, pl.Int32())

    def _months(self, order: Callable[..., pl.Series], months: int) -> pl.Series:
        if self.until:
            return order(self.dates, add_months(self.day, months))
        later = by_date(self.dates, lambda day: add_months(day, months), pl.Date())
        return _turned(order)(later, self.day)


@dataclass(frozen=True, slots=True)
class Amounts:
    """Money in minor units of the currency that `pair` names: by its number in `pairs`, with the
    company whose rates count.
    """

    minor: pl.Series
    pair: pl.Series
    pairs: tuple[tuple[str, str], ...]

    def known(self) -> pl.Series:
        """Where there is an amount."""
        return self.minor.is_not_null()

    def equal(self, wanted: Value, terms: Terms) -> pl.Series:
        """Where it converts to exactly this amount."""
        if not isinstance(wanted, Money):
            return _only(self.known(), always(self.minor.len(), False))
        return self.ordered("at_least", wanted, terms) & self.ordered("at_most", wanted, terms)

    def ordered(self, op: str, threshold: Value, terms: Terms) -> pl.Series:
        """Compare with the least amount in the own currency that converts to the threshold."""
        if not isinstance(threshold, Money):
            return nothing(self.minor.len(), pl.Boolean())
        least = threshold.minor + (op in ("over", "at_most"))
        positive = op in ("at_least", "over")
        limits = bounds(self.pairs, Money(least, threshold.currency), terms.rates)
        known = {limit for limit in limits if limit is not None}
        if len(known) == 1 and None not in limits:
            reached = self.minor >= pl.Series(list(known), dtype=self.minor.dtype)
        else:
            table = pl.Series(limits, dtype=self.minor.dtype)
            reached = self.minor >= table.gather(self.pair)
            if None in limits:  # nothing is nothing in every currency
                zero = (self.minor == 0) & reached.is_null()
                reached = reached.zip_with(~zero.fill_null(False), always(zero.len(), least <= 0))
        return reached if positive else ~reached


@dataclass(frozen=True, slots=True)
class Sums:
    """Money of accounts in parts; `within` gives all of it in one currency."""

    within: Callable[[str], pl.Series]
    there: pl.Series

    def known(self) -> pl.Series:
        """Where there is a sum, whether it can be converted or not."""
        return self.there

    def equal(self, wanted: Value, terms: Terms) -> pl.Series:
        """Where it converts to exactly this amount."""
        if not isinstance(wanted, Money):
            return _only(self.known(), always(self.there.len(), False))
        found: pl.Series = _only(self.there, self.within(wanted.currency) == wide(wanted.minor))
        return found

    def ordered(self, op: str, threshold: Value, terms: Terms) -> pl.Series:
        """Compare in the currency of the threshold."""
        if not isinstance(threshold, Money):
            return nothing(self.there.len(), pl.Boolean())
        return _only(self.there, ORDER[op](self.within(threshold.currency), wide(threshold.minor)))


@dataclass(frozen=True, slots=True)
class Sets:
    """Several values at once; equals means has it. No list is an empty one."""

    lists: pl.Series

    def known(self) -> pl.Series:
        """Everywhere."""
        return always(self.lists.len(), True)

    def equal(self, wanted: Value, terms: Terms) -> pl.Series:
        """Where the value is among them."""
        return self.lists.list.contains(str(wanted)).fill_null(False)

    def ordered(self, op: str, threshold: Value, terms: Terms) -> pl.Series:
        """Sets have no order."""
        return nothing(self.lists.len(), pl.Boolean())


def by_date(dates: pl.Series, answer: Callable[[date], object], dtype: pl.DataType) -> pl.Series:
    """An answer for every date, asked once for each that occurs."""
    distinct = dates.unique().drop_nulls()
    answers = pl.Series([answer(day) for day in distinct.to_list()], dtype=dtype)
    return dates.replace_strict(distinct, answers, default=None, return_dtype=dtype)


def _only(known: pl.Series, truth: pl.Series) -> pl.Series:
    return truth.zip_with(known, nothing(known.len(), pl.Boolean()))


def _turned(order: Callable[..., pl.Series]) -> Callable[..., pl.Series]:
    turned: dict[Callable[..., pl.Series], Callable[..., pl.Series]] = {
        operator.ge: operator.le,
        operator.le: operator.ge,
        operator.gt: operator.lt,
        operator.lt: operator.gt,
    }
    return turned[order]
