"""Tasks that Dunwell itself has for people: no channel, an approval, an unknown outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dunwell.command import Command
from dunwell.log.keys import digest
from dunwell.run.approvals import questions
from dunwell.run.maker import Maker
from dunwell.run.tasks import given, open_task


def errand(
    maker: Maker,
    action: str,
    summary: str,
    *,
    causes: Sequence[str],
    source: str = "",
    items: tuple[str, ...] = (),
    who: str = "",
) -> Iterator[Command]:
    """A task for a person, once for each cause: one that a person closed does not come again.

    A new cause joins the task that is still open, by a note, or else is a new task.
    """
    case = maker.case
    source = source or action
    new = _new(maker, source, action, causes)
    if not new:
        return
    task = open_task(case, f"{case.policy.name}/{source}", action)
    if task is not None:
        yield maker.command(
            "note", action, source=source, items=items, text=summary, joins=task.key,
            occurrences=new,
        )  # fmt: skip
        return
    assign = maker.people([who or next(iter(case.house.roles), ""), "salesperson"])
    due = case.calendar.roll(case.on, "next_business_day")
    yield maker.command(
        "task", action, source=source, items=items, summary=summary, assign=assign, due=due,
        occurrences=new,
    )  # fmt: skip


def _new(maker: Maker, source: str, action: str, causes: Sequence[str]) -> tuple[str, ...]:
    """The causes for which no task was given yet."""
    tasks = given(maker.case, f"{maker.case.policy.name}/{source}", action)
    return tuple(sorted(set(causes) - {cause for task in tasks for cause in task.causes}))


def errands(maker: Maker) -> Iterator[Command]:
    """All of today's."""
    made, case = maker.made, maker.case
    name = case.account.payer.name
    if made.stranded or made.unheard:
        items = tuple(sorted({move.step.item for move in made.stranded}))
        summary = f"Find a way to reach {name}"
        yield from errand(maker, "no_channel", summary, causes=_unreached(maker), items=items)
    for wait in made.waiting:
        if wait.refused_until is None:
            yield from errand(
                maker, "approval", f"Approve stage {wait.stage} for {name}", source=wait.stage,
                items=wait.items, who=wait.role, causes=questions(case, wait.keys),
            )  # fmt: skip
    unknowns = (unknown.command for unknown in case.memory.state.unknowns)
    doubts = [command.key for command in unknowns if command.company == case.account.company.id]
    new = _new(maker, "unknown", "unknown", doubts)
    if new:
        were = "was" if len(new) == 1 else "were"
        summary = f"Find out whether {', '.join(new)} {were} done"
        yield from errand(maker, "unknown", summary, causes=new)


def _unreached(maker: Maker) -> list[str]:
    """Which items cannot be told, and watches: anew when another address has failed since, or when
    a message had reached them in between.
    """
    policy, state = maker.case.policy.name, maker.case.memory.state
    failed = sorted(bounce.address_hash for bounce in state.bounces)
    last = {item.item: item.via for item in state.items}
    items = {move.step.item for move in maker.made.stranded}
    said: list[tuple[str, ...]] = [(item, last.get(item, "")) for item in sorted(items)]
    said += [
        (f"/{fire.watch}", *(fire.occurrences or (str(fire.cycle),)))
        for fire in maker.made.unheard
    ]
    return [digest("no_channel", policy, *what, *failed) for what in said]
