"""Which rule fired for an account, and from which facts, in the words of its policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dunwell.decide.chain import Derived, Fact, Value
from dunwell.decide.network.program import ACCOUNTS, ITEMS
from dunwell.decide.network.verdict import Words

_KINDS = {one.name: one for one in (*ITEMS.kinds, *ACCOUNTS.kinds)}
NAMED = 5
"""So many items that look alike are named."""

_ORDER = {
    rule.name: number
    for number, rule in enumerate(
        rule for program in (ITEMS, ACCOUNTS) for s in program.strata for rule in s.rules
    )
}


@dataclass(frozen=True, slots=True)
class Trace:
    """One fact that followed, the rule that gave it, and the facts that the rule matched.

    Each names the items of which it is said, or none where it is said of the account.
    """

    fact: str
    rule: str
    because: tuple[str, ...]


def traces(
    derived: Iterable[Derived], words: Words, items: tuple[str, ...] = ()
) -> Iterator[Trace]:
    """Everything that followed for some items that look alike, or for an account, rule by rule."""
    for found in sorted(derived, key=lambda found: (_ORDER[found.rule], found.fact)):
        because = tuple(_told(fact, words, items) for fact in found.because)
        yield Trace(_told(found.fact, words, items), found.rule, because)


def _told(fact: Fact, words: Words, items: tuple[str, ...]) -> str:
    name, *values = fact
    one = _KINDS[str(name)]
    parts = [
        _part(one.name, field, value, words)
        for (field, _), value in zip(one.fields, values, strict=True)
    ]
    told = ", ".join(filter(None, [_named(items), *parts]))
    title = one.name.replace("_", " ")
    return f"{title}: {told}" if told else title


def _named(items: tuple[str, ...]) -> str:
    if not items:
        return ""
    more = f" and {len(items) - NAMED} more like them" if len(items) > NAMED else ""
    return f"item{'s' if items[1:] else ''} {' '.join(items[:NAMED])}{more}"


def _part(kind: str, field: str, value: Value, words: Words) -> str:
    """What a value stands for; nothing where there is nothing to say."""
    if isinstance(value, bool):
        return field.replace("_", " ") if value else ""
    if isinstance(value, str):
        return f"{field} {value}" if value else ""
    if field == "stage":
        return f"stage {words.stages[value]}"
    if field == "segment":
        return words.segments[value]
    if field == "pause":
        return words.reasons[value]
    if field == "name":
        return " ".join(words.names[value])
    if field == "order" and kind != "adopt_holds":
        _, watch, action = words.actions[value]
        return f"action {action} of watch {watch}" if watch else f"action {action}"
    return f"{field} {value}"
