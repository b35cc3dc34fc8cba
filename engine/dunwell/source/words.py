"""Say what pydantic found in the words of the people who write policies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from dunwell.source.locate import Spot, clip
from dunwell.source.nodes import ScalarNode
from dunwell.source.suggest import hint_for, suggest

_PYDANTICS_OWN: Final = frozenset[str](get_args(ErrorType))
_MANY: Final = 10
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'")
_LIST: Final = "a list"
_MAPPING: Final = "a mapping"
_TEXT: Final = "a text"
_NUMBER: Final = "a number"
_WHOLE: Final = "a whole number"
_DATE: Final = "a date like 2026-03-31"
_TIME: Final = "a time like 12:30"

_HOW_TO: Final[Mapping[str, str]] = {
    _LIST: "write [...], or one '- ' a line",
    _MAPPING: "write 'key: value'",
}
_PLAIN: Final[Mapping[str, str]] = {
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": _TEXT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "dict_type": _MAPPING,
    "mapping_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dataclass_type": _MAPPING,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "time_type": _TIME,
    "time_parsing": _TIME,
    "none_required": "empty",
}
_WITH_LIMIT: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "greater_than_equal": lambda ctx: f"at least {ctx['ge']}",
    "greater_than": lambda ctx: f"over {ctx['gt']}",
    "less_than_equal": lambda ctx: f"at most {ctx['le']}",
    "less_than": lambda ctx: f"under {ctx['lt']}",
    "multiple_of": lambda ctx: f"a multiple of {ctx['multiple_of']}",
    "string_too_short": lambda ctx: f"at least {_counted(ctx['min_length'], 'character')} long",
    "string_too_long": lambda ctx: f"at most {_counted(ctx['max_length'], 'character')} long",
    "string_pattern_mismatch": lambda ctx: f"of the form {ctx['pattern']}",
}


@dataclass(frozen=True, slots=True)
class Saying:
    """A message and its remedy; `expected` ends "must be ..." where the message says that."""

    message: str
    hint: str = ""
    expected: str = ""


def say(error: ErrorDetails, spot: Spot) -> Saying:
    """What is wrong at a spot."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return Saying(_required(spot))
    if kind == "extra_forbidden":
        return _unknown_key(spot)
    if kind in ("value_error", "assertion_error"):
        return _own_words(str(context.get("error", "")) or error["msg"], spot)
    if kind not in _PYDANTICS_OWN:
        return _own_words(error["msg"], spot)
    if kind in ("literal_error", "enum"):
        return _one_of(spot, _options(context["expected"]))
    if kind.startswith("union_tag"):
        return _kind_of(spot, context)
    if kind in ("too_short", "too_long"):
        return _wrong_length(spot, context)
    expected = _PLAIN.get(kind, "")
    if kind in _WITH_LIMIT:
        expected = _WITH_LIMIT[kind](context)
    return must_be(spot, expected) if expected else _in_pydantics_words(spot, error["msg"])


def must_be(spot: Spot, expected: str) -> Saying:
    """The message for a value that is not what is expected there."""
    if _is_blank(spot):
        return Saying(f"{spot.name} is empty", f"it must be {expected}", expected)
    return Saying(f"{spot.word} must be {expected}", _HOW_TO.get(expected, ""), expected)


def shape_in_words(shape: str) -> str:
    """A shape of the file as it reads in a message."""
    return {"mapping": _MAPPING, "list": _LIST}.get(shape, _TEXT)


def _is_blank(spot: Spot) -> bool:
    return not spot.is_key and isinstance(spot.node, ScalarNode) and spot.node.is_empty


def _required(spot: Spot) -> str:
    if isinstance(spot.missing, int):
        return f"entry {spot.missing + 1} of {spot.name} is required"
    return f"'{spot.missing}' is required" if spot.missing else f"{spot.name} is required"


def _unknown_key(spot: Spot) -> Saying:
    word = spot.key.text if spot.key is not None else str(spot.missing or "")
    message = f"unknown key '{clip(word)}'"
    first, colon, rest = word.partition(":")
    if colon and rest and first in spot.allowed:
        return Saying(message, f"write a blank after the ':' of '{first}:'")
    visible = "".join(char for char in word if char.isprintable() and not char.isspace())
    if visible != word and visible in spot.allowed:
        return Saying(message, f"write '{visible}' anew, without the invisible character in it")
    return Saying(message, hint_for(word, spot.allowed))


def _own_words(text: str, spot: Spot) -> Saying:
    message, _, hint = text.partition(" | ")
    if _is_blank(spot):
        return Saying(f"{spot.name} is empty", hint or message)
    return Saying(message, hint)


def _one_of(spot: Spot, options: list[str]) -> Saying:
    if len(options) == 1:
        return must_be(spot, f"'{options[0]}'")
    word = spot.node.text if isinstance(spot.node, ScalarNode) else ""
    meant = suggest(word, options)
    if len(options) > _MANY and word:
        return Saying(f"unknown word '{clip(word)}'", hint_for(word, options))
    saying = must_be(spot, f"one of: {', '.join(options)}")
    return Saying(saying.message, f"did you mean '{meant}'?", saying.expected) if meant else saying


def _kind_of(spot: Spot, context: Mapping[str, Any]) -> Saying:
    """A union told apart by a key, or by the word that is its only key."""
    field = _options(context["discriminator"])
    options = _options(context.get("expected_tags", ""))
    tag = context.get("tag")
    if tag is None:
        if spot.missing is None and not isinstance(spot.node, ScalarNode) and field:
            return Saying(f"'{field[0]}' is required")
        return must_be(spot, _MAPPING)
    what = field[0] if field else "word"
    return Saying(f"unknown {what} '{clip(str(tag))}'", hint_for(str(tag), options))


def _wrong_length(spot: Spot, context: Mapping[str, Any]) -> Saying:
    low, high = context.get("min_length"), context.get("max_length")
    what = f"at least {_counted(low, 'entry')}" if low is not None else ""
    what = what or f"at most {_counted(high, 'entry')}"
    return Saying(f"{spot.name} must have {what}")


def _in_pydantics_words(spot: Spot, text: str) -> Saying:
    expected = re.sub(r"^Input should be (an? )?(valid )?", r"\1", text)
    if expected != text:
        return must_be(spot, expected)
    return Saying(f"{spot.word}: {text[:1].lower()}{text[1:].rstrip('.')}")


def _options(text: str) -> list[str]:
    return [word.replace("\\'", "'") for word in _QUOTED.findall(text)]


def _counted(number: object, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"
