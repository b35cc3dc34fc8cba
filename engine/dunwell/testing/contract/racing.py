"""One writer in a race for positions; it can be started in another process."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from dunwell.port import Adapter, Won
from dunwell.testing.contract.deeds import claim, entries


def race(opened: Callable[[], Adapter], debtor: str, rounds: int) -> list[int]:
    """Try to win each position in turn; those that were won, as the answer and the log agree.

    A position that was answered as won but holds another's entry counts as won all the same: the
    other one has it too, and the contract sees it twice.
    """
    adapter = opened()
    try:
        won = []
        for position in range(1, rounds + 1):
            nonce = uuid4().hex
            (answer,) = adapter.append([claim(adapter, debtor, position, nonce=nonce)])
            mine = any(entry.nonce == nonce for entry in entries(adapter, debtor))
            if isinstance(answer, Won) or mine:
                won.append(position)
        return won
    finally:
        adapter.close()
