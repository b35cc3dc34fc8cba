"""All policies read for the whole book: signals where something is to do, and a summary."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from dunwell.calendar import CalendarSource
from dunwell.decide.cases import calendar_of, rates
from dunwell.decide.columns.base import Base
from dunwell.decide.columns.conditions import accounts_where
from dunwell.decide.columns.frames import Read, signals
from dunwell.decide.columns.moves import moves
from dunwell.decide.columns.number import numbered
from dunwell.decide.columns.overview import Overview, overview, strays, summed
from dunwell.decide.columns.problems import handed_over, problems
from dunwell.decide.columns.sheet import Sheet, View
from dunwell.decide.columns.silence import silence
from dunwell.decide.columns.standing import changes, in_force, names, wants, watching
from dunwell.decide.columns.watches import fires
from dunwell.decide.memories import Memories
from dunwell.decide.signals import Signals
from dunwell.facts import Registry
from dunwell.model import Book
from dunwell.model.owners import NUMBER
from dunwell.policy.tree import House


@dataclass(frozen=True, slots=True)
class Reading:
    """Signals of each policy that judges an account, and the summary of all."""

    signals: tuple[Signals, ...]
    overview: Overview


def read(
    book: Book,
    house: House,
    memories: Memories,
    registry: Registry,
    *,
    on: date,
    debtors: Collection[str] | None = None,
    sources: tuple[CalendarSource, ...] | None = None,
) -> Reading:
    """Read every policy for the accounts of some debtors (None: all) as of a day.

    An account is judged by the first policy that applies. Accounts have a number of their own in
    this reading, items too.
    """
    exchange = rates(book, on)
    whole = numbered(book, memories, on, debtors)
    gone = handed_over(whole)
    rest = whole.only(~gone)
    found: list[Signals] = []
    summaries: list[Mapping[str, pl.DataFrame]] = []
    judged = offset = 0
    for policy in house.policies:
        if not rest.accounts.height:
            break
        calendar = calendar_of(house, policy, sources)
        sheet = Sheet(rest, house, policy, calendar, exchange, registry)
        applies = accounts_where(sheet, policy.applies_to, View(on))
        own = rest.only(applies)
        rest = rest.only(~applies)
        if own.accounts.height:
            if own is not sheet.base:
                sheet = Sheet(own, house, policy, calendar, exchange, registry)
            judged += own.accounts.height
            made, summary = _judged(sheet, memories.garbled, offset)
            found.append(made)
            summaries.append(summary)
            offset += max(own.accounts.height, own.items.height)
    nobody = pl.concat(
        [part.select("debtor", "company") for part in (rest.accounts, whole.accounts.filter(gone))]
    )
    unjudged = {"unjudged": nobody.sort("debtor", "company"), "strays": strays(whole)}
    return Reading(tuple(found), overview([*summaries, unjudged], judged))


def _judged(
    sheet: Sheet, garbled: Mapping[str, str], offset: int
) -> tuple[Signals, dict[str, pl.DataFrame]]:
    base = sheet.base
    wrong = problems(sheet, garbled)
    left_alone = base.marked("a", wrong["a"])
    held = [accounts_where(sheet, s.when, View(sheet.on)) for s in sheet.policy.segments]
    sheet = sheet.knowing(segment=_first(held, base))
    quiet = silence(sheet)
    assert sheet.segment is not None
    sheet = sheet.knowing(segment=sheet.segment, uncounted=quiet.silent & ~quiet.listed)
    ways = moves(sheet)
    standing = names(sheet)
    wanted = wants(sheet, standing)
    watched = watching(sheet, standing)
    force = in_force(sheet, standing)
    fired = fires(sheet)
    going = ways.adopted | (ways.may & ~quiet.silent & ~quiet.resting)
    busy = pl.concat(
        [
            base.items["a"].filter(going),
            changes(sheet, wanted, watched, force, quiet),
            fired["a"],
        ]
    )
    chosen = base.marked("a", busy) & ~left_alone
    seen = Read(sheet, held, quiet, ways, standing, wanted, watched, force, fired)
    summary = summed(sheet, quiet, left_alone)
    named = wrong.join(base.accounts.select("a", "debtor", "company"), on="a")
    summary["problems"] = named.select(
        "debtor", "company", pl.lit(sheet.policy.name).alias("policy"), "problem"
    )
    return signals(seen, chosen, offset), summary


def _first(held: list[pl.Series], base: Base) -> pl.Series:
    """The place of the first that holds, by account; -1 where none does."""
    size = base.accounts.height
    found = pl.Series([-1], dtype=NUMBER).new_from_index(0, size)
    for index, column in reversed(list(enumerate(held))):
        mark = pl.Series([index], dtype=NUMBER).new_from_index(0, size)
        found = mark.zip_with(column, found)
    return found
