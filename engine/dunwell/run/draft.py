"""An account's plan while it is made, and what vetoes and earlier firings leave of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dunwell.command import Waiting
from dunwell.decide.case import Case
from dunwell.decide.conclusions import Conclusions, Fire, Step
from dunwell.log.firing import firings
from dunwell.policy.tree import Action, House, Stage
from dunwell.run.reach import Interval
from dunwell.run.recipients import Recipient
from dunwell.run.words import Parted, Wording


@dataclass(frozen=True, slots=True)
class Context:
    """What is the same for all accounts of a run. `channels` are those that can be used now."""

    tenant: str
    house: House
    wording: Wording
    channels: frozenset[str] = frozenset({"email"})


@dataclass(frozen=True, slots=True)
class Decision:
    """One account with what its policy concludes."""

    case: Case
    found: Conclusions


@dataclass(frozen=True, slots=True)
class Move:
    """One step with the actions that are left after vetoes; `stage` is the stage it goes to.

    `done` are those that an earlier claim has done, when others of them failed.
    """

    step: Step
    stage: Stage
    actions: tuple[Action, ...]
    done: tuple[str, ...] = ()

    @property
    def remind(self) -> Action | None:
        """The message of the stage."""
        return next((a for a in self.actions if a.kind == "remind"), None)

    @property
    def speaks(self) -> bool:
        """Whether its message has still to leave."""
        return self.remind is not None and self.remind.id not in self.done


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that may go today: which action words it, to whom, when, and what it demands."""

    action: Action
    source: str
    severity: int  # index of the stage, -1 for a watch
    recipient: Recipient
    when: Interval
    parted: Parted
    moves: tuple[Move, ...] = ()
    fire: Fire | None = None


@dataclass(slots=True)
class Draft:
    """An account's plan while it is made."""

    decision: Decision
    moves: list[Move] = field(default_factory=list)  # without a message
    letters: list[Letter] = field(default_factory=list)
    fires: list[Fire] = field(default_factory=list)  # without a message
    waiting: list[Waiting] = field(default_factory=list)
    stranded: list[Move] = field(default_factory=list)  # that no channel can tell of
    unheard: list[Fire] = field(default_factory=list)  # watches for whose message there is none
    notes: list[str] = field(default_factory=list)

    @property
    def case(self) -> Case:
        """The account."""
        return self.decision.case


def vetoes(decision: Decision, item: str, kind: str) -> str:
    """The veto that stops a kind of action for an item; "" when none does."""
    by_name = {veto.name: veto for veto in decision.case.house.veto}
    return next(
        (
            name
            for name, concerned in decision.found.vetoed
            if concerned in ("", item) and kind in by_name[name].action
        ),
        "",
    )


def left(case: Case, fire: Fire, action: str) -> Fire | None:
    """For what an action of a watch is still to be done; None where an earlier claim did it for
    all, and other actions failed.
    """
    known = firings(
        case.memory.state, case.account.company.id, f"{case.policy.name}/{fire.watch}", fire.cycle
    )
    done = [firing for firing in known if action in firing.done]
    over = {o for firing in done for o in firing.occurrences}
    new = tuple(o for o in fire.occurrences if o not in over)
    if not done or new == fire.occurrences != ():
        return fire
    if not new:
        return None
    told = {i for f in done if set(f.occurrences) & set(fire.occurrences) for i in f.items}
    items = tuple(i for i in fire.items if i not in told) or fire.items
    return replace(fire, occurrences=new, items=items)
