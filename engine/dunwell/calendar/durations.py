"""Spans of time as a policy writes them: `3 days`, `2 business days`, `12 months`, `2 weeks`."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from dunwell.calendar._words import did_you_mean

Unit = Literal["days", "business days", "months", "weeks"]

UNITS: tuple[Unit, ...] = get_args(Unit)
_BY_WORD: dict[str, Unit] = {unit: unit for unit in UNITS} | {unit[:-1]: unit for unit in UNITS}
_LONGEST = {"days": 36_525, "business days": 36_525, "months": 1_200, "weeks": 5_218}
_WRITTEN = re.compile(r"(-?[0-9]+) +(\S.*)")


@dataclass(frozen=True, slots=True)
class Duration:
    """A whole, never negative number of days, business days, weeks or months.

    `str()` gives the text that `parse_duration` reads back.
    """

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        if type(self.count) is not int:
            raise TypeError(f"a duration counts whole {self.unit}")
        if self.unit not in UNITS:
            raise ValueError(f"unknown unit '{self.unit}' | {_unit_hint(self.unit)}")
        if self.count < 0:
            raise ValueError(f"'{self}' is negative | write a duration of 0 or more")
        if self.count > _LONGEST[self.unit]:
            raise ValueError(f"'{self}' is longer than a century | write a shorter duration")

    def __str__(self) -> str:
        return f"{self.count} {self.unit[:-1] if abs(self.count) == 1 else self.unit}"


def parse_duration(text: str) -> Duration:
    """Read a duration such as `3 days` or `1 business day`; else a ValueError "message | hint"."""
    if not isinstance(text, str):
        raise TypeError(f"a duration is text such as '3 days', not {type(text).__name__}")
    written = text.strip()
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise ValueError(_complaint(written))
    unit = _BY_WORD.get(" ".join(match[2].split()))
    if unit is None:
        raise ValueError(f"unknown unit '{match[2]}' in '{written}' | {_unit_hint(match[2])}")
    if len(match[1]) > 9:
        raise ValueError(f"'{written}' is longer than a century | write a shorter duration")
    return Duration(int(match[1]), unit)


def add_months(day: date, months: int) -> date:
    """Give the same day so many months on, or that month's last day where it has no such day."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("date value out of range")
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


def _complaint(written: str) -> str:
    example = "write it like '3 days' or '2 business days'"
    if re.fullmatch("-?[0-9]+", written):
        return f"'{written}' has no unit | {example}"
    glued = re.fullmatch(r"(-?[0-9]+)([^\W\d_].*)", written)
    if glued and _BY_WORD.get(glued[2]):
        return f"'{written}' lacks a space | write '{glued[1]} {glued[2]}'"
    if re.match(r"-?[0-9]+[.,/][0-9]", written):
        return f"'{written}' is not a whole number | {example}"
    return f"'{written}' is not a duration | {example}"


def _unit_hint(word: str) -> str:
    if word.casefold() in ("year", "years"):
        return "write months, like '12 months'"
    otherwise = "write days, business days, weeks or months"
    return did_you_mean(word, _BY_WORD, otherwise=otherwise)
