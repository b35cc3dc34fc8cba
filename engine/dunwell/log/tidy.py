"""What is forgotten, so that entries do not grow for ever."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec.structs import replace

from dunwell.log.entry import State, TaskState

KEEP = timedelta(days=400)
"""How long closed items, old contacts and seen occurrences stay in the state."""

SURE = timedelta(days=7)
"""How long a task of which the ERP says nothing may still be on its way there."""


def tidy(
    state: State,
    on: date,
    open_items: frozenset[str],
    open_tasks: frozenset[str] | None = None,
) -> State:
    """Forget what can no longer matter, so that entries do not grow."""
    items = []
    for item in state.items:
        if item.item in open_items:
            items.append(replace(item, gone=None) if item.gone else item)
        elif item.gone is None:
            items.append(replace(item, gone=on))
        elif on - item.gone <= KEEP:
            items.append(item)
    return replace(
        state,
        items=tuple(items),
        tasks=_tasks(state, on, open_items, open_tasks),
        contacts=tuple(c for c in state.contacts if on - c.on <= KEEP),
        approvals=tuple(a for a in state.approvals if on - a.on <= KEEP),
        returned=tuple(r for r in state.returned if on - r.on <= KEEP),
        firings=tuple(f for f in state.firings if f.on is None or on - f.on <= KEEP),
    )


def _tasks(
    state: State, on: date, open_items: frozenset[str], open_tasks: frozenset[str] | None
) -> tuple[TaskState, ...]:
    """Open tasks, and closed ones that may come again: opened by a person, or for their cause."""
    if open_tasks is None:
        return state.tasks
    doubts = {unknown.command.key for unknown in state.unknowns}

    def needed(task: TaskState) -> bool:
        age = on - task.on
        if task.key in open_tasks or age <= SURE:
            return True
        if task.action == "unknown":
            return not doubts.isdisjoint(task.causes)
        if task.items:
            return age <= KEEP and not open_items.isdisjoint(task.items)
        return age <= KEEP and bool(task.causes)

    return tuple(task for task in state.tasks if needed(task))
