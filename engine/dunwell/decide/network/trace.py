"""Which rule fired for an account, and from which facts, in the words of its policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dunwell.decide.chain import Derived, Fact, Value
from dunwell.decide.network.program import PROGRAM
from dunwell.decide.network.shapes import Alike
from dunwell.decide.network.verdict import Words

_FIELDS = {kind.name: tuple(name for name, _ in kind.fields) for kind in PROGRAM.kinds}


@dataclass(frozen=True, slots=True)
class Trace:
    """One fact that followed, the rule that gave it, and the facts that the rule matched."""

    fact: str
    rule: str
    because: tuple[str, ...]


def traces(derived: Iterable[Derived], account: Alike, words: Words) -> tuple[Trace, ...]:
    """Everything that followed for an account, in the order of the rules."""
    order = {rule.name: n for n, rule in enumerate(r for s in PROGRAM.strata for r in s.rules)}
    return tuple(
        Trace(
            _told(found.fact, account, words),
            found.rule,
            tuple(_told(fact, account, words) for fact in found.because),
        )
        for found in sorted(derived, key=lambda found: (order[found.rule], found.fact))
    )


def _told(fact: Fact, account: Alike, words: Words) -> str:
    kind = str(fact[0])
    parts = dict(zip(_FIELDS[kind], fact[1:], strict=True))
    told = _parts(kind, parts, account, words)
    return f"{kind.replace('_', ' ')}: {', '.join(told)}"


def _parts(kind: str, parts: dict[str, Value], account: Alike, words: Words) -> Iterator[str]:
    for field, value in parts.items():
        if isinstance(value, bool):
            if value:
                yield field.replace("_", " ")
        elif isinstance(value, str):
            if value:
                yield f"{field} {value}"
        else:
            told = _number(kind, field, value, account, words)
            if told:
                yield told


def _number(kind: str, field: str, value: int, account: Alike, words: Words) -> str:
    """What a number stands for; nothing where there is nothing to say."""
    if field == "item":
        return f"item {' '.join(account.items[value])}" if value >= 0 else ""
    if field == "stage":
        return f"stage {words.stages[value]}" if value >= 0 else ""
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
