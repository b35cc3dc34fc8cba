"""What Dunwell writes for people: notes, and tasks as notes."""

from __future__ import annotations

from dunwell.command import Command
from dunwell.port import Effect


def note_text(command: Command) -> str:
    """A note of a policy."""
    return "\n\n".join(part for part in (command.summary, command.text) if part)


def task_code(key: str) -> str:
    """What people write to end a task: short, and its own among those of one customer."""
    claim, _, ordinal = key.rpartition("-")
    return f"{claim[:6]}-{ordinal}"


def task_text(effect: Effect) -> str:
    """A task as a note."""
    command, code = effect.command, task_code(effect.key)
    who = f" for {command.assign[0]}" if command.assign else ""
    until = f", until {command.due}" if command.due else ""
    end = f"When it is done write into the notes of the customer: DONE {code} how it went"
    return "\n".join(
        part for part in (f"TASK {code}{who}{until}", command.summary, command.text, end) if part
    )
