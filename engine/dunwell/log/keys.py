"""The two identities: what has been done (meaning), and who may act now (claim)."""

from __future__ import annotations

import base64
import hashlib


def digest(*parts: str, length: int = 20) -> str:
    """A short stable name of some text: lower-case base32 of SHA-256, equal on every machine.

    >>> digest("erp", "C-1", "4")
    'betc364bsyhzfrupj4cq'
    """
    joined = "\x1f".join(part.replace("\\", "\\\\").replace("\x1f", "\\u") for part in parts)
    raw = hashlib.sha256(joined.encode()).digest()[: -(-length // 8) * 5]  # 8 letters are 5 bytes
    return base64.b32encode(raw).decode().lower()[:length]


def claim_key(tenant: str, debtor: str, position: int) -> str:
    """The exclusive right to act for a debtor now: tenant, debtor, position, and nothing else."""
    return digest("claim", tenant, debtor, str(position))


def effect_key(claim: str, ordinal: int) -> str:
    """The idempotency key of one effect under a claim, at most 36 characters."""
    return f"{claim}-{ordinal}"


def meaning(tenant: str, ladder: str, stage: str, action: str, item: str, cycle: int) -> str:
    """What an effect means for an item; no date, wording, amount, attempt, channel, other item."""
    return digest("meaning", tenant, ladder, stage, action, item, str(cycle), length=26)


def address_hash(channel: str, address: str) -> str:
    """An address that can be recognised but not read."""
    return digest("address", channel, address.strip().lower(), length=16)
