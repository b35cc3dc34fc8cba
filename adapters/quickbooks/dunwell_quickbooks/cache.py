"""What was read before, kept in a file that may be deleted at any time: it saves calls only."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from dunwell_quickbooks.tokens import write_private

Entity = dict[str, Any]

VERSION = 4

KEPT: Mapping[str, tuple[str, ...]] = {
    "Customer": (
        "Id", "SyncToken", "DisplayName", "CompanyName", "Notes", "Active", "ParentRef", "Job",
        "BillWithParent", "PrimaryEmailAddr", "PrimaryPhone", "BillAddr", "CurrencyRef",
        "SalesTermRef", "CustomerTypeRef", "Balance", "BalanceWithJobs", "MetaData",
    ),
    "Invoice": (
        "Id", "DocNumber", "TxnDate", "DueDate", "CustomerRef", "CurrencyRef", "ExchangeRate",
        "TotalAmt", "Balance", "PrivateNote", "BillEmail", "EmailStatus", "DeliveryInfo",
        "SalesTermRef", "InvoiceLink", "MetaData",
    ),
    "Payment": (
        "Id", "TxnDate", "CustomerRef", "CurrencyRef", "ExchangeRate", "TotalAmt", "UnappliedAmt",
        "Line", "PaymentRefNum",
    ),
    "CreditMemo": (
        "Id", "DocNumber", "TxnDate", "CustomerRef", "CurrencyRef", "ExchangeRate", "TotalAmt",
        "RemainingCredit",
    ),
    "Term": ("Id", "Name"),
    "CustomerType": ("Id", "Name"),
}  # fmt: skip
"""What of a record is used; nothing else is kept."""


class Kept(msgspec.Struct):
    """All that is known of a company: records by kind and Id, and the notes of its logs.

    `since` is the service's clock before the newest reading of changes, `whole` before the newest
    reading of everything; `tasks` are the Ids of the notes that tasks are, by their keys; `rates`
    the exchange rates of a day.
    """

    realm: str
    months: int
    since: datetime | None = None
    whole: datetime | None = None
    company: Entity = {}
    preferences: Entity = {}
    records: dict[str, dict[str, Entity]] = {}
    notes: dict[str, Entity] = {}
    tasks: dict[str, str] = {}
    rates: Entity = {}
    version: int = VERSION

    def of(self, kind: str) -> dict[str, Entity]:
        """The records of one kind, by Id."""
        return self.records.setdefault(kind, {})


def slim(kind: str, row: Entity) -> Entity:
    """A record with only what is used."""
    return {name: row[name] for name in KEPT[kind] if name in row}


_decode = msgspec.json.Decoder(Kept, float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def load(path: Path | None, *, realm: str, months: int) -> Kept:
    """What was kept; nothing, where it is of another company or version, or cannot be read."""
    fresh = Kept(realm, months)
    if path is None:
        return fresh
    try:
        kept = _decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError, UnicodeError):
        return fresh
    same = (kept.realm, kept.months, kept.version) == (realm, months, VERSION)
    return kept if same else fresh


def save(path: Path | None, kept: Kept) -> None:
    """Keep it; a disk that is full costs calls the next time, nothing else."""
    if path is not None:
        with contextlib.suppress(OSError):
            write_private(path, _encode(kept), flush=False)


__all__ = ["KEPT", "Entity", "Kept", "load", "save", "slim"]
