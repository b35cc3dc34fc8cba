"""Build nodes from the events of a YAML parser, without recursion and within limits."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

import yaml
from yaml import events
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from dunwell.errors import Place, Problem
from dunwell.source.limits import DEEPEST, MOST_PROBLEMS
from dunwell.source.nodes import ListNode, MapNode, Node, ScalarNode
from dunwell.source.text import FORBIDDEN, character

_QUOTES: Final = frozenset("'\"|>")
_WRITE_IT_OUT: Final = "write it out"


class _Mark(Protocol):
    line: int
    column: int


class _Event(Protocol):
    """What the parser's events have among them; each has what its kind needs."""

    start_mark: _Mark
    end_mark: _Mark
    value: str
    style: str | None
    anchor: str | None
    tag: str | None
    flow_style: bool | None


class _Events(Protocol):
    def get_event(self) -> _Event | None: ...


class _SlowParser(Reader, Scanner, Parser):
    """PyYAML without its C library, for machines that have no wheel of it."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet; `key` waits for its value."""

    node: ListNode | MapNode
    flow: bool
    seen: dict[str, int] = field(default_factory=dict)
    key: Node | None = None


@dataclass(slots=True)
class Composer:
    """One pass over a text; what is refused becomes a problem, a syntax error a YAMLError."""

    file: str
    first_line: int
    nodes_left: int
    documents: list[Node] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    long_texts: list[tuple[int, int]] = field(default_factory=list)
    document_line: int = -1
    _starts: list[int] = field(default_factory=list)
    is_full: bool = False
    _stack: list[_Open] = field(default_factory=list)
    _root: Node | None = None
    _has_alias: bool = False

    @property
    def opener(self) -> tuple[int, int] | None:
        """Line and column, from 0 in the text, of the innermost bracket that is still open."""
        if not self._stack or not self._stack[-1].flow:
            return None
        place = self._stack[-1].node.place
        return place.line - self.first_line - 1, place.column - 1

    def place(self, line: int, column: int) -> Place:
        """A place in the file, from a line and column that count from 0 in the text."""
        return Place(self.file, self.first_line + line + 1, column + 1)

    def compose(self, text: str) -> None:
        """Read every document of the text, or up to what makes reading on pointless."""
        parser = parser_of(text)
        while not self.is_full and (event := parser.get_event()) is not None:
            kind: type[object] = type(event)
            if kind is events.ScalarEvent:
                self._scalar(event)
            elif kind is events.MappingStartEvent or kind is events.SequenceStartEvent:
                self._open(event)
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                self._stack.pop()
            elif kind is events.AliasEvent:
                self._alias(event)
            elif kind is events.DocumentStartEvent:
                self._root, self._has_alias = None, False
                self.document_line = event.start_mark.line
            elif kind is events.DocumentEndEvent:
                self._end_document()

    def drop_document(self, line: int) -> None:
        """Leave out the document that has this line of the file: it does not say what it seems."""
        number = bisect_right(self._starts, line) - 1
        if number >= 0:
            del self.documents[number], self._starts[number]

    def _scalar(self, event: _Event) -> None:
        mark, style, text = event.start_mark, event.style, event.value
        place = Place(self.file, self.first_line + mark.line + 1, mark.column + 1)
        quoted = style in _QUOTES if style else False
        if quoted:
            self._quoted(event, place)
        if event.anchor is not None or event.tag is not None:
            self._refuse_marks(event, place)
        self._add(ScalarNode(text, place, quoted))

    def _quoted(self, event: _Event, place: Place) -> None:
        start, end = event.start_mark.line, event.end_mark.line
        if end > start:
            self.long_texts.append((start, end if event.end_mark.column else end - 1))
        found = FORBIDDEN.search(event.value) if event.style == '"' else None
        if found is not None:
            message = f"an invisible character ({character(found[0])}) in a text"
            self._blame(place, message, "delete it")

    def _open(self, event: _Event) -> None:
        place = self.place(event.start_mark.line, event.start_mark.column)
        if len(self._stack) >= DEEPEST:
            message = f"nested deeper than {DEEPEST} levels"
            self._stop(place, message, "write it in fewer levels")
            return
        if event.anchor is not None or event.tag is not None:
            self._refuse_marks(event, place)
        is_map = isinstance(event, events.MappingStartEvent)
        node: ListNode | MapNode = MapNode([], place) if is_map else ListNode([], place)
        self._add(node)
        self._stack.append(_Open(node, bool(event.flow_style)))

    def _alias(self, event: _Event) -> None:
        place = self.place(event.start_mark.line, event.start_mark.column)
        self._refuse(place, "alias", f"*{event.anchor}")
        self._has_alias = True
        self._add(ScalarNode("", place))

    def _refuse_marks(
        self,
        event: _Event,
        place: Place,
    ) -> None:
        if event.anchor is not None:
            self._refuse(place, "anchor", f"&{event.anchor}")
        if event.tag is not None:
            self._refuse(place, "tag", event.tag.replace("tag:yaml.org,2002:", "!!"))

    def _refuse(self, place: Place, what: str, word: str) -> None:
        hint = f"{_WRITE_IT_OUT}, or put the text in quotes if it begins with '{word[:1]}'"
        self._blame(place, f"the {what} '{word[:40]}' is not read", hint)

    def _add(self, node: Node) -> None:
        self.nodes_left -= 1
        if self.nodes_left < 0:
            self._stop(node.place, "the file has too many entries", "split it")
            return
        if not self._stack:
            self._root = node
            return
        holder = self._stack[-1]
        parent = holder.node
        if isinstance(parent, ListNode):
            parent.items.append(node)
        elif holder.key is None:
            holder.key = node
        else:
            self._entry(parent, holder, node)

    def _entry(self, parent: MapNode, holder: _Open, value: Node) -> None:
        key, holder.key = holder.key, None
        if not isinstance(key, ScalarNode):
            if key is not None:
                message = "a key must be a word, not a list or mapping"
                hint = "put it in quotes if it is a text"
                self._blame(key.place, message, hint)
        elif key.is_empty:
            self._blame(key.place, "a ':' without a key before it", "write the key before the ':'")
        elif key.text == "<<" and not key.quoted:
            message = "the merge key '<<' is not read"
            self._blame(key.place, message, _WRITE_IT_OUT)
        elif key.text in holder.seen:
            hint = f"it is in line {holder.seen[key.text]} already"
            self._blame(key.place, f"duplicate key '{key.text[:40]}'", hint)
        else:
            holder.seen[key.text] = key.place.line
            parent.entries.append((key, value))

    def _end_document(self) -> None:
        root, self._root = self._root, None
        empty = isinstance(root, ScalarNode) and root.is_empty
        if root is not None and not empty and not self._has_alias:
            self.documents.append(root)
            self._starts.append(self.first_line + self.document_line + 1)

    def _blame(self, place: Place, message: str, hint: str) -> None:
        self.problems.append(Problem(place, message, hint))
        if len(self.problems) > 10 * MOST_PROBLEMS:
            self.is_full = True

    def _stop(self, place: Place, message: str, hint: str) -> None:
        self._blame(place, message, hint)
        self.is_full = True


def parser_of(text: str) -> _Events:
    """The C parser, else the slow one."""
    if yaml.__with_libyaml__:
        from yaml.cyaml import CSafeLoader

        return cast("_Events", CSafeLoader(text))
    return cast("_Events", _SlowParser(text))
