"""The contact budget of a debtor: which messages may go today, and who used it up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dunwell.calendar import first_within
from dunwell.decide.case import Case
from dunwell.money import Money
from dunwell.policy.tree import Budget
from dunwell.run.draft import Draft, Letter


def spend(drafts: Sequence[Draft], budgets: Sequence[Budget]) -> None:
    """Keep the letters that the budget allows; the others are dropped with a note.

    The severest stage goes first, then the largest sum, then the account that waited longest.
    """
    queue = [(draft, letter) for draft in drafts for letter in draft.letters]
    if not queue:
        return
    base = queue[0][0].case.policy.currency
    queue.sort(key=lambda pair: _rank(pair[0], pair[1], base))
    case = queue[0][0].case
    left, why = _left(case, budgets)
    for draft, letter in queue[left:]:
        draft.letters.remove(letter)
        draft.notes.append(f"{letter.source} is put off: {why or 'another message goes first'}")


def _rank(draft: Draft, letter: Letter, base: str) -> tuple[int, int, date, str, str]:
    total = 0
    for money in letter.parted.money:
        converted = draft.case.rates.convert(money, base) or Money(0, base)
        total += converted.minor
    return (
        -letter.severity,
        -total,
        _last(draft.case),
        draft.case.account.company.id,
        letter.source,
    )


def _last(case: Case) -> date:
    company = case.account.company.id
    days = [c.on for c in case.memory.state.contacts if c.company == company]
    return max(days, default=date.min)


def _left(case: Case, budgets: Sequence[Budget]) -> tuple[int, str]:
    """How many contacts are left today, and in words what used up the rest."""
    left, why = 10**9, ""
    for budget in budgets:
        first = first_within(case.on, budget.within, calendar=case.calendar)
        used = [day for day in case.contacts if first <= day]
        if budget.contacts - len(used) < left:
            left = max(0, budget.contacts - len(used))
            why = _words(case, budget, used)
    return left, why


def _words(case: Case, budget: Budget, used: Sequence[date]) -> str:
    if not used:
        return ""
    people = [c for c in case.memory.people if c.at.date() >= used[0]]
    said = f"; the newest by a person: {people[-1].text or people[-1].channel}" if people else ""
    return (
        f"{len(used)} of {budget.contacts} contacts within {budget.within} are used, "
        f"last on {used[-1]}{said}"
    )
