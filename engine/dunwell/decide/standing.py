"""Holds and tags stand while an open item asks for them; a person's word stands above that."""

from __future__ import annotations

from dataclasses import dataclass

from dunwell.decide.case import ItemCase
from dunwell.decide.conclusions import Place
from dunwell.decide.reading import Reading
from dunwell.log.entry import StandingState
from dunwell.policy.tree import Action, Watch

Name = tuple[str, str]
"""Kind (hold, tag) and name of a standing action."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to become of holds and tags; see `Conclusions`."""

    place: tuple[Place, ...]
    released: tuple[Name, ...]
    overridden: tuple[Name, ...]
    cleared: tuple[Name, ...]
    kept: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class _Request:
    action: Action
    stage: int
    watch: str
    keeps: tuple[str, ...]  # items because of which it stays
    places: tuple[str, ...]  # items because of which it may be put in force
    passes: tuple[str, ...]  # items that jump over its stage today
    held: bool  # asked for, by items or a watch
    new: bool  # may be put in force


def name_of(action: Action) -> Name:
    """The kind and name under which reasons for one hold meet."""
    return action.kind, action.hold or action.tag


def conclude_standing(reading: Reading) -> Asked:
    """Compare what items and watches ask for with what is in force and what a person said."""
    requests = [*_of_ladder(reading), *_of_watches(reading)]
    owned = _owned(reading)
    names = sorted({name_of(r.action) for r in requests} | set(owned))
    place: list[Place] = []
    lists: dict[str, list[Name]] = {"released": [], "overridden": [], "cleared": [], "kept": []}
    for name in names:
        mine = [r for r in requests if name_of(r.action) == name]
        state = owned.get(name)
        asked = any(r.held for r in mine) or _unmapped(reading)
        overridden = state is not None and (state.state == "override" or _lifted(reading, state))
        if overridden:
            assert state is not None
            if not asked:
                lists["cleared"].append(name)
            elif state.state == "placed":
                lists["overridden"].append(name)
        elif state is not None and state.state == "placed":
            if not asked:
                lists["kept" if _written_off(reading, state) else "released"].append(name)
        else:
            passed = not any(r.new for r in mine)
            first = next((r for r in mine if r.new or (passed and r.passes)), None)
            if first is not None and not in_force(reading, name):
                place.append(_place(reading, name, first, passed=passed))
    return Asked(tuple(sorted(place)), *(tuple(found) for found in lists.values()))


def _place(reading: Reading, name: Name, request: _Request, *, passed: bool) -> Place:
    role, items = "", request.passes if passed else request.places
    if request.stage >= 0:
        cases = {i.row.id: i for i in reading.case.items}
        roles = (reading.approval(cases[i], request.stage) for i in items)
        role = next((r for r in roles if r), "")
    return Place(*name, request.stage, request.action.id, request.watch, items, role, passed)


def _of_ladder(reading: Reading) -> list[_Request]:
    rising = {step.item: step.stage for step in reading.rises if not step.approve}
    jumping = {step.item: step.stage for step in reading.rises if step.jumped}
    found = []
    for index, stage in enumerate(reading.case.policy.ladder):
        for action in stage.do:
            if not action.standing:
                continue
            keeps, places, passes = [], [], []
            for item in reading.case.items:
                if _passes(item, index, reading, jumping):
                    passes.append(item.row.id)
                if not _asks(reading, item, index, rising):
                    continue
                keeps.append(item.row.id)
                # an item on its way brings its own command; only the settled ones place here
                if item.row.id not in reading.silence and _reached(item, index, reading):
                    places.append(item.row.id)
            found.append(
                _Request(
                    action, index, "", tuple(keeps), tuple(sorted(places)), tuple(sorted(passes)),
                    held=bool(keeps), new=bool(places),
                )
            )  # fmt: skip
    return found


def _asks(reading: Reading, item: ItemCase, index: int, rising: dict[str, int]) -> bool:
    if item.to_pay <= 0 and not item.covered.wholly_disputed:
        return False
    if item.row.id in reading.lifted:
        return False
    on_its_way = max(rising.get(item.row.id, -1), _half_done(item, reading))
    if not _reached(item, index, reading) and on_its_way < index:
        return False
    return reading.for_(reading.case.policy.ladder[index], item)


def _passes(item: ItemCase, index: int, reading: Reading, jumping: dict[str, int]) -> bool:
    """The item jumps today over a stage that it has not come to, and that is for it."""
    if not item.stage < index < jumping.get(item.row.id, -1) or not _counts(item, index, reading):
        return False
    return reading.for_(reading.case.policy.ladder[index], item)


def _reached(item: ItemCase, index: int, reading: Reading) -> bool:
    return item.state is not None and item.stage >= index and _counts(item, index, reading)


def _counts(item: ItemCase, index: int, reading: Reading) -> bool:
    """An adopted item asks for nothing of the stage at which it was placed, or of earlier ones."""
    adopted = item.state.adopted if item.state else ""
    floor = reading.case.policy.stage(adopted) if adopted else None
    return floor is None or index > floor


def _half_done(item: ItemCase, reading: Reading) -> int:
    """The stage of which a part is done already, by name; -1 without one."""
    if item.state is None or item.state.part is None:
        return -1
    stage = reading.case.policy.stage(item.state.part[0])
    return -1 if stage is None else stage


def _of_watches(reading: Reading) -> list[_Request]:
    found = []
    for watch in reading.case.policy.watch:
        for action in watch.do:
            if action.standing:
                stands = _watch_holds(reading, watch)
                found.append(_Request(action, -1, watch.name, (), (), (), stands, stands))
    return found


def _watch_holds(reading: Reading, watch: Watch) -> bool:
    what = f"watch {watch.name}"
    if not reading.per_item(watch.when):
        return reading.holds(watch.when, what, reading.view, None)
    return any(reading.holds(watch.when, what, reading.view, i) for i in reading.case.items)


def _owned(reading: Reading) -> dict[Name, StandingState]:
    company = reading.case.account.company.id
    return {
        (s.action, s.name): s
        for s in reading.case.memory.state.standing
        if s.company == company and s.state != "released"
    }


def in_force(reading: Reading, name: Name) -> bool:
    """Whether the ERP has such a hold or tag, whoever set it."""
    kind, what = name
    if kind == "tag":
        return what in reading.case.account.payer.tags
    return any(hold.kind == what for hold in reading.case.account.holds)


def _lifted(reading: Reading, state: StandingState) -> bool:
    """Placed by us, and the ERP no longer says what we wrote: a person has spoken."""
    if state.action == "tag":
        return state.name not in reading.case.account.payer.tags
    holds = reading.case.account.holds
    return not any(h.kind == state.name and h.value == state.value for h in holds)


def _unmapped(reading: Reading) -> bool:
    """An item waits at a stage that the ladder no longer has: what stands goes on standing."""
    return any(item.waits for item in reading.case.items)


def _written_off(reading: Reading, state: StandingState) -> bool:
    """Nobody asks for it because items were written off rather than paid."""
    if state.action != "hold":
        return False
    gone = {i.item for i in reading.case.memory.state.items} - {
        i.row.id for i in reading.case.items
    }
    return any(
        s.closes and s.kind == "write_off" and s.item in gone
        for s in reading.case.account.settlements
    )
