"""Where closed days come from: the `holidays` package, and what plugins add beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from dunwell.calendar._words import did_you_mean

if TYPE_CHECKING:
    from holidays import HolidayBase

SATURDAY_SUNDAY = frozenset({5, 6})


class CalendarSource(Protocol):
    """Knows the public holidays of some places. Must be hashable and give the same days always.

    A code is a country (`ES`), a country with its part (`ES-MD`), or a name of the source's own.
    """

    def codes(self) -> Set[str]:
        """Give every code that `closed_days` answers for."""
        ...

    def closed_days(self, code: str, year: int) -> Set[date]:
        """Give the public holidays of one year; weekends need not be among them."""
        ...


@dataclass(frozen=True, slots=True)
class HolidaysPackage:
    """The built-in source: countries and their parts (ISO 3166) from the `holidays` package."""

    def codes(self) -> Set[str]:
        """Give the codes of all countries and parts that the package knows."""
        return _Codes()

    def closed_days(self, code: str, year: int) -> Set[date]:
        """Give the public holidays, those moved to another day included."""
        return frozenset(day for day in _of_year(code, year) if day.year == year)


BUILT_IN: tuple[CalendarSource, ...] = (HolidaysPackage(),)


def check_code(code: str, sources: tuple[CalendarSource, ...] = BUILT_IN) -> None:
    """Raise a ValueError "message | hint" when no source knows the code."""
    if source_of(code, sources) is None:
        known = [name for source in sources for name in source.codes()]
        country = code.split("-")[0]
        otherwise = "write a country like 'ES', or a part of one like 'ES-MD'"
        if country != code and country in known:
            near = [name for name in known if name.startswith(f"{country}-")] + [country]
            otherwise = f"write '{country}' for the whole country"
        else:
            near = [name for name in known if "-" not in name]
        raise ValueError(
            f"no calendar for '{code}' | {did_you_mean(code, near, otherwise=otherwise)}"
        )


def source_of(code: str, sources: tuple[CalendarSource, ...] = BUILT_IN) -> CalendarSource | None:
    """Give the first source that knows the code; None when none does."""
    return next((source for source in sources if code in source.codes()), None)


def weekend_days(code: str, year: int) -> frozenset[date]:
    """Give the weekend days of one year as that country kept them then (Friday in AE until 2021).

    Weekend days that the country declared working days are left out. A code whose first part is
    no country rests on Saturday and Sunday.
    """
    country = code.split("-")[0]
    days = _days_of(year)
    if country not in _Codes():
        return frozenset(day for day in days if day.weekday() in SATURDAY_SUNDAY)
    kept = _of_year(country, year)
    working: Set[date] = kept.weekend_workdays
    return frozenset(day for day in days if kept.is_weekend(day) and day not in working)


def _days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    length = date(year, 12, 31).toordinal() - first.toordinal() + 1
    return [date.fromordinal(first.toordinal() + step) for step in range(length)]


@dataclass(frozen=True, slots=True)
class _Codes(Set[str]):
    """Every code of the package: asking for one loads its country, listing them loads all 250."""

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and _is_code(code)

    def __iter__(self) -> Iterator[str]:
        return iter(_all_codes())

    def __len__(self) -> int:
        return len(_all_codes())


@lru_cache(maxsize=2048)
def _is_code(code: str) -> bool:
    from holidays import country_holidays

    country, dash, part = code.partition("-")
    if re.fullmatch("[A-Z]{2}", country) is None:
        return False
    try:
        found = country_holidays(country, subdiv=part or None)
    except NotImplementedError:
        return False
    # By another name of a country or a part (ESP, Madrid) it is found too, and is no code of ours.
    return found.country == country and (part in found.subdivisions if dash else True)


@lru_cache(maxsize=1)
def _all_codes() -> frozenset[str]:
    from holidays import list_supported_countries

    countries = list_supported_countries(include_aliases=False)
    parts = (f"{country}-{part}" for country, names in countries.items() for part in names)
    return frozenset(countries) | frozenset(parts)


@lru_cache(maxsize=2048)
def _of_year(code: str, year: int) -> HolidayBase:
    from holidays import country_holidays

    country, _, part = code.partition("-")
    return country_holidays(country, subdiv=part or None, years=year, expand=False)
