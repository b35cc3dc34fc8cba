"""The plain values in Odoo's answers: days, instants, texts, amounts, ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from dunwell.money import exponent


def numbers(names: Sequence[str]) -> list[int]:
    """The ids among names of records; what is no number names no record.

    >>> numbers(["7", "nobody", "12", "7"])
    [7, 12]
    """
    return sorted({int(name) for name in names if name.isascii() and name.isdecimal()})


def day(value: object) -> date | None:
    """A day, where there is one."""
    return date.fromisoformat(value[:10]) if isinstance(value, str) and value else None


def instant(value: object) -> datetime:
    """Odoo's instants are UTC, to the second."""
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)


def stamp(at: datetime) -> str:
    """An instant as Odoo writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def text(value: object) -> str | None:
    """A text, where there is one: Odoo says False for none."""
    return value.strip() or None if isinstance(value, str) else None


def minor(value: object, currency: str) -> int:
    """Whole minor units of an amount that Odoo keeps rounded, as its own float or exact.

    >>> minor(Decimal("900.50"), "EUR"), minor(57, "JPY"), minor(Decimal("1.001"), "KWD")
    (90050, 57, 1001)
    """
    try:
        digits = exponent(currency)
    except ValueError:  # a currency of the company's own
        digits = 2
    amount = value if isinstance(value, Decimal) else Decimal(str(value or 0))
    return int(amount.scaleb(digits).to_integral_value(ROUND_HALF_EVEN))
