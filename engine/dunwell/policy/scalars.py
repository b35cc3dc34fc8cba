"""The single values of the language: how each is read from text, and how an editor checks it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from dunwell.calendar import Duration, check_zone, parse_duration, parse_window_hours
from dunwell.money import Money, exponent, parse_money

NAME = re.compile(r"[a-z][a-z0-9_]*")
EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WHOLE = re.compile(r"-?\d+")
_SHARE = re.compile(r"(-?\d+(?:\.\d+)?) %")
_LARGEST = 2**53
_LONGEST_NAME = 60

MONEY_PATTERN = r"^-?[0-9]+(\.[0-9]+)? +[A-Z]{3}$"
DURATION_PATTERN = r"^[0-9]+ +(days?|business days?|weeks?|months?)$"
CALENDAR_DURATION_PATTERN = r"^[1-9][0-9]* +(days?|weeks?|months?)$"
SHARE_PATTERN = r"^[0-9]+(\.[0-9]+)? %$"
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
BUSINESS_DAYS_PATTERN = r"^[0-9]+ +business days?$"
NAME_PATTERN = r"^[a-z][a-z0-9_]*$"


def as_text(value: object) -> str:
    """A value that must be text; anything else is a ValueError."""
    if not isinstance(value, str):
        kind = "a list" if isinstance(value, list) else "a mapping"
        raise ValueError(f"this is {kind}, not a single value | write one value")
    if not value.strip():
        raise ValueError("nothing is written here | write a value or leave the word out")
    return value.strip()


def parse_whole(value: object) -> int:
    """A whole number from 0 on."""
    text = as_text(value)
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"'{text}' is not a whole number | write digits only, like '5'")
    number = int(text[:20])
    if number < 0:
        raise ValueError(f"'{text}' is negative | write 0 or more")
    if number > _LARGEST:
        raise ValueError(f"'{text}' is too large | write a number that can be reached")
    return number


def parse_positive(value: object) -> int:
    """A whole number from 1 on."""
    number = parse_whole(value)
    if not number:
        raise ValueError("'0' is too small | write 1 or more")
    return number


def parse_flag(value: object) -> bool:
    """`true` or `false`, in no other spelling."""
    text = as_text(value)
    if text not in ("true", "false"):
        truth = {"yes": "true", "on": "true", "no": "false", "off": "false"}
        meant = truth.get(text.lower(), text.lower())
        write = f"write '{meant}'" if meant in ("true", "false") else "write 'true' or 'false'"
        raise ValueError(f"'{text}' is neither true nor false | {write}")
    return text == "true"


def parse_share(value: object) -> Fraction:
    """A part of a whole, `60 %`, exact."""
    text = as_text(value)
    match = _SHARE.fullmatch(text)
    if match is None:
        number = text.rstrip("%").strip()
        plain = re.fullmatch(r"\d+(\.\d+)?", number)
        write = f"write '{number} %'" if plain else "write it like '60 %'"
        raise ValueError(f"'{text}' is not a share | {write}")
    share = Fraction(Decimal(match[1])) / 100
    if share < 0:
        raise ValueError(f"'{text}' is negative | write 0 % or more")
    return share


def parse_date(value: object) -> date:
    """A day, `2026-03-01`."""
    text = as_text(value)
    if not _DATE.fullmatch(text):
        raise ValueError(f"'{text}' is not a date | write year, month and day like '2026-03-01'")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"there is no day '{text}' | look at the calendar") from None


def parse_name(value: object) -> str:
    """A name that the log may keep for years: small letters, digits and `_`."""
    text = as_text(value)
    if not NAME.fullmatch(text):
        plain = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")
        meant = f"like '{plain}'" if NAME.fullmatch(plain) else "starting with a letter"
        raise ValueError(
            f"'{text}' cannot be a name | write small letters, digits and '_', {meant}"
        )
    if len(text) > _LONGEST_NAME:
        raise ValueError(f"'{text}' is too long | write at most {_LONGEST_NAME} letters")
    return text


def parse_currency(value: object) -> str:
    """Three letters of ISO 4217."""
    text = as_text(value)
    exponent(text)
    return text


def parse_zone(value: object) -> str:
    """The name of a time zone."""
    text = as_text(value)
    check_zone(text)
    return text


def parse_hours(value: object) -> str:
    """The hours of a contact window, checked."""
    text = as_text(value)
    parse_window_hours(text)
    return text


def parse_email(value: object) -> str:
    """An e-mail address."""
    text = as_text(value)
    if not EMAIL.fullmatch(text):
        raise ValueError(f"'{text}' is not an e-mail address | write it like 'ana@acme.example'")
    return text


def parse_person(value: object) -> str:
    """A role by its name, or a person by the e-mail address."""
    text = as_text(value)
    if "@" in text:
        return parse_email(text)
    return parse_name(text)


def parse_span(value: object) -> Duration:
    """A duration in any unit."""
    return parse_duration(as_text(value))


def parse_calendar_span(value: object) -> Duration:
    """A duration of at least one day in days, weeks or months."""
    span = parse_span(value)
    if span.unit == "business days":
        raise ValueError(f"'{span}' cannot be counted here | write days, weeks or months")
    if not span.count:
        raise ValueError(f"'{span}' is no time at all | write 1 or more")
    return span


def parse_amount(value: object) -> Money:
    """An amount with its currency."""
    return parse_money(as_text(value))


def parse_limit(value: object) -> Money:
    """An amount above zero with its currency."""
    amount = parse_amount(value)
    if amount.minor <= 0:
        raise ValueError(f"'{amount}' stops everything | write an amount above zero")
    return amount


def parse_words(value: object) -> str:
    """A text for people."""
    return as_text(value)


def _json(read: Callable[[object], object], /, **schema: object) -> tuple[object, object]:
    return PlainValidator(read), WithJsonSchema(dict(schema))


_WHOLE_JSON = {"type": "integer", "minimum": 0}
Whole = Annotated[int, *_json(parse_whole, **_WHOLE_JSON)]
Positive = Annotated[int, *_json(parse_positive, type="integer", minimum=1)]
Flag = Annotated[bool, *_json(parse_flag, type="boolean")]
Share = Annotated[
    Fraction, *_json(parse_share, type="string", pattern=SHARE_PATTERN, examples=["60 %"])
]
Day = Annotated[date, *_json(parse_date, type="string", pattern=DATE_PATTERN)]
Name = Annotated[str, *_json(parse_name, type="string", pattern=NAME_PATTERN, maxLength=60)]
Currency = Annotated[str, *_json(parse_currency, type="string", pattern="^[A-Z]{3}$")]
Zone = Annotated[str, *_json(parse_zone, type="string", examples=["Europe/Madrid"])]
Hours = Annotated[
    str,
    *_json(
        parse_hours,
        type="string",
        pattern="^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$",
        examples=["08:00-19:00"],
    ),
]
Email = Annotated[str, *_json(parse_email, type="string", format="email", pattern="@")]
Person = Annotated[
    str, *_json(parse_person, type="string", pattern="^([a-z][a-z0-9_]*|[^@ ]+@[^@ ]+)$")
]
Span = Annotated[
    Duration,
    *_json(
        parse_span,
        type="string",
        pattern=DURATION_PATTERN,
        examples=["7 days", "2 business days"],
    ),
]
CalendarSpan = Annotated[
    Duration,
    *_json(
        parse_calendar_span,
        type="string",
        pattern=CALENDAR_DURATION_PATTERN,
        examples=["14 days", "1 month"],
    ),
]
Limit = Annotated[
    Money, *_json(parse_limit, type="string", pattern=MONEY_PATTERN, examples=["250000 EUR"])
]
Words = Annotated[str, *_json(parse_words, type="string", minLength=1)]
