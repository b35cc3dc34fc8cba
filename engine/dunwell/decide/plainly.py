"""Deciding by the evaluator alone: quick for a handful of accounts, as in policy tests."""

from __future__ import annotations

from datetime import date

from dunwell.calendar import CalendarSource
from dunwell.decide.cases import Setting, cases
from dunwell.decide.columns.overview import overview
from dunwell.decide.decide import Decided
from dunwell.decide.judging import judged, left_alone, shown
from dunwell.decide.memories import Memories
from dunwell.facts import Registry
from dunwell.model import Book
from dunwell.policy.tree import House

READER = "evaluator"


def decide_plainly(
    book: Book,
    house: House,
    memories: Memories,
    registry: Registry,
    *,
    on: date,
    sources: tuple[CalendarSource, ...] | None = None,
) -> Decided:
    """Decide every account with the evaluator; the overview of all accounts stays empty."""
    setting = Setting(house, registry, on, sources)
    made = {case.account.id: case for case in cases(book, memories, setting)}
    alone = {key: _why(case.memory.garbled, case.problems) for key, case in made.items()
             if case.policy.name and left_alone(case)}  # fmt: skip
    said = judged(made.values(), registry)
    covered = sum(verdict.covered for verdict in said)
    return Decided(
        book,
        memories,
        setting,
        conclusions=shown(said, memories.unsettled),
        alone=alone,
        overview=overview((), covered - len(alone)),
        reader=READER,
        judged=covered,
        made=made,
    )


def _why(garbled: str, problems: tuple[str, ...]) -> tuple[str, ...]:
    return (*filter(None, (garbled,)), *problems)
