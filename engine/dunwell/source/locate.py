"""Follow the path that pydantic names through the nodes of a file, to the word it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dunwell.errors import Place
from dunwell.source.nodes import ListNode, MapNode, Node, ScalarNode
from dunwell.source.schema import Choice, Shape, allowed_keys, behind, label_shape, narrowed


@dataclass(frozen=True, slots=True)
class Branch:
    """A member of a union that pydantic tried; `fits` if its shape is what stands there."""

    union: tuple[str | int, ...]
    label: str
    shape: Shape
    fits: bool


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a path leads: the node, what it is called, what was tried on the way.

    `missing` is the last step when the file has nothing there; then `node` is what should hold it.
    """

    node: Node
    key: ScalarNode | None = None
    number: int | None = None
    holder: Node | None = None
    allowed: tuple[str, ...] = ()
    missing: str | int | None = None
    branches: tuple[Branch, ...] = ()
    is_key: bool = False

    @property
    def place(self) -> Place:
        """The place to point at: a value, or a key that is itself wrong."""
        return self.key.place if self.is_key and self.key is not None else self.node.place

    @property
    def name(self) -> str:
        """How to call what stands here: by its key, or as an entry of a list."""
        if self.number is None:
            return f"'{clip(self.key.text)}'" if self.key is not None else "the document"
        entry = f"entry {self.number}"
        return entry if self.key is None else f"{entry} of '{clip(self.key.text)}'"

    @property
    def word(self) -> str:
        """The user's own word if one stands here, else the name of what stands here."""
        if self.is_key and self.key is not None:
            return f"'{clip(self.key.text)}'"
        if isinstance(self.node, ScalarNode) and not self.node.is_empty:
            return f"'{clip(self.node.text)}'"
        return self.name


def clip(text: str) -> str:
    """A text short enough to stand in a message."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:37]}..."


def shape_of_node(node: Node) -> Shape:
    """What stands in the file: a mapping, a list or a text."""
    if isinstance(node, MapNode):
        return "mapping"
    return "list" if isinstance(node, ListNode) else "text"


def locate(root: Node, choices: Sequence[Choice], path: Sequence[str | int]) -> Spot:
    """Walk `path`, as pydantic reports it; labels of unions are no step in the file."""
    node, key, number = root, None, None
    holder: Node | None = None
    types, is_union = list(choices), len(choices) > 1
    allowed: tuple[str, ...] = ()
    branches: list[Branch] = []
    missing: str | int | None = None
    for index, step in enumerate(path):
        if step == "[key]" and index == len(path) - 1:
            break
        if is_union and isinstance(step, str):
            if step.startswith(("union[", "tagged-union[")):
                continue
            branches.append(_branch(tuple(path[:index]), step, types, node))
            types, is_union = narrowed(types, step), False
            node = _behind_label(node, step, types, path[index + 1 : index + 2])
            continue
        allowed = tuple(allowed_keys(types))
        types = behind(types, step)
        is_union = len(types) > 1
        found = _step(node, step, allowed)
        missing = step if found is None else None
        if found is not None:
            holder, new_key, number, node = found
            key = new_key or key
    return Spot(
        node=node,
        key=key,
        number=number,
        holder=holder,
        allowed=allowed,
        missing=missing,
        branches=tuple(branches),
        is_key=bool(path) and path[-1] == "[key]",
    )


def _branch(
    union: tuple[str | int, ...], label: str, types: Sequence[Choice], node: Node
) -> Branch:
    shapes: set[Shape] = {choice.shape for choice in types if label in choice.labels}
    shape = shapes.pop() if len(shapes) == 1 else label_shape(label)
    named = narrowed(types, label)
    if shape == "text" and len(named) == 1:
        shape = named[0].shape
    return Branch(union, label, shape, shape in ("any", shape_of_node(node)))


def _behind_label(
    node: Node, label: str, types: Sequence[Choice], following: Sequence[str | int]
) -> Node:
    """Step over a key that is only the word of its kind: `{remind: {template: x}}`."""
    if not isinstance(node, MapNode) or label in allowed_keys(types):
        return node
    if following and isinstance(following[0], str) and node.get(following[0]) is not None:
        return node
    return node.get(label) or node


def at_tag(spot: Spot, field: str | None, tag: str) -> Spot:
    """The word that should tell a union's members apart: the value of `field`, or a key."""
    if not isinstance(spot.node, MapNode):
        return spot
    pair = spot.node.entry(field if field is not None else tag)
    if pair is None:
        return spot
    return replace(spot, key=pair[0], node=pair[1], number=None, is_key=field is None)


def _step(
    node: Node, step: str | int, allowed: Sequence[str]
) -> tuple[Node, ScalarNode | None, int | None, Node] | None:
    """What holds the step, its key or else its number, and the node behind it."""
    if isinstance(node, ListNode) and isinstance(step, int):
        return (node, None, step + 1, node.items[step]) if step < len(node.items) else None
    if isinstance(node, MapNode):
        pair = node.entry(str(step))
        if pair is not None:
            return node, pair[0], None, pair[1]
        if len(node.entries) == 1 and node.entries[0][0].text not in allowed:
            return _step(node.entries[0][1], step, allowed)  # behind the word of its kind
    return None
