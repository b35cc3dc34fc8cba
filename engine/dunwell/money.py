"""Amounts of money as whole minor units of a currency, and the exact ways to convert them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

from dunwell.locales import locale_of

# CLDR, and so Babel, says how many decimals people usually write; invoices follow ISO 4217,
# which gives these currencies a minor unit that is in CLDR no longer shown.
_ISO_DECIMALS = {
    "AFN": 2, "ALL": 2, "IQD": 3, "IRR": 2, "KPW": 2, "LAK": 2, "LBP": 2,
    "MGA": 2, "MMK": 2, "RSD": 2, "SOS": 2, "SYP": 2, "YER": 2,
}  # fmt: skip
_LARGEST = 2**63 - 1  # amounts travel as int64 minor units
_AMOUNT = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?) +([A-Z]{3})")
_SLOPPY = re.compile(r"([-+]?[0-9][0-9.,' _]*?)\s*([^\W\d_]+|[^\w\s.,'-])?")


class CurrencyMismatch(TypeError):  # noqa: N818 - the name that callers read
    """Two amounts in different currencies were added, subtracted or compared."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: `minor` counts the smallest unit of `currency`, cents for EUR, yen for JPY.

    Adds, subtracts and orders only within one currency, else `CurrencyMismatch`.
    Equality never raises: amounts in two currencies are simply not equal, zeros included.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"minor units are an int, not {type(self.minor).__name__}")
        if type(self.currency) is not str:
            raise TypeError(f"a currency is a str, not {type(self.currency).__name__}")

    @classmethod
    def of(cls, value: Decimal | int | str, currency: str) -> Money:
        """Make an amount from major units (`Money.of("50.00", "EUR")`).

        A value that the currency cannot hold exactly is a ValueError, a float a TypeError.
        """
        digits = exponent(currency)
        scaled = _fraction(value) * 10**digits
        if scaled.denominator != 1:
            raise ValueError(
                f"'{value}' has more decimals than {currency} has | write at most {digits}"
            )
        return cls(scaled.numerator, currency)

    def decimal(self) -> Decimal:
        """Give the amount in major units, with all the decimals of its currency."""
        return Decimal(f"{self.minor}E-{exponent(self.currency)}")

    def __str__(self) -> str:
        return f"{self.decimal():f} {self.currency}"

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.minor >= self._same(other)

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix")
        return other.minor


@dataclass(frozen=True, slots=True)
class Rates:
    """The exact exchange rates of one day: `per_unit["USD"]` is what one unit of `base` buys.

    With base EUR and 1 EUR = 1.08 USD: `Rates("EUR", {"USD": Fraction("1.08")})`.
    A currency without a rate is unknown: every answer about it is None, never a guess.
    """

    base: str
    per_unit: Mapping[str, Fraction]
    _scales: dict[tuple[str, str], Fraction | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for currency, rate in self.per_unit.items():
            if _exact(rate) <= 0:
                raise ValueError(f"the rate of {currency} is {rate} | a rate is above zero")
        copy = {currency: Fraction(rate) for currency, rate in self.per_unit.items()}
        if copy.setdefault(self.base, Fraction(1)) != 1:
            raise ValueError(f"the base {self.base} has a rate of its own | it is always 1")
        object.__setattr__(self, "per_unit", copy)

    def rate(self, source: str, target: str) -> Fraction | None:
        """Give the units of `target` for one unit of `source`; None if either is unknown."""
        if source == target:
            return Fraction(1)
        have, want = self.per_unit.get(source), self.per_unit.get(target)
        return None if have is None or want is None else want / have

    def convert(self, amount: Money, target: str) -> Money | None:
        """Convert an amount, rounded half even to minor units; None without a rate."""
        minor = self.worth(amount.minor, amount.currency, target)
        return None if minor is None else Money(minor, target)

    def worth(self, minor: int, source: str, target: str) -> int | None:
        """Convert minor units, rounded half even; None without a rate."""
        pair = source, target
        if pair not in self._scales:  # what one minor unit is worth, found once
            rate = self.rate(source, target)
            scale = None if rate is None else _scaled(1, rate, source=source, target=target)
            self._scales[pair] = scale
        scale = self._scales[pair]
        return None if scale is None else _half_even(minor * scale.numerator, scale.denominator)

    def threshold(self, limit: Money, currency: str) -> Fraction | None:
        """Give `limit` in minor units of `currency`, exact and not rounded; None without a rate.

        An amount of m minor units is at least the limit when `m >= threshold`. For columns of
        integers that is `m >= ceil(threshold)`, over is `m > floor(threshold)`, and so on.
        """
        rate = self.rate(limit.currency, currency)
        if rate is None:
            return None
        return _scaled(limit.minor, rate, source=limit.currency, target=currency)


def parse_money(text: str) -> Money:
    """Read an amount as a user writes it, `50 EUR` or `-1234.50 EUR`: a point, no thousands mark.

    Anything else is a ValueError of the form "message | hint".
    """
    if not isinstance(text, str):
        raise TypeError(f"an amount is text such as '50 EUR', not {type(text).__name__}")
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(_complaint(text.strip()))
    money = Money.of(match[1], match[2])
    if abs(money.minor) > _LARGEST:
        raise ValueError(f"'{text.strip()}' is too large | write an amount that a ledger can hold")
    return money


@lru_cache(maxsize=512)
def exponent(currency: str) -> int:
    """Say how many decimals the minor unit of a currency has: 2 for EUR, 0 for JPY, 3 for KWD.

    ISO 4217 where it differs from the decimals that Babel shows. Unknown is a ValueError.
    """
    from babel.core import get_global

    if currency not in get_global("all_currencies"):
        raise ValueError(f"unknown currency '{currency}' | {_currency_hint(currency)}")
    if currency in _ISO_DECIMALS:
        return _ISO_DECIMALS[currency]
    fractions = get_global("currency_fractions")
    digits: int = fractions.get(currency, fractions["DEFAULT"])[0]
    return digits


def convert(minor: int, rate: Fraction, *, source: str, target: str) -> int:
    """Convert minor units of `source` to minor units of `target`, rounded half even.

    `rate` is the units of `target` for one unit of `source`, both in major units.
    """
    return round(_scaled(minor, rate, source=source, target=target))


def format_money(amount: Money, locale: str) -> str:
    """Write an amount as readers of a locale do: `1.234,50 €` for `es`, `€1,234.50` for `en`.

    All decimals of the currency are shown. A language with an unknown region is written as
    the language alone; an unknown language is a ValueError.
    """
    from babel.numbers import format_currency, parse_pattern

    known = locale_of(locale)
    # a copy of the locale's pattern: Babel's own count of decimals is not always ISO's
    pattern = parse_pattern(known.currency_formats["standard"].pattern)
    digits = exponent(amount.currency)
    pattern.frac_prec = (digits, digits)
    return format_currency(
        amount.decimal(), amount.currency, pattern, locale=known, currency_digits=False
    )


def _half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    over = 2 * rest - denominator
    return whole + (over > 0 or (over == 0 and whole % 2))


def _scaled(minor: int, rate: Fraction, *, source: str, target: str) -> Fraction:
    if type(minor) is not int:
        raise TypeError(f"minor units are an int, not {type(minor).__name__}")
    return minor * _exact(rate) * Fraction(10) ** (exponent(target) - exponent(source))


def _exact(rate: object) -> Fraction:
    if isinstance(rate, bool) or not isinstance(rate, (Fraction, int)):
        raise TypeError(f"a rate is a Fraction, not {type(rate).__name__}")
    return Fraction(rate)


def _fraction(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        raise TypeError(f"an amount is a Decimal, int or str, not {type(value).__name__}")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"'{value}' is not an amount | write it like '1234.50'") from None
    if not number.is_finite() or abs(number.adjusted()) > 60:
        raise ValueError(f"'{value}' is not an amount | write it like '1234.50'")
    return Fraction(number)


def _complaint(text: str) -> str:
    match = _SLOPPY.fullmatch(text)
    if match is None:
        return f"'{text}' is not an amount | write it like '50 EUR'"
    digits, word = match[1].strip(), (match[2] or "")
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", digits):
        plain = "digits with a point before the decimals and no other mark, like '1234.50 EUR'"
        return f"'{digits}' is not a plain number | write {plain}"
    if not word:
        return f"'{text}' has no currency | write it after the amount, like '{digits} EUR'"
    if re.fullmatch("[A-Z]{3}", word):
        return f"'{text}' lacks a space | write '{digits} {word}'"
    return f"unknown currency '{word}' | {_currency_hint(word)}"


def _currency_hint(word: str) -> str:
    from difflib import get_close_matches

    from babel.core import get_global

    known: Collection[str] = get_global("all_currencies")
    close = get_close_matches(word.upper(), known, n=1, cutoff=0.7)
    if close:
        return f"did you mean '{close[0]}'?"
    return "write its three letters as in ISO 4217, like 'EUR'"
