"""What changed in a company since it was read: by change data capture, as far as that reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from dunwell_quickbooks import querying
from dunwell_quickbooks.cache import Entity, Kept
from dunwell_quickbooks.calendar import zone_of
from dunwell_quickbooks.door import RefusedError
from dunwell_quickbooks.querying import quoted

if TYPE_CHECKING:
    from dunwell_quickbooks.company import Company

KINDS = ("Customer", "Invoice", "Payment", "CreditMemo", "Term")

FULL = 1000
"""So many changes may be a cut answer: it says nowhere that it was cut."""

OVERLAP = timedelta(minutes=2)
"""How far before the newest reading changes are asked for again."""

OLDEST = timedelta(days=29)
"""Changes are told for 30 days."""

WHOLE = timedelta(days=7)
"""How long changes alone are believed."""

EVERY_NAME = "Active IN (true,false)"
"""Lists of names tell of inactive entries only when asked like this."""

Part = tuple[str, Callable[[Entity], bool]]
"""Which records of a kind are read: a condition, and the same of a record."""


def catch_up(company: Company, kept: Kept) -> bool:
    """Read what changed; False where only reading everything tells."""
    assert kept.since is not None
    assert kept.whole is not None
    if kept.since - kept.whole > WHOLE:
        return False
    since = kept.since - OVERLAP
    clock = company.clock
    if clock.age() < float("inf") and clock.now() - since > OLDEST:
        return False
    try:
        found = told(company, since)
    except RefusedError:
        return False  # the window is too old for the service, whose clock we do not know yet
    now = clock.now()
    if now - since > OLDEST:  # the clock was not known before
        return False
    if sum(map(len, found.values())) >= FULL:
        _each(company, kept, since)
    else:
        take(company, found)
    kept.since = max(kept.since, now)
    return now - kept.whole <= WHOLE


def _each(company: Company, kept: Kept, since: datetime) -> None:
    """Changes of each kind alone; where even those may be cut the records themselves."""
    for kind in KINDS:
        found = told(company, since, kind)
        if len(found.get(kind, ())) < FULL:
            take(company, found)
        elif not _paged(company, kept, kind, since):
            kept.records[kind] = company.all_of(kept, kind)
            company.turn += 1


def _paged(company: Company, kept: Kept, kind: str, since: datetime) -> bool:
    """Read the records that changed page by page; False where others of them were deleted.

    What was deleted is not found like this, but then there are fewer than we know.
    """
    where = f"MetaData.LastUpdatedTime >= {quoted(since.isoformat(timespec='seconds'))}"
    named = f"{where} AND {EVERY_NAME}" if kind in ("Customer", "Term") else where
    for row in company.every(kind, named):
        company.put(kind, row)
    known = kept.of(kind).values()
    return all(
        querying.count(company.door, kind, where) == sum(map(within, known))
        for where, within in wanted(company, kept, kind)
    )


def wanted(company: Company, kept: Kept, kind: str) -> Sequence[Part]:
    """Which records of a kind are read: of what is settled only the history that is asked for."""
    zone = zone_of(company.options.timezone, kept.company, "")
    on = company.clock.now().astimezone(zone).date()
    first = str(on - timedelta(days=31 * company.options.history_months))
    if kind == "Payment":
        return [(f"TxnDate >= {quoted(first)}", lambda row: _day(row) >= first)]
    if kind == "Invoice":
        old = f"TxnDate < {quoted(first)} AND Balance > '0'"
        return [
            (f"TxnDate >= {quoted(first)}", lambda row: _day(row) >= first),
            (old, lambda row: _day(row) < first and bool(row.get("Balance"))),
        ]
    return [("" if kind == "CreditMemo" else EVERY_NAME, lambda row: True)]


def _day(row: Entity) -> str:
    return str(row.get("TxnDate") or date.min)


def told(company: Company, since: datetime, *kinds: str) -> Mapping[str, Sequence[Entity]]:
    """The changes since an instant, of all kinds or some: one call."""
    entities = ",".join(kinds or KINDS)
    params = {"entities": entities, "changedSince": since.isoformat(timespec="seconds")}
    answer = company.door.read("cdc", params)
    found: dict[str, list[Entity]] = {}
    for part in answer.get("CDCResponse") or []:
        for group in part.get("QueryResponse") or []:
            for kind in KINDS:
                found.setdefault(kind, []).extend(group.get(kind) or [])
    return found


def take(company: Company, found: Mapping[str, Sequence[Entity]]) -> None:
    """Take changes over."""
    for kind, rows in found.items():
        for row in rows:
            company.put(kind, row)
