"""The typed tree that the three readers of a policy share; every part knows its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from dunwell.calendar import Duration, Window
from dunwell.errors import NOWHERE, Place
from dunwell.money import Money

Operator = Literal["is", "not", "at_least", "at_most", "over", "under", "before", "known"]

Value = str | bool | int | Fraction | date | Money | Duration
"""A threshold. Day facts: int (calendar days) or Duration (business days); shares: Fraction."""


@dataclass(frozen=True, slots=True)
class BySegment:
    """A threshold that differs by segment; `other` is the `else`."""

    values: Mapping[str, Value]
    other: Value | None


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of one fact. `is` and `not` compare with a tuple of values (one of)."""

    fact: str
    op: Operator
    value: Value | tuple[Value, ...] | BySegment
    within: Duration | None = None
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Every:
    """Holds when all parts hold; without parts it always holds."""

    parts: tuple[Condition, ...]
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Some:
    """Holds when at least one part holds."""

    parts: tuple[Condition, ...]
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Neither:
    """Holds when no part holds and none is unknown."""

    parts: tuple[Condition, ...]
    place: Place = NOWHERE


Condition = Test | Every | Some | Neither

ALWAYS = Every(())

BUILT_IN_PAUSES = ("excluded", "disputed", "collection")
"""Reasons to leave an item alone that no policy needs to write, and no pause may be named like."""


def tests(condition: Condition) -> Iterator[Test]:
    """Every test inside a condition, in the order written."""
    if isinstance(condition, Test):
        yield condition
    else:
        for part in condition.parts:
            yield from tests(part)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a stage or watch does.

    `id` names it inside its stage, without wording: `remind`, `task`, `task.2`, `hold:orders`,
    `tag:at_agency`. Only the fields of its kind are set.
    """

    kind: Literal["remind", "task", "note", "hold", "tag"]
    id: str
    template: str = ""  # remind
    to: tuple[str, ...] = ()  # remind: roles of contacts, in order
    pay_by: Duration | None = None  # remind
    attach: tuple[str, ...] = ()  # remind
    summary: str = ""  # task: Jinja text
    text: str = ""  # note and task: Jinja text
    assign: tuple[str, ...] = ()  # task: roles and people, in order
    due: Duration | None = None  # task
    hold: str = ""  # hold: orders, delivery, service, credit
    reason: str = ""  # hold: Jinja text
    strength: str = ""  # hold: demanded strength, e.g. enforced
    tag: str = ""  # tag
    per_item: bool = False  # one command for each item
    place: Place = NOWHERE

    @property
    def standing(self) -> bool:
        """Stands while an item asks for it, rather than happening once."""
        return self.kind in ("hold", "tag")


@dataclass(frozen=True, slots=True)
class Repeat:
    """Again after `every`, at most so often (None: without end); watches may name `on_day`."""

    every: Duration
    at_most: int | None = None
    on_day: int | None = None
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Approve:
    """Commands wait for this role while `when` holds."""

    by: str
    when: Condition = ALWAYS
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the ladder. `for_` is the policy's `for`; `was` its older names."""

    name: str
    do: tuple[Action, ...]
    when: Condition
    for_: Condition = ALWAYS
    after: Duration | None = None
    jump: Condition | None = None
    repeat: Repeat | None = None
    was: tuple[str, ...] = ()
    approve: Approve | None = None
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Segment:
    """A kind of account; the first that matches."""

    name: str
    when: Condition = ALWAYS
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Pause:
    """A reason to leave an item alone; `listed`: still shown, summed; `lift`: holds released."""

    name: str
    when: Condition
    grace: Duration | None = None
    listed: bool = False
    lift: bool = False
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Watch:
    """What is done beside the ladder when something happens, or regularly."""

    name: str
    when: Condition
    do: tuple[Action, ...]
    repeat: Repeat | None = None
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Adopt:
    """Places items without a stage silently, at go-live."""

    when: Condition
    at: str
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Veto:
    """Stops actions of these kinds wherever it holds."""

    name: str
    action: tuple[str, ...]
    when: Condition
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many contacts of one debtor within a duration, today as day 1."""

    contacts: int
    within: Duration
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class ContactRules:
    """Channels in order, and when each may be used."""

    channels: tuple[str, ...] = ("email",)
    windows: Mapping[str, Window] = field(default_factory=dict)
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class CalendarRules:
    """Whose holidays, which zone, and where a closed day moves to."""

    holidays: tuple[str, ...] = ()
    timezone: str = ""
    due_rolls: str = "none"  # none, next_business_day, previous_business_day
    send_rolls: str = "none"
    closed: tuple[date, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Limits:
    """A plan over one of these stops before its first action."""

    commands: int | None = None
    share_of_accounts: Fraction | None = None
    money: Money | None = None
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Policy:
    """One collection policy."""

    name: str
    currency: str
    ladder: tuple[Stage, ...] = ()
    description: str = ""
    applies_to: Condition = ALWAYS
    segments: tuple[Segment, ...] = ()
    adopt: tuple[Adopt, ...] = ()
    watch: tuple[Watch, ...] = ()
    pause: tuple[Pause, ...] | None = None  # None: the house's
    contact: ContactRules | None = None
    calendar: CalendarRules | None = None
    place: Place = NOWHERE

    def stage(self, name: str) -> int | None:
        """The index of a stage by its name or an older one; None when it has gone."""
        for index, stage in enumerate(self.ladder):
            if stage.name == name:
                return index
        for index, stage in enumerate(self.ladder):
            if name in stage.was:
                return index
        return None


@dataclass(frozen=True, slots=True)
class House:
    """What must be one for all policies, and the policies in the order in which they are asked."""

    name: str
    policies: tuple[Policy, ...]
    calendar: CalendarRules = CalendarRules()
    bank_data_within: Duration | None = None
    limits: Limits = Limits()
    budget: tuple[Budget, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    contact: ContactRules = ContactRules()
    pause: tuple[Pause, ...] = ()
    veto: tuple[Veto, ...] = ()
    place: Place = NOWHERE

    def pauses(self, policy: Policy) -> tuple[Pause, ...]:
        """The pauses in force for a policy."""
        return self.pause if policy.pause is None else policy.pause

    def contacts(self, policy: Policy) -> ContactRules:
        """The channels and windows in force for a policy."""
        return policy.contact or self.contact

    def calendars(self, policy: Policy) -> CalendarRules:
        """The calendar in force for a policy."""
        return policy.calendar or self.calendar
