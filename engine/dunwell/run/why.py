"""Why a command is there, in a few words."""

from __future__ import annotations

from dataclasses import dataclass

from dunwell.command import STANDING_ENDS, Command
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.evaluator import Evaluation
from dunwell.run.clauses import Clause, clause

ERRANDS = {
    "no_channel": "no channel reaches the customer",
    "approval": "a step waits for a yes",
    "unknown": "nobody knows whether a message was sent",
    "written_off": "its items were written off",
}
"""Why Dunwell has tasks of its own for people."""


@dataclass
class Why:
    """Says in a few words why a command is there: the tests that let its oldest item in."""

    reading: Evaluation
    found: Conclusions

    def __call__(self, command: Command) -> str:
        """The reason; "" where there is nothing to say."""
        if command.reasons or command.action in ERRANDS:
            return "; ".join(command.reasons) or ERRANDS[command.action]
        if command.kind in STANDING_ENDS or command.watch:
            return f"watch {command.source}" if command.watch else ""
        case = self.reading.case
        index = case.policy.stage(command.source)
        steps = {s.item: s for s in self.found.rise if s.stage == index}
        items = [i for i in case.items if i.row.id in command.items]
        item = next((i for i in items if i.row.id in steps), next(iter(items), None))
        if index is None or item is None:
            return ""
        stage, step = case.policy.ladder[index], steps.get(item.row.id)
        if step is not None and step.cycle and stage.repeat is not None:
            return f"again after {stage.repeat.every}"
        jumped = stage.jump if step is not None and step.jumped else None
        held = clause(jumped or stage.when, self.reading.view, item, self.reading.registry)
        oldest = f" ({item.row.number})" if len(items) > 1 else ""
        return f"{'jump: ' if jumped else ''}{', '.join(_held(held))}{oldest}"


def _held(found: Clause) -> list[str]:
    """The tests that hold, shortly."""
    if found.kind == "test":
        return [f"{found.fact} {found.value}"] if found.holds else []
    return [text for part in found.parts for text in _held(part)]
