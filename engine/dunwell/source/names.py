"""Names in a document: collect them where they are written, and find those used twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dunwell.errors import Place, Problem
from dunwell.source.nodes import ListNode, MapNode, Node, ScalarNode


def entries(node: Node | None, key: str) -> Iterator[MapNode]:
    """The mappings in the list behind a key; what is not a mapping is left out."""
    value = node.get(key) if isinstance(node, MapNode) else None
    if isinstance(value, ListNode):
        for item in value.items:
            if isinstance(item, MapNode):
                yield item


def texts(node: Node | None) -> Iterator[ScalarNode]:
    """The texts of a list, or the one text that stands in its place."""
    if isinstance(node, ScalarNode) and node.text:
        yield node
    elif isinstance(node, ListNode):
        for item in node.items:
            if isinstance(item, ScalarNode) and item.text:
                yield item


def names(node: Node | None, key: str, word: str) -> list[ScalarNode]:
    """The names of the entries of a list: `names(policy, "ladder", "stage")`."""
    return [name for entry in entries(node, key) for name in texts(entry.get(word))]


def twice(what: str, found: Iterable[ScalarNode]) -> Iterator[Problem]:
    """The names that stand there a second time."""
    first: dict[str, Place] = {}
    for name in found:
        if name.text in first:
            message = f"the {what} '{name.text}' is there twice"
            yield Problem(name.place, message, f"rename one; the first is at {first[name.text]}")
        else:
            first[name.text] = name.place


def stage_names(policy: Node) -> Iterator[Problem]:
    """Stages and watches whose names or older names clash: the log could not tell them apart."""
    stages = names(policy, "ladder", "stage")
    watches = names(policy, "watch", "watch")
    yield from twice("stage", stages)
    yield from twice("watch", watches)
    present = {stage.text: stage.place for stage in stages}
    for watch in watches:
        if watch.text in present:
            message = f"the watch '{watch.text}' has the name of a stage"
            yield Problem(watch.place, message, "rename the watch")
    older: dict[str, str] = {}
    for entry in entries(policy, "ladder"):
        own = next((name.text for name in texts(entry.get("stage"))), "")
        for name in texts(entry.get("was")):
            if name.text == own:
                yield Problem(name.place, f"'{name.text}' is the stage's present name", _LEAVE)
            elif name.text in present:
                message = f"'{name.text}' is still the name of a stage"
                yield Problem(name.place, message, "remove that stage, or leave this name out")
            elif name.text in older:
                message = f"'{name.text}' is already an older name of '{older[name.text]}'"
                yield Problem(name.place, message, _LEAVE)
            older.setdefault(name.text, own)


_LEAVE = "leave it out"
