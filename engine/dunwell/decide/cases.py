"""The cases of some debtors: rows, the policy that judges each account, rates, calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import msgspec
import polars as pl

from dunwell.calendar import Calendar, CalendarSource
from dunwell.decide.case import Case
from dunwell.decide.certain import Asks
from dunwell.decide.memories import Memories
from dunwell.decide.reading import applies
from dunwell.decide.values import Sum
from dunwell.facts import Fact, Registry
from dunwell.model import TABLES, Book
from dunwell.model.accounts import accounts
from dunwell.model.rows import Customer, Item
from dunwell.money import Rates
from dunwell.policy.tree import House, Policy

NOBODY = Policy("", "EUR")
"""Stands in for the policy of an account that no policy covers."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all cases of a run."""

    house: House
    registry: Registry
    on: date
    sources: tuple[CalendarSource, ...] | None = None


def rates(book: Book, on: date) -> Mapping[str, Rates]:
    """Each company's exchange rates of the day: the ERP's newest ones that are valid by then."""
    found: dict[str, dict[str, Fraction]] = {}
    for company, currency, _, rate in (
        book["rates"]
        .filter(pl.col("on") <= on)
        .sort("on")
        .select("company", "currency", "on", "rate")
        .iter_rows()
    ):
        worth = Fraction(rate)  # units of the company's currency for one of this
        if worth > 0:
            found.setdefault(company, {})[currency] = 1 / worth
    companies = book["companies"].select("id", "currency").iter_rows()
    return {
        company: Rates(base, {c: r for c, r in found.get(company, {}).items() if c != base})
        for company, base in companies
    }


def calendar_of(
    house: House, policy: Policy | None, sources: tuple[CalendarSource, ...] | None = None
) -> Calendar:
    """The calendar in force for a policy."""
    rules = house.calendar if policy is None else house.calendars(policy)
    extra = {} if sources is None else {"sources": sources}
    return Calendar(
        rules.holidays,
        closed=frozenset(rules.closed),
        timezone=rules.timezone or "UTC",
        **extra,  # type: ignore[arg-type]
    )


def cases(
    book: Book,
    memories: Memories,
    setting: Setting,
    *,
    debtors: Sequence[str] | None = None,
) -> list[Case]:
    """The cases of some debtors (None: all), sorted; `policy.name` is "" where none applies."""
    exchange = rates(book, setting.on)
    calendars = {
        policy.name: calendar_of(setting.house, policy, setting.sources)
        for policy in (*setting.house.policies, NOBODY)
    }
    found = [
        Case(
            account,
            setting.house,
            NOBODY,
            calendars[NOBODY.name],
            exchange[account.company.id],
            setting.on,
            memories.memory(account.debtor),
        )
        for account in accounts(book, debtors, remembered=remembered(memories, debtors))
    ]
    # plugged first: `applies_to` may read what plugins bring
    asks = Asks(setting.registry)
    return [_judged(case, setting, calendars, asks) for case in plug(found, setting.registry)]


def remembered(memories: Memories, debtors: Sequence[str] | None) -> list[tuple[str, str]]:
    """The accounts where a hold or tag of Dunwell's stands or was overridden."""
    standing = memories.standing.filter(pl.col("state") != "released")
    if debtors is not None:
        standing = standing.filter(pl.col("debtor").is_in(list(debtors)))
    return list(
        standing.select("debtor", "company").unique().sort("debtor", "company").iter_rows()
    )


def _judged(case: Case, setting: Setting, calendars: Mapping[str, Calendar], asks: Asks) -> Case:
    """The case under the first policy that applies; none does where another customer pays now."""
    if case.account.handed_over:
        return case
    for policy in setting.house.policies:
        judged = replace(case, policy=policy, calendar=calendars[policy.name])
        if applies(policy, judged, asks):
            return judged
    return case


def plug(made: Iterable[Case], registry: Registry) -> list[Case]:
    """Add the values of plugin facts, computed once for all cases.

    A plugin's `column` sees one row an item (or account) with the published columns of `items` (or
    `customers`), and `on`.
    """
    found = list(made)
    if not registry.extra:
        return found
    plugged: list[dict[tuple[str, str], object]] = [{} for _ in found]
    for fact in registry.extra:
        assert fact.column is not None
        if fact.level == "item":
            keys = [(n, i.id, i.currency) for n, c in enumerate(found) for i in c.account.items]
            rows = [_row(i, found[n].on) for n, i in _items(found)]
            schema = TABLES["items"].schema
        else:
            keys = [(n, "", c.account.company.currency) for n, c in enumerate(found)]
            rows = [_row(case.account.payer, case.on) for case in found]
            schema = TABLES["customers"].schema
        if not rows:
            continue
        frame = pl.DataFrame(rows, schema={**schema, "on": pl.Date()})
        values = fact.column(frame).to_list()
        for (n, item, currency), value in zip(keys, values, strict=True):
            plugged[n][(fact.name, item)] = known_value(fact, value, currency)
    return [replace(case, plugged=extra) for case, extra in zip(found, plugged, strict=True)]


def known_value(fact: Fact, value: object, currency: str) -> object:
    """What a plugin gave for one row, as conditions compare it; None is not known.

    Money is int minor units of the item's currency (of the company's books for accounts), a share
    a Decimal or int with 1 for all of it, texts a list.
    """
    if value is None:
        return None
    if fact.type == "money":
        return Sum({currency: int(value)})  # type: ignore[call-overload]
    if fact.type == "share":
        return Fraction(value)  # type: ignore[call-overload]
    if fact.type == "texts":
        return frozenset(value)  # type: ignore[call-overload]
    return value


def _items(found: Sequence[Case]) -> Iterable[tuple[int, Item]]:
    return ((n, i) for n, case in enumerate(found) for i in case.account.items)


def _row(value: Item | Customer, on: date) -> dict[str, object]:
    row = msgspec.structs.asdict(value)
    return {**{k: list(v) if isinstance(v, tuple) else v for k, v in row.items()}, "on": on}
