"""One writer in a race for positions; it can be started in another process."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from dunwell.port import Adapter, Won
from dunwell.testing.contract.deeds import claim, entries


def race(opened: Callable[[], Adapter], debtor: str, rounds: int) -> list[int]:
    """Try to win each position in turn; those that were won, as the answers or the log have it.

    A position that was answered as won but holds another's entry counts as won all the same: the
    other one has it too, and the contract sees it twice.
    """
    adapter = opened()
    try:
        tenant = adapter.describe().tenant
        won: set[int] = set()
        mine: dict[str, int] = {}
        for position in range(1, rounds + 1):
            nonce = uuid4().hex
            mine[nonce] = position
            entry = claim(adapter, debtor, position, nonce=nonce, tenant=tenant)
            (answer,) = adapter.append([entry])
            if isinstance(answer, Won):
                won.add(position)
        there = {entry.nonce for entry in entries(adapter, debtor)}
        return sorted(won | {mine[nonce] for nonce in mine.keys() & there})
    finally:
        adapter.close()
