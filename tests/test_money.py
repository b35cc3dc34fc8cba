"""Money is exact, keeps its currency, and is read and written in one form."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.money import (
    CurrencyMismatch,
    Money,
    Rates,
    convert,
    exponent,
    format_money,
    parse_money,
)

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD", "RSD", "CLF"])
MINOR = st.integers(-(2**63) + 1, 2**63 - 1)
RATES = st.fractions(min_value=Fraction(1, 10**6), max_value=10**6, max_denominator=10**6)


@given(MINOR, CURRENCIES)
def test_the_text_of_an_amount_reads_back_as_the_same_amount(minor: int, currency: str) -> None:
    amount = Money(minor, currency)
    assert parse_money(str(amount)) == amount
    assert Money.of(amount.decimal(), currency) == amount


@given(MINOR, MINOR, CURRENCIES)
def test_adding_and_taking_away_are_exact_and_undo_each_other(a: int, b: int, c: str) -> None:
    first, second = Money(a, c), Money(b, c)
    assert first + second - second == first
    assert first - first == Money(0, c)
    assert first + -first == Money(0, c)
    assert (first < second, first <= second, first > second, first >= second) == (
        a < b,
        a <= b,
        a > b,
        a >= b,
    )


def test_two_currencies_never_mix() -> None:
    euro, dollar = Money(5, "EUR"), Money(5, "USD")
    mixes: list[Callable[[], object]] = [
        lambda: euro + dollar,
        lambda: euro - dollar,
        lambda: euro < dollar,
        lambda: euro <= dollar,
        lambda: euro > dollar,
        lambda: euro >= dollar,
    ]
    for mix in mixes:
        with pytest.raises(CurrencyMismatch, match="EUR and USD"):
            mix()
    assert euro != dollar
    assert issubclass(CurrencyMismatch, TypeError)


@pytest.mark.parametrize("other", [1, "5.00 EUR", None])
def test_an_amount_does_not_mix_with_what_is_no_amount(other: Any) -> None:
    amount = Money(5, "EUR")
    mixes: list[Callable[[], object]] = [
        lambda: amount + other,
        lambda: amount - other,
        lambda: amount < other,
        lambda: amount <= other,
        lambda: amount > other,
        lambda: amount >= other,
    ]
    for mix in mixes:
        with pytest.raises(TypeError):
            mix()
    assert amount != other


@pytest.mark.parametrize("wrong", [0.5, True])
def test_a_float_or_a_truth_value_is_never_money(wrong: Any) -> None:
    rates = Rates("EUR", {})
    uses: list[Callable[[], object]] = [
        lambda: Money(wrong, "EUR"),
        lambda: Money.of(wrong, "EUR"),
        lambda: parse_money(wrong),
        lambda: convert(wrong, Fraction(1), source="EUR", target="EUR"),
        lambda: convert(1, wrong, source="EUR", target="USD"),
        lambda: Rates("EUR", {"USD": wrong}),
        lambda: rates.convert(Money(wrong, "EUR"), "EUR"),
    ]
    for use in uses:
        with pytest.raises(TypeError):
            use()


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("RSD", 2), ("IQD", 3), ("HUF", 2)],
)
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


def test_an_unknown_currency_is_named_with_the_nearest_known_one() -> None:
    with pytest.raises(ValueError, match=r"^unknown currency 'EURO' \| did you mean 'EUR'\?$"):
        exponent("EURO")
    with pytest.raises(ValueError, match=r"^unknown currency '€' \| write its three letters"):
        parse_money("50 €")


@pytest.mark.parametrize(
    ("text", "minor", "currency"),
    [
        ("50 EUR", 5000, "EUR"),
        ("  50.5  EUR ", 5050, "EUR"),
        ("-0.01 EUR", -1, "EUR"),
        ("50 JPY", 50, "JPY"),
        ("1.005 KWD", 1005, "KWD"),
        ("0 EUR", 0, "EUR"),
    ],
)
def test_an_amount_is_digits_a_point_and_a_currency(text: str, minor: int, currency: str) -> None:
    assert parse_money(text) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("1,234.50 EUR", "'1,234.50' is not a plain number", "'1234.50 EUR'"),
        ("1.234,50 EUR", "'1.234,50' is not a plain number", "'1234.50 EUR'"),
        ("1 234 EUR", "'1 234' is not a plain number", "no other mark"),
        ("50", "'50' has no currency", "'50 EUR'"),
        ("50EUR", "'50EUR' lacks a space", "write '50 EUR'"),
        ("50 eur", "unknown currency 'eur'", "did you mean 'EUR'?"),
        ("50.001 EUR", "'50.001' has more decimals than EUR has", "at most 2"),
        ("50.5 JPY", "'50.5' has more decimals than JPY has", "at most 0"),
        ("EUR 50", "'EUR 50' is not an amount", "'50 EUR'"),
        ("1e5 EUR", "'1e5 EUR' is not an amount", "'50 EUR'"),
        ("٥٠ EUR", "'٥٠ EUR' is not an amount", "'50 EUR'"),
        ("", "'' is not an amount", "'50 EUR'"),
        ("92233720368547758.08 EUR", "is too large", "ledger"),
    ],
)
def test_any_other_form_is_refused_with_what_to_write(text: str, message: str, hint: str) -> None:
    with pytest.raises(ValueError, match=r" \| ") as caught:
        parse_money(text)
    said, _, advice = str(caught.value).partition(" | ")
    assert message in said
    assert hint in advice


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_amounts(text: str) -> None:
    try:
        said = str(parse_money(text))
    except ValueError as error:
        said = str(error)
    assert " | " in said or str(parse_money(said)) == said


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1E+999999", "1E-999999", "fifty"])
def test_what_is_no_finite_number_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        Money.of(text, "EUR")


def test_amounts_beyond_the_precision_of_decimals_stay_exact() -> None:
    amount = Money(10**40 + 1, "EUR")
    assert str(amount) == "1" + "0" * 38 + ".01 EUR"
    assert Money.of(amount.decimal(), "EUR") == amount


@pytest.mark.parametrize(
    ("minor", "rate", "source", "target", "expected"),
    [
        (100, Fraction("1.085"), "EUR", "USD", 108),  # 108.5 goes to the even 108
        (300, Fraction("1.085"), "EUR", "USD", 326),  # 325.5 goes to the even 326
        (-100, Fraction("1.085"), "EUR", "USD", -108),
        (1000, Fraction(160), "EUR", "JPY", 1600),
        (1600, Fraction(1, 160), "JPY", "EUR", 1000),
        (1, Fraction("0.5"), "EUR", "KWD", 5),
    ],
)
def test_converting_rounds_half_to_even_and_minds_the_decimals(
    minor: int, rate: Fraction, source: str, target: str, expected: int
) -> None:
    assert convert(minor, rate, source=source, target=target) == expected


@given(MINOR, RATES, CURRENCIES, CURRENCIES)
def test_converting_is_off_by_half_a_minor_unit_at_most(
    minor: int, rate: Fraction, source: str, target: str
) -> None:
    exact = Fraction(minor, 10 ** exponent(source)) * rate * 10 ** exponent(target)
    assert abs(convert(minor, rate, source=source, target=target) - exact) <= Fraction(1, 2)


def test_rates_cross_through_the_base() -> None:
    rates = Rates("EUR", {"USD": Fraction("1.08"), "GBP": Fraction("0.84")})
    assert rates.rate("EUR", "USD") == Fraction("1.08")
    assert rates.rate("USD", "GBP") == Fraction("0.84") / Fraction("1.08")
    assert rates.convert(Money(10800, "USD"), "EUR") == Money(10000, "EUR")


def test_without_a_rate_every_answer_is_unknown_but_for_the_same_currency() -> None:
    rates = Rates("EUR", {"USD": Fraction("1.08")})
    assert rates.rate("EUR", "CHF") is None
    assert rates.rate("CHF", "EUR") is None
    assert rates.convert(Money(1, "CHF"), "EUR") is None
    assert rates.threshold(Money(1, "EUR"), "CHF") is None
    assert rates.rate("CHF", "CHF") == 1
    assert rates.convert(Money(1, "CHF"), "CHF") == Money(1, "CHF")


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12), RATES)
def test_a_threshold_in_another_currency_divides_amounts_as_the_exact_values_do(
    limit: int, amount: int, rate: Fraction
) -> None:
    threshold = Rates("EUR", {"JPY": rate}).threshold(Money(limit, "EUR"), "JPY")
    assert threshold is not None
    worth = Fraction(amount) / rate * 100  # in cents
    assert (amount >= threshold) == (amount >= ceil(threshold)) == (worth >= limit)
    assert (amount > threshold) == (amount > floor(threshold)) == (worth > limit)


@pytest.mark.parametrize("per_unit", [{"USD": Fraction(0)}, {"USD": Fraction(-1)}, {"EUR": 2}])
def test_a_rate_that_cannot_be_is_refused(per_unit: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r" \| "):
        Rates("EUR", per_unit)


def test_rates_do_not_follow_later_changes_and_travel_between_processes() -> None:
    given_rates = {"USD": Fraction("1.08")}
    rates = Rates("EUR", given_rates)
    given_rates["USD"] = Fraction(2)
    assert rates.rate("EUR", "USD") == Fraction("1.08")
    assert pickle.loads(pickle.dumps(rates)) == rates
    assert pickle.loads(pickle.dumps(Money(1, "EUR"))) == Money(1, "EUR")


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "expected"),
    [
        (123450, "EUR", "es", "1234,50 €"),
        (12345678, "EUR", "es_ES", "123.456,78 €"),
        (12345678, "EUR", "en-GB", "€123,456.78"),
        (12345678, "EUR", "en_EG", "€123,456.78"),
        (1234, "JPY", "en", "¥1,234"),
        (1234500, "KWD", "en", "KWD 1,234.500"),
        (123456, "RSD", "sr_RS", "1.234,56 RSD"),
        (-5, "EUR", "de", "-0,05 €"),
    ],
)
def test_amounts_are_written_as_readers_of_a_language_do(
    minor: int, currency: str, locale: str, expected: str
) -> None:
    written = format_money(Money(minor, currency), locale)
    loose = written.replace("\N{NO-BREAK SPACE}", "").replace(".", "", 1 if locale == "es" else 0)
    assert loose == expected.replace(" ", "")


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(ValueError, match=r"^unknown locale 'xx' \| "):
        format_money(Money(1, "EUR"), "xx")


def test_the_decimal_of_an_amount_shows_all_its_decimals() -> None:
    assert str(Money(5000, "EUR").decimal()) == "50.00"
    assert Money(50, "JPY").decimal() == Decimal(50)
    assert str(Money(-5, "EUR")) == "-0.05 EUR"
    assert Money.of(50, "EUR") == Money.of("50.00", "EUR") == Money(5000, "EUR")


def test_importing_money_and_the_calendar_loads_neither_babel_nor_holidays() -> None:
    code = (
        "import sys, dunwell.money, dunwell.calendar;"
        "print([name for name in ('babel', 'holidays') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
