"""Reading from the ERP in the order that makes a change in between only milder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from dunwell.errors import ContractBrokenError
from dunwell.log.entry import Entry
from dunwell.log.fold import Memory, fold
from dunwell.model import TABLES, Book, Describe, frame, page_problems
from dunwell.model.tables import empty
from dunwell.policy.tree import Condition, House, tests
from dunwell.port import Adapter
from dunwell.run.engine import Progress, silent

ORDER = (
    "companies",
    "people",
    "customers",
    "contacts",
    "rates",
    "items",
    "credits",
    "settlements",
    "promises",
    "disputes",
    "exclusions",
    "holds",
    "tasks",
)
"""Items first, then what takes from them, then what forbids; the log last of all."""

NEVER = date(9000, 1, 1)
"""A due date from here on is no due date."""

SHORT = timedelta(days=90)
"""The least that is read of people's contacts."""

LONGEST = timedelta(days=400)
"""Promises need the payments of this long even when no fact asks for so much."""


@dataclass(frozen=True, slots=True)
class Read:
    """A book and the log that was read after it; `now` is the ERP's clock then."""

    book: Book
    entries: Sequence[Entry]
    now: datetime

    def memories(self) -> Mapping[str, Memory]:
        """What each debtor's entries fold to; debtors without entries are not in it."""
        grouped: dict[str, list[Entry]] = {}
        for entry in self.entries:
            grouped.setdefault(entry.debtor, []).append(entry)
        return {debtor: fold(entries) for debtor, entries in grouped.items()}


def read(
    adapter: Adapter,
    house: House,
    *,
    describe: Describe | None = None,
    debtors: Sequence[str] | None = None,
    progress: Progress = silent,
    meanwhile: Callable[[str, Book], object] = lambda table, book: None,
) -> Read:
    """Read the whole book, or some debtors; a fixed number of calls for each page.

    `meanwhile` is called after each table with the book so far, to begin what can begin.
    """
    described = describe or adapter.describe()
    since = described.on - span(house)
    tables: dict[str, pl.DataFrame] = {}
    book = Book(described, tables)
    for done, name in enumerate(ORDER):
        progress("reading", done, len(ORDER) + 1)
        tables[name] = _table(adapter, name, debtors, since)
        meanwhile(name, book)
    progress("reading", len(ORDER), len(ORDER) + 1)
    heads = adapter.heads(debtors=debtors, since=since)
    progress("reading", len(ORDER) + 1, len(ORDER) + 1)
    return Read(book, heads.entries, heads.now)


def _table(
    adapter: Adapter, name: str, debtors: Sequence[str] | None, since: date
) -> pl.DataFrame:
    try:
        pages = [
            frame(name, page)
            for page in adapter.read(
                name, debtors=debtors, since=since if name == "settlements" else None
            )
        ]
        table = pl.concat(pages, rechunk=True) if pages else empty(name)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise ContractBrokenError(f"table '{name}' is not as published: {error}") from error
    for problem in page_problems(name, table):
        raise ContractBrokenError(problem)
    if "due" in table.columns:
        # 9999-12-31 and the like are how some systems write that nothing is due
        table = table.with_columns(pl.when(pl.col("due") < NEVER).then(pl.col("due")))
    return table


def span(house: House) -> timedelta:
    """How far back payments and contacts are needed: the longest period in force."""
    longest = max(SHORT, LONGEST)
    counts = [budget.within for budget in house.budget]
    counts += [t.within for c in conditions(house) for t in tests(c) if t.within]
    for duration in counts:
        days = {"days": 1, "business days": 3, "weeks": 7, "months": 31}[duration.unit]
        longest = max(longest, timedelta(days=duration.count * days + 10))
    return longest


def conditions(house: House) -> list[Condition]:
    """Every condition that a house and its policies ask."""
    found = [p.when for p in house.pause] + [v.when for v in house.veto]
    for policy in house.policies:
        found += [policy.applies_to, *(s.when for s in policy.segments)]
        found += [p.when for p in policy.pause or ()] + [w.when for w in policy.watch]
        found += [a.when for a in policy.adopt]
        for stage in policy.ladder:
            found += [stage.for_, stage.when]
            found += [stage.jump] if stage.jump else []
            found += [stage.approve.when] if stage.approve else []
    return found


__all__ = ["ORDER", "TABLES", "Read", "conditions", "read", "span"]
