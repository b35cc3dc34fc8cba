"""Which credits cover which items, and what is left to pay of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from dunwell.model.accounts import Account
from dunwell.model.rows import Dispute, Item


class Covered(msgspec.Struct, frozen=True):
    """How the balance of one item is made up, in minor units of its currency."""

    currency: str
    linked: int  # covered by credits of the item itself
    free: int  # covered by credits without an item, oldest due first
    disputed: int  # contested, at most the balance
    to_pay: int

    @property
    def wholly_disputed(self) -> bool:
        """Nothing is left to demand because it is contested."""
        return self.disputed > 0 and self.to_pay == 0


def cover(account: Account, on: date) -> Mapping[str, Covered]:
    """Spread the account's credits over its items, in each currency for itself.

    A credit covers first the item it is linked to; what is left of it, and credits without an
    item, cover the oldest due items (those without a due date last), never a contested part.
    """
    items = sorted(account.items, key=lambda i: (i.due or date.max, i.id))
    ids = {item.id: item for item in items}
    linked: dict[str, int] = {}
    pool: dict[str, int] = {}
    for credit in account.credits:
        own = ids.get(credit.item or "")
        if own is not None and own.currency == credit.currency:
            linked[own.id] = linked.get(own.id, 0) - credit.balance
        else:
            pool[credit.currency] = pool.get(credit.currency, 0) - credit.balance
    for item in items:
        spare = linked.get(item.id, 0) - item.balance
        if spare > 0:
            linked[item.id] = item.balance
            pool[item.currency] = pool.get(item.currency, 0) + spare
    pool = {currency: max(0, free) for currency, free in pool.items()}
    covered = {}
    for item in items:
        own_part = linked.get(item.id, 0)
        contested = min(item.balance, disputed(item, account.disputes, on))
        open_part = max(0, item.balance - own_part - contested)
        taken = min(open_part, pool.get(item.currency, 0))
        if taken:
            pool[item.currency] -= taken
        left = open_part - taken
        covered[item.id] = Covered(item.currency, own_part, taken, contested, left)
    return covered


def disputed(item: Item, disputes: tuple[Dispute, ...], on: date) -> int:
    """The contested part of an item on a day; a dispute without an amount contests all of it."""
    names = (item.id, item.document or item.id)
    total = 0
    for dispute in disputes:
        if dispute.item not in names or dispute.since > on:
            continue
        if dispute.ended is not None and dispute.ended <= on:
            continue
        total += item.balance if dispute.amount is None else dispute.amount
    return total
