"""What a stage or a watch can do: one model for each action."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dunwell.policy.scalars import Name, Person, Span, Words

RESERVED = {
    "charge": "fees and interest are proposed in the ERP itself",
    "compliance": "write the rules of your country as vetoes and windows",
    "agreement": "note agreed instalments in the ERP as invoices of their own",
    "discount": "offer it in the text of a template",
    "distribute": "assign tasks to a role",
}
"""Words that a later version will give a meaning; until then they are refused, with a way out."""

ROLE_OF_ERP = "salesperson"


class Part(BaseModel):
    """The base of every part of a file: no word that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Remind(Part):
    """Sends the account one message that demands what stands at this stage or below."""

    template: Name = Field(description="The template that words the message.")
    to: tuple[Name, ...] = Field(
        default=(),
        description="Kinds of contacts in the ERP, in order; the first that has an address gets "
        "it. Without it, the customer's own address.",
        examples=[["billing"]],
    )
    pay_by: Span | None = Field(
        default=None,
        description="How long the message gives; no later stage for its items before that day "
        "has passed.",
    )
    attach: tuple[Literal["statement"], ...] = Field(
        default=(), description="What goes with the message: the statement of account."
    )


class Task(Part):
    """Gives a person something to do, once for the account; later items join it while open."""

    summary: Words = Field(
        description="The task in one line; Jinja text.",
        examples=["Call {{ customer.name }} about {{ overdue }}"],
    )
    text: Words | None = Field(default=None, description="More for the person; Jinja text.")
    assign: tuple[Person, ...] = Field(
        min_length=1,
        description="Roles of the house, `salesperson` of the ERP, or e-mail addresses, in order; "
        "the first that exists gets it.",
        examples=[["salesperson", "collector"]],
    )
    due: Span | None = Field(default=None, description="How long the person has.")
    per: Literal["item"] | None = Field(
        default=None, description="One task for each item; without it, one for the account."
    )


class Note(Part):
    """Writes a note on the customer in the ERP."""

    text: Words = Field(description="The note; Jinja text.")
    per: Literal["item"] | None = Field(
        default=None, description="One note for each item; without it, one for the account."
    )


class Hold(Part):
    """Blocks the customer in the ERP while an open item asks for it; released when none does."""

    kind: Literal["orders", "delivery", "service", "credit"] = Field(
        description="What is blocked."
    )
    reason: Words = Field(
        description="The reason shown in the ERP; Jinja text.",
        examples=["Overdue {{ oldest_days_past_due }} days"],
    )
    strength: Literal["enforced", "advisory"] | None = Field(
        default=None,
        description="The strength that the ERP must offer; `check` says when it does not.",
    )


class Tag(Part):
    """Tags the customer in the ERP while an open item asks for it; taken off when none does."""

    tag: Words = Field(description="The tag as the ERP shows it.", examples=["at_agency"])


class Do(Part):
    """One action; each entry of `do` has exactly one of these words."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"minProperties": 1, "maxProperties": 1}
    )

    remind: Remind | None = Field(
        default=None,
        description="Send the account one message.",
        examples=[{"template": "courtesy"}],
    )
    task: Task | None = Field(default=None, description="Give a person a task.")
    note: Note | None = Field(default=None, description="Write a note on the customer.")
    hold: Hold | None = Field(
        default=None, description="Block the customer while items ask for it."
    )
    tag: Tag | None = Field(default=None, description="Tag the customer while items ask for it.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Do:
        given = sorted(self.model_fields_set)
        if len(given) != 1:
            if not given:
                raise ValueError("an empty action | write remind, task, note, hold or tag")
            words = " and ".join(f"'{word}'" for word in given)
            raise ValueError(f"{words} in one entry | write each action as its own entry of 'do'")
        return self
