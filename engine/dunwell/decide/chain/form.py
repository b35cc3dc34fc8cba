"""The words of a rule: kinds of facts, patterns over them, and what follows when they match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Value: TypeAlias = int | str | bool
FieldType: TypeAlias = Literal["int", "str", "bool"]
Op: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]

#: A fact is its kind, then one value per field of that kind, in the kind's order.
Fact: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """The shape of a fact: a name and typed fields; every fact of the kind has every field."""

    name: str
    fields: tuple[tuple[str, FieldType], ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """A field of the fact that a pattern of the same rule matched."""

    alias: str
    field: str


@dataclass(frozen=True, slots=True)
class Test:
    """`field op right`, where right is a constant or a field of an earlier pattern (a join)."""

    __test__ = False  # the name is the trade's word; pytest must not collect it

    field: str
    op: Op
    right: Value | Ref


@dataclass(frozen=True, slots=True)
class Pattern:
    """A fact of `kind` that passes every test; other patterns call it by `alias`."""

    alias: str
    kind: str
    tests: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """The fact that a rule derives: every field of the kind, copied or constant."""

    kind: str
    values: tuple[tuple[str, Value | Ref], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """If facts of one group match all of `when`, and none matches any of `unless`, then `then`.

    Two patterns may match one and the same fact; a rule that wants two says `!=`.
    """

    name: str
    when: tuple[Pattern, ...]
    then: Head
    unless: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Stratum:
    """Rules that run together until nothing new follows; later ones may negate what follows."""

    name: str
    rules: tuple[Rule, ...]
