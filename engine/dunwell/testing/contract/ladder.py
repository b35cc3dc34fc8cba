"""The policy of the engine's contract: made for what an adapter can do, moved only by age."""

from __future__ import annotations

from dunwell.calendar import Duration
from dunwell.policy.tree import Action, Adopt, Approve, CalendarRules, House, Policy, Stage, Test
from dunwell.port import Capabilities, Capability

WEEK = Duration(7, "days")

STORY = ("first", "second", "call", "stop", "last", "agency")
"""The stages, each a week after the one before."""

JUMPS = {"call": 100, "stop": 200}
"""An item that old goes straight to the stage."""

ADOPTED = 400
"""An item that old is placed silently at `call`."""

MANAGER = "manager@example.test"
"""Who says yes, and who gets the tasks."""

APPROVED = 300
"""Stage `last` waits for a person where an account owes more EUR."""


def house(able: Capabilities) -> House:
    """One policy of six stages, with every kind of command that an adapter can do."""
    ladder = tuple(
        Stage(
            name,
            _actions(name, able),
            _aged(5),
            after=WEEK if number else None,
            jump=_aged(JUMPS[name]) if name in JUMPS else None,
            approve=_approve() if name == "last" else None,
        )
        for number, name in enumerate(STORY)
    )
    policy = Policy("contract", "EUR", ladder, adopt=(Adopt(_aged(ADOPTED), "call"),))
    return House(
        "contract",
        (policy,),
        calendar=CalendarRules(timezone="UTC"),
        roles={"manager": MANAGER},
    )


def _aged(days: int) -> Test:
    return Test("days_past_due", "at_least", days)


def _approve() -> Approve:
    from dunwell.money import parse_money

    return Approve("manager", Test("overdue", "over", parse_money(f"{APPROVED} EUR")))


def _actions(stage: str, able: Capabilities) -> tuple[Action, ...]:
    remind = Action("remind", "remind", template=stage)
    if stage == "call":
        if able[Capability.TASK].there:
            return (Action("task", "task", summary="call them"),)
        if able[Capability.NOTE].there:
            return (Action("note", "note", text="call them"),)
    if stage == "stop" and able[Capability.HOLD].there and able.hold_kinds:
        kind = able.hold_kinds[0]
        return Action("hold", f"hold:{kind}", hold=kind, reason="overdue"), remind
    return (remind,)
