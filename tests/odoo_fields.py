"""What a field of the stand-in for Odoo is, and what may stand in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tests.odoo_html import sanitized

Value = Any
Row = dict[str, Value]
RELATIONS = ("many2one", "one2many", "many2many")


class Fail(Exception):  # noqa: N818  # what Odoo answers, by the name that it gives
    """An exception of Odoo; `name` is what tells it from others, never the text."""

    def __init__(self, name: str, message: str, *, status: int = 500) -> None:
        super().__init__(message)
        self.name, self.message, self.status = name, message, status


class UserFail(Fail):
    """A UserError: people are told, an import goes on with the next row."""

    def __init__(self, message: str, name: str = "odoo.exceptions.UserError") -> None:
        super().__init__(name, message, status=422)


class DeniedFail(UserFail):
    """An AccessError."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "odoo.exceptions.AccessError")
        self.status = 403


class GoneFail(UserFail):
    """A MissingError."""

    def __init__(self, model: str, ids: object, uid: int) -> None:
        message = "Record does not exist or has been deleted.\n"
        super().__init__(f"{message}(Record: {model}{ids}, User: {uid})")
        self.name, self.status = "odoo.exceptions.MissingError", 404


def invalid(message: str) -> UserFail:
    """A ValidationError."""
    return UserFail(message, "odoo.exceptions.ValidationError")


def wrong(message: str) -> Fail:
    """A ValueError out of the server's own code."""
    return Fail("builtins.ValueError", message)


class ConflictFail(Fail):
    """PostgreSQL: somebody else did it at the same moment. A whole request is then run anew."""

    def __init__(self) -> None:
        message = "could not serialize access due to concurrent update"
        super().__init__("psycopg2.errors.SerializationFailure", message)


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `compute` names the model's method that says the value; nothing is stored then.

    `first` and `last` are the versions that have it; `indexed` ones are found without a scan.
    """

    kind: str
    to: str = ""
    by: str = ""
    label: str = ""
    need: bool = False
    default: Value = None
    compute: str = ""
    search: bool = True
    choices: tuple[str, ...] = ()
    first: int = 0
    last: int = 99
    indexed: bool = False
    related: str = ""
    groups: str = ""

    @property
    def comodel_name(self) -> str:
        """As code in server actions calls it."""
        return self.to

    @property
    def stored(self) -> bool:
        """Whether it stands in the row."""
        return not self.compute and not self.related and self.kind != "one2many"

    def empty(self) -> Value:
        """What stands in it when nothing does."""
        if self.kind in ("integer", "float", "monetary"):
            return 0
        return () if self.kind in ("one2many", "many2many") else False


Fields = Mapping[str, Field]


def char(**more: Any) -> Field:
    """A short text."""
    return Field("char", **more)


def html(**more: Any) -> Field:
    """A text with markup, sanitised."""
    return Field("html", **more)


def flag(**more: Any) -> Field:
    """A boolean."""
    return Field("boolean", **more)


def whole(**more: Any) -> Field:
    """An integer."""
    return Field("integer", **more)


def money(**more: Any) -> Field:
    """An amount."""
    return Field("monetary", **more)


def one(to: str, **more: Any) -> Field:
    """A many2one."""
    return Field("many2one", to=to, indexed=True, **more)


def behind(to: str, by: str, **more: Any) -> Field:
    """A one2many: the records whose field `by` is this one."""
    return Field("one2many", to=to, by=by, **more)


def many(to: str, **more: Any) -> Field:
    """A many2many."""
    return Field("many2many", to=to, **more)


def pick(*choices: str, **more: Any) -> Field:
    """A selection."""
    return Field("selection", choices=choices, **more)


def stored(field: Field, model: str, name: str, value: Value) -> Value:
    """A value that was given, as it is kept; relations are the model's own business."""
    if value is None or value is False:
        return False if field.kind == "boolean" else field.empty()
    kind = field.kind
    if kind in ("char", "text"):
        return str(value).replace("\x00", " ") if "\x00" in str(value) else str(value)
    if kind == "html":
        return sanitized(str(value))
    if kind == "boolean":
        return bool(value)
    if kind in ("integer", "float", "monetary"):
        try:
            return int(value) if kind == "integer" else float(value)
        except (TypeError, ValueError) as error:
            raise wrong(str(error)) from None
    if kind in ("date", "datetime"):
        return _instant(kind, model, name, value)
    if kind == "selection" and value not in field.choices:
        raise wrong(f"Wrong value for {model}.{name}: {value!r}")
    return value


def _instant(kind: str, model: str, name: str, value: Value) -> str:
    try:
        if kind == "date":
            return date.fromisoformat(str(value)[:10]).isoformat()
        return datetime.fromisoformat(str(value)[:19]).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError as error:
        raise wrong(str(error)) from None


def commands(given: Value, have: tuple[int, ...]) -> tuple[list[int], list[tuple[Any, ...]]]:
    """The ids after the commands of an x2many, and those that create, write or delete records."""
    ids, rest = list(have), []
    if given in (False, None):
        return [], []
    for each in given:
        if isinstance(each, int):
            ids.append(each)
            continue
        what, target = each[0], each[1] if len(each) > 1 else 0
        if what == 6:
            ids = list(each[2])
        elif what == 5:
            ids = []
        elif what == 4:
            ids.append(target)
        elif what == 3:
            ids = [one for one in ids if one != target]
        else:
            rest.append(tuple(each))
    return list(dict.fromkeys(ids)), rest


def visible(fields: Mapping[str, Field], version: int) -> dict[str, Field]:
    """The fields that a version has."""
    return {name: f for name, f in fields.items() if f.first <= version <= f.last}


_ORDER = re.compile(r"^\s*([a-z0-9_.]+)(?:\s+(asc|desc))?(?:\s+nulls\s+(?:first|last))?\s*$", re.I)


def order_parts(order: str) -> list[tuple[str, bool]]:
    """An order as fields, each with whether it goes down."""
    parts = []
    for piece in order.split(","):
        match = _ORDER.match(piece)
        if match is None:
            raise UserFail(f'Invalid "order" specified ({order}).')
        parts.append((match[1], (match[2] or "").lower() == "desc"))
    return parts
