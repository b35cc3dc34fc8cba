"""What a stage or a watch can do: one model for each action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from dunwell.policy.scalars import Name, Person, Span, Words

RESERVED = {
    "charge": "leave it out, and enter fees and interest in the ERP",
    "compliance": "leave it out, and write its rules as 'veto' and 'window'",
    "agreement": "leave it out, and keep agreed instalments in the ERP",
    "discount": "leave it out, and offer it in the text of a template",
    "distribute": "leave it out, and assign tasks to roles",
}
"""Words that a later version will give a meaning; until then they are refused, with a way out."""

ROLE_OF_ERP = "salesperson"


class Part(BaseModel):
    """The base of every part of a file: no word that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Filled:
    """Marks a list that must have an entry; told only when its entries are right themselves."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return no_info_after_validator_function(_filled, handler(source))

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(core), "minItems": 1}


def _filled(value: tuple[object, ...]) -> tuple[object, ...]:
    if not value:
        raise ValueError("an empty list | write at least one entry")
    return value


def shown(*examples: Mapping[str, object]) -> ConfigDict:
    """The settings of a part that shows examples in editors and in the reference."""
    extra: JsonDict = {"examples": [cast("JsonDict", dict(example)) for example in examples]}
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra=extra)


class Remind(Part):
    """Sends the account one message that demands what stands at this stage or below."""

    model_config = shown({"template": "first_notice", "to": ["billing"], "pay_by": "7 days"})

    template: Name = Field(description="The template that words the message.")
    to: tuple[Name, ...] = Field(
        default=(),
        description="Kinds of contacts in the ERP, in order; the first that has an address gets "
        "it, else the customer's own address. Without it, `billing`.",
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

    model_config = shown(
        {
            "summary": "Call {{ customer.name }} about {{ overdue }}",
            "assign": ["salesperson", "collector"],
            "due": "2 business days",
        }
    )

    summary: Words = Field(
        description="The task in one line; Jinja text.",
        examples=["Call {{ customer.name }} about {{ overdue }}"],
    )
    text: Words | None = Field(default=None, description="More for the person; Jinja text.")
    assign: Annotated[tuple[Person, ...], Filled()] = Field(
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

    model_config = shown({"text": "Nothing heard for {{ oldest_days_past_due }} days"})

    text: Words = Field(description="The note; Jinja text.")
    per: Literal["item"] | None = Field(
        default=None, description="One note for each item; without it, one for the account."
    )


class Hold(Part):
    """Blocks the customer in the ERP while an open item asks for it; released when none does."""

    model_config = shown({"kind": "orders", "reason": "Overdue {{ oldest_days_past_due }} days"})

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

    model_config = shown({"tag": "at_agency"})

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
