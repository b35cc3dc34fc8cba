"""The words of a policy file: one model for each construct, described for its readers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from dunwell.policy.actions import Do, Filled, Part, shown
from dunwell.policy.scalars import (
    CalendarSpan,
    Currency,
    Day,
    DayOfMonth,
    Flag,
    Hours,
    Name,
    Person,
    Positive,
    Span,
    Words,
    Zone,
)

Scope = Literal["any", "pause", "segment", "account"]
"""Which facts a condition may read: `pause` none that are counted after pauses; `segment` of these
only facts of the account; `account` of these none that a policy gives (stages, segments)."""


def _condition(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError(
            "a condition is a mapping of facts to tests | "
            "write it like {days_past_due: {at_least: 5}}"
        )
    return value


def _scoped(scope: Scope) -> tuple[object, object]:
    return PlainValidator(_condition), WithJsonSchema({"x-condition": scope})


Condition = Annotated[object, *_scoped("any")]
"""Read in full by `dunwell.source.conditions`, which knows the facts; here only its shape."""
PauseCondition = Annotated[object, *_scoped("pause")]
SegmentCondition = Annotated[object, *_scoped("segment")]
AccountCondition = Annotated[object, *_scoped("account")]


def _approve(value: object) -> object:
    """`approve: role` is short for a mapping with `by`."""
    return {"by": value} if isinstance(value, str) else value


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


HOUSE_ONLY = ("budget", "veto", "limits", "require", "roles", "policies")
"""What must be one for all policies; refused in a policy."""


class Segment(Part):
    """A kind of account; the first that matches is the account's segment."""

    model_config = shown({"segment": "strategic", "when": {"customer_tag": "vip"}})

    segment: Name = Field(description="The name of the segment.")
    when: SegmentCondition | None = Field(
        default=None, description="Which accounts; without it, all that are left."
    )


class Adopt(Part):
    """Places items without a stage silently, for a book that is late already at go-live."""

    model_config = shown({"when": {"days_past_due": {"over": 90}}, "at": "call"})

    when: Condition = Field(description="Which items.")
    at: Name = Field(description="The stage at which they are placed.")


class Approve(Part):
    """Lets the commands of the stage wait until a person says yes."""

    model_config = shown({"by": "credit_manager", "when": {"overdue": {"over": "1000 EUR"}}})

    by: Person = Field(description="The role of the house that approves, or an e-mail address.")
    when: Condition | None = Field(
        default=None, description="Only while this holds; without it, always."
    )


class Repeat(Part):
    """Does messages, tasks and notes again after a time."""

    model_config = shown({"every": "14 days", "at_most": 2})

    every: CalendarSpan = Field(description="How long until the next time.")
    at_most: Positive | None = Field(
        default=None, description="How often at most; without it, without end."
    )
    on_day: DayOfMonth | None = Field(
        default=None,
        description="The day of the month, 1 to 31; only in a watch, with `every` in months.",
    )


Approval = Annotated[Approve, BeforeValidator(_approve), WithJsonSchema({"x-or-name": "Approve"})]


class Stage(Part):
    """One step of the ladder. An item rises here from the stage before when `when` holds."""

    model_config = shown(
        {
            "stage": "first_notice",
            "when": {"days_past_due": {"at_least": 5}},
            "do": [{"remind": {"template": "first_notice", "pay_by": "7 days"}}],
        }
    )

    stage: Name = Field(description="The name of the stage, unique in the policy.")
    was: tuple[Name, ...] = Field(
        default=(), description="Older names, oldest last: items at them keep their place."
    )
    for_: Condition | None = Field(
        default=None,
        alias="for",
        description="Which items the stage is for; the others pass it by in silence.",
    )
    when: Condition = Field(
        description="When an item rises here; tests at least one fact of the item."
    )
    after: Span | None = Field(
        default=None, description="How long after the item's last delivered stage, at least."
    )
    jump: Condition | None = Field(
        default=None,
        description="When an item comes straight here, whatever stages lie between.",
    )
    approve: Approval | None = Field(
        default=None, description="Who must say yes before the stage's commands are done."
    )
    do: Annotated[tuple[Do, ...], Filled()] = Field(description="What is done, in this order.")
    repeat: Repeat | None = Field(
        default=None, description="Messages, tasks and notes again while the item stays here."
    )


class Pause(Part):
    """A reason to leave an item alone for now; it keeps its stage and the plan says why."""

    model_config = shown(
        {"pause": "promised", "when": {"promise": "open"}, "grace": "2 business days"}
    )

    pause: Name = Field(description="The name of the pause, shown in plans.")
    when: PauseCondition = Field(description="While this holds.")
    grace: Span | None = Field(
        default=None, description="How long the pause goes on after `when` has ended."
    )
    listed: Flag = Field(
        default=False, description="The item is still shown in messages and summed."
    )
    lift: Flag = Field(default=False, description="Holds and tags of the item are released.")


class Watch(Part):
    """What is done beside the ladder when something happens, or regularly."""

    model_config = shown(
        {
            "watch": "bounced",
            "when": {"bounced": True},
            "do": [{"task": {"summary": "Find an address", "assign": ["salesperson"]}}],
        }
    )

    watch: Name = Field(description="The name of the watch.")
    when: Condition = Field(description="When; with a fact that is an event, once for each event.")
    do: Annotated[tuple[Do, ...], Filled()] = Field(description="What is done, in this order.")
    repeat: Repeat | None = Field(
        default=None, description="How often, for a condition that is no event."
    )


class Window(Part):
    """Days and hours in which a channel may be used, in the debtor's time zone."""

    model_config = shown({"days": "business", "hours": "08:00-19:00"})

    days: (
        Literal["business", "all"]
        | tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...]
    ) = Field(default="business", description="Business days, all days, or a list of weekdays.")
    hours: Hours = Field(description="From and to, `08:00-19:00`.")


class Contact(Part):
    """How debtors are contacted."""

    model_config = shown(
        {"channels": ["email"], "window": {"email": {"days": "business", "hours": "08:00-19:00"}}}
    )

    channels: Annotated[tuple[Name, ...], Filled()] = Field(
        description="Channels in order; the next one when an address is missing or bounced. Those "
        "that a plugin brings or the ERP carries: `email`, in Odoo `sms`.",
        examples=[["email"]],
        json_schema_extra={"x-channels": True},
    )
    window: dict[Name, Window] = Field(
        default_factory=dict,
        description="When each channel may be used; without it, at any time.",
        json_schema_extra={"x-channels": True},
    )


Roll = Literal["none", "next_business_day", "previous_business_day"]


class ClosedDay(Part):
    """Where a date moves that falls on a closed day."""

    model_config = shown({"due": "next_business_day", "send": "next_business_day"})

    due: Roll = Field(
        default="none", description="Where a due date moves before days are counted."
    )
    send: Roll = Field(default="none", description="Where a message moves.")


class Calendar(Part):
    """Whose holidays count, in which time zone, and where a closed day moves to."""

    model_config = shown({"holidays": "ES", "timezone": "Europe/Madrid"})

    holidays: Annotated[tuple[Words, ...], BeforeValidator(_one_or_many)] = Field(
        default=(),
        description="A country (`ES`), a part of one (`ES-MD`), or a list of them.",
        json_schema_extra={"x-one-or-many": True},
    )
    timezone: Zone | None = Field(default=None, description="The time zone of the house.")
    closed_day: ClosedDay | None = Field(default=None, description="Where a closed day moves to.")
    closed: tuple[Day, ...] = Field(default=(), description="Further closed days of your own.")


class Policy(Part):
    """One collection policy; the first of the house that applies judges the account."""

    policy: Name = Field(description="The name of the policy.")
    description: Words | None = Field(default=None, description="What it is for, for people.")
    currency: Currency = Field(
        description="The currency of thresholds; other amounts convert at the ERP's own rate."
    )
    applies_to: AccountCondition | None = Field(
        default=None, description="Which accounts; without it, all."
    )
    segments: tuple[Segment, ...] = Field(
        default=(), description="Kinds of accounts; the first that matches."
    )
    adopt: tuple[Adopt, ...] = Field(
        default=(), description="Items without a stage at go-live: placed silently."
    )
    ladder: tuple[Stage, ...] = Field(
        default=(), description="The stages in order, mild to severe."
    )
    watch: tuple[Watch, ...] = Field(default=(), description="What is done beside the ladder.")
    pause: tuple[Pause, ...] | None = Field(
        default=None, description="Replaces the pauses of the house."
    )
    contact: Contact | None = Field(
        default=None, description="Replaces the contact rules of the house."
    )
    calendar: Calendar | None = Field(
        default=None, description="Replaces the calendar of the house."
    )
