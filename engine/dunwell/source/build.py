"""Make the parts of the policy tree from bound models; each keeps where it was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from pydantic import BaseModel

from dunwell.calendar import Window, parse_window_hours
from dunwell.errors import Place, Problem
from dunwell.policy import house_file, language, tree
from dunwell.policy.actions import Do
from dunwell.policy.language import Scope
from dunwell.source.bind import bind
from dunwell.source.comparisons import Words
from dunwell.source.conditions import read_condition
from dunwell.source.names import entries
from dunwell.source.nodes import MapNode, Node

_M = TypeVar("_M", bound=BaseModel)
_T = TypeVar("_T")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parts(node: MapNode, key: str, model: type[_M]) -> Iterator[tuple[MapNode, _M | None]]:
    """The entries of a list with their models; None for one whose shape is wrong.

    What is wrong with a shape has been said when the whole document was bound.
    """
    for entry in entries(node, key):
        yield entry, bind(entry, model)[0]


def checked(
    node: MapNode,
    key: str,
    model: type[_M],
    make: Callable[[MapNode, _M | None, Words], _T | None],
    words: Words,
    *,
    check: Callable[[MapNode, _T], Iterable[Problem]],
) -> Iterator[_T]:
    """What the entries of a list make; one with nothing wrong so far is checked further."""
    for entry, bound in parts(node, key, model):
        before = len(words.problems)
        made = make(entry, bound, words)
        if made is not None:
            yield made
            if len(words.problems) == before:
                words.problems.extend(check(entry, made))


def part(node: MapNode, key: str, model: type[_M]) -> tuple[MapNode, _M] | None:
    """The one part behind a key; None when it is absent or its shape is wrong."""
    value = node.get(key)
    if not isinstance(value, MapNode):
        return None
    bound = bind(value, model)[0]
    return None if bound is None else (value, bound)


def condition(node: MapNode, key: str, words: Words, scope: Scope = "any") -> tree.Condition:
    """The condition behind a key; one that always holds when there is none."""
    return read_condition(node.get(key), scope=scope, words=words)


def stage(node: MapNode, model: language.Stage | None, words: Words) -> tree.Stage | None:
    """A stage; its conditions are read, and complained of, even when its shape is wrong."""
    when = condition(node, "when", words)
    for_ = condition(node, "for", words)
    jump = condition(node, "jump", words) if node.get("jump") else None
    approving = _approve(node, words)
    if model is None:
        return None
    return tree.Stage(
        name=model.stage,
        do=actions(node, model.do),
        when=when,
        for_=for_,
        after=model.after,
        jump=jump,
        repeat=repeat(node, model.repeat),
        was=model.was,
        approve=approving,
        place=node.place,
    )


def _approve(node: MapNode, words: Words) -> tree.Approve | None:
    value = node.get("approve")
    if value is None:
        return None
    when = condition(value, "when", words) if isinstance(value, MapNode) else tree.ALWAYS
    model = bind(node, _Approved)[0]
    return None if model is None else tree.Approve(model.approve.by, when, value.place)


class _Approved(BaseModel):
    """Only the approval of a stage."""

    approve: language.Approval


def watch(node: MapNode, model: language.Watch | None, words: Words) -> tree.Watch | None:
    """A watch; see `stage`."""
    when = condition(node, "when", words)
    if model is None:
        return None
    again = repeat(node, model.repeat)
    return tree.Watch(model.watch, when, actions(node, model.do), again, node.place)


def pause(node: MapNode, model: language.Pause | None, words: Words) -> tree.Pause | None:
    """A pause; see `stage`."""
    when = condition(node, "when", words, "pause")
    if model is None:
        return None
    return tree.Pause(model.pause, when, model.grace, model.listed, model.lift, node.place)


def segment(node: MapNode, model: language.Segment | None, words: Words) -> tree.Segment | None:
    """A segment; see `stage`."""
    when = condition(node, "when", words, "segment")
    return None if model is None else tree.Segment(model.segment, when, node.place)


def adopt(node: MapNode, model: language.Adopt | None, words: Words) -> tree.Adopt | None:
    """An adoption; see `stage`."""
    when = condition(node, "when", words)
    return None if model is None else tree.Adopt(when, model.at, node.place)


def veto(node: MapNode, model: house_file.Veto | None, words: Words) -> tree.Veto | None:
    """A veto; see `stage`."""
    when = condition(node, "when", words)
    return None if model is None else tree.Veto(model.veto, model.action, when, node.place)


def repeat(node: MapNode, model: language.Repeat | None) -> tree.Repeat | None:
    """When something is done again."""
    if model is None:
        return None
    return tree.Repeat(model.every, model.at_most, model.on_day, place_of(node, "repeat"))


def actions(node: MapNode, models: tuple[Do, ...]) -> tuple[tree.Action, ...]:
    """What a stage or watch does, each with the id that it keeps whatever its wording."""
    seen: Counter[str] = Counter()
    done = []
    for entry, model in zip(entries(node, "do"), models, strict=True):
        place = entry.entries[0][0].place
        name = _action_name(model)
        seen[name] += 1
        identity = name if seen[name] == 1 else f"{name}.{seen[name]}"
        done.append(_action(model, identity, place))
    return tuple(done)


def _action_name(model: Do) -> str:
    if model.hold:
        return f"hold:{model.hold.kind}"
    if model.tag:
        return f"tag:{model.tag.tag}"
    return "remind" if model.remind else "task" if model.task else "note"


def _action(model: Do, identity: str, place: Place) -> tree.Action:
    if (remind := model.remind) is not None:
        return tree.Action(
            "remind",
            identity,
            template=remind.template,
            to=remind.to,
            pay_by=remind.pay_by,
            attach=remind.attach,
            place=place,
        )
    if (task := model.task) is not None:
        return tree.Action(
            "task",
            identity,
            summary=task.summary,
            text=task.text or "",
            assign=task.assign,
            due=task.due,
            per_item=task.per == "item",
            place=place,
        )
    if (hold := model.hold) is not None:
        return tree.Action(
            "hold",
            identity,
            hold=hold.kind,
            reason=hold.reason,
            strength=hold.strength or "",
            place=place,
        )
    if (tag := model.tag) is not None:
        return tree.Action("tag", identity, tag=tag.tag, place=place)
    note = model.note
    text, per_item = (note.text, note.per == "item") if note else ("", False)
    return tree.Action("note", identity, text=text, per_item=per_item, place=place)


def contact(node: MapNode) -> tree.ContactRules | None:
    """How debtors are contacted; None when nothing is said of it."""
    found = part(node, "contact", language.Contact)
    if found is None:
        return None
    value, model = found
    windows = {name: _window(window) for name, window in model.window.items()}
    return tree.ContactRules(model.channels, windows, value.place)


def _window(model: language.Window) -> Window:
    start, end = parse_window_hours(model.hours)
    if isinstance(model.days, str):
        return Window(model.days, start, end)
    days = tuple(sorted({_WEEKDAYS.index(day) for day in model.days}))
    return Window(days, start, end)


def calendar(node: MapNode) -> tree.CalendarRules | None:
    """Whose holidays count; None when nothing is said of it."""
    found = part(node, "calendar", language.Calendar)
    if found is None:
        return None
    value, model = found
    closed_day = model.closed_day or language.ClosedDay()
    return tree.CalendarRules(
        holidays=model.holidays,
        timezone=model.timezone or "",
        due_rolls=closed_day.due,
        send_rolls=closed_day.send,
        closed=model.closed,
        place=value.place,
    )


def limits(node: MapNode) -> tree.Limits:
    """What stops a plan."""
    found = part(node, "limits", house_file.Limits)
    if found is None:
        return tree.Limits()
    value, model = found
    return tree.Limits(model.commands, model.share_of_accounts, model.money, value.place)


def budget(node: MapNode) -> tuple[tree.Budget, ...]:
    """How many contacts a debtor gets."""
    return tuple(
        tree.Budget(model.contacts, model.within, entry.place)
        for entry, model in parts(node, "budget", house_file.Budget)
        if model is not None
    )


def place_of(node: Node, key: str) -> Place:
    """Where a key is written; the place of the whole when it is not."""
    entry = node.entry(key) if isinstance(node, MapNode) else None
    return node.place if entry is None else entry[0].place
