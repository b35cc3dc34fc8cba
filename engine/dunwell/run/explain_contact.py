"""How a customer can be reached, who has been in touch, and what people have said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from dunwell.calendar import Duration, first_within
from dunwell.decide.case import Case
from dunwell.log.fold import Memory
from dunwell.money import Money
from dunwell.run.clauses import cash
from dunwell.run.engine import Engine
from dunwell.run.reach import hours
from dunwell.run.recipients import recipients
from dunwell.run.reports import BudgetReport, WordReport


def reach(case: Case, engine: Engine) -> tuple[str, str]:
    """Where a message would go now, and in which hours of today."""
    rules = case.house.contacts(case.policy)
    channels = [c for c in rules.channels if c in engine.ways]
    if not channels:
        return "", "no channel of the policy is configured"
    to = next(recipients(case, (), channels), None)
    if to is None:
        bad = len(case.memory.state.bounces)
        return "", "every address is known to bounce" if bad else "there is no address"
    when, why_not = hours(case, rules.windows.get(to.channel))
    if why_not:
        return f"{to.address} by {to.channel}", why_not
    if when is None:
        return f"{to.address} by {to.channel}", "at any hour"
    span = f"{when[0]:%H:%M} to {when[1]:%H:%M} UTC"
    return f"{to.address} by {to.channel}", span


def contacts(memory: Memory, zone: str) -> Iterator[str]:
    """The newest contacts, ours and people's."""
    ours = [(c.on, f"{c.on}  dunwell  {c.channel or 'message'}") for c in memory.state.contacts]
    theirs = []
    for contact in memory.people:
        day = contact.at.astimezone(ZoneInfo(zone)).date()
        theirs.append((day, f"{day}  a person  {contact.channel}: {contact.text}"))
    for _, text in sorted([*ours, *theirs], reverse=True)[:10]:
        yield text


def budgets(case: Case) -> Iterator[BudgetReport]:
    """What is used of each budget today, and when there is a contact left again."""
    for budget in case.house.budget:
        days = (case.on + timedelta(n) for n in range(400))
        free = (day for day in days if len(_used(case, budget.within, day)) < budget.contacts)
        used = _used(case, budget.within, case.on)
        yield BudgetReport(budget.contacts, str(budget.within), used, next(free, None))


def _used(case: Case, within: Duration, day: date) -> tuple[date, ...]:
    first = first_within(day, within, calendar=case.calendar)
    return tuple(contact for contact in case.contacts if first <= contact <= day)


def words(memory: Memory) -> Iterator[WordReport]:
    """What people said of steps, the newest first."""
    for said in sorted(memory.state.approvals, key=lambda a: a.on, reverse=True):
        amount = None if said.amount is None else cash(Money(said.amount, said.currency))
        yield WordReport(said.yes, said.by, said.on, amount, said.until, said.because)
