"""What pydantic models allow: which keys, and which types behind a key or an entry."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, RootModel, Tag
from pydantic.fields import FieldInfo

Shape = Literal["mapping", "list", "text", "any"]

_WRAPPED: Final = re.compile(r"^function-\w+\[.*?\), (.*)\]$")


@dataclass(frozen=True, slots=True)
class Choice:
    """One type that may stand at a place, with the labels pydantic may give it in a union."""

    type: Any
    labels: frozenset[str]

    @property
    def shape(self) -> Shape:
        """What is written for it."""
        return shape_of(self.type)


def names_of(name: str, info: FieldInfo) -> list[str]:
    """The keys under which a field may be written, the usual one first."""
    alias = info.validation_alias or info.alias
    if isinstance(alias, str):
        return [alias]
    if isinstance(alias, AliasChoices):
        return [choice for choice in alias.choices if isinstance(choice, str)]
    return [name]


def allowed_keys(choices: Sequence[Choice]) -> list[str]:
    """Every key that one of the types knows, in the order of the models."""
    keys: dict[str, None] = {}
    for choice in choices:
        for name, info in _fields(choice.type).items():
            keys.update(dict.fromkeys(names_of(name, info)))
    return list(keys)


def choices_of(annotation: Any, tag: str | None = None) -> list[Choice]:
    """The types that may stand where this annotation stands; a union has several."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        tags = [item.tag for item in metadata if isinstance(item, Tag)]
        return choices_of(inner, tags[0] if tags else tag)
    if origin is Union or origin is types.UnionType:
        return [choice for part in get_args(annotation) for choice in choices_of(part, tag)]
    if annotation is None or annotation is types.NoneType:
        return []
    if hasattr(annotation, "__value__"):
        return choices_of(annotation.__value__, tag)
    if hasattr(annotation, "__supertype__"):
        return choices_of(annotation.__supertype__, tag)
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        inside = choices_of(annotation.model_fields["root"].annotation)
        labels = frozenset({annotation.__name__, *([tag] if tag else [])})
        return [Choice(choice.type, choice.labels | labels) for choice in inside]
    return [Choice(annotation, _labels(annotation, tag))]


def behind(choices: Sequence[Choice], step: str | int) -> list[Choice]:
    """The types behind a key or an entry's number; empty when the schema does not say."""
    found: list[Choice] = []
    for choice in choices:
        found += _behind(choice.type, step)
    return found


def narrowed(choices: Sequence[Choice], label: str) -> list[Choice]:
    """The types that a label of pydantic's names in a union; all of one shape if it names none."""
    name = _unwrapped(label)
    named = [choice for choice in choices if {label, name} & choice.labels]
    if named:
        return named
    shape = label_shape(label)
    return [choice for choice in choices if choice.shape == shape] or list(choices)


def label_shape(label: str) -> Shape:
    """What is written for a union's member that pydantic labels so."""
    name = _unwrapped(label)
    if name.startswith("function-"):
        return "any"
    if re.match(r"(constrained-)?dict\b", name):
        return "mapping"
    if re.match(r"(constrained-)?(list|tuple|set|frozenset|sequence)\b", name):
        return "list"
    return "text"


def shape_of(annotation: Any) -> Shape:
    """What is written for a type: a mapping, a list or a text."""
    kind = get_origin(annotation) or annotation
    if not isinstance(kind, type):
        return "text" if kind is Literal else "any"
    if kind is object:
        return "any"
    if issubclass(kind, BaseModel | Mapping):
        return "mapping"
    if issubclass(kind, Sequence | AbstractSet) and not issubclass(kind, str | bytes):
        return "list"
    return "text"


def _behind(kind: Any, step: str | int) -> list[Choice]:
    if isinstance(step, str):
        for name, info in _fields(kind).items():
            if step in names_of(name, info):
                return choices_of(info.annotation)
    arguments = [part for part in get_args(kind) if part is not Ellipsis]
    shape = shape_of(kind)
    if shape == "mapping" and len(arguments) == 2:
        return choices_of(arguments[1])
    if shape == "list" and isinstance(step, int) and arguments:
        return choices_of(arguments[min(step, len(arguments) - 1)])
    return []


def _fields(kind: Any) -> dict[str, FieldInfo]:
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
    return kind.model_fields if is_model else {}


def _labels(kind: Any, tag: str | None) -> frozenset[str]:
    labels = {tag} if tag else set()
    if isinstance(kind, type):
        labels.add(kind.__name__)
    for info in _fields(kind).values():
        if get_origin(info.annotation) is Literal:
            labels.update(str(value) for value in get_args(info.annotation))
    return frozenset(labels)


def _unwrapped(label: str) -> str:
    """The label of the type that a validator's function is wrapped around."""
    while (match := _WRAPPED.match(label)) is not None:
        label = match[1]
    return label
