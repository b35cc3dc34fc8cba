"""Money and dates as a locale writes them, fast enough for every line of every message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from dunwell.calendar import format_date
from dunwell.money import Money, exponent, format_money

DayStyle = Literal["short", "medium", "long", "full"]
DAY_STYLES = ("short", "medium", "long", "full")
_PROBES = (0, 1, -1, 100, 99_999, -100_000, 1_234_567_890_123, -9_876_543_210_987_654)


class Formatted(str):
    """Text that a format made; what it holds is ours and needs no cleaning."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Style:
    """How a locale writes one currency, read off what `format_money` writes."""

    before: tuple[str, str]  # positive, negative
    behind: tuple[str, str]
    group: str
    decimal: str
    digits: int

    def write(self, minor: int) -> str:
        sign = minor < 0
        return f"{self.before[sign]}{self.number(abs(minor))}{self.behind[sign]}"

    def number(self, minor: int) -> str:
        if not self.digits:
            return f"{minor:,}".replace(",", self.group)
        whole, part = divmod(minor, 10**self.digits)
        return f"{whole:,}".replace(",", self.group) + f"{self.decimal}{part:0{self.digits}}"


@dataclass(frozen=True, slots=True)
class Formats:
    """The formats of one locale, such as `es` or `es_MX`; an unknown language is a ValueError."""

    locale: str

    def money(self, amount: Money) -> str:
        """Write one amount, exactly as `format_money` does."""
        style = _style(amount.currency, self.locale)
        return style.write(amount.minor) if style else format_money(amount, self.locale)

    def sums(self, amounts: Iterable[Money]) -> str:
        """Write one amount per currency, `900,00 € + 50,00 $`; none is written as 0."""
        return " + ".join([self.money(amount) for amount in amounts]) or "0"

    def day(self, day: date, style: DayStyle = "long") -> str:
        """Write a date, `10 de febrero de 2026`."""
        return _day(day, self.locale, style)


@lru_cache(maxsize=256)
def formats(locale: str) -> Formats:
    """The formats of a locale."""
    format_date(date(2000, 1, 1), locale)  # an unknown language is refused here
    return Formats(locale)


@lru_cache(maxsize=8192)
def _day(day: date, locale: str, style: DayStyle) -> str:
    return format_date(day, locale, style=style)


@lru_cache(maxsize=1024)
def _style(currency: str, locale: str) -> _Style | None:
    """Learn the style from samples; None where it is not as simple as the other samples say."""
    digits = exponent(currency)
    sample = 10 ** (digits + 6) + 10**digits * 234_567  # 1,234,567 and no cents
    written = {sign: format_money(Money(sign * sample, currency), locale) for sign in (1, -1)}
    marks = [format_money(Money(10 ** (digits + power), currency), locale) for power in (3, 0)]
    group = _between(marks[0], "1", "000")
    decimal = _between(marks[1], "1", "0" * digits) if digits else ""
    if group is None or decimal is None:
        return None
    number = _Style(("", ""), ("", ""), group, decimal, digits).number(sample)
    if number not in written[1] or number not in written[-1]:
        return None
    before, behind = zip(*(written[sign].split(number, 1) for sign in (1, -1)), strict=True)
    style = _Style((before[0], before[1]), (behind[0], behind[1]), group, decimal, digits)
    same = all(
        style.write(probe) == format_money(Money(probe, currency), locale) for probe in _PROBES
    )
    return style if same else None


def _between(text: str, left: str, right: str) -> str | None:
    start = text.find(left) + len(left)
    end = text.find(right, start)
    return text[start:end] if start >= len(left) and end >= start else None
