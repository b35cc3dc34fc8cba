"""The open items of an explanation: where each stands, and what its next step waits for."""

from __future__ import annotations

from collections.abc import Iterator

from dunwell.render.amounts import money
from dunwell.render.conditions import MARK, clause_lines
from dunwell.render.text import count, listed, safe
from dunwell.run.reports import AccountReport, Explanation, Gate, ItemReport, Reason

FIRST = 30
"""Items that are told in full unless all are asked for; the most telling ones come first."""


def item_lines(account: AccountReport, told: Explanation, every: bool) -> Iterator[str]:
    """The items that were asked for; else the first of them, or every one."""
    asked = set(told.asked_items)
    items = [i for i in account.items if not asked or i.id in asked or every]
    shown = items if every else items[:FIRST]
    for item in shown:
        yield ""
        yield from (f"  {line}" for line in _item(item))
    left = len(account.items) - len(shown)
    if left:
        yield ""
        yield f"  and {count(left, 'other open item')} (--all shows them)"


def _item(item: ItemReport) -> Iterator[str]:
    due = f"due {item.due}" if item.due else "no due date"
    days = item.days_past_due
    if days is not None and days > 0:
        due += f", {count(days, 'day')} past due"
    elif days is not None:
        due += f", in {count(-days, 'day')}" if days else ", today"
    balance = "" if item.balance == item.to_pay else f" of a balance of {money(item.balance)}"
    yield f"{safe(item.number)}  {due}  {money(item.to_pay)} to pay{balance}"
    if item.stage:
        again = f", cycle {item.cycle}" if item.cycle else ""
        yield f"  at stage {safe(item.stage)} since {item.since}{again}"
    else:
        yield "  before the first stage"
    if item.half_done:
        stage, *parts = item.half_done
        yield f"  half done: of {safe(stage)} there is {listed(parts)} already"
    yield f"  {safe(item.says)}{_until(item)}"
    for reason in item.reasons:
        yield from _reason(reason)
    yield from _next(item)


def _until(item: ItemReport) -> str:
    return f"; nothing silences it from {item.paused_until} on" if item.paused_until else ""


def _reason(reason: Reason) -> Iterator[str]:
    says = f": {reason.says}" if reason.says else ""
    yield f"    {reason.kind} {safe(reason.name)}{safe(says)}"
    if reason.clause is not None:
        yield from clause_lines(reason.clause, "      ")


def _next(item: ItemReport) -> Iterator[str]:
    for passed in item.passed_by:
        yield f"  {safe(passed.name)} is not for it"
        yield from clause_lines(passed.clause, "      ")
    if item.next_stage:
        role = f" (waits for a yes of {safe(item.approval)})" if item.approval else ""
        yield f"  next stage {safe(item.next_stage)}{role}"
    for gate in item.gates:
        yield from _gate(gate)
    for jump in item.jumps:
        yield f"  jump to {safe(jump.name)}"
        yield from clause_lines(jump.clause, "      ")
    if item.comes_on is not None:
        waits = ", where it waits for a yes" if item.comes_waits else ""
        yield f"  comes next: {safe(item.comes)} on {item.comes_on}{waits}"
    elif item.status not in ("covered", "disputed", "no_due_date", "unmapped"):
        yield "  comes next: nothing that can be foreseen"


def _gate(gate: Gate) -> Iterator[str]:
    if gate.clause is not None:
        yield from clause_lines(gate.clause, "      ")
    else:
        yield f"      {MARK[gate.holds]} {gate.what}: {safe(gate.says)}"
