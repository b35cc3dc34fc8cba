"""Refuse words that a later version will understand, and those that stand in the wrong file."""

from __future__ import annotations

from dunwell.errors import NOWHERE, Problem
from dunwell.policy.actions import RESERVED
from dunwell.policy.language import HOUSE_ONLY
from dunwell.source.nodes import ListNode, MapNode, Node, ScalarNode


def without_reserved(node: MapNode, problems: list[Problem], *, is_policy: bool) -> MapNode:
    """The document without the words that are refused, each of which is a problem."""
    if is_policy:
        node = _without_house_words(node, problems)
    entries = []
    for key, value in _available(node, problems).entries:
        if key.text in ("ladder", "watch") and isinstance(value, ListNode):
            value = ListNode([_step(item, problems) for item in value.items], value.place)
        entries.append((key, value))
    return MapNode(entries, node.place)


def _without_house_words(node: MapNode, problems: list[Problem]) -> MapNode:
    kept = []
    for key, value in node.entries:
        if key.text in HOUSE_ONLY:
            message = f"'{key.text}' must be one for all policies"
            problems.append(Problem(key.place, message, "write it in the house file"))
        else:
            kept.append((key, value))
    return MapNode(kept, node.place)


def _available(node: MapNode, problems: list[Problem]) -> MapNode:
    kept = []
    for key, value in node.entries:
        if key.text in RESERVED:
            message = f"'{key.text}' is not available yet"
            problems.append(Problem(key.place, message, RESERVED[key.text]))
        else:
            kept.append((key, value))
    return node if len(kept) == len(node.entries) else MapNode(kept, node.place)


def _step(node: Node, problems: list[Problem]) -> Node:
    if not isinstance(node, MapNode):
        return node
    entries = []
    for key, value in _available(node, problems).entries:
        if key.text == "do" and isinstance(value, ListNode):
            value = ListNode([_action(item, problems) for item in value.items], value.place)
        entries.append((key, value))
    return MapNode(entries, node.place)


def _action(node: Node, problems: list[Problem]) -> Node:
    """The action; in the place of a refused one a note, so that nothing seems to be missing."""
    if not isinstance(node, MapNode):
        return node
    kept = _available(node, problems)
    if kept.entries or not node.entries:
        return kept
    text = ScalarNode("-", NOWHERE, quoted=True)
    note = MapNode([(ScalarNode("text", NOWHERE), text)], node.place)
    return MapNode([(ScalarNode("note", node.place), note)], node.place)
