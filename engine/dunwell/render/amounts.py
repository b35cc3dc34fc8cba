"""Amounts of money as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from dunwell.run.clauses import Cash


def money(amount: Cash) -> str:
    """An amount with its thousands set apart.

    >>> money(Cash("1234567.50", "EUR"))
    '1,234,567.50 EUR'
    """
    return f"{Decimal(amount.amount):,f} {amount.currency}"


def sums(amounts: Sequence[Cash], *, between: str = " + ") -> str:
    """Amounts in several currencies; nothing is 0."""
    return between.join(money(amount) for amount in amounts) or "0"


def stacked(amounts: Sequence[Cash]) -> tuple[str, ...]:
    """The same for a cell of a table, a currency a line; nothing is nothing."""
    return tuple(money(amount) for amount in amounts)
