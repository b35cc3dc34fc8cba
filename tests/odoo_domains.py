"""Odoo's domains: polish notation over conditions, as what finds rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.odoo_fields import Field, wrong

if TYPE_CHECKING:
    from tests.odoo_model import Model

Test = Callable[[int], bool]
OPERATORS = {
    "=", "!=", ">", ">=", "<", "<=", "in", "not in", "like", "ilike", "not like", "not ilike",
    "=like", "=ilike", "child_of", "parent_of", "any", "not any",
}  # fmt: skip
_NEGATED = {"!=": "=", "not in": "in", "not like": "like", "not ilike": "ilike", "not any": "any"}


@dataclass(frozen=True, slots=True)
class Search:
    """A condition: the test of a row, and which rows can pass at all where that is known."""

    test: Test
    among: Iterable[int] | None = None


def search_for(model: Model, domain: Sequence[Any]) -> Search:
    """A domain as one condition; a ValueError of Odoo where it is none."""
    stack: list[Search] = []
    try:
        for term in reversed(_explicit(domain)):
            if term == "!":
                stack.append(_not(stack.pop()))
            elif term in ("&", "|"):
                left, right = stack.pop(), stack.pop()
                stack.append(_and(left, right) if term == "&" else _or(left, right))
            else:
                stack.append(_leaf(model, term))
    except IndexError:
        raise _malformed(model, domain) from None
    if len(stack) > 1:
        raise _malformed(model, domain)
    return stack[0] if stack else Search(lambda number: True)


def fields_in(domain: Sequence[Any]) -> set[str]:
    """The fields that a domain names itself."""
    return {str(term[0]) for term in domain if isinstance(term, list | tuple)}


def _malformed(model: Model, domain: Sequence[Any]) -> Exception:
    if model.env.version < 19:
        return wrong(f"Domain {list(domain)!r} is syntactically not correct.")
    return wrong(f"Domain() malformed domain {list(domain)!r}")


def _explicit(domain: Sequence[Any]) -> list[Any]:
    """With the ands that Odoo lets people leave out."""
    if not isinstance(domain, list | tuple):
        raise wrong(f"Domain() invalid item in domain: {domain!r}")
    result: list[Any] = []
    expected = 1
    for term in domain:
        if expected == 0:
            result.insert(0, "&")
            expected = 1
        expected += {"&": 1, "|": 1, "!": 0}.get(term, -1) if isinstance(term, str) else -1
        result.append(term)
    if expected and result:
        raise IndexError
    return result


def _not(one: Search) -> Search:
    return Search(lambda number: not one.test(number))


def _and(left: Search, right: Search) -> Search:
    known = [one.among for one in (left, right) if one.among is not None]
    among = min(known, key=lambda ids: len(list(ids))) if known else None
    return Search(lambda number: left.test(number) and right.test(number), among)


def _or(left: Search, right: Search) -> Search:
    both = left.among is not None and right.among is not None
    among = {*(left.among or ()), *(right.among or ())} if both else None
    return Search(lambda number: left.test(number) or right.test(number), among)


def _leaf(model: Model, term: Any) -> Search:
    if not isinstance(term, list | tuple) or len(term) != 3:
        raise wrong(f"Invalid leaf {term!r}")
    path, operator, value = term
    if path in (0, 1):
        return Search(lambda number: path == 1)
    if operator not in OPERATORS:
        raise model._failures.operator(tuple(term))
    if isinstance(value, bool) and operator in ("in", "not in"):
        value, operator = value, {"in": "=", "not in": "!="}[operator]
    name, _, rest = str(path).partition(".")
    field = model._schema.get(name)
    if field is None:
        raise model._failures.condition(name, tuple(term))
    if rest:
        return _beyond(model, name, field, [(rest, operator, value)])
    if operator in ("any", "not any"):
        found = _beyond(model, name, field, value)
        return _not(found) if operator == "not any" else found
    if not field.search:
        raise wrong(f"Cannot convert {model._name}.{name} to SQL because it is not stored")
    if operator in _NEGATED:
        return _not(_plain(model, name, field, _NEGATED[operator], value))
    return _plain(model, name, field, operator, value)


def _beyond(model: Model, name: str, field: Field, domain: Sequence[Any]) -> Search:
    """A condition on the records that a relation leads to."""
    if not field.to:
        raise wrong(f"Invalid field {model._name}.{name} in leaf")
    ids = set(model.env[field.to].sudo()._all_ids(domain))
    if field.kind == "many2one":
        among = _indexed(model, name, ids)
        return Search(lambda number: model._value(number, name) in ids, among)
    return Search(lambda number: not ids.isdisjoint(model._value(number, name)))


def _indexed(model: Model, name: str, values: Iterable[Any]) -> Iterable[int] | None:
    store = model.env.store
    if name == "id":
        return [number for number in values if number in store.rows[model._name]]
    if (model._name, name) not in store.indexes:
        return None
    return {number for value in values for number in store.find(model._name, name, value)}


def _plain(model: Model, name: str, field: Field, operator: str, value: Any) -> Search:
    if operator in ("child_of", "parent_of"):
        wanted = set(model.env[field.to or model._name]._family(value, up=operator == "parent_of"))
        return Search(lambda number: (model._value(number, name) if name != "id" else number)
                      in wanted)  # fmt: skip
    if operator == "in" and not isinstance(value, list | tuple):
        if model.env.version < 19:
            raise wrong(f"Invalid domain term {(name, operator, value)!r}")
        value = [value]
    if field.kind in ("one2many", "many2many"):
        return _x2many(model, name, field, operator, value)
    if field.kind == "many2one" and isinstance(value, str):
        found = {one for one in model.env[field.to].sudo()._all_ids([])
                 if _like(operator, model.env[field.to]._label(one), value)}  # fmt: skip
        return Search(lambda number: model._value(number, name) in found)
    if operator in ("=", "in"):
        given = value if operator == "in" else [value]
        wanted = {_same(field, each) for each in given}
        among = None if False in wanted else _indexed(model, name, wanted)
        return Search(lambda number: _same(field, model._value(number, name)) in wanted, among)
    if operator in ("like", "ilike", "=like", "=ilike"):
        return Search(lambda number: _like(operator, model._value(number, name) or "", value))
    return Search(_ordered(model, name, field, operator, value))


def _x2many(model: Model, name: str, field: Field, operator: str, value: Any) -> Search:
    if value is False:
        return Search(lambda number: not model._value(number, name))
    if isinstance(value, str):
        ids = {one for one in model.env[field.to].sudo()._all_ids([])
               if _like(operator, model.env[field.to]._label(one), value)}  # fmt: skip
    else:
        ids = set(value if operator == "in" else [value])
    return Search(lambda number: not ids.isdisjoint(model._value(number, name)))


def _same(field: Field, value: Any) -> Any:
    """A value as it is compared: none is False, and a number no boolean."""
    if value is None or value is False or (value == "" and field.kind in ("char", "text")):
        return 0 if field.kind in ("integer", "float", "monetary") else False
    return value


def _like(operator: str, text: str, pattern: Any) -> bool:
    if operator in ("=", "in"):
        return bool(text == pattern)
    form = re.escape(str(pattern)).replace("%", ".*").replace("_", ".")
    whole = form if operator.startswith("=") else f".*{form}.*"
    flags = re.DOTALL | (re.IGNORECASE if "ilike" in operator else 0)
    return re.fullmatch(whole, text, flags) is not None


def _ordered(model: Model, name: str, field: Field, operator: str, value: Any) -> Test:
    """A test of order; nothing is before or after what is not there."""
    if field.kind == "datetime" and isinstance(value, str) and len(value) == 10:
        value += " 00:00:00" if operator in (">=", "<") else " 23:59:59"

    def test(number: int) -> bool:
        own = model._value(number, name)
        if own is False and field.kind not in ("integer", "float", "monetary", "boolean"):
            return False
        if operator == ">":
            return bool(own > value)
        if operator == ">=":
            return bool(own >= value)
        return bool(own < value) if operator == "<" else bool(own <= value)

    return test
