"""Questions to Odoo that come in pages, and the plain values in its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, TypeVar

from dunwell.money import exponent
from dunwell_odoo.door import Door

T = TypeVar("T")

Record = dict[str, Any]
Domain = list[Any]
Spec = Mapping[str, Mapping[str, Any]]
"""Which fields to read, and of which records behind them which fields again."""

EVERYTHING = {"active_test": False}
"""The context in which records that were put away are found too."""


def these(*names: str, **behind: Spec) -> dict[str, Mapping[str, Any]]:
    """A specification: plain fields by name, and what is read of the records behind others.

    >>> these("name", company_id=these("name"))
    {'name': {}, 'company_id': {'fields': {'name': {}}}}
    """
    return {
        **{name: {} for name in names},
        **{name: {"fields": spec} for name, spec in behind.items()},
    }


def pages(
    door: Door,
    model: str,
    domain: Domain,
    spec: Spec,
    *,
    size: int,
    context: Mapping[str, object] | None = None,
) -> Iterator[list[Record]]:
    """Records beyond the last one seen, one call a page: nobody's work hides a row."""
    last = 0
    while True:
        found = door.call(
            model,
            "web_search_read",
            domain=[*domain, ["id", ">", last]] if last else domain,
            specification=spec,
            limit=size,
            order="id",
            count_limit=1,  # how many there are beyond this page is not asked
            context=context,
        )
        rows: list[Record] = found["records"]
        if rows:
            yield rows
        if len(rows) < size:
            return
        last = rows[-1]["id"]


def rows(
    door: Door,
    model: str,
    domain: Domain,
    spec: Spec,
    *,
    size: int,
    context: Mapping[str, object] | None = None,
) -> list[Record]:
    """All pages as one list."""
    found = pages(door, model, domain, spec, size=size, context=context)
    return [row for page in found for row in page]


def parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Values in parts of a size that one call takes."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


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
