"""The cases of some debtors: their rows, the policy that judges each account, rates and calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import polars as pl

from dunwell.calendar import Calendar, CalendarSource
from dunwell.decide.case import Case
from dunwell.decide.evaluator import applies
from dunwell.facts import Registry
from dunwell.log.fold import NOTHING, Memory
from dunwell.model import Book
from dunwell.model.rows import Account, accounts
from dunwell.money import Rates
from dunwell.policy.tree import House, Policy

Remember = Callable[[str], Memory]
"""What is remembered of a debtor."""

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
    remember: Remember,
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
    made = [
        _case(account, remember(account.debtor) or NOTHING, setting, exchange, calendars)
        for account in accounts(book, debtors)
    ]
    return plug(made, setting.registry)


def _case(
    account: Account,
    memory: Memory,
    setting: Setting,
    exchange: Mapping[str, Rates],
    calendars: Mapping[str, Calendar],
) -> Case:
    case = Case(
        account,
        setting.house,
        NOBODY,
        calendars[NOBODY.name],
        exchange[account.company.id],
        setting.on,
        memory,
    )
    for policy in setting.house.policies:
        judged = replace(case, policy=policy, calendar=calendars[policy.name])
        if applies(policy, judged, setting.registry):
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
            keys = [(n, i.id) for n, case in enumerate(found) for i in case.account.items]
            rows = [_row(i, found[n].on) for n, i in _items(found)]
        else:
            keys = [(n, "") for n, _ in enumerate(found)]
            rows = [_row(case.account.payer, case.on) for case in found]
        if not rows:
            continue
        values = fact.column(pl.DataFrame(rows, infer_schema_length=None)).to_list()
        for (n, item), value in zip(keys, values, strict=True):
            plugged[n][(fact.name, item)] = value
    return [replace(case, plugged=extra) for case, extra in zip(found, plugged, strict=True)]


def _items(found: Sequence[Case]) -> Iterable[tuple[int, object]]:
    return ((n, i) for n, case in enumerate(found) for i in case.account.items)


def _row(value: object, on: date) -> dict[str, object]:
    row = {name: getattr(value, name) for name in value.__slots__}  # type: ignore[attr-defined]
    return {**{k: list(v) if isinstance(v, tuple) else v for k, v in row.items()}, "on": on}
