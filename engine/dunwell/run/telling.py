"""Word of tasks: a message to whoever has one, where the ERP keeps tasks and tells nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from dunwell.command import Command, Message
from dunwell.decide.case import Case
from dunwell.log.entry import TaskState
from dunwell.log.keys import address_hash, meaning
from dunwell.model import Book
from dunwell.money import Money
from dunwell.policy.tree import Action
from dunwell.port import Capability
from dunwell.run.engine import Engine
from dunwell.run.maker import Maker

CHANNEL = "email"
"""What carries word of a task to our own people."""

TEMPLATE = "task"
"""What the message is called where messages have a template; its words are those of the task."""

SHOWN = 30
"""How many items a message names."""


@dataclass(frozen=True, slots=True)
class Post:
    """How people are told: the system that keeps the tasks, and the addresses of its people."""

    system: str
    addresses: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # address and name

    def address(self, who: str) -> tuple[str, str]:
        """Address and name of a person, or of an address itself; empty where neither is known."""
        return self.addresses.get(who) or ((who, "") if "@" in who else ("", ""))


def post_of(engine: Engine, book: Book) -> Post | None:
    """How people are told of tasks; None where the ERP does it, or no channel can."""
    level = engine.adapter.capabilities()[Capability.TASK].level
    if level != "channel" or CHANNEL not in engine.channels:
        return None
    rows = book.tables["people"].filter(pl.col("active").fill_null(True))
    known = rows.select("id", "email", "name").iter_rows()
    addresses = {id_: (email, name or "") for id_, email, name in known if email}
    return Post(book.describe.system, addresses)


def tells(maker: Maker, commands: Iterable[Command], post: Post) -> list[Command]:
    """One for each task of today, and for each open one that nobody was told of yet.

    That one could not leave is kept in the log, so it leaves with the next run; one of which
    nobody knows waits for a person, like every message.
    """
    found = [_of_task(maker, task, post) for task in commands if task.kind == "task"]
    found += [_again(maker, task, post) for task in _untold(maker.case)]
    return [tell for tell in found if tell is not None]


def _untold(case: Case) -> Iterator[TaskState]:
    state, company = case.memory.state, case.account.company.id
    live = {task.key for task in case.account.tasks if task.state == "open"}
    doubts = {u.command.joins for u in state.unknowns if u.command.kind == "tell"}
    for task in state.tasks:
        if task.untold and task.company == company and task.key in live - doubts:
            yield task


def _of_task(maker: Maker, task: Command, post: Post) -> Command | None:
    to = _recipient(maker, task.assign, post, task.summary)
    if to is None:
        return None
    lines = [task.text, f"Until: {task.due}" if task.due else ""]
    message = _message(maker, task.summary, lines, task.items, task.source, to=to, post=post)
    return Command(
        kind="tell", action=f"tell:{task.action}", ladder=task.ladder, source=task.source,
        items=task.items, meanings=task.meanings, message=message, not_before=task.not_before,
        not_after=task.not_after, approve=task.approve, approve_keys=task.approve_keys,
    )  # fmt: skip


def _again(maker: Maker, task: TaskState, post: Post) -> Command | None:
    """Word of a task that was given on another day."""
    action = _action(maker.case, task)
    summary = maker.inline(action.summary, task.items) if action else ""
    summary = summary or f"A task of {task.on} for {maker.case.account.payer.name}"
    assign = maker.people(action.assign) if action else ()
    to = _recipient(maker, assign, post, summary)
    if to is None:
        return None
    ladder, _, source = task.source.partition("/")
    message = _message(
        maker, summary, [f"Given on: {task.on}"], task.items, source, to=to, post=post
    )
    name = f"tell:{task.action}"
    return Command(
        kind="tell", action=name, ladder=ladder, source=source, items=task.items,
        meanings=(meaning(maker.context.tenant, ladder, source, name, task.key, 0),),
        message=message, joins=task.key,
    )  # fmt: skip


def _action(case: Case, task: TaskState) -> Action | None:
    """What the policy says of a task now; None where it no longer does, or never did."""
    policy, _, source = task.source.partition("/")
    if policy != case.policy.name:
        return None
    parts = [(stage.do, {stage.name, *stage.was}) for stage in case.policy.ladder]
    parts += [(watch.do, {watch.name}) for watch in case.policy.watch]
    named = (action for do, names in parts if source in names for action in do)
    return next((a for a in named if (a.kind, a.id) == ("task", task.action)), None)


def _recipient(
    maker: Maker, assign: Sequence[str], post: Post, summary: str
) -> tuple[str, str] | None:
    """The first with an address that is not known to fail; nobody is named: the first role."""
    roles = maker.case.house.roles
    wanted = assign or maker.people([next(iter(roles), "")])
    bad = {b.address_hash for b in maker.case.memory.state.bounces if b.channel == CHANNEL}
    for who in wanted:
        address, name = post.address(who)
        if address and address_hash(CHANNEL, address) not in bad:
            return address, name
    listed = ", ".join(f"'{who}'" for who in wanted) or "anybody"
    maker.made.notes.append(f"nobody is told of task '{summary}': no address of {listed}")
    return None


def _message(
    maker: Maker,
    summary: str,
    lines: Sequence[str],
    items: Sequence[str],
    source: str,
    *,
    to: tuple[str, str],
    post: Post,
) -> Message:
    case = maker.case
    payer, company = case.account.payer, case.account.company
    named = list(_items(case, items))
    more = len(named) - SHOWN
    text = [
        summary,
        *lines,
        f"Customer: {payer.name} ({payer.id})",
        "\n".join([*named[:SHOWN], *([f"and {more} more"] if more > 0 else [])]),
        f"Policy: {case.policy.name}, {source}",
        f"The task stands with the customer in {post.system}, where it is ended too.",
    ]
    return Message(
        template=TEMPLATE, language="en", channel=CHANNEL, address=to[0], name=to[1],
        subject=f"Task: {summary}", text="\n\n".join(filter(None, text)) + "\n",
        sender_name=company.name,
    )  # fmt: skip


def _items(case: Case, items: Sequence[str]) -> Iterator[str]:
    wanted = frozenset(items)
    for item in case.items:
        if item.row.id in wanted:
            due = f", due {item.due}" if item.due else ""
            yield f"{item.row.number}: {Money(item.to_pay, item.row.currency)}{due}"
