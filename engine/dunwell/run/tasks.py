"""The tasks that people have for an account, open ones and those of earlier."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from dunwell.decide.case import Case
from dunwell.log.entry import TaskState


def open_task(case: Case, source: str, action: str) -> TaskState | None:
    """The task of that source that is still open in the ERP."""
    live = {task.key for task in case.account.tasks if task.state == "open"}
    return next((t for t in given(case, source, action) if t.key in live), None)


def given(case: Case, source: str, action: str) -> Iterator[TaskState]:
    """Every task of that source that is remembered; a stage may have had other names."""
    policy, _, name = source.partition("/")
    older = next((stage.was for stage in case.policy.ladder if stage.name == name), ())
    sources = {source, *(f"{policy}/{each}" for each in older)}
    company = case.account.company.id
    for task in case.memory.state.tasks:
        if (task.company, task.action) == (company, action) and task.source in sources:
            yield task


def asked_on(case: Case, source: str, action: str, causes: Collection[str]) -> date | None:
    """When a person was first given a task for one of these causes, whatever became of it."""
    days = (t.on for t in given(case, source, action) if not set(causes).isdisjoint(t.causes))
    return min(days, default=None)
