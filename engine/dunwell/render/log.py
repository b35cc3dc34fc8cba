"""The log of debtors as the ERP has it, one entry a line, the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from dunwell.log.entry import Entry
from dunwell.render.text import cut, fitted, safe, table
from dunwell.run.clauses import Said

NAME = 32
"""Columns of a customer's name."""


class LogLine(Said, frozen=True):
    """One entry for a program; `body` is what Dunwell remembers, as JSON text."""

    at: datetime
    customer: str
    company: str | None
    by: str
    kind: str
    direction: str
    channel: str
    position: int | None
    key: str
    text: str
    body: str


def log_values(entries: Sequence[Entry]) -> tuple[LogLine, ...]:
    """The entries as values."""
    return tuple(
        LogLine(
            e.at, e.debtor, e.company, e.by, e.kind, e.direction, e.channel, e.position, e.key,
            e.text, e.body,
        )
        for e in entries
    )  # fmt: skip


def log_lines(
    entries: Sequence[Entry], names: Mapping[str, str], *, columns: int | None = None
) -> Iterator[str]:
    """A table of entries, at most so many columns wide; `names` are those of debtors we know."""
    if not entries:
        yield "the log is empty"
        return
    head = ("at (UTC)", "customer", "by", "what", "text")
    rows = [
        (
            f"{e.at:%Y-%m-%d %H:%M}",
            _customer(e.debtor, names),
            e.by,
            _what(e),
            e.text,
        )
        for e in entries
    ]
    shown = rows if columns is None else fitted(head, rows, columns)
    yield from table(head, shown, indent="")


def _customer(debtor: str, names: Mapping[str, str]) -> str:
    """Its number is never cut: by it the customer is asked for."""
    return f"{cut(safe(names[debtor]), NAME)} ({debtor})" if debtor in names else debtor


def _what(entry: Entry) -> str:
    if entry.by == "dunwell":
        number = f"{entry.position} " if entry.position is not None else ""
        return f"{number}{entry.kind}"
    arrow = {"in": "from them, ", "out": "to them, "}.get(entry.direction, "")
    return f"{arrow}{entry.channel or entry.kind}"
