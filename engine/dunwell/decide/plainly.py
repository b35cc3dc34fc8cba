"""Deciding by the evaluator alone: quick for a handful of accounts, as in policy tests."""

from __future__ import annotations

from datetime import date

from dunwell.calendar import CalendarSource
from dunwell.decide.cases import Setting, cases
from dunwell.decide.columns.overview import overview
from dunwell.decide.decide import Decided
from dunwell.decide.judging import Key, judge, left_alone, uncovered
from dunwell.decide.memories import Memories
from dunwell.facts import Registry
from dunwell.model import Book
from dunwell.model.rows import Account
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
    made = {c.account.id: c for c in cases(book, memories, Setting(house, registry, on, sources))}
    alone = {key: _why(case.memory.garbled, case.problems) for key, case in made.items()
             if case.policy.name and left_alone(case)}  # fmt: skip
    asked = [case for key, case in made.items() if case.policy.name and key not in alone]
    found = {
        key: word
        for key, word in judge(asked, registry, workers=1).items()
        if not word.quiet or key[0] in memories.unsettled
    }
    found |= uncovered(made.values(), registry)
    return Decided(
        cases={key: made[key] for key in sorted(made) if key in found or key in alone},
        conclusions=found,
        judged=len(asked) + len(alone),
        reader=READER,
        problems=(),
        alone=alone,
        accounts=_by_debtor({key: case.account for key, case in made.items()}),
        overview=overview((), len(asked)),
        checked=0,
        incidents={},
        networks=(),
    )


def _why(garbled: str, problems: tuple[str, ...]) -> tuple[str, ...]:
    return (*filter(None, (garbled,)), *problems)


def _by_debtor(accounts: dict[Key, Account]) -> dict[str, tuple[Account, ...]]:
    found: dict[str, list[Account]] = {}
    for (debtor, _), account in sorted(accounts.items()):
        found.setdefault(debtor, []).append(account)
    return {debtor: tuple(mine) for debtor, mine in found.items()}
