"""The types of what stands between braces in a template, and what is wrong inside it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from jinja2 import nodes

from dunwell.errors import Problem
from dunwell.message.facts import LISTS, RECORDS
from dunwell.message.formats import DAY_STYLES
from dunwell.message.sandbox import FILTERS, LOOP_WORDS, TESTS
from dunwell.message.sources import Source

ANY = "?"  # after a problem was reported: nothing more to say
_TEXT_FILTERS = ("upper", "lower", "capitalize", "title", "trim")
_ORDERED = ("number", "date", "text")
_SIGNS = ("eq", "ne", "lt", "lteq", "gt", "gteq")
_EXPRESSIONS = "known: words, text, numbers, filters, comparisons, and, or, not, if else"


@dataclass(slots=True)
class Expressions:
    """Expressions of one file: the words in scope, and what an `if` has made sure of."""

    problems: list[Problem]
    source: Source
    scope: dict[str, str]
    sure: frozenset[str] = frozenset()

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
        if problem not in self.problems:
            self.problems.append(problem)
        return ANY

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
                return self.scope.get(name) or self._unknown(node, name, self.scope)
            case nodes.Getattr():
                return self._attribute(node)
            case nodes.Getitem():
                return self._entry(node)
            case nodes.Filter():
                return self._filter(node)
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
                return self._either(node)
            case nodes.Compare():
                return self._compare(node)
        kind = type(node).__name__.lower()
        return self.problem(node, f"'{kind}' is not part of templates", _EXPRESSIONS)

    def _unknown(self, node: nodes.Node, name: str, known: Iterable[str], of: str = "") -> str:
        known = [word for word in known if not word.startswith("_")]
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known)}"
        what = f"a {of} has no '{name}'" if of else f"unknown word '{name}'"
        return self.problem(node, what, hint, word=name)

    def _attribute(self, node: nodes.Getattr) -> str:
        owner = self.type(node.node)
        if owner == ANY:
            return ANY
        if owner == "loop":
            if node.attr in LOOP_WORDS:
                return "number" if node.attr in ("index", "length") else "flag"
            return self._unknown(node, node.attr, LOOP_WORDS, "loop")
        if owner not in RECORDS:
            return self.problem(node, f"'{node.attr}' cannot be asked of it", word=node.attr)
        fields = RECORDS[owner]
        if node.attr in fields:
            return fields[node.attr].type
        return self._unknown(node, node.attr, fields, owner)

    def _entry(self, node: nodes.Getitem) -> str:
        listed = self.type(node.node)
        plain = isinstance(node.arg, nodes.Const) and type(node.arg.value) is int
        if listed in LISTS and plain:
            return LISTS[listed]
        return self.problem(node, "only an entry of a list is taken by its number", "items[0]")

    def _filter(self, node: nodes.Filter) -> str:
        if node.name not in FILTERS or node.node is None:
            return self._unknown(node, node.name, FILTERS, "template")
        value = self.type(node.node)
        arguments = [self.type(argument) for argument in node.args]
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            return self.problem(node, f"'{node.name}' takes plain arguments", word=node.name)
        takes, gives, wanted = _signature(node.name, value)
        if value != ANY and value not in takes:
            words = " or ".join(takes)
            self.problem(node, f"'{node.name}' is for {words}", word=node.name)
        styles = [a.value for a in node.args if isinstance(a, nodes.Const)]
        if node.name == "day" and (len(styles) > 1 or not set(styles) <= set(DAY_STYLES)):
            self.problem(node, "unknown style of 'day'", f"one of: {', '.join(DAY_STYLES)}")
        elif node.name != "day" and (arguments != list(wanted) and ANY not in arguments):
            count = " and ".join(wanted) or "nothing"
            self.problem(node, f"'{node.name}' takes {count} in brackets", word=node.name)
        return gives

    def _either(self, node: nodes.CondExpr) -> str:
        self.type(node.test)
        before = self.sure
        self.sure = before | made_sure(node.test, yes=True)
        first = self.type(node.expr1)
        self.sure = before
        if node.expr2 is None:
            return self.problem(node, "an 'if' inside braces needs an 'else'")
        second = self.type(node.expr2)
        if first != second and ANY not in (first, second):
            return self.problem(node, f"one side is {first}, the other {second}")
        return first

    def _compare(self, node: nodes.Compare) -> str:
        left = self.type(node.expr)
        for operand in node.ops:
            right = self.type(operand.expr)
            if ANY in (left, right):
                continue
            same = operand.op in ("eq", "ne") and left == right
            if not same and not (left == right and left in _ORDERED and operand.op in _SIGNS):
                self.problem(node, f"{left} and {right} cannot be compared with '{operand.op}'")
        return "flag"


def _signature(name: str, value: str) -> tuple[Iterable[str], str, tuple[str, ...]]:
    """What a filter takes, what it gives for a value of this type, and its arguments."""
    table: Mapping[str, tuple[Iterable[str], str, tuple[str, ...]]] = {
        "money": (("money", "sums"), "text", ()),
        "day": (("date",), "text", ()),
        "plural": (("number", *LISTS), "text", ("text", "text")),
        "length": (tuple(LISTS), "number", ()),
        "first": (tuple(LISTS), LISTS.get(value, ANY), ()),
        "last": (tuple(LISTS), LISTS.get(value, ANY), ()),
        "default": (("text", "number"), value, (value,)),
    }
    if name in _TEXT_FILTERS:
        return ("text",), "text", ()
    return table[name]


def path_of(node: nodes.Node) -> str:
    """`line.due` for words and their fields, nothing for anything else."""
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=nodes.Name(name=name), attr=attribute):
            return f"{name}.{attribute}"
    return ""


def made_sure(test: nodes.Node, *, yes: bool) -> frozenset[str]:
    """The paths that cannot be empty where a test holds, or where it does not."""
    match test:
        case nodes.Not(node=inner):
            return made_sure(inner, yes=not yes)
        case nodes.And(left=left, right=right) if yes:
            return made_sure(left, yes=True) | made_sure(right, yes=True)
        case nodes.Or(left=left, right=right) if not yes:
            return made_sure(left, yes=False) | made_sure(right, yes=False)
    path = path_of(test)
    return frozenset({path}) if yes and path else frozenset()
