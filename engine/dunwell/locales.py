"""Languages as people and ERPs write them: `es`, `es_MX` or `es-MX`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.core import Locale


@lru_cache(maxsize=256)
def locale_of(name: str) -> Locale:
    """Find a locale by its name in either spelling, or by its language; else a ValueError."""
    from babel.core import Locale, UnknownLocaleError

    wanted = name.replace("-", "_")
    for candidate in (wanted, wanted.split("_")[0].split("@")[0]):
        try:
            return Locale.parse(candidate)
        except (UnknownLocaleError, ValueError):
            continue
    raise ValueError(f"unknown locale '{name}' | write a language like 'es' or 'es_MX'")
