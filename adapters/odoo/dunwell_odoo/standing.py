"""Holds on the customer's card: what stands there, whose it is, and what is written."""

from __future__ import annotations

from collections.abc import Iterator

from dunwell_odoo.asking import Record
from dunwell_odoo.lines import Row
from dunwell_odoo.names import HOLD
from dunwell_odoo.values import text

KIND = "orders"
BETWEEN = " · "
"""What stands between the mark of a hold and its reason."""


def written(mark: str, reason: str) -> str:
    """A hold as it is written: its mark, and why for people.

    >>> written("dunwell:ab12cd34", "Overdue 40 days"), written("[x]", "[x]")
    ('dunwell:ab12cd34 · Overdue 40 days', '[x]')
    """
    why = " ".join(reason.split())
    return f"{mark}{BETWEEN}{why}" if why and why != mark else mark


def mark(value: object) -> str:
    """The mark in what stands on the card; of a hold by hand, all of it."""
    return (text(value) or "").partition(BETWEEN)[0].strip()


def holds_of(row: Record) -> Iterator[Row]:
    """The holds on a partner's card: the field's, and a sales warning that blocks (before 19)."""
    customer = str(row["commercial_partner_id"] or row["id"])
    ours = mark(row.get(HOLD))
    if ours:
        yield {"id": f"hold-{row['id']}", "customer": customer, "kind": KIND, "value": ours}
    if row.get("sale_warn") == "block":
        said = " ".join((text(row.get("sale_warn_msg")) or "").split())
        yield {
            "id": f"warning-{row['id']}",
            "customer": customer,
            "kind": KIND,
            "value": f"sales warning: {said}" if said else "sales warning",
            "by": "person",
        }
