"""What became of a plan, and the one line of a run for monitoring."""

from __future__ import annotations

from collections.abc import Iterator

from dunwell.render.text import count, safe, table
from dunwell.run.outcomes import GROUPS, Applied, Ran, ReceiptLine

WORDS = {
    "changed": "done by now, or the facts have changed since the plan was made",
    "superseded": "another run was faster",
    "window": "outside the hours in which the customer may be contacted",
    "limit": "over a limit",
    "not_approved": "the yes was taken back",
    "busy": "another run is at work on the customer",
    "later": "it may work later; the next run tries again",
    "never": "it will not work like this",
    "now": "it may be tried again at once",
}
"""What the reasons of receipts mean."""

RESOLVE = "dunwell resolve KEY --sent|--not-sent --by NAME --because TEXT"

MOST = 50
"""Failures that are listed."""


def applied_lines(done: Applied, *, every: bool = False) -> Iterator[str]:
    """Receipts by status and reason, then each that failed or is unknown."""
    total = done.done + done.skipped + done.failed + done.unknown
    if not total:
        yield "nothing was to be done"
    else:
        yield (
            f"{done.done:,} of {count(total, 'command')} done, {done.skipped:,} skipped, "
            f"{done.failed:,} failed, {done.unknown:,} unknown"
        )
    if done.rows:
        yield ""
        head = ("status", "what", "commands", "why")
        rows = [
            (r.status, r.kind, f"{r.commands:,}", WORDS.get(r.reason, r.reason)) for r in done.rows
        ]
        yield from table(head, rows, right=(2,))
    bad = [r for r in done.receipts if GROUPS[r.status] in ("failed", "unknown")]
    shown = bad if every else bad[:MOST]
    if shown:
        yield ""
        yield "Failed or unknown"
        yield from (f"  {_receipt(r)}" for r in shown)
        if len(shown) < len(bad):
            yield f"  and {len(bad) - len(shown):,} more (--all shows them)"
    if done.unknown:
        yield f"  settle what is unknown: {RESOLVE}"
    if done.waiting:
        yield ""
        waits = "step waits" if done.waiting == 1 else "steps wait"
        yield f"{done.waiting:,} {waits} for a yes: dunwell approve PLAN --by NAME --because TEXT"


def _receipt(line: ReceiptLine) -> str:
    what = " ".join(part for part in (line.kind, line.what) if part)
    reason = f" {line.reason}" if line.reason else ""
    detail = f": {line.detail}" if line.detail else ""
    key = f" [{line.key}]" if line.status == "unknown" and line.key else ""
    return safe(f"{line.name} ({line.customer}): {what}: {line.status}{reason}{detail}{key}")


def run_line(ran: Ran) -> str:
    """One line for monitoring: the day, counts, how long it took, which reader decided.

    A run that did nothing says why: `2026-03-04 stopped: 510 commands, and the limit is 500`.
    """
    day = str(ran.on) if ran.on else "-"
    if ran.stopped:
        return f"{day} stopped: {safe(ran.stopped)}"
    names = ("done", "skipped", "failed", "unknown", "waiting", "paused")
    counts = " ".join(f"{name}={getattr(ran, name)}" for name in names)
    # one word: why the evaluator stands in is told by `plan` and `-v`
    reader = safe(ran.reader).partition(" ")[0].rstrip(":,")
    return f"{day} {counts} in {ran.seconds:.1f}s reader={reader}"
