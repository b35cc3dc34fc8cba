"""The quick formats write exactly what the exact ones write."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.calendar import format_date
from dunwell.message import formats
from dunwell.money import Money, format_money

LOCALES = ["en", "es", "es_MX", "de_CH", "fr", "ar", "hi", "en_IN", "ja", "pt_BR", "pl", "he"]


@given(
    st.integers(-(10**15), 10**15),
    st.sampled_from(["EUR", "USD", "JPY", "KWD", "CLF", "IQD", "CHF"]),
    st.sampled_from(LOCALES),
)
def test_money_is_written_as_format_money_writes_it(
    minor: int, currency: str, locale: str
) -> None:
    amount = Money(minor, currency)
    assert formats(locale).money(amount) == format_money(amount, locale)


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.sampled_from(LOCALES))
def test_a_day_is_written_as_format_date_writes_it(day: date, locale: str) -> None:
    assert formats(locale).day(day) == format_date(day, locale)


def test_sums_are_written_one_after_the_other() -> None:
    assert formats("en").sums([Money(100, "EUR"), Money(5, "JPY")]) == "€1.00 + ¥5"
    assert formats("en").sums([]) == "0"


def test_a_language_that_nobody_speaks_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown locale 'qq'"):
        formats("qq")
