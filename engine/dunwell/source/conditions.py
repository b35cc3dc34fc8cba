"""Read a condition, facts to tests, into the policy tree, and say what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

from dunwell.facts import Fact
from dunwell.policy.language import Scope
from dunwell.policy.thresholds import COMBINE, FORMS
from dunwell.policy.tree import Condition, Every, Neither, Some, Test
from dunwell.source.comparisons import Reading, Words, unique
from dunwell.source.nodes import ListNode, MapNode, Node, ScalarNode


def read_condition(node: Node | None, *, scope: Scope, words: Words) -> Condition:
    """The condition that a node holds; what is wrong with it goes to `words` and is left out.

    A node that is no mapping at all is left to the shape check of the file.
    """
    if not isinstance(node, MapNode):
        return Every(())
    if not node.entries:
        words.report(node.place, "an empty condition", "test a fact, or leave the word out")
    parts: list[Condition] = []
    for key, value in unique(node):
        if key.text in COMBINE:
            parts += _combined(key, value, scope=scope, words=words)
        else:
            parts += _fact(key, value, scope=scope, words=words)
    return parts[0] if len(parts) == 1 else Every(tuple(parts), node.place)


def _combined(key: ScalarNode, node: Node, *, scope: Scope, words: Words) -> Iterator[Condition]:
    if not isinstance(node, ListNode) or not node.items:
        message = f"'{key.text}' takes a list of conditions"
        words.report(node.place, message, f"write {key.text}: [{{...}}, {{...}}]")
        return
    parts = []
    for item in node.items:
        if isinstance(item, MapNode):
            parts.append(read_condition(item, scope=scope, words=words))
        else:
            hint = "write it like {days_past_due: {at_least: 5}}"
            words.report(item.place, "a condition is a mapping of facts to tests", hint)
    if len(parts) == len(node.items):
        match key.text:
            case "any_of":
                yield Some(tuple(parts), key.place)
            case "none_of":
                yield Neither(tuple(parts), key.place)
            case _:
                yield Every(tuple(parts), key.place)


def _fact(key: ScalarNode, node: Node, *, scope: Scope, words: Words) -> Iterator[Condition]:
    fact = words.registry.get(key.text)
    if fact is None:
        known = [*words.registry, *COMBINE]
        words.report(key.place, f"unknown fact '{key.text}'", words.hint(key.text, known))
        return
    refusal = _out_of_scope(fact, scope, words)
    if refusal:
        words.report(key.place, *refusal)
        return
    reading = Reading(fact, key, scope, words)
    if isinstance(node, MapNode):
        yield from reading.compared(node)
    elif fact.period:
        words.report(
            node.place,
            f"'{fact.name}' is counted over a period, which is missing",
            f"write {fact.name}: {{within: 12 months, at_least: {FORMS[fact.type][1]}}}",
        )
    else:
        values = reading.values(node)
        if values is not None:
            yield Test(fact.name, "is", values, place=key.place)


def _out_of_scope(fact: Fact, scope: Scope, words: Words) -> tuple[str, str] | None:
    """Why a fact cannot be read in that place, and what can."""
    if scope == "any":
        return None
    if scope == "account" and fact.name in ("stage", "segment", "account_stage"):
        return (
            f"'{fact.name}' comes from a policy, and 'applies_to' is about to choose one",
            "test a fact that the ERP gives, like 'customer_type'",
        )
    if scope == "segment" and fact.name == "segment":
        return "a segment cannot ask for the segment", "test other facts of the account"
    if scope != "pause" and fact.level == "item":
        what = "'applies_to' chooses" if scope == "account" else "a segment is of"
        hint = "test a fact of the account, like 'overdue_all'"
        return f"'{fact.name}' is a fact of an item, and {what} whole accounts", hint
    if fact.counted:
        total = f"{fact.name}_all"
        hint = f"write '{total}'" if total in words.registry else "test 'overdue_all'"
        if scope == "pause" and total not in words.registry:
            hint = "test 'days_past_due' of the item"
        return f"'{fact.name}' is counted after pauses are known, so not readable here", hint
    return None
