"""What goes first: holds and tags that end, silent placing, and what stands anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dunwell.command import Command, CommandKind
from dunwell.decide.conclusions import Place
from dunwell.policy.tree import Action
from dunwell.run.approvals import approval_key, judge, waiting
from dunwell.run.draft import vetoes
from dunwell.run.errands import errand
from dunwell.run.maker import Maker
from dunwell.run.tasks import open_task

_WHY: dict[CommandKind, str] = {
    "release": "no open item asks for it any more",
    "clear": "nothing asks for it any more, so a later cause may place it again",
    "override": "a person has lifted it; it stays lifted for this cause",
}


def ends(maker: Maker) -> Iterator[Command]:
    """Releases, and what a person's word ended."""
    found = maker.found
    ended: dict[CommandKind, tuple[tuple[str, str], ...]] = {
        "release": found.released,
        "clear": found.cleared,
        "override": found.overridden,
    }
    for kind, names in ended.items():
        for action, name in names:
            state = maker.owned[(action, name)]
            untag = (kind, action) == ("release", "tag")
            yield maker.command(
                "untag" if untag else kind, f"{action}:{name}", name=name, value=state.value,
                cycle=state.cycle, reasons=(_why(maker, kind),),
            )  # fmt: skip
            if untag:
                yield from _tell_tasks(maker, name)
    for action, name in found.kept:
        cause = maker.owned[(action, name)].value
        summary = f"Decide on the {action} {name}: written off"
        yield from errand(maker, "written_off", summary, causes=[cause])


def _why(maker: Maker, kind: CommandKind) -> str:
    account = maker.case.account
    if kind == "release" and account.handed_over:
        return f"'{account.payer.payer}' pays for this customer now"
    return _WHY[kind]


def _tell_tasks(maker: Maker, tag: str) -> Iterator[Command]:
    """Tell the open tasks of the stage that a tag came from that it was taken off."""
    for stage in maker.case.policy.ladder:
        if not any(action.tag == tag for action in stage.do):
            continue
        for action in stage.do:
            source = f"{maker.case.policy.name}/{stage.name}"
            task = open_task(maker.case, source, action.id) if action.kind == "task" else None
            if task:
                yield maker.command(
                    "note", f"note.{action.id}", source=stage.name, joins=task.key,
                    text=f"No longer needed: {tag} was taken off, nothing asks for it any more",
                )  # fmt: skip


def adoptions(maker: Maker) -> Iterator[Command]:
    """Items placed silently at go-live."""
    groups: dict[int, list[str]] = {}
    for step in maker.found.adopt:
        groups.setdefault(step.stage, []).append(step.item)
    for index, items in sorted(groups.items()):
        stage = maker.case.policy.ladder[index]
        for item in items:
            maker.rise(item, stage.name, 0, ("adopt",), adopted=True)
        yield maker.command("adopt", "adopt", source=stage.name, items=tuple(sorted(items)))


def placements(maker: Maker) -> Iterator[Command]:
    """Holds and tags that items at a stage, or a watch, ask for without anything rising today."""
    for place in maker.found.place:
        if (place.kind, place.name) in maker.stood:  # an item on its way brings it
            continue
        if place.passed:
            moved = {rise.item for rise in maker.rises}
            items = tuple(item for item in place.items if item in moved)
            if not place.approve or not items:  # it comes with the jump, or not today
                continue
            place = replace(place, items=items)
        veto = next(
            filter(
                None, (vetoes(maker.made.decision, i, place.kind) for i in place.items or ("",))
            ),
            "",
        )
        if veto:
            maker.made.notes.append(f"veto {veto} stops {place.action}")
            continue
        keys = _approved(maker, place)
        if keys is None:
            continue
        source = place.watch or maker.case.policy.ladder[place.stage].name
        yield maker.stand(
            _action(maker, place), source, place.items, approve=place.approve, approve_keys=keys
        )


def _approved(maker: Maker, place: Place) -> tuple[str, ...] | None:
    """The approved keys; none where no yes is needed, None where it is still waited for."""
    if not place.approve:
        return ()
    stage = maker.case.policy.ladder[place.stage]
    keys = {i: approval_key(maker.context.tenant, maker.case, stage, i, 0) for i in place.items}
    yes, no = judge(maker.case, keys, on=maker.case.on)
    if len(yes) == len(keys):
        return tuple(sorted(keys.values()))
    left = {item: key for item, key in keys.items() if item not in yes}
    maker.made.waiting.append(waiting(maker.case, stage.name, place.approve, left, no))
    return None


def _action(maker: Maker, place: Place) -> Action:
    sources: Sequence[Action]
    if place.stage >= 0:
        sources = maker.case.policy.ladder[place.stage].do
    else:
        sources = maker.watch(place.watch).do
    return next(action for action in sources if action.id == place.action)
