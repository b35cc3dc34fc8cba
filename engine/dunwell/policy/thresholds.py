"""How a fact may be compared, and how its threshold is read from text, by the type of the fact."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from dunwell.calendar import Duration, parse_duration
from dunwell.facts import Fact, FactType
from dunwell.policy.scalars import (
    as_text,
    parse_amount,
    parse_date,
    parse_flag,
    parse_share,
    parse_whole,
)
from dunwell.policy.tree import Operator, Value

OPERATORS: Final[dict[str, str]] = {
    "at_least": "this or more",
    "at_most": "this or less",
    "over": "more than this",
    "under": "less than this",
    "before": "an earlier day than this",
    "not": "none of these; a value or a list of values",
    "known": "`true`: the fact is known; `false`: it is not",
}
"""The words that compare, with their meaning; a bare value means equals, a list one of."""

WITHIN: Final = "within"
BY_SEGMENT: Final = "by_segment"
ELSE: Final = "else"
COMBINE: Final[dict[str, str]] = {
    "any_of": "at least one of these conditions holds",
    "all_of": "all of these conditions hold",
    "none_of": "none of these conditions holds, and none is unknown",
}

ORDERING: Final[tuple[Operator, ...]] = ("at_least", "at_most", "over", "under", "before")
_NUMBERS: Final = ("at_least", "at_most", "over", "under", "not", "known")
ALLOWED: Final[dict[FactType, tuple[str, ...]]] = {
    "money": _NUMBERS,
    "days": _NUMBERS,
    "count": _NUMBERS,
    "share": _NUMBERS,
    "date": ("before", "at_least", "at_most", "over", "not", "known"),
    "stage": _NUMBERS,
    "flag": ("known",),
    "text": ("not", "known"),
    "texts": ("not", "known"),
}
"""The operators of each type of fact."""

INSTEAD: Final[dict[tuple[str, str], str]] = {
    ("date", "under"): "write 'before'",
    **{("flag", word): "write 'true' or 'false' itself" for word in OPERATORS},
    **{(kind, "before"): "write 'under'" for kind in ("money", "days", "count", "share", "stage")},
}
"""What to write instead of an operator that a type does not have."""

FORMS: Final[dict[FactType, tuple[str, str]]] = {
    "money": ("an amount", "50 EUR"),
    "days": ("a number of days", "5"),
    "count": ("a whole number", "3"),
    "share": ("a share", "60 %"),
    "date": ("a date", "2026-03-01"),
    "flag": ("true or false", "true"),
    "text": ("a text", "transfer"),
    "texts": ("a text", "vip"),
    "stage": ("the name of a stage", "first_notice"),
}
"""What the threshold of a type is, and an example."""

_MIRROR: Final = {"days_past_due": "days_until_due", "days_until_due": "days_past_due"}
_SPAN: Final = re.compile("[0-9]+ +[a-z][a-z ]*")
_DAYS_OF: Final = {"days": 1, "weeks": 7}


def parse_threshold(fact: Fact, value: object) -> Value:
    """Read the threshold of a fact; a wrong one is a ValueError "message | hint"."""
    match fact.type:
        case "money":
            return parse_amount(value)
        case "days":
            return _days(fact, as_text(value))
        case "count":
            return parse_whole(value)
        case "share":
            return _share(fact, value)
        case "date":
            return parse_date(value)
        case "flag":
            return parse_flag(value)
        case "stage":
            return as_text(value)
        case "text" | "texts":
            return _text(fact, as_text(value))


def _share(fact: Fact, value: object) -> Fraction:
    share = parse_share(value)
    if share > 1 and fact.period:
        raise ValueError(f"'{value}' is more than all | write 100 % or less")
    return share


def _text(fact: Fact, text: str) -> str:
    if fact.name == "customer_country" and not (
        len(text) == 2 and text.isalpha() and text.isupper()
    ):
        raise ValueError(f"'{text}' is not a country code | write two capital letters, like 'ES'")
    return text


def _days(fact: Fact, text: str) -> int | Duration:
    if text.lstrip("-").isdigit():
        if not text.startswith("-"):
            return parse_whole(text)
        mirror = _MIRROR.get(fact.name)
        away = text.lstrip("-0") or "0"
        hint = f"write it with '{mirror}' and {away}" if mirror else "write 0 or more"
        raise ValueError(f"'{text}' days is negative | {hint}")
    number = text.replace(".", "", 1).isdigit()
    if not number and not _SPAN.fullmatch(text):
        raise ValueError(
            f"'{text}' is not a number of days | write it like '5' or '5 business days'"
        )
    if number:
        raise ValueError(f"'{text}' is not a whole number of days | write whole days, like '5'")
    span = parse_duration(text)
    if span.unit != "business days":
        days = _DAYS_OF.get(span.unit)
        write = f"write '{span.count * days}'" if days else "count the days"
        raise ValueError(
            f"'{text}' is compared with calendar days, which are a plain number | {write}"
        )
    if fact.period:
        raise ValueError(f"'{fact.name}' counts calendar days | write '{span.count}'")
    return span
