"""Messages that came back, and where that leaves what they moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from msgspec.structs import replace

from dunwell.log.entry import BounceState, ItemState, Prior, ReturnState, State

LATE = timedelta(days=30)
"""How long after it left a message behind a newer one may come back; after that it has arrived."""


def note_address(state: State, channel: str, address_hash: str, on: date, key: str) -> State:
    """Remember an address that does not work."""
    known = {(b.channel, b.address_hash) for b in state.bounces}
    if (channel, address_hash) in known:
        return state
    return replace(state, bounces=(*state.bounces, BounceState(channel, address_hash, on, key)))


def note_return(state: State, key: str, on: date) -> State:
    """Remember that a message came back."""
    if any(known.key == key for known in state.returned):
        return state
    return replace(state, returned=(*state.returned, ReturnState(key, on)))


def take_back(state: State, keys: Iterable[str]) -> State:
    """Take back what messages moved that came back, whenever that was learned."""
    returned = frozenset(r.key for r in state.returned)
    came = returned & set(keys)
    if not came:
        return state
    items = (_stands(item, returned) if _moved(item, came) else item for item in state.items)
    tasks = (replace(t, untold=True, told="") if t.told in came else t for t in state.tasks)
    return replace(
        state, items=tuple(item for item in items if item is not None), tasks=tuple(tasks)
    )


def _moved(item: ItemState, keys: Collection[str]) -> bool:
    """One of these messages brought the item where it stands, or a part of its next stage."""
    return item.via in keys or (item.part is not None and item.part_via in keys)


def _stands(item: ItemState, returned: frozenset[str]) -> ItemState | None:
    """Where an item stands when all these messages came back: after the last that did not."""
    found: ItemState | None = item
    while found is not None and _moved(found, returned):
        found = _before(found) if found.via in returned else _without_message(found)
    return found


def _before(item: ItemState) -> ItemState | None:
    """Before its newest message, the rest of the stage done; None: it has no stage again."""
    parts = [(item.stage, item.did)] if item.did else []
    parts += [item.part] if item.part is not None else []
    p = item.prior or Prior(item.ladder, "", 0, item.on)
    if not p.stage and not parts and not item.kept:
        return None
    return ItemState(
        item.item, p.ladder, p.stage, p.cycle, p.on, p.pay_by, p.via,
        adopted=item.adopted, part=parts[0] if parts else None, prior=p.prior, gone=item.gone,
        past=tuple(name for name in item.past if name != p.stage),
        did=p.did, kept=(*parts[1:], *item.kept),
    )  # fmt: skip


def _without_message(item: ItemState) -> ItemState | None:
    """Half way to its next stage, and the message of that is still to go."""
    assert item.part is not None
    left = silent(item.part[1])
    if not left and not item.stage:
        return None
    return replace(item, part=(item.part[0], left) if left else None, part_via="")


def silent(actions: Iterable[str]) -> tuple[str, ...]:
    """The actions that are no message."""
    return tuple(sorted(action for action in actions if not action.startswith("remind")))


def prior_of(item: ItemState, on: date, returned: Collection[str]) -> Prior:
    """Where the item stood until today, and before that, as far back as messages may come back."""
    own = Prior(
        item.ladder, item.stage, item.cycle, item.on, item.pay_by, item.via, item.did, item.prior
    )
    return _recent(own, on, returned)


def _recent(link: Prior, on: date, returned: Collection[str]) -> Prior:
    if not link.via or (on - link.on > LATE and link.via not in returned):
        return replace(link, via="", prior=None)
    earlier = link.prior and _recent(link.prior, on, returned)
    return replace(link, prior=earlier)
