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
_LAST_DAY = 31

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


def parse_day_of_month(value: object) -> int:
    """A number from 1 to 31."""
    number = parse_positive(value)
    if number > _LAST_DAY:
        raise ValueError(f"'{number}' is not a day of a month | write 1 to 31")
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
        raise ValueError(f"'{text}' is not a share | {_share_hint(text)}")
    share = Fraction(Decimal(match[1])) / 100
    if share < 0:
        raise ValueError(f"'{text}' is negative | write 0 % or more")
    return share


def _share_hint(text: str) -> str:
    number = text.rstrip("%").strip()
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", number):
        return "write it like '60 %'"
    value = Decimal(number)
    if "%" not in text and 0 < value < 1:
        return f"write '{(value * 100).normalize():f} %'"
    return f"write '{number} %'"


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


def _json(
    read: Callable[[object], object], form: str, /, **schema: object
) -> tuple[object, object]:
    """How a value is read, how the reference calls it, how an editor checks it."""
    return PlainValidator(read), WithJsonSchema({"x-form": form, **schema})


Whole = Annotated[int, *_json(parse_whole, "a whole number", type="integer", minimum=0)]
Positive = Annotated[
    int, *_json(parse_positive, "a whole number from 1 on", type="integer", minimum=1)
]
DayOfMonth = Annotated[
    int,
    *_json(
        parse_day_of_month, "a day of the month, 1 to 31", type="integer", minimum=1, maximum=31
    ),
]
Flag = Annotated[bool, *_json(parse_flag, "`true` or `false`", type="boolean")]
Share = Annotated[
    Fraction,
    *_json(
        parse_share,
        "a share like `60 %`",
        type="string",
        pattern=SHARE_PATTERN,
        examples=["60 %"],
    ),
]
Day = Annotated[
    date, *_json(parse_date, "a date like `2026-03-01`", type="string", pattern=DATE_PATTERN)
]
Name = Annotated[
    str,
    *_json(
        parse_name,
        "a name of small letters, digits and `_`",
        type="string",
        pattern=NAME_PATTERN,
        maxLength=_LONGEST_NAME,
    ),
]
Currency = Annotated[
    str, *_json(parse_currency, "a currency like `EUR`", type="string", pattern="^[A-Z]{3}$")
]
Zone = Annotated[
    str,
    *_json(parse_zone, "a time zone", type="string", examples=["Europe/Madrid"]),
]
Hours = Annotated[
    str,
    *_json(
        parse_hours,
        "hours like `08:00-19:00`",
        type="string",
        pattern="^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$",
        examples=["08:00-19:00"],
    ),
]
Email = Annotated[
    str, *_json(parse_email, "an e-mail address", type="string", format="email", pattern="@")
]
Person = Annotated[
    str,
    *_json(
        parse_person,
        "a role or an e-mail address",
        type="string",
        pattern="^([a-z][a-z0-9_]*|[^@ ]+@[^@ ]+)$",
    ),
]
Span = Annotated[
    Duration,
    *_json(
        parse_span,
        "a duration like `7 days` or `2 business days`",
        type="string",
        pattern=DURATION_PATTERN,
        examples=["7 days", "2 business days"],
    ),
]
CalendarSpan = Annotated[
    Duration,
    *_json(
        parse_calendar_span,
        "a duration like `14 days` or `1 month`",
        type="string",
        pattern=CALENDAR_DURATION_PATTERN,
        examples=["14 days", "1 month"],
    ),
]
Limit = Annotated[
    Money,
    *_json(
        parse_limit,
        "an amount like `250000 EUR`",
        type="string",
        pattern=MONEY_PATTERN,
        examples=["250000 EUR"],
    ),
]
Words = Annotated[str, *_json(parse_words, "a text", type="string", minLength=1)]
