"""What became of a plan or a run, counted for people, programs and monitoring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from dunwell.command import Receipt
from dunwell.run.clauses import Said
from dunwell.run.planfile import Plan
from dunwell.run.summary import what

GROUPS = {
    "done": "done",
    "already_done": "done",
    "skipped": "skipped",
    "failed": "failed",
    "rejected": "failed",
    "abandoned": "failed",
    "unknown": "unknown",
}
"""The four counts in which a receipt is told."""


class ReceiptLine(Said, frozen=True):
    """What became of one command."""

    customer: str
    company: str
    name: str
    kind: str
    what: str
    source: str
    key: str
    status: str
    reason: str
    delivery: str
    detail: str


class OutcomeRow(Said, frozen=True):
    """How many commands of a kind came to the same end for the same reason."""

    status: str
    reason: str
    kind: str
    commands: int


class Applied(Said, frozen=True):
    """A plan that was applied; `waiting` steps need a yes that nobody has refused."""

    version: int
    on: date
    plan: str
    done: int
    skipped: int
    failed: int
    unknown: int
    waiting: int
    rows: tuple[OutcomeRow, ...]
    receipts: tuple[ReceiptLine, ...]


class Ran(Said, frozen=True):
    """A whole run. `unknown` counts every outcome that nobody knows, older ones too; `stopped`
    says why nothing was done. Only `seconds` differs between equal runs.
    """

    version: int
    on: date | None
    done: int = 0
    skipped: int = 0
    failed: int = 0
    unknown: int = 0
    waiting: int = 0
    paused: int = 0
    left_alone: int = 0
    recovered: tuple[str, ...] = ()
    collected: tuple[str, ...] = ()
    reader: str = ""
    problems: tuple[str, ...] = ()
    stopped: str = ""
    exit_code: int = 0
    seconds: float = 0.0


def applied(plan: Plan, receipts: Sequence[Receipt]) -> Applied:
    """Count what became of a plan."""
    names = {(a.debtor, a.company): a.name for a in plan.accounts}
    lines = tuple(
        ReceiptLine(
            r.debtor,
            r.company,
            names.get((r.debtor, r.company), r.debtor),
            r.command.kind,
            what(r.command),
            r.command.source,
            r.result.key,
            r.result.status,
            r.result.reason,
            r.result.delivery,
            r.result.detail,
        )
        for r in receipts
    )
    counts = Counter(GROUPS[line.status] for line in lines)
    rows = Counter((line.status, line.reason, line.kind) for line in lines)
    order = list(GROUPS)
    return Applied(
        version=1,
        on=plan.header.on,
        plan=plan.digest,
        done=counts["done"],
        skipped=counts["skipped"],
        failed=counts["failed"],
        unknown=counts["unknown"],
        waiting=waiting(plan),
        rows=tuple(
            OutcomeRow(*key, rows[key])
            for key in sorted(rows, key=lambda k: (order.index(k[0]), k[1], k[2]))
        ),
        receipts=lines,
    )


def waiting(plan: Plan) -> int:
    """How many steps of a plan wait for a yes that nobody has refused."""
    return sum(w.refused_until is None for a in plan.accounts for w in a.waiting)
