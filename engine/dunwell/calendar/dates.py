"""Dates as the readers of a language write them."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from babel.core import Locale

Style = Literal["short", "medium", "long", "full"]


def format_date(day: date, locale: str, *, style: Style = "long") -> str:
    """Write a date as readers of a locale do: `10 de febrero de 2026` for `es`.

    The long style is the default since nobody can take its month for its day. A language with an
    unknown region is written as the language alone; an unknown language is a ValueError.
    """
    from babel.dates import format_date as babel_date

    return babel_date(day, format=style, locale=_locale(locale))


@lru_cache(maxsize=256)
def _locale(name: str) -> Locale:
    from babel.core import Locale, UnknownLocaleError

    wanted = name.replace("-", "_")
    for candidate in (wanted, wanted.split("_")[0].split("@")[0]):
        try:
            return Locale.parse(candidate)
        except (UnknownLocaleError, ValueError):
            continue
    raise ValueError(f"unknown locale '{name}' | write a language like 'es' or 'es_MX'")
