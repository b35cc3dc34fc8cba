"""The JSON Schema of the language for editors, made from the models and the registry of facts."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from dunwell.facts import Fact, FactType, Registry
from dunwell.policy.house_file import House
from dunwell.policy.language import Approve, Policy, Scope
from dunwell.policy.scalars import (
    BUSINESS_DAYS_PATTERN,
    DATE_PATTERN,
    DURATION_PATTERN,
    MONEY_PATTERN,
    SHARE_PATTERN,
)
from dunwell.policy.thresholds import (
    ALLOWED,
    BY_SEGMENT,
    COMBINE,
    ELSE,
    OPERATORS,
    ORDERING,
    WITHIN,
)

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
Object = dict[str, Json]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_HIDDEN = ("title", "default", "x-form")


def json_schema(
    registry: Registry, channels: Collection[str], *, test: type[BaseModel] | None = None
) -> Object:
    """The schema of one document: a house, a policy, or a test where its model is given.

    YAML files with several documents are checked document by document, as editors do.
    """
    models: list[type[BaseModel]] = [House, Policy]
    if test is not None:
        models.append(test)
    definitions: Object = {}
    every: list[type[BaseModel]] = [*models, Approve]
    for model in every:
        own = schema_of(model)
        inner = own.pop("$defs", {})
        definitions |= cast("Object", inner)
        definitions[model.__name__] = own
    tidy = {name: _tidied(value, sorted(channels)) for name, value in definitions.items()}
    tidy |= {f"{scope}_condition": _condition(scope, registry) for scope in get_args(Scope)}
    tidy |= _values()
    tidy |= {f"fact_{fact.name}": fact_schema(fact) for fact in registry.values()}
    return {
        "$schema": DIALECT,
        "title": "Dunwell",
        "description": "A house, or a policy for collecting receivables.",
        "anyOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in models],
        "$defs": dict(sorted(tidy.items())),
    }


class _AsWritten(GenerateJsonSchema):
    """Keeps the words of examples in the order in which people write them."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        return value


def schema_of(model: type[BaseModel]) -> Object:
    """The schema of a model as pydantic tells it, with our own `x-` words."""
    return cast("Object", model.model_json_schema(schema_generator=_AsWritten))


def _tidied(value: Json, channels: list[str]) -> Json:
    """Without what pydantic says for Python, with what editors need for this language."""
    if isinstance(value, list):
        return [_tidied(item, channels) for item in value]
    if not isinstance(value, dict):
        return value
    value = _without_null(value)
    if "x-condition" in value:
        scope = value.pop("x-condition")
        value["$ref"] = f"#/$defs/{scope}_condition"
    if "x-or-name" in value:
        part = value.pop("x-or-name")
        value["anyOf"] = [{"type": "string"}, {"$ref": f"#/$defs/{part}"}]
    if value.pop("x-one-or-many", False):
        many = {key: value.pop(key) for key in ("type", "items")}
        value["anyOf"] = [many["items"], many]
    if value.pop("x-channels", False):
        names: Object = {"enum": list(channels)}
        named = value.pop("patternProperties", None)
        value["propertyNames" if isinstance(named, dict) else "items"] = names
        if isinstance(named, dict):
            value["additionalProperties"] = next(iter(named.values()))
    kept = {key: item for key, item in value.items() if key not in _HIDDEN}
    return {key: _deeper(key, item, channels) for key, item in kept.items()}


def _deeper(key: str, value: Json, channels: list[str]) -> Json:
    if key == "properties" and isinstance(value, dict):  # its keys are words of the language
        return {word: _tidied(item, channels) for word, item in value.items()}
    return value if key == "examples" else _tidied(value, channels)


def _without_null(value: Object) -> Object:
    """`X | None` only means that the word may be left out."""
    choices = value.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return dict(value)
    rest = [choice for choice in choices if choice != {"type": "null"}]
    others: Object = {key: item for key, item in value.items() if key != "anyOf"}
    if len(rest) == 1 and isinstance(rest[0], dict):
        return {**rest[0], **others}
    return {**others, "anyOf": rest}


def readable(fact: Fact, scope: Scope) -> bool:
    """Whether a condition of that scope may read the fact."""
    if scope == "any":
        return True
    if fact.counted or (scope != "pause" and fact.level == "item"):
        return False
    if scope == "account":
        return fact.name not in ("stage", "segment", "account_stage")
    return scope == "pause" or fact.name != "segment"


def _condition(scope: Scope, registry: Registry) -> Object:
    properties: Object = {
        fact.name: {"$ref": f"#/$defs/fact_{fact.name}", "description": describe(fact)}
        for fact in registry.values()
        if readable(fact, scope)
    }
    for word, meaning in COMBINE.items():
        properties[word] = {
            "type": "array",
            "minItems": 1,
            "items": {"$ref": f"#/$defs/{scope}_condition"},
            "description": _sentence(meaning),
        }
    return {
        "type": "object",
        "description": "Facts and their tests; all must hold.",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": properties,
    }


def describe(fact: Fact) -> str:
    """What a fact means, of what, in which unit."""
    whose = "the item" if fact.level == "item" else "the account"
    period = "; needs `within`" if fact.period else ""
    return f"{_sentence(fact.meaning)} A fact of {whose}{period}."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def fact_schema(fact: Fact) -> Object:
    """The tests that a fact allows."""
    value = _threshold(fact)
    comparing: Object = {
        word: _operand(word, fact, value) for word in OPERATORS if word in ALLOWED[fact.type]
    }
    compared: Object = {"type": "object", "additionalProperties": False, "minProperties": 1}
    if fact.period:
        within: Object = {
            "type": "string",
            "pattern": DURATION_PATTERN,
            "examples": ["12 months"],
            "description": "The period that ends today.",
        }
        comparing = {WITHIN: within, **comparing}
        compared |= {"required": [WITHIN], "minProperties": 2}
    compared["properties"] = comparing
    forms: list[Json] = [compared]
    if not fact.period:
        forms = [value, *([] if fact.type == "flag" else [_many(value)]), compared]
    return {"description": describe(fact), "anyOf": forms}


def _operand(word: str, fact: Fact, value: Object) -> Object:
    meaning = _sentence(OPERATORS[word])
    if word == "known":
        return {"type": "boolean", "description": meaning}
    if word not in ORDERING:
        return {"anyOf": [value, _many(value)], "description": meaning}
    return {"$ref": f"#/$defs/threshold_{_kind(fact)}", "description": meaning}


def _many(value: Object) -> Object:
    return {"type": "array", "minItems": 1, "items": value}


def _kind(fact: Fact) -> str:
    """The kind of value: days over a period are never business days."""
    return "count" if fact.type == "days" and fact.period else fact.type


def _threshold(fact: Fact) -> Object:
    if fact.values:
        return {"enum": list(fact.values)}
    return {"$ref": f"#/$defs/value_{_kind(fact)}"}


def _values() -> Object:
    """The single values that facts are compared with, and those that may differ by segment."""
    whole: Object = {"type": "integer", "minimum": 0}
    business: Object = {"type": "string", "pattern": BUSINESS_DAYS_PATTERN}
    text: Object = {"type": ["string", "number", "boolean"]}
    kinds: dict[str, Object] = {
        "money": {"type": "string", "pattern": MONEY_PATTERN, "examples": ["50 EUR"]},
        "days": {"anyOf": [whole, business], "examples": [5, "5 business days"]},
        "count": whole,
        "share": {"type": "string", "pattern": SHARE_PATTERN, "examples": ["60 %"]},
        "date": {"type": "string", "pattern": DATE_PATTERN, "examples": ["2026-03-01"]},
        "flag": {"type": "boolean"},
        "text": text,
        "texts": text,
        "stage": {"type": "string"},
    }
    definitions: Object = {f"value_{kind}": schema for kind, schema in kinds.items()}
    for kind in kinds:
        value: Object = {"$ref": f"#/$defs/value_{kind}"}
        segments: Object = {
            "type": "object",
            "minProperties": 1,
            "properties": {ELSE: {**value, "description": "For all other segments."}},
            "additionalProperties": value,
        }
        by_segment: Object = {
            "type": "object",
            "additionalProperties": False,
            "required": [BY_SEGMENT],
            "properties": {BY_SEGMENT: segments},
        }
        if set(ORDERING) & set(ALLOWED[cast("FactType", kind)]):
            definitions[f"threshold_{kind}"] = {"anyOf": [value, by_segment]}
    return definitions
