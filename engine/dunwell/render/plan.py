"""A plan for the person who has to decide whether to apply it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dunwell.render.amounts import stacked, sums
from dunwell.render.outcomes import RESOLVE
from dunwell.render.text import count, listed, safe, table
from dunwell.run.totals import AccountLine, Line, Row, Summary

FIRST = 20
"""Accounts that are shown unless all are asked for."""

FEW = 3
"""So many accounts that are left alone for one reason are told one by one."""

VERBS = {
    "remind": "send",
    "tell": "send word of a",
    "release": "release hold",
    "untag": "take off tag",
    "adopt": "place in silence",
    "override": "note a person's word",
    "clear": "forget a person's word",
}


def plan_lines(
    summary: Summary, *, every: bool = False, recovered: Sequence[str] = ()
) -> Iterator[str]:
    """The summary of a plan, what matters most first."""
    yield from _title(summary)
    yield from _trouble(summary, recovered)
    yield from _section("What it does", list(_what(summary)))
    yield from _section("Waiting for a yes", list(_waiting(summary)))
    yield from _section("Paused: left alone for now", list(_paused(summary)))
    yield from _section("Not today, and why", list(_put_off(summary)))
    yield from _section("Left alone: nothing was decided", list(_alone(summary, every)))
    yield from _accounts(summary, every)


def _title(summary: Summary) -> Iterator[str]:
    only = f", only {safe(summary.only)}" if summary.only else ""
    yield f"Plan of {summary.on} for {safe(summary.tenant)}{only}"
    if not summary.rows and not summary.waiting:
        yield f"  nothing is to be done for the {count(summary.judged, 'account')} judged"
        return
    yield (
        f"  {count(summary.commands, 'command')} for {summary.touched:,} of "
        f"{count(summary.judged, 'account')}"
    )
    if summary.unlimited:
        yield (
            f"  {count(summary.unlimited, 'more command')} that no limit counts: "
            "releases, and what only the log knows"
        )
    if summary.messages:
        demand = "message demands" if summary.messages == 1 else "messages demand"
        yield f"  {summary.messages:,} {demand} {sums(summary.money)}"
    if summary.tells:
        yield f"  {count(summary.tells, 'message')} to our own people, of the tasks they get"
    yield (
        f"  made {summary.made:%H:%M} UTC, to be applied until {summary.expires:%H:%M} UTC; "
        f"read by the {safe(summary.reader)}"
    )


def _trouble(summary: Summary, recovered: Sequence[str]) -> Iterator[str]:
    if summary.unknown:
        yield ""
        yield "UNKNOWN: nobody can tell whether these were done; settle them first"
        head = ("key", "customer", "what", "since")
        rows = ((d.key, f"{d.name} ({d.customer})", d.what, str(d.since)) for d in summary.unknown)
        yield from table(head, rows, most={1: 40})
        yield f"  {RESOLVE}"
    if summary.in_flight:
        yield ""
        customers = count(summary.in_flight, "customer")
        yield f"IN FLIGHT: {customers} of a run that is still at work, or stopped half way"
        yield "  once its lease has passed, 'dunwell run' finds out what was done"
    if summary.over:
        yield ""
        yield "OVER THE LIMIT: apply refuses this plan"
        yield from (f"  {safe(over)}" for over in summary.over)
    for title, lines in (("Recovered", recovered), ("Problems", summary.problems)):
        yield from _section(title, [f"  {safe(line)}" for line in lines])


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        yield from lines


def _what(summary: Summary) -> Iterator[str]:
    if not summary.rows:
        return
    several = len({row.policy for row in summary.rows}) > 1
    head = ["what", "stage", "commands", "customers", "money"]
    rows = []
    for row in summary.rows:
        source = f"{row.policy}/{row.source}" if several and row.source else row.source
        rows.append(
            (_kind(row), source, f"{row.commands:,}", f"{row.customers:,}", stacked(row.money))
        )
    yield from table(head, rows, right=(2, 3, 4), most={0: 44, 1: 40})


def _kind(row: Row | Line) -> str:
    return f"{VERBS.get(row.kind, row.kind)} {row.name}".rstrip()


def _waiting(summary: Summary) -> Iterator[str]:
    if not summary.waiting:
        return
    head = ("stage", "role", "customers", "items", "money", "oldest", "refused")
    rows = [
        (
            w.stage, w.role, f"{w.customers:,}", f"{w.items:,}", stacked(w.money),
            count((summary.on - w.since).days, "day"), f"{w.refused:,}" if w.refused else "",
        )
        for w in summary.waiting
    ]  # fmt: skip
    yield from table(head, rows, right=(2, 3, 4, 6))


def _paused(summary: Summary) -> Iterator[str]:
    if not summary.paused:
        return
    several = len({p.policy for p in summary.paused}) > 1
    rows = [
        (f"{p.policy}: {p.reason}" if several else p.reason, f"{p.items:,}", stacked(p.money))
        for p in summary.paused
    ]
    yield from table(("reason", "items", "balance"), rows, right=(1, 2))


def _put_off(summary: Summary) -> Iterator[str]:
    if summary.put_off:
        rows = [(p.why, f"{p.customers:,}") for p in summary.put_off]
        yield from table(("why", "customers"), rows, right=(1,), most={0: 90})


def _alone(summary: Summary, every: bool) -> Iterator[str]:
    """Accounts one by one; where many have one reason, the reason with the first of them."""
    groups: dict[str, list[str]] = {}
    for alone in summary.left_alone:
        groups.setdefault(alone.why, []).append(f"{alone.name} ({alone.customer})")
    lines = []
    for why, names in groups.items():
        if every or len(names) <= FEW:
            lines += [f"  {safe(name)}: {safe(why)}" for name in names]
        else:
            lines.append(f"  {count(len(names), 'account')}: {safe(why)}: {listed(names, most=2)}")
    yield from lines if every else lines[:FIRST]
    if not every and len(lines) > FIRST:
        yield f"  and {len(lines) - FIRST:,} more (--all shows them)"


def _accounts(summary: Summary, every: bool) -> Iterator[str]:
    accounts = summary.accounts if every else summary.accounts[:FIRST]
    if not accounts:
        return
    yield ""
    if len(accounts) < summary.working:
        total = f"{summary.working:,}"
        yield f"Accounts (the first {len(accounts)} of {total} by money; --all shows them)"
    else:
        yield "Accounts"
    for account in accounts:
        yield from _account(account)


def _account(account: AccountLine) -> Iterator[str]:
    segment = f", {safe(account.segment)}" if account.segment else ""
    amount = f"  {sums(account.money)}" if account.money else ""
    yield (
        f"  {safe(account.name)} ({safe(account.customer)}, {safe(account.company)}"
        f"{segment}){amount}"
    )
    for line in account.lines:
        yield f"    {_command(line)}"


def _command(line: Line) -> str:
    parts = [safe(_kind(line))]
    if line.kind in ("task", "note") and line.name:
        parts = [safe(f"{line.kind} '{line.name}'")]  # words of people, which go on otherwise
    if line.to:
        parts.append(f"to {safe(line.to)}")
    if line.items:
        parts.append(f"for {listed(line.items, most=3)}")
    said = " ".join(parts)
    why = f"{line.source}: {line.why}" if line.source and line.why else line.why or line.source
    return f"{said}  [{safe(why)}]" if why else said
