"""The only place that knows Jinja: what a template can reach, and how values print."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from jinja2 import StrictUndefined, Undefined, pass_context
from jinja2.filters import do_capitalize, do_default, do_first, do_last, do_title, do_trim
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from dunwell.message.clean import clean, isolated, right_to_left, safe_link
from dunwell.message.facts import RECORDS, Company, Credit, Customer, Line
from dunwell.message.formats import DayStyle, Formats, Formatted
from dunwell.money import Money

FORMATS = " formats"
"""Where a context keeps its locale's formats; no template can write this name."""

LOOP_WORDS = ("index", "first", "last", "length")

_Getter = Callable[[Any], Any]

_FIELDS: Mapping[type, Mapping[str, _Getter]] = {
    record: {name: operator.attrgetter(name) for name in RECORDS[record.__name__.lower()]}
    for record in (Customer, Company, Credit)
} | {
    Line: {name: operator.attrgetter(name) for name in RECORDS["line"]}
    | {"link": lambda line: safe_link(line.link)},
    LoopContext: {name: operator.attrgetter(name) for name in LOOP_WORDS},
}


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja reduced to data: published fields, no calls, no globals, no loader, a few filters.

    `checker` refuses everything else before it is compiled; this holds even if it did not.
    """

    def __init__(self, *, html: bool) -> None:
        super().__init__(
            autoescape=html,
            undefined=StrictUndefined,
            finalize=_in_html if html else _in_text,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            cache_size=0,
        )
        self.globals.clear()
        self.filters = dict(FILTERS)
        self.tests = {name: self.tests[name] for name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The published field of a fact, nothing else."""
        fields = _FIELDS.get(type(obj))
        if fields is not None and attribute in fields:
            return fields[attribute](obj)
        if isinstance(obj, Undefined):
            str(obj)  # says what is not there, and stops
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An entry of a list by its number."""
        if type(obj) is tuple and type(argument) is int and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.undefined(f"the list has no entry {argument}")

    def is_safe_callable(self, obj: Any) -> bool:
        """Nothing can be called."""
        return False


def _printed(formats: Formats, value: object) -> str | None:
    """What is not text, as the locale writes it; None for text."""
    if isinstance(value, Money):
        return formats.money(value)
    if isinstance(value, tuple):
        return formats.sums(value)
    if isinstance(value, date):
        return formats.day(value)
    return "" if value is None else None


@pass_context
def _in_text(context: Context, value: object) -> object:
    if type(value) is str:
        return isolated(value)
    return _other(context, value)


@pass_context
def _in_html(context: Context, value: object) -> object:
    if type(value) is str:  # Jinja escapes what is no Markup
        shown = clean(value)
        return Markup(f"<bdi>{escape(shown)}</bdi>") if right_to_left(shown) else shown
    return _other(context, value)


def _other(context: Context, value: object) -> object:
    if type(value) in (Formatted, int):
        return value
    printed = _printed(context.parent[FORMATS], value)
    return value if printed is None else printed


@pass_context
def _money(context: Context, value: Money | tuple[Money, ...]) -> str:
    formats: Formats = context.parent[FORMATS]
    return Formatted(formats.money(value) if isinstance(value, Money) else formats.sums(value))


@pass_context
def _day(context: Context, value: date | None, style: DayStyle = "long") -> str:
    formats: Formats = context.parent[FORMATS]
    return Formatted("" if value is None else formats.day(value, style))


def _plural(value: int | tuple[object, ...], one: str, other: str) -> str:
    count = value if isinstance(value, int) else len(value)
    return one if count == 1 else other


FILTERS: Mapping[str, Callable[..., Any]] = {
    "money": _money,
    "day": _day,
    "plural": _plural,
    "length": len,
    "first": do_first,
    "last": do_last,
    "default": do_default,
    "upper": str.upper,
    "lower": str.lower,
    "capitalize": do_capitalize,
    "title": do_title,
    "trim": do_trim,
}

TESTS = ("defined", "none", "odd", "even")
