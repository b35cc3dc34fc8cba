"""Reads a template with types, so that what it cannot say is found before it must be said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from jinja2 import nodes

from dunwell.errors import Problem
from dunwell.message.expressions import ANY, Expressions, made_sure, path_of
from dunwell.message.facts import LISTS, RECORDS, VARIABLES
from dunwell.message.sources import Source

DEEPEST = 3
"""How deep parts include parts."""
LOOPS = 2
"""How deep loops stand in loops, so that the work grows with the square of the lines at most."""


Include = Callable[[str], tuple[Source, list[nodes.Node]] | None]
"""The body of a part by its name; None when there is none."""


@dataclass(slots=True)
class Checker:
    """Walks the body of one template; `problems` collects what is wrong."""

    include: Include
    problems: list[Problem] = field(default_factory=list)

    def check(self, source: Source, body: Iterable[nodes.Node]) -> None:
        """Check a body on its own."""
        scope = {name: v.type for name, v in VARIABLES.items()}
        _Walk(problems=self.problems, source=source, scope=scope, include=self.include).body(body)


@dataclass(slots=True, kw_only=True)
class _Walk(Expressions):
    """One file being read, statement by statement."""

    include: Include
    loops: int = 0
    files: tuple[str, ...] = ()

    def body(self, body: Iterable[nodes.Node]) -> None:
        for node in body:
            self.statement(node)

    def statement(self, node: nodes.Node) -> None:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    if not isinstance(part, nodes.TemplateData):
                        self.output(part)
            case nodes.If():
                self.branch(node)
            case nodes.For():
                self.loop(node)
            case nodes.Include():
                self.part(node)
            case nodes.Assign(target=nodes.Name()):
                self.assign(node)
            case _:
                kind = type(node).__name__.lower()
                self.problem(node, f"'{kind}' is not part of templates", _STATEMENTS)

    def output(self, node: nodes.Node) -> None:
        found = self.type(node)
        if found in LISTS or found in RECORDS or found in ("loop", "flag"):
            what = "a list" if found in LISTS else f"a {found}"
            fields = ", ".join(RECORDS.get(LISTS.get(found, found), ())) or "a field of it"
            self.problem(node, f"{what} cannot be printed as it is", f"print one of: {fields}")
        while isinstance(node, nodes.Filter) and node.name != "default" and node.node is not None:
            node = node.node
        path = path_of(node)
        if path and path not in self.sure and self.optional(node):
            self.problem(
                node,
                f"'{path}' may be empty",
                f"put the sentence inside {{% if {path} %}} ... {{% endif %}}",
                word=path.split(".")[-1],
                level="warning",
            )

    def optional(self, node: nodes.Node) -> bool:
        match node:
            case nodes.Name(name=name):
                return name in VARIABLES and VARIABLES[name].optional
            case nodes.Getattr(node=inner, attr=attribute):
                record = RECORDS.get(self.quietly(inner), {})
                return attribute in record and record[attribute].optional
        return False

    def quietly(self, node: nodes.Node) -> str:
        """A type without reports: it was reported already."""
        return Expressions([], self.source, dict(self.scope), self.sure).type(node)

    def branch(self, node: nodes.If) -> None:
        self.type(node.test)
        before = self.sure
        self.sure = before | made_sure(node.test, yes=True)
        self.body(node.body)
        self.sure = before | made_sure(node.test, yes=False)
        for other in node.elif_:
            self.branch(other)
        self.body(node.else_)
        self.sure = before

    def loop(self, node: nodes.For) -> None:
        listed = self.type(node.iter)
        if listed != ANY and listed not in LISTS:
            lists = ", ".join(name for name, v in VARIABLES.items() if v.type in LISTS)
            self.problem(node, "a loop goes over a list", f"one of: {lists}")
        if node.recursive or not isinstance(node.target, nodes.Name):
            self.problem(node, "a loop has one name and does not call itself")
            return
        if self.loops == LOOPS:
            self.problem(node, f"loops stand at most {LOOPS} deep")
        if node.target.name in VARIABLES:
            self.problem(node, f"'{node.target.name}' is a word of every template", "another name")
        scope = {**self.scope, node.target.name: LISTS.get(listed, ANY), "loop": "loop"}
        inner = replace(self, scope=scope, loops=self.loops + 1)
        if node.test is not None:
            inner.type(node.test)
            inner.sure |= made_sure(node.test, yes=True)
        inner.body(node.body)
        self.body(node.else_)

    def part(self, node: nodes.Include) -> None:
        if not isinstance(node.template, nodes.Const) or not isinstance(node.template.value, str):
            self.problem(node, "a part is included by its name in quotes")
            return
        name = node.template.value
        if not node.with_context or node.ignore_missing:
            self.problem(node, "a part is included as it is", f'write {{% include "{name}" %}}')
        found = self.include(name)
        if found is None:
            hint = f"parts are files like '_{name.strip('_/.')}.{self.source.language}.j2'"
            self.problem(node, f"there is no part '{name}' for this block", hint, word=name)
            return
        source, body = found
        if len(self.files) >= DEEPEST or source.file in self.files:
            self.problem(node, f"'{name}' goes round in circles or too deep", word=name)
            return
        files = (*self.files, self.source.file)
        replace(self, source=source, files=files).body(body)

    def assign(self, node: nodes.Assign) -> None:
        assert isinstance(node.target, nodes.Name)
        if node.target.name in VARIABLES:
            self.problem(node, f"'{node.target.name}' is a word of every template", "another name")
        self.scope[node.target.name] = self.type(node.node)


_STATEMENTS = "known: if, for, set, include, and {{ ... }}"
