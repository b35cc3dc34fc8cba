"""What the user may do in Tryton, and who can grant what it may not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dunwell.errors import DeniedError

if TYPE_CHECKING:  # it wants to know of us who grants what
    from dunwell_tryton.client import Client

LIMIT = "party.party.credit_limit_amount"
DUNNING = "account.dunning"
READ = ("account.move", "account.move.reconciliation", "account.invoice", DUNNING)
"""What a run must read, beside what every user may."""
CATEGORY, BELL, PARTY = "party.category", "res.notification", "party.party"

GROUPS: Mapping[str, str] = {
    **dict.fromkeys(READ, "'Accounting', or one that may only read"),
    DUNNING: "'Dunning', or one that may only read",
    CATEGORY: "'Party Administration'",
    PARTY: "'Account Credit Limit'",
    BELL: "that may create notifications, under the rule 'Any notification',",
}
"""The group that grants what, where a model is not for everybody."""


def grant(model: str) -> str:
    """Who does what so that the user may."""
    group = GROUPS.get(model)
    if group is None:
        return f"an administrator of Tryton gives the user a group that may use '{model}'"
    return f"an administrator of Tryton gives the user the group {group} ({model})"


def who_grants(method: str) -> str:
    """The remedy for a call that was denied."""
    model = method.partition(".")[2].rpartition(".")[0]
    return grant("account.move" if model == "account.move.line" else model)


@dataclass(frozen=True, slots=True)
class Rights:
    """Of one user. `hidden` must be read and cannot be; `tags`: may make categories that are
    not there yet; `bells`: may ring somebody's.
    """

    hidden: tuple[str, ...] = ()
    limits: bool = True
    tags: bool = True
    bells: bool = True

    def check(self, user: str) -> None:
        """Raise DeniedError where a run cannot read what it must."""
        for model in self.hidden:
            raise DeniedError(f"the user '{user}' may not read '{model}'", remedy=grant(model))


def ask(client: Client, there: Collection[str]) -> Rights:
    """The rights of the client's user; `there` are the optional models that there are. Two calls
    at the most.
    """
    read = [model for model in READ if model != DUNNING or DUNNING in there]
    asked = [*read, CATEGORY, BELL]
    may = client.call("model.ir.model.access.get_access", asked)
    limits = LIMIT in there
    if limits:
        name = LIMIT.rpartition(".")[2]
        limits = not client.call(f"model.{PARTY}.fields_get", [name])[name].get("readonly")
    return Rights(
        hidden=tuple(model for model in read if not may[model]["read"]),
        limits=limits,
        tags=bool(may[CATEGORY]["create"]),
        bells=bool(may[BELL]["create"]),
    )
