"""`dunwell explain` and `log`: why, what comes next, and what has been."""

from __future__ import annotations

from datetime import date

import click

from dunwell.cli.days import Day
from dunwell.cli.output import columns, examples, say_json
from dunwell.cli.planning import as_json, opened, say_lines
from dunwell.cli.session import Session, format_option, pass_session


@click.command(
    short_help="Say why this, why not that, and what comes next.",
    epilog=examples(
        "dunwell explain C0042",
        "dunwell explain 'Acme SL'",
        "dunwell explain F-2026-0815 --as-of 2026-04-01",
    ),
)
@click.argument("who", metavar="CUSTOMER_OR_INVOICE")
@click.option("--as-of", type=Day(), help="Explain as of another day.")
@click.option("--all", "every", is_flag=True, help="Show every item, not only the first.")
@click.option("--trace", is_flag=True, help="Show which rules of the network fired, and why.")
@format_option
@pass_session
def explain(
    session: Session, who: str, as_of: date | None, every: bool, trace: bool, form: str
) -> None:
    """Explain what the policy says of a customer: by its number, its name, or an invoice.

    Which policy and segment apply and why not the others; for each open item its stage, what
    silences it, and every condition that its next step waits for, with the fact, the threshold and
    where it is written; holds and whose they are; contacts and the budget; and what comes next and
    on which date. 'customer:' or 'invoice:' in front of a number says which of the two is meant.
    """
    from dunwell.cli.subject import one
    from dunwell.render.explain import explain_lines
    from dunwell.run.explain import explain as tell

    with opened(session) as engine:
        told = tell(engine, one(engine.adapter, who), as_of=as_of)
    if form == "json":
        say_json({"version": 1, **as_json(told)})
    else:
        say_lines(explain_lines(told, every=every, trace=trace))


@click.command(
    short_help="Show the log as the ERP has it.",
    epilog=examples("dunwell log", "dunwell log C0042 --limit 20"),
)
@click.argument("who", metavar="[CUSTOMER]", required=False)
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1), help="Entries at most."
)
@format_option
@pass_session
def log(session: Session, who: str | None, limit: int, form: str) -> None:
    """Show the log of a customer, or of all: Dunwell's entries and people's, the newest first."""
    from dunwell.cli.subject import one
    from dunwell.cli.wiring import open_adapter, refuse
    from dunwell.render.log import log_lines, log_values
    from dunwell.run.find import names

    setup = session.setup()
    refuse(setup.problems)
    adapter = open_adapter(setup)
    try:
        debtor = one(adapter, who).debtor if who else None
        entries = adapter.log(debtor, limit=limit)
        known = names(adapter, sorted({entry.debtor for entry in entries}))
    finally:
        adapter.close()
    if form == "json":
        say_json({"version": 1, "entries": [as_json(line) for line in log_values(entries)]})
    else:
        say_lines(log_lines(entries, known, columns=columns()))
