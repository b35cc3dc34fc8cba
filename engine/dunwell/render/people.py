"""What was said to waiting steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from dunwell.command import Amount, Waiting
from dunwell.money import Money
from dunwell.render.amounts import stacked
from dunwell.render.text import count, table
from dunwell.run.clauses import Cash, cash


def approved_lines(
    said: Sequence[tuple[str, Waiting]],
    names: Mapping[str, str],
    *,
    yes: bool,
    until: date | None,
) -> Iterator[str]:
    """Each step that something was said to."""
    if not said:
        yield "nothing waits for a yes in this plan"
        return
    word = "yes" if yes else f"no, {f'until {until}' if until else 'for good'}"
    yield f"{word} to {count(len(said), 'step')}, written into the log"
    rows = [
        (w.stage, f"{names.get(debtor, debtor)} ({debtor})", stacked(_cash(w.money)))
        for debtor, w in said
    ]
    yield from table(("stage", "customer", "money"), rows, right=(2,), most={1: 50})
    if yes:
        yield "the next plan or run does them"


def approved_values(
    said: Sequence[tuple[str, Waiting]], names: Mapping[str, str], *, yes: bool, by: str
) -> dict[str, object]:
    """The same for a program."""
    return {
        "version": 1,
        "yes": yes,
        "by": by,
        "steps": [
            {
                "customer": debtor,
                "name": names.get(debtor, debtor),
                "stage": w.stage,
                "role": w.role,
                "items": list(w.items),
                "money": [{"amount": c.amount, "currency": c.currency} for c in _cash(w.money)],
            }
            for debtor, w in said
        ],
    }


def _cash(amounts: Sequence[Amount]) -> tuple[Cash, ...]:
    return tuple(cash(Money(a.minor, a.currency)) for a in amounts)
