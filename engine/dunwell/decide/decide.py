"""One door to deciding: from the book to what every policy concludes today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from dunwell.decide.case import Case
from dunwell.decide.cases import Setting, cases
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.memories import Memories
from dunwell.facts import Registry
from dunwell.model import Book
from dunwell.policy.tree import House

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided. `cases` are the accounts where something is to be done or said, and those left
    alone; `conclusions` are of the former. `judged` counts all accounts that a policy covers."""

    cases: Mapping[Key, Case]
    conclusions: Mapping[Key, Conclusions]
    judged: int
    reader: str
    problems: tuple[str, ...] = field(default=())


def decide(
    book: Book,
    house: House,
    memories: Memories,
    registry: Registry,
    *,
    on: date,
    workers: int = 0,
    verify: str = "sample",
) -> Decided:
    """Decide every account with the evaluator."""
    made = cases(book, memories.memory, Setting(house, registry, on))
    judged = [case for case in made if case.policy.name]
    found = {
        case.account.id: Evaluation(case, registry).conclude()
        for case in judged
        if not case.problems
    }
    return Decided(
        {case.account.id: case for case in judged},
        found,
        len(judged),
        "evaluator",
    )
