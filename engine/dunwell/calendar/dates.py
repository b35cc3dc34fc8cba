"""Dates as the readers of a language write them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from dunwell.locales import locale_of

Style = Literal["short", "medium", "long", "full"]


def format_date(day: date, locale: str, *, style: Style = "long") -> str:
    """Write a date as readers of a locale do: `10 de febrero de 2026` for `es`.

    The long style is the default since nobody can take its month for its day. A language with an
    unknown region is written as the language alone; an unknown language is a ValueError.
    """
    from babel.dates import format_date as babel_date

    return babel_date(day, format=style, locale=locale_of(locale))
