"""Read what users write, and blame every fault on its line and column."""

from __future__ import annotations

from dunwell.source.bind import bind
from dunwell.source.nodes import ListNode, MapNode, Node, ScalarNode
from dunwell.source.placed import PlacedModel
from dunwell.source.suggest import hint_for, suggest
from dunwell.source.text import read_text

__all__ = [
    "ListNode",
    "MapNode",
    "Node",
    "PlacedModel",
    "ScalarNode",
    "bind",
    "hint_for",
    "read_text",
    "suggest",
]
