"""A short name of all facts that a decision and its texts used, to notice any change."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from dunwell.log.fold import Memory
from dunwell.model.accounts import Account


def fingerprint(accounts: Sequence[Account], memory: Memory) -> str:
    """The digest of a debtor's rows and log.

    Items, credits, promises, disputes, exclusions, holds, tasks, addresses. Approvals leave it
    alone, so a plan stays true when a person approves it.
    """
    parts: list[object] = [memory.decided, len(memory.people), memory.people[-1:] or ""]
    for account in sorted(accounts, key=lambda a: a.company.id):
        parts += (
            account.company.id,
            account.payer,
            account.contacts,
            account.items,
            account.credits,
            account.promises,
            account.disputes,
            account.exclusions,
            account.holds,
            account.tasks,
        )
    return hashlib.sha256(msgspec.msgpack.encode(parts)).hexdigest()[:24]
