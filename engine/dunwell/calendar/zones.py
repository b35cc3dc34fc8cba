"""Time zones by name and by country, and the local date of an instant."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from dunwell.calendar._words import did_you_mean

# ISO 3166 has no code for Kosovo, so tzdata has no row; it keeps the time of Belgrade.
_BESIDE_ISO = {"XK": ("Europe/Belgrade",)}


def zones_of(country: str) -> tuple[str, ...]:
    """Give every time zone of a country (ISO 3166, `ES`), sorted, from tzdata's `zone.tab`.

    A country without a zone there is a ValueError "message | hint".
    """
    zones = _by_country().get(country)
    if zones is None:
        hint = did_you_mean(country, _by_country(), otherwise="write two letters, like 'ES'")
        raise ValueError(f"no time zone for country '{country}' | {hint}")
    return zones


def check_zone(name: str) -> ZoneInfo:
    """Give the zone of that name; an unknown one is a ValueError "message | hint"."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        otherwise = "write a name like 'Europe/Madrid'"
        hint = did_you_mean(name, available_timezones(), otherwise=otherwise)
        raise ValueError(f"unknown time zone '{name}' | {hint}") from None


def today(zone: str, instant: datetime) -> date:
    """Give the date in a zone at an instant; an instant without a zone is a ValueError."""
    if instant.tzinfo is None:
        raise ValueError("an instant has a time zone | write it in UTC")
    return instant.astimezone(check_zone(zone)).date()


@lru_cache(maxsize=1)
def _by_country() -> dict[str, tuple[str, ...]]:
    from importlib.resources import files

    text = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    zones: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones.setdefault(country, []).append(zone)
    return {country: tuple(sorted(names)) for country, names in zones.items()} | _BESIDE_ISO
