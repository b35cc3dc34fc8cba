"""A veto: nothing is sent to, or held against, customers on a list of insolvencies.

The list is the file `insolvent.txt` beside this one: a customer's identifier a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from dunwell.command import AccountPlan, Command
from dunwell.hooks import VetoPlugin, hookimpl

LIST = Path(__file__).with_name("insolvent.txt")
STOPPED = ("remind", "hold")


@hookimpl
def dunwell_vetoes() -> Sequence[VetoPlugin]:
    """Asked for every command of a plan; the list is read once, when the plugin is loaded."""
    listed = frozenset(LIST.read_text("utf-8").split()) if LIST.exists() else frozenset()

    def guard(command: Command, account: AccountPlan, on: date) -> str | None:
        """The reason, in words for the plan; None where there is none."""
        if account.debtor in listed and command.kind in STOPPED:
            return "the customer is on the list of insolvencies"
        return None

    return [VetoPlugin("insolvency", guard)]
