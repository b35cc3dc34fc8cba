"""One template in one language, read, checked and compiled: from facts to its blocks."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.environment import Template
from jinja2.runtime import Context

from dunwell.errors import Place, Problem, ProblemsError
from dunwell.message.checker import Checker
from dunwell.message.facts import VARIABLES
from dunwell.message.sandbox import Sandbox
from dunwell.message.sources import Source

BLOCKS = ("subject", "text", "html", "short")
SHORT = "_short"
"""The part that says in a text message what the message is about, after the subject."""

LARGEST = 4_000_000  # characters of one rendered block
MANY = 1_000  # pieces of it that are made before its size is looked at

Find = Callable[[str], Source | None]
"""A part (`_lines`) in the language of the template that includes it."""

_OPEN, _CLOSE = "\x02", "\x03"  # around ready HTML inside derived HTML; no value can hold them
_SPLIT = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
_BLANK_LINES = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class Block:
    """One compiled block: its root function under the environment it was made for."""

    environment: Sandbox
    template: Template
    name: str

    def render(self, facts: dict[str, object]) -> str:
        """The text for these facts; a ProblemsError when it fails or is out of all proportion."""
        pieces = self.template.root_render_func(Context(self.environment, facts, self.name, {}))
        texts: list[str] = []
        size = 0
        try:
            while some := list(islice(pieces, MANY)):
                texts.append("".join(some))
                size += len(texts[-1])
                if size > LARGEST:
                    raise _failed(self.name, f"it makes more than {LARGEST} characters")
        except TemplateError as error:
            raise _failed(self.name, str(error.message)) from error
        return "".join(texts)


@dataclass(frozen=True, slots=True)
class Compiled:
    """The blocks of a template, and the words that they use."""

    source: Source
    blocks: Mapping[str, Block]
    words: tuple[str, ...]
    derived: bool  # the html block is made from the text block
    led: bool = False  # the short block is the language's own, and goes after the subject


@dataclass(frozen=True, slots=True)
class Environments:
    """The two ways to print: as it is, and escaped for HTML."""

    text: Sandbox
    html: Sandbox


def environments() -> Environments:
    """Make both sandboxes; they hold no state of any message."""
    return Environments(Sandbox(html=False), Sandbox(html=True))


def _failed(file: str, message: str) -> ProblemsError:
    return ProblemsError([Problem(Place(file), message)])


def compile_template(source: Source, find: Find, made: Environments) -> Compiled:
    """Compile every block that a template has; a ProblemsError names all errors at once."""
    problems = [p for p in check_source(source, find, made.text) if p.level == "error"]
    if problems:
        raise ProblemsError(problems)
    plain, rich = read_blocks(source, made.text), read_blocks(source, made.html)
    bodies: dict[str, tuple[Sandbox, list[nodes.Node]]] = {}
    part = _part(SHORT, "short", find, made.text)
    if led := "short" not in plain and part is not None:
        assert part is not None
        plain = {**plain, "short": part[1]}
    for name in ("subject", "text", "short"):
        if name in plain:
            bodies[name] = (made.text, _inlined(plain[name], find, made.text, name))
    if "html" in rich:
        bodies["html"] = (made.html, _inlined(rich["html"], find, made.html, "html"))
    elif "text" in rich:
        bodies["html"] = (made.html, _derived(rich["text"], find, made.html))
    words: set[str] = set()
    blocks = {}
    for name, (environment, body) in bodies.items():
        blocks[name], used = _block(body, environment, source.file)
        words |= used
    return Compiled(source, blocks, tuple(sorted(words)), "html" not in rich, led)


def compile_text(source: Source, made: Environments) -> Compiled:
    """Compile a text without blocks, as policies hold them."""
    problems = [p for p in check_text_source(source, made.text) if p.level == "error"]
    if problems:
        raise ProblemsError(problems)
    block, used = _block(list(_parsed(source, made.text).body), made.text, source.file)
    return Compiled(source, {"text": block}, tuple(sorted(used)), derived=False)


def check_source(source: Source, find: Find, environment: Sandbox) -> list[Problem]:
    """All that is wrong with a template and with the parts that it includes."""
    try:
        blocks = read_blocks(source, environment)
        problems: list[Problem] = []
        for name, body in blocks.items():
            checker = Checker(lambda part, block=name: _part(part, block, find, environment))  # type: ignore[misc]
            checker.check(source, body)
            problems += checker.problems
    except ProblemsError as error:
        return list(error.problems)
    return list(dict.fromkeys(problems))


def check_text_source(source: Source, environment: Sandbox) -> list[Problem]:
    """All that is wrong with a text without blocks; it includes nothing."""
    try:
        body = _parsed(source, environment).body
    except ProblemsError as error:
        return list(error.problems)
    checker = Checker(lambda part: None)
    checker.check(source, body)
    return checker.problems


def _parsed(source: Source, environment: Sandbox) -> nodes.Template:
    try:
        return environment.parse(source.text)
    except TemplateSyntaxError as error:
        message = (error.message or "not a template").rstrip(".")
        where = source.place(error.lineno)
        raise ProblemsError([Problem(where, message[:1].lower() + message[1:])]) from error
    except RecursionError as error:
        raise _failed(source.file, "it is nested too deep") from error


@lru_cache(maxsize=512)
def read_blocks(source: Source, environment: Sandbox) -> Mapping[str, list[nodes.Node]]:
    """The bodies of the blocks of a file, which holds nothing outside of them.

    A part is included often and parsed once, so nobody may change what is read.
    """
    found: dict[str, list[nodes.Node]] = {}
    problems = []
    known = ", ".join(f"{{% block {name} %}}" for name in BLOCKS)
    outside = f"everything stands in one of {known}"
    for node in _parsed(source, environment).body:
        if isinstance(node, nodes.Block):
            if node.name in BLOCKS:
                found[node.name] = node.body
            else:
                where = source.place(node.lineno, node.name)
                problems.append(Problem(where, f"unknown block '{node.name}'", outside))
        elif not _blank(node):
            problems.append(Problem(source.place(node.lineno), "text outside a block", outside))
    if problems:
        raise ProblemsError(problems)
    return found


def _blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(
        isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes
    )


def _part(
    name: str, block: str, find: Find, environment: Sandbox
) -> tuple[Source, list[nodes.Node]] | None:
    """The block of a part that fits the block it is included in; subjects include no part."""
    source = find(name) if name.startswith("_") else None
    if source is None:
        return None
    body = read_blocks(source, environment).get(block)
    return None if body is None else (source, body)


@dataclass(frozen=True, slots=True)
class _Inline:
    """Copies statements with the bodies of parts where they are included, so that rendering looks
    nothing up; `signs` is what becomes of the text between them.
    """

    include: Callable[[str], list[nodes.Node]]
    signs: Callable[[str], str] = str

    def body(self, found: Iterable[nodes.Node]) -> list[nodes.Node]:
        """The copies of some nodes, one after the other."""
        return [part for node in found for part in self._copied(node)]

    def _copied(self, node: nodes.Node) -> list[nodes.Node]:
        if isinstance(node, nodes.Include):
            assert isinstance(node.template, nodes.Const)
            return self.include(node.template.value)
        if isinstance(node, nodes.TemplateData):
            return [nodes.TemplateData(self.signs(node.data), lineno=node.lineno)]
        if isinstance(node, nodes.Expr):  # includes nothing, so it need be no copy
            return [node]
        fields = []
        for _, value in node.iter_fields():
            if isinstance(value, list):
                value = self.body(value)
            elif isinstance(value, nodes.Node):
                (value,) = self._copied(value)
            fields.append(value)
        return [type(node)(*fields, lineno=node.lineno)]


def _inlined(
    body: Iterable[nodes.Node], find: Find, environment: Sandbox, block: str
) -> list[nodes.Node]:
    def include(name: str) -> list[nodes.Node]:
        found = _part(name, block, find, environment)
        assert found is not None  # the checker has seen it
        return inline.body(found[1])

    inline = _Inline(include)
    return inline.body(body)


def _derived(body: Iterable[nodes.Node], find: Find, environment: Sandbox) -> list[nodes.Node]:
    """HTML made from text: the text's own signs are escaped."""

    def include(name: str) -> list[nodes.Node]:
        ready = _part(name, "html", find, environment)
        if ready is not None:
            inner = _inlined(ready[1], find, environment, "html")
            return [_data(_OPEN), *inner, _data(_CLOSE)]
        found = _part(name, "text", find, environment)
        assert found is not None  # the checker has seen it
        return inline.body(found[1])

    inline = _Inline(include, lambda text: html.escape(text, quote=False))
    return inline.body(body)


def _data(text: str) -> nodes.Node:
    return nodes.Output([nodes.TemplateData(text, lineno=1)], lineno=1)


def _block(body: list[nodes.Node], environment: Sandbox, file: str) -> tuple[Block, Set[str]]:
    tree = nodes.Template(body, lineno=1)
    tree.set_environment(environment)
    used = VARIABLES.keys() & {name.name for name in tree.find_all(nodes.Name)}
    code = environment.compile(tree, file, file)
    return Block(environment, Template.from_code(environment, code, {}), file), used


def tidy_text(text: str) -> str:
    """No white space at the ends, never more than one blank line, one line break at the end."""
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


def paragraphs(text: str) -> str:
    """HTML from escaped text: blank lines part paragraphs, tables stand alone."""
    return "\n".join(_paragraphs(text))


def _paragraphs(text: str) -> Iterator[str]:
    for index, chunk in enumerate(_SPLIT.split(text)):
        if index % 2:
            yield chunk.strip()
            continue
        for paragraph in _PARAGRAPHS.split(chunk.strip()):
            if paragraph:
                yield f"<p>{'<br>'.join(line.strip() for line in paragraph.splitlines())}</p>"
