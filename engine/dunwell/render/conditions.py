"""Conditions as trees: what holds, what does not, and which fact is not known."""

from __future__ import annotations

from collections.abc import Iterator

from dunwell.render.text import safe
from dunwell.run.clauses import Clause

MARK = {True: "yes", False: "no ", None: "?  "}
"""Before a condition: it holds, it does not, a fact is not known (so it does not)."""

GROUPS = {"all_of": "all of", "any_of": "any of", "none_of": "none of"}


def clause_lines(clause: Clause, indent: str) -> Iterator[str]:
    """A condition as a tree; the outermost `all of` needs no line of its own."""
    if clause.kind == "all_of":
        for part in clause.parts:
            yield from _part(part, indent)
    else:
        yield from _part(clause, indent)


def _part(clause: Clause, indent: str) -> Iterator[str]:
    if clause.kind == "test":
        place = f"  {safe(clause.place)}" if clause.place else ""
        value = safe(clause.value)
        yield f"{indent}{MARK[clause.holds]} {clause.fact} {value} ({safe(clause.needs)}){place}"
        return
    yield f"{indent}{MARK[clause.holds]} {GROUPS[clause.kind]}"
    for part in clause.parts:
        yield from _part(part, f"{indent}    ")


def failing(clause: Clause) -> Iterator[str]:
    """The tests that do not hold, shortly."""
    if clause.kind == "test" and not clause.holds:
        yield f"{clause.fact} {safe(clause.value)} ({safe(clause.needs)})"
    for part in clause.parts:
        yield from failing(part)
