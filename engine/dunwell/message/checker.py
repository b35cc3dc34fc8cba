"""Reads a template with types, so that what it cannot say is found before it must be said."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jinja2 import nodes

from dunwell.errors import Problem
from dunwell.message.facts import LISTS, RECORDS, VARIABLES
from dunwell.message.formats import DAY_STYLES
from dunwell.message.sandbox import FILTERS, LOOP_WORDS, TESTS
from dunwell.message.sources import Source

DEEPEST = 3
"""How deep parts include parts."""
LOOPS = 2
"""How deep loops stand in loops, so that the work grows with the square of the lines at most."""

_ANY = "?"  # after a problem was reported: nothing more to say
_TEXT_FILTERS = ("upper", "lower", "capitalize", "title", "trim")
_ORDERED = ("number", "date", "text")

Include = Callable[[str], tuple[Source, list[nodes.Node]] | None]
"""The body of a part by its name; None when there is none."""


@dataclass(slots=True)
class Checker:
    """Walks the body of one template; `problems` collects what is wrong."""

    include: Include
    problems: list[Problem] = field(default_factory=list)

    def check(self, source: Source, body: Iterable[nodes.Node]) -> None:
        """Check a body on its own."""
        _Walk(self, source, {name: v.type for name, v in VARIABLES.items()}).body(body)


@dataclass(slots=True)
class _Walk:
    """One file being read: the words in scope, and what an `if` has made sure of."""

    checker: Checker
    source: Source
    scope: dict[str, str]
    sure: frozenset[str] = frozenset()
    loops: int = 0
    files: tuple[str, ...] = ()

    def problem(
        self,
        node: nodes.Node,
        message: str,
        hint: str = "",
        *,
        word: str = "",
        level: Literal["error", "warning"] = "error",
    ) -> str:
        """Report, and give the type that raises no second report."""
        place = self.source.place(node.lineno, word)
        problem = Problem(place, message, hint, level)
        if problem not in self.checker.problems:
            self.checker.problems.append(problem)
        return _ANY

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
        path = _path(node)
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
        silent = Checker(self.checker.include)
        return _Walk(silent, self.source, dict(self.scope), self.sure).type(node)

    def branch(self, node: nodes.If) -> None:
        self.type(node.test)
        before = self.sure
        self.sure = before | _made_sure(node.test, yes=True)
        self.body(node.body)
        self.sure = before | _made_sure(node.test, yes=False)
        for other in node.elif_:
            self.branch(other)
        self.body(node.else_)
        self.sure = before

    def loop(self, node: nodes.For) -> None:
        listed = self.type(node.iter)
        if listed != _ANY and listed not in LISTS:
            lists = ", ".join(name for name, v in VARIABLES.items() if v.type in LISTS)
            self.problem(node, "a loop goes over a list", f"one of: {lists}")
        if node.recursive or not isinstance(node.target, nodes.Name):
            self.problem(node, "a loop has one name and does not call itself")
            return
        if self.loops == LOOPS:
            self.problem(node, f"loops stand at most {LOOPS} deep")
        if node.target.name in VARIABLES:
            self.problem(node, f"'{node.target.name}' is a word of every template", "another name")
        scope = {**self.scope, node.target.name: LISTS.get(listed, _ANY), "loop": "loop"}
        inner = _Walk(self.checker, self.source, scope, self.sure, self.loops + 1, self.files)
        if node.test is not None:
            inner.type(node.test)
            inner.sure |= _made_sure(node.test, yes=True)
        inner.body(node.body)
        self.body(node.else_)

    def part(self, node: nodes.Include) -> None:
        if not isinstance(node.template, nodes.Const) or not isinstance(node.template.value, str):
            self.problem(node, "a part is included by its name in quotes")
            return
        name = node.template.value
        if not node.with_context or node.ignore_missing:
            self.problem(node, "a part is included as it is", f'write {{% include "{name}" %}}')
        found = self.checker.include(name)
        if found is None:
            hint = f"parts are files like '_{name.strip('_/.')}.{self.source.language}.j2'"
            self.problem(node, f"there is no part '{name}' for this block", hint, word=name)
            return
        source, body = found
        if len(self.files) >= DEEPEST or source.file in self.files:
            self.problem(node, f"'{name}' goes round in circles or too deep", word=name)
            return
        files = (*self.files, self.source.file)
        _Walk(self.checker, source, self.scope, self.sure, self.loops, files).body(body)

    def assign(self, node: nodes.Assign) -> None:
        assert isinstance(node.target, nodes.Name)
        if node.target.name in VARIABLES:
            self.problem(node, f"'{node.target.name}' is a word of every template", "another name")
        self.scope[node.target.name] = self.type(node.node)

    def type(self, node: nodes.Node) -> str:
        """The type of an expression, after reporting what is wrong inside it."""
        match node:
            case nodes.Const(value=bool()):
                return "flag"
            case nodes.Const(value=str()):
                return "text"
            case nodes.Const(value=int()):
                return "number"
            case nodes.Name(name=name):
                return self.scope.get(name) or self.unknown(node, name, self.scope)
            case nodes.Getattr():
                return self.attribute(node)
            case nodes.Getitem():
                return self.entry(node)
            case nodes.Filter():
                return self.filter(node)
            case nodes.Test(name=name):
                if name not in TESTS or node.args or node.kwargs:
                    self.problem(node, f"the test '{name}' is not part of templates", word=name)
                self.type(node.node)
                return "flag"
            case nodes.Not():
                self.type(node.node)
                return "flag"
            case nodes.And() | nodes.Or():
                left, right = self.type(node.left), self.type(node.right)
                return left if left == right else "flag"
            case nodes.CondExpr():
                return self.either(node)
            case nodes.Compare():
                return self.compare(node)
        kind = type(node).__name__.lower()
        return self.problem(node, f"'{kind}' is not part of templates", _EXPRESSIONS)

    def unknown(self, node: nodes.Node, name: str, known: Iterable[str], of: str = "") -> str:
        known = [word for word in known if not word.startswith("_")]
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known)}"
        what = f"a {of} has no '{name}'" if of else f"unknown word '{name}'"
        return self.problem(node, what, hint, word=name)

    def attribute(self, node: nodes.Getattr) -> str:
        owner = self.type(node.node)
        if owner == _ANY:
            return _ANY
        if owner == "loop":
            if node.attr in LOOP_WORDS:
                return "number" if node.attr in ("index", "length") else "flag"
            return self.unknown(node, node.attr, LOOP_WORDS, "loop")
        if owner not in RECORDS:
            return self.problem(node, f"'{node.attr}' cannot be asked of it", word=node.attr)
        fields = RECORDS[owner]
        if node.attr in fields:
            return fields[node.attr].type
        return self.unknown(node, node.attr, fields, owner)

    def entry(self, node: nodes.Getitem) -> str:
        listed = self.type(node.node)
        plain = isinstance(node.arg, nodes.Const) and type(node.arg.value) is int
        if listed in LISTS and plain:
            return LISTS[listed]
        return self.problem(node, "only an entry of a list is taken by its number", "items[0]")

    def filter(self, node: nodes.Filter) -> str:
        if node.name not in FILTERS or node.node is None:
            return self.unknown(node, node.name, FILTERS, "template")
        value = self.type(node.node)
        arguments = [self.type(argument) for argument in node.args]
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            return self.problem(node, f"'{node.name}' takes plain arguments", word=node.name)
        takes, gives, wanted = _filter(node.name, value)
        if value != _ANY and value not in takes:
            words = " or ".join(takes)
            self.problem(node, f"'{node.name}' is for {words}", word=node.name)
        styles = [a.value for a in node.args if isinstance(a, nodes.Const)]
        if node.name == "day" and (len(styles) > 1 or not set(styles) <= set(DAY_STYLES)):
            self.problem(node, "unknown style of 'day'", f"one of: {', '.join(DAY_STYLES)}")
        elif node.name != "day" and (arguments != list(wanted) and _ANY not in arguments):
            count = " and ".join(wanted) or "nothing"
            self.problem(node, f"'{node.name}' takes {count} in brackets", word=node.name)
        return gives

    def either(self, node: nodes.CondExpr) -> str:
        self.type(node.test)
        before = self.sure
        self.sure = before | _made_sure(node.test, yes=True)
        first = self.type(node.expr1)
        self.sure = before
        if node.expr2 is None:
            return self.problem(node, "an 'if' inside braces needs an 'else'")
        second = self.type(node.expr2)
        if first != second and _ANY not in (first, second):
            return self.problem(node, f"one side is {first}, the other {second}")
        return first

    def compare(self, node: nodes.Compare) -> str:
        left = self.type(node.expr)
        for operand in node.ops:
            right = self.type(operand.expr)
            if _ANY in (left, right):
                continue
            same = operand.op in ("eq", "ne") and left == right
            if not same and not (left == right and left in _ORDERED and operand.op in _SIGNS):
                self.problem(node, f"{left} and {right} cannot be compared with '{operand.op}'")
        return "flag"


_SIGNS = ("eq", "ne", "lt", "lteq", "gt", "gteq")
_STATEMENTS = "known: if, for, set, include, and {{ ... }}"
_EXPRESSIONS = "known: words, text, numbers, filters, comparisons, and, or, not, if else"


def _filter(name: str, value: str) -> tuple[Iterable[str], str, tuple[str, ...]]:
    """What a filter takes, what it gives for a value of this type, and its arguments."""
    table: Mapping[str, tuple[Iterable[str], str, tuple[str, ...]]] = {
        "money": (("money", "sums"), "text", ()),
        "day": (("date",), "text", ()),
        "plural": (("number", *LISTS), "text", ("text", "text")),
        "length": (tuple(LISTS), "number", ()),
        "first": (tuple(LISTS), LISTS.get(value, _ANY), ()),
        "last": (tuple(LISTS), LISTS.get(value, _ANY), ()),
        "default": (("text", "number"), value, (value,)),
    }
    if name in _TEXT_FILTERS:
        return ("text",), "text", ()
    return table[name]


def _path(node: nodes.Node) -> str:
    """`line.due` for words and their fields, nothing for anything else."""
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=nodes.Name(name=name), attr=attribute):
            return f"{name}.{attribute}"
    return ""


def _made_sure(test: nodes.Node, *, yes: bool) -> frozenset[str]:
    """The paths that cannot be empty where a test holds, or where it does not."""
    match test:
        case nodes.Not(node=inner):
            return _made_sure(inner, yes=not yes)
        case nodes.And(left=left, right=right) if yes:
            return _made_sure(left, yes=True) | _made_sure(right, yes=True)
        case nodes.Or(left=left, right=right) if not yes:
            return _made_sure(left, yes=False) | _made_sure(right, yes=False)
    path = _path(test)
    return frozenset({path}) if yes and path else frozenset()
