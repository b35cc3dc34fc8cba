"""Every word of the language with its meaning, made from the models and the registry of facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal, cast

from dunwell.facts import Fact, Registry
from dunwell.policy.actions import RESERVED, Do
from dunwell.policy.house_file import House
from dunwell.policy.language import Approve, Policy
from dunwell.policy.schema import Json, Object, schema_of
from dunwell.policy.thresholds import BY_SEGMENT, COMBINE, FORMS, OPERATORS, WITHIN

Kind = Literal["part", "word", "action", "fact", "test", "reserved"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word: what it is, what it belongs to, what it means, how its value is written.

    `of` names the part of a word, the level of a fact; a part has the parts in which it stands.
    """

    name: str
    kind: Kind
    of: str
    meaning: str
    form: str = ""
    example: str = ""
    required: bool = False


def reference(registry: Registry) -> list[Word]:
    """All words: parts with their own words, tests, facts, reserved words."""
    words = [word for part in _parts() for word in _of_part(*part)]
    words += _tests()
    words += [_fact(fact) for fact in registry.values()]
    words += [
        Word(name, "reserved", "", f"Not available yet; {way_out}.")
        for name, way_out in RESERVED.items()
    ]
    return words


def word(name: str, words: Sequence[Word]) -> tuple[list[Word], str]:
    """The words of that name, and, where there are none, the name that was meant ("" if unclear).

    `stage.when` asks for a word of one part only.
    """
    part, _, own = name.strip().rpartition(".")
    plain = own.lower().replace("-", "_").replace(" ", "_")
    found = [each for each in words if each.name == plain and part in ("", each.of)]
    found.sort(key=lambda each: each.kind == "word")  # the part itself before the words for it
    if found:
        return found, ""
    close = get_close_matches(plain, sorted({each.name for each in words}), n=1)
    return [], close[0] if close else ""


def _parts() -> Iterator[tuple[str, Object]]:
    """The parts of files by name, each with its schema as pydantic tells it, outermost first."""
    seen: dict[str, Object] = {}
    for model in (House, Policy):
        own = schema_of(model)
        inner = cast("Object", own.pop("$defs", {}))
        seen[model.__name__] = own
        seen |= {name: cast("Object", schema) for name, schema in inner.items()}
    seen["Approve"] = schema_of(Approve)
    order = ("House", "Policy", "Segment", "Adopt", "Stage", "Approve", "Repeat", "Watch", "Pause")
    for name in (*order, *(name for name in seen if name not in order)):
        yield name, seen[name]


def _of_part(name: str, schema: Object) -> Iterator[Word]:
    part = snake(name)
    actions = {snake(field): field for field in Do.model_fields}
    kind: Kind = "action" if part in actions else "part"
    examples = schema.get("examples")
    example = flow(examples[0]) if isinstance(examples, list) and examples else ""
    yield Word(part, kind, "", str(schema.get("description", "")), "a mapping", example)
    fields = schema.get("properties")
    required = schema.get("required")
    for field, value in (fields if isinstance(fields, dict) else {}).items():
        if isinstance(value, dict):
            yield Word(
                field,
                "word",
                part,
                str(value.get("description", "")),
                form(value),
                _example(value),
                isinstance(required, list) and field in required,
            )


def _example(value: Object) -> str:
    examples = value.get("examples")
    if isinstance(examples, list) and examples:
        return flow(examples[0])
    return ""


def form(schema: Json) -> str:
    """How a value is written, in words, from its schema."""
    if not isinstance(schema, dict):
        return ""
    if "x-form" in schema:
        return str(schema["x-form"])
    if "x-condition" in schema:
        return "a condition"
    if "x-or-name" in schema:
        return f"a role, or a mapping: `{snake(str(schema['x-or-name']))}`"
    if "$ref" in schema:
        return f"a mapping: `{snake(str(schema['$ref']).rsplit('/', 1)[-1])}`"
    if "const" in schema:
        return f"`{schema['const']}`"
    choices = schema.get("enum") or schema.get("anyOf")
    if isinstance(choices, list) and "enum" in schema:
        return "one of " + ", ".join(f"`{choice}`" for choice in choices)
    if isinstance(choices, list):
        return ", or ".join(form(each) for each in choices if each != {"type": "null"})
    if schema.get("type") == "array":
        one = f"{form(schema.get('items'))}, or " if schema.get("x-one-or-many") else ""
        return f"{one}a list; each {form(schema.get('items'))}"
    named = schema.get("patternProperties")
    if isinstance(named, dict):
        return f"a mapping of names; each {form(next(iter(named.values())))}"
    return "a mapping"


def _tests() -> Iterator[Word]:
    for name, meaning in OPERATORS.items():
        example = {
            "before": "{issued: {before: 2026-03-01}}",
            "not": "{customer_type: {not: public}}",
            "known": "{credit_limit: {known: false}}",
        }.get(name, f"{{to_pay: {{{name}: 50 EUR}}}}")
        yield Word(name, "test", "", _sentence(meaning), "a threshold", example)
    for name, meaning in COMBINE.items():
        example = f"{{{name}: [{{promise: broken}}, {{bounced: true}}]}}"
        yield Word(name, "test", "", _sentence(meaning), "a list of conditions", example)
    meaning = "The period, ending today, over which a fact is counted."
    example = "{late_share: {within: 12 months, over: 60 %}}"
    yield Word(WITHIN, "test", "", meaning, "a duration", example)
    meaning = "A threshold that differs by segment; `else` is for all others."
    example = "{days_past_due: {at_least: {by_segment: {strategic: 10, else: 5}}}}"
    yield Word(BY_SEGMENT, "test", "", meaning, "a mapping of segments to thresholds", example)


_SAMPLES: Final = {
    "collection_failure": "insufficient_funds",
    "company": "acme_es",
    "customer_country": "ES",
    "customer_language": "es",
    "dispute_reason": "quality",
    "document_type": "invoice",
    "payer": "C-100",
    "payment_terms": "30_days",
    "salesperson": "ana@acme.example",
    "segment": "strategic",
    "task_outcome": "reached",
}


def _fact(fact: Fact) -> Word:
    notes = []
    if fact.counted:
        notes.append("counted after pauses are known")
    if fact.event:
        notes.append("an event, on which a watch acts once")
    if fact.origin != "dunwell":
        notes.append(f"from the plugin {fact.origin}")
    meaning = _sentence("; ".join([fact.meaning, *notes]))
    what, sample = FORMS[fact.type]
    if fact.values:
        what, sample = (
            "one of " + ", ".join(f"`{value}`" for value in fact.values),
            fact.values[-1],
        )
    if fact.name == "customer_country":
        what = "a country code"
    sample = _SAMPLES.get(fact.name, sample)
    test = sample
    if fact.type in ("money", "days", "count", "share"):
        test = f"{{at_least: {sample}}}"
    if fact.type == "date":
        test = f"{{before: {sample}}}"
    if fact.period:
        test = f"{{within: 12 months, at_least: {sample}}}"
    return Word(fact.name, "fact", fact.level, meaning, what, f"{{{fact.name}: {test}}}")


def snake(name: str) -> str:
    """`ClosedDay` as the file spells it: `closed_day`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def flow(value: object) -> str:
    """A value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return text if re.fullmatch(r"[\w][\w %.@/-]*", text) else f'"{text}"'


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


__all__ = ["Kind", "Word", "flow", "form", "reference", "snake", "word"]
