"""The words of the house file: what must be one for all policies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dunwell.policy.actions import Filled, Part, shown
from dunwell.policy.language import Calendar, Condition, Contact, Pause
from dunwell.policy.scalars import CalendarSpan, Email, Limit, Name, Positive, Share, Span


class Require(Part):
    """What must be true of the facts before anything is decided."""

    model_config = shown({"bank_data_within": "2 business days"})

    bank_data_within: Span | None = Field(
        default=None, description="No run when the newest payments are older than this."
    )


class Limits(Part):
    """A plan over one of these stops before its first action."""

    model_config = shown({"commands": 500, "share_of_accounts": "20 %", "money": "250000 EUR"})

    commands: Positive | None = Field(default=None, description="Commands in one plan.")
    share_of_accounts: Share | None = Field(
        default=None, description="Part of all accounts with open items that one plan concerns."
    )
    money: Limit | None = Field(default=None, description="Sum that one plan demands.")


class Budget(Part):
    """At most so many contacts of one debtor within a time, people's contacts too."""

    model_config = shown({"contacts": 3, "within": "14 days"})

    contacts: Positive = Field(description="How many contacts.")
    within: CalendarSpan = Field(description="In how many days, today as day 1.")


class Veto(Part):
    """Stops actions wherever it holds; wins over every policy."""

    model_config = shown(
        {
            "veto": "no_holds_on_public_bodies",
            "action": ["hold"],
            "when": {"customer_type": "public"},
        }
    )

    veto: Name = Field(description="The name of the veto, shown in plans.")
    action: Annotated[tuple[Literal["remind", "task", "note", "hold", "tag"], ...], Filled()] = (
        Field(description="The actions that it stops.")
    )
    when: Condition = Field(description="Where it holds.")


class House(Part):
    """What must be one for all policies, and which of them are asked in which order."""

    house: Name = Field(description="The name of the house.")
    policies: Annotated[tuple[Name, ...], Filled()] = Field(
        description="The policies in order; the first that applies judges the account.",
    )
    calendar: Calendar | None = Field(
        default=None, description="Holidays, time zone, closed days."
    )
    require: Require | None = Field(default=None, description="No run on stale facts.")
    limits: Limits | None = Field(
        default=None, description="A plan over these stops before its first action."
    )
    budget: tuple[Budget, ...] = Field(
        default=(), description="Contacts per debtor: all policies, companies, people."
    )
    roles: dict[Name, Email] = Field(
        default_factory=dict,
        description="Roles and the person of each, by e-mail address.",
        examples=[{"collector": "ana@acme.example"}],
    )
    contact: Contact | None = Field(default=None, description="How debtors are contacted.")
    pause: tuple[Pause, ...] = Field(
        default=(), description="While one holds the item is left alone, and the plan says why."
    )
    veto: tuple[Veto, ...] = Field(default=(), description="Wins over every policy.")
