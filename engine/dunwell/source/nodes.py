"""What a YAML file says, with the place of every word; all scalars are text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from dunwell.errors import Place


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A text exactly as written; `when:` without a value is an empty, unquoted text."""

    text: str
    place: Place
    quoted: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing was written here, not even quotes."""
        return not self.text and not self.quoted


@dataclass(frozen=True, slots=True)
class ListNode:
    """The entries of a list in their order."""

    items: list[Node]
    place: Place


@dataclass(frozen=True, slots=True)
class MapNode:
    """Keys with their values in the order of the file; of a duplicate key the first stands."""

    entries: list[tuple[ScalarNode, Node]]
    place: Place
    _index: dict[str, tuple[ScalarNode, Node]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def entry(self, key: str) -> tuple[ScalarNode, Node] | None:
        """The key's own node and its value, or None."""
        if not self._index:
            for pair in self.entries:
                self._index.setdefault(pair[0].text, pair)
        return self._index.get(key)

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        pair = self.entry(key)
        return None if pair is None else pair[1]


Node: TypeAlias = ScalarNode | ListNode | MapNode
