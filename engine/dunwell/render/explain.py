"""An explanation for a person: why this, why not that, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from dunwell.command import AccountPlan
from dunwell.render.amounts import money, sums
from dunwell.render.conditions import MARK, clause_lines, failing
from dunwell.render.explain_items import item_lines
from dunwell.render.plan import VERBS
from dunwell.render.text import count, listed, safe, table
from dunwell.run.reports import (
    AccountReport,
    Asked,
    BudgetReport,
    Coming,
    Explanation,
    WatchReport,
)
from dunwell.run.summary import what

SOON = 15
"""Days to come that are shown."""


def explain_lines(told: Explanation, *, every: bool = False, trace: bool = False) -> Iterator[str]:
    """Everything about a customer, the accounts one after the other."""
    asked = safe(told.asked)
    yield f"{safe(told.name)} ({safe(told.customer)}) on {told.on}, asked for as {asked}"
    for others in filter(None, [listed(told.customers)]):
        yield f"  pays for {others} too"
    yield from (f"  NOTE {safe(note)}" for note in told.notes)
    if not told.accounts:
        yield "  owes nothing: no open item, credit, hold or task, so no policy is asked"
    for account in told.accounts:
        yield ""
        yield from _account(account, told, every)
        if trace:
            yield from _block("Fired by the rule network", list(_trace(account)), "  ")
    yield from _block("Contacts, the newest first", [safe(c) for c in told.contacts])
    yield from _block("Contact budget", [_budget(b) for b in told.budgets])
    yield from _block("Said by people", [_word(told, n) for n in range(len(told.words))])
    if told.accounts:
        yield from _coming(told)


def _block(title: str, lines: Sequence[str], indent: str = "") -> Iterator[str]:
    if lines:
        yield ""
        yield f"{indent}{title}"
        yield from (f"{indent}  {line}" for line in lines)


def _account(account: AccountReport, told: Explanation, every: bool) -> Iterator[str]:
    yield f"Owed to {safe(account.company_name)} ({safe(account.company)})"
    yield f"  past due {sums(account.overdue)}; exposure {sums(account.exposure)}"
    if account.credits:
        yield f"  credits not applied {sums(account.credits)}"
    for alone in account.left_alone:
        yield f"  LEFT ALONE {safe(alone)}"
    yield from (f"  UNKNOWN {safe(doubt)}" for doubt in account.unknown)
    yield from _chosen("policy", account.policy, account.policies)
    if account.policy:
        yield from _chosen("segment", account.segment, account.segments)
        yield from _today(account)
    yield from item_lines(account, told, every)
    yield from _block("Holds and tags", [_standing(s) for s in _standings(account)], "  ")
    for title, lines in (
        ("Vetoes in force", [line for v in account.vetoes for line in _asked(v)]),
        ("Watches", [line for w in account.watches for line in _watch(w, every)]),
    ):
        yield from _block(title, lines, "  ")


def _standings(account: AccountReport) -> Iterator[tuple[str, str, str]]:
    for s in account.standing:
        force = "in force" if s.in_force else "not in force"
        yield f"{s.kind} {s.name}", force, s.says


def _standing(parts: tuple[str, str, str]) -> str:
    name, force, says = parts
    return safe(f"{name}, {force}: {says}")


def _chosen(kind: str, name: str, asked: Sequence[Asked]) -> Iterator[str]:
    """The policy or segment that applies, why, and why not the ones before it."""
    plural = {"policy": "policies"}.get(kind, f"{kind}s")
    if name:
        yield f"  {kind} {safe(name)}"
    elif asked:
        yield f"  {kind}: none of the {plural} applies"
    for each in asked:
        if each.holds and not each.clause.parts and each.clause.kind != "test":
            continue  # it asks for nothing
        yield from (f"    {line}" for line in _asked(each))


def _asked(asked: Asked) -> Iterator[str]:
    yield f"{MARK[asked.holds]} {safe(asked.name)}"
    yield from clause_lines(asked.clause, "      ")


def _today(account: AccountReport) -> Iterator[str]:
    plan = account.plan
    yield "  today"
    said = list(_commands(plan, account)) if plan else []
    yield from (f"    {line}" for line in said)
    if not said:
        yield "    nothing is to be done"
    if account.recipient or account.hours:
        to = safe(account.recipient) or "nobody"
        yield f"    a message would go to {to}: {safe(account.hours)}"


def _commands(plan: AccountPlan, account: AccountReport) -> Iterator[str]:
    numbers = {item.id: item.number for item in account.items}
    for command in plan.commands:
        verb = VERBS.get(command.kind, command.kind)
        name = what(command) or command.summary
        items = listed([numbers.get(i, i) for i in command.items])
        to = f" to {command.message.address}" if command.message else ""
        stage = f"  [{command.source}]" if command.source else ""
        for_ = f" for {items}" if items else ""
        yield f"{safe(f'{verb} {name}'.rstrip())}{safe(to)}{for_}{safe(stage)}"
    for waiting in plan.waiting:
        names = listed([numbers.get(i, i) for i in waiting.items])
        until = f", refused until {waiting.refused_until}" if waiting.refused_until else ""
        if waiting.refused_until and waiting.refused_until.year == 9999:
            until = ", refused without an end"
        yield f"{safe(waiting.stage)} waits for a yes of {safe(waiting.role)} for {names}{until}"
    for note in plan.notes:
        if not note.startswith("left alone: "):
            yield safe(note)


def _watch(watch: WatchReport, every: bool) -> Iterator[str]:
    fires = ", fires today" if watch.fires else ""
    last = f", last on {watch.last}" if watch.last else ""
    said = f"{MARK[watch.holds]} {safe(watch.name)}{fires}{last}"
    if watch.holds or every:
        yield said
        yield from clause_lines(watch.clause, "      ")
        return
    lacks = next(failing(watch.clause), None)
    yield f"{said}: {lacks}" if lacks else said


def _trace(account: AccountReport) -> Iterator[str]:
    for trace in account.trace:
        yield f"{safe(trace.fact)}  by {safe(trace.rule)}"
        yield from (f"    because {safe(cause)}" for cause in trace.because)


def _budget(budget: BudgetReport) -> str:
    used = f"{len(budget.used)} of {count(budget.contacts, 'contact')} within {budget.within} used"
    if len(budget.used) < budget.contacts:
        return used
    free = f"free again on {budget.free_on}" if budget.free_on else "never free again"
    return f"{used}; {free}"


def _word(told: Explanation, number: int) -> str:
    word = told.words[number]
    amount = f" up to {money(word.amount)}" if word.amount else ""
    until = f" until {word.until}" if word.until else ""
    because = f": {word.because}" if word.because else ""
    yes = "yes" if word.yes else "no"
    return safe(f"{word.on}  {word.by} said {yes}{amount}{until}{because}")


def _coming(told: Explanation) -> Iterator[str]:
    later = [c for c in told.coming if c.on > told.on]
    yield ""
    yield f"What comes next, {told.assumption}"
    days = [(day, list(group)) for day, group in groupby(later, key=lambda c: c.on)]
    if not days:
        yield f"  nothing until {told.looked_until}"
        return
    rows = [
        (str(day) if not n else "", event.stage, _event(event), listed(event.items, most=3))
        for day, events in days[:SOON]
        for n, event in enumerate(events)
    ]
    yield from table(("day", "stage", "what", "items"), rows, most={1: 24, 2: 90, 3: 40})
    if len(days) > SOON:
        yield f"  and on {count(len(days) - SOON, 'more day')} until {told.looked_until}"
    else:
        yield f"  nothing more until {told.looked_until}"


def _event(event: Coming) -> str:
    if event.what == "waits":
        return f"waits for a yes of {event.detail}"
    if event.what == "put_off":
        return f"put off: {event.detail}"
    return f"{VERBS.get(event.what, event.what)} {event.detail}".rstrip()
