"""What cells mean: amounts with a point or comma, days in some order, told from all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from dunwell.money import exponent
from dunwell_ledger.headers import Cell

Decimals = Literal[".", ","]
Order = Literal["year-month-day", "day-month-year", "month-day-year"]
ORDERS: tuple[Order, ...] = ("year-month-day", "day-month-year", "month-day-year")

_LARGEST = 2**63 - 1
_BLANKS = dict.fromkeys(map(ord, " \u00a0\u202f\u2009'’"))
_PLAIN = {
    ".": re.compile(r"[0-9]+(,[0-9]{3})*(\.[0-9]+)?|\.[0-9]+", re.ASCII),
    ",": re.compile(r"[0-9]+(\.[0-9]{3})*(,[0-9]+)?|,[0-9]+", re.ASCII),
}
_PENNIES = re.compile(r"-?[0-9]+\.[0-9]{2}", re.ASCII)  # what most amounts look like
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.]?)([0-9]{1,2})\2([0-9]{1,2})", re.ASCII)
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})", re.ASCII)
_CLOCK = re.compile(r"[T ]\s*[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?\s*(Z|[AP]M|[+-][0-9:]+)?$")
_YES = ("1", "x", "y", "yes", "true", "t", "si", "sí", "s", "verdadero", "ja", "j", "wahr")
_NO = ("0", "", "n", "no", "false", "f", "falso", "nein", "falsch", "-")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file writes numbers and days; None: nothing in it tells, and nothing needs it."""

    decimal: Decimals | None
    order: Order | None


class CellError(ValueError):
    """A cell that cannot be what it should be: `message | hint`."""


def sniff_decimal(cells: Iterable[Cell]) -> Decimals | None:
    """Whether amounts have a decimal comma or point; None where no cell tells.

    Raises `CellError` when cells contradict each other, or when `1.234` could be both.
    """
    seen: dict[Decimals, str] = {}
    doubtful = ""
    for cell in cells:
        if not isinstance(cell, str):
            continue
        if _PENNIES.fullmatch(cell):
            seen.setdefault(".", cell)
            continue
        number = _digits(cell)
        marks = [mark for mark in number if mark in ".,"]
        if not marks:
            continue
        last = marks[-1]
        tail = number[number.rindex(last) + 1 :]
        if len(set(marks)) == 1 and len(tail) == 3:
            if len(marks) > 1:  # 1.234.567: a point between thousands
                seen.setdefault("," if last == "." else ".", cell)
            else:
                doubtful = doubtful or cell
        else:
            seen.setdefault("," if last == "," else ".", cell)
    if len(seen) > 1:
        raise CellError(
            f"'{seen['.']}' has a decimal point and '{seen[',']}' a decimal comma"
            ' | write decimal = "." or "," into the mapping'
        )
    if seen:
        return next(iter(seen))
    if doubtful:
        raise CellError(
            f"'{doubtful}' could be thousands or a fraction"
            ' | write decimal = "." or "," into the mapping'
        )
    return None


def sniff_order(cells: Iterable[Cell]) -> Order | None:
    """In which order days, months and years are written; None where no cell tells.

    Raises `CellError` when cells contradict each other, or `03/04/2026` could be both.
    """
    seen: dict[Order, str] = {}
    doubtful = ""
    for cell in dict.fromkeys(cells):  # a file has many rows and few days
        match = _YEAR_LAST.fullmatch(_CLOCK.sub("", cell)) if isinstance(cell, str) else None
        if match is None:
            continue
        first, mark, second = int(match[1]), match[2], int(match[3])
        if first > 12 or mark == ".":  # points are written only where the day comes first
            seen.setdefault("day-month-year", str(cell))
        elif second > 12:
            seen.setdefault("month-day-year", str(cell))
        elif first != second:
            doubtful = doubtful or str(cell)
    hint = 'write dates = "day-month-year" or "month-day-year" into the mapping'
    if len(seen) > 1:
        one, other = seen.values()
        raise CellError(f"'{one}' and '{other}' are written in two orders | {hint}")
    if seen:
        return next(iter(seen))
    if doubtful:
        raise CellError(f"'{doubtful}' could be two days | {hint}")
    return None


def amount(cell: Cell, currency: str, decimal: Decimals | None) -> int:
    """An amount in minor units of its currency, exact; `CellError` for anything else."""
    digits = _exponent(currency)
    number = cell if isinstance(cell, Decimal) else _number(cell, decimal)
    if number.adjusted() > 30:
        raise CellError(f"'{cell}' is too large for an amount")
    minor = number.scaleb(digits)
    if minor != minor.to_integral_value():
        raise CellError(f"'{cell}' has more decimals than {currency} | it has {digits}")
    if abs(minor) > _LARGEST:
        raise CellError(f"'{cell}' is too large for an amount")
    return int(minor)


def day(cell: Cell, order: Order | None) -> str:
    """A day as ISO text; `CellError` for anything else."""
    return cell.isoformat() if isinstance(cell, date) else _day(str(cell), order)


@lru_cache(maxsize=4096)
def _day(cell: str, order: Order | None) -> str:
    text = _CLOCK.sub("", cell)
    try:
        if match := _YEAR_FIRST.fullmatch(text):
            return date(int(match[1]), int(match[3]), int(match[4])).isoformat()
        if match := _YEAR_LAST.fullmatch(text):
            one, two, year = int(match[1]), int(match[3]), int(match[4])
            year += 2000 if len(match[4]) == 2 else 0
            month_first = order == "month-day-year"
            return date(year, *((one, two) if month_first else (two, one))).isoformat()
    except ValueError:
        pass
    raise CellError(f"'{cell}' is not a day | write it like '2026-03-04'")


def rate(cell: Cell, decimal: Decimals | None) -> str:
    """An exchange rate as decimal text, above zero."""
    number = cell if isinstance(cell, Decimal) else _number(cell, decimal)
    if number <= 0:
        raise CellError(f"'{cell}' is not a rate | a rate is above zero")
    return f"{number:f}"


def whole(cell: Cell) -> int:
    """A whole number such as a count of days."""
    try:
        number = Decimal(str(cell))
        if number == number.to_integral_value() and abs(number) < 1_000_000:
            return int(number)
    except ArithmeticError:
        pass
    raise CellError(f"'{cell}' is not a whole number")


def flag(cell: Cell) -> int:
    """Yes or no, as people tick it."""
    text = str(cell).strip().casefold()
    if text in _YES:
        return 1
    if text in _NO:
        return 0
    raise CellError(f"'{cell}' is neither yes nor no")


def _number(cell: Cell, decimal: Decimals | None) -> Decimal:
    if decimal != "," and _PENNIES.fullmatch(str(cell)):
        return Decimal(str(cell))
    text = str(cell).translate(_BLANKS)
    negative = text.startswith(("-", "−", "(")) or text.endswith(("-", "−"))
    bare = _digits(text)
    if not _PLAIN[decimal or "."].fullmatch(bare):
        raise CellError(f"'{cell}' is not an amount | write it like '1234.50'")
    if decimal == ",":
        bare = bare.replace(".", "").replace(",", ".")
    number = Decimal(bare.replace(",", ""))
    return -number if negative else number


def _digits(text: str) -> str:
    """The number without its sign and the mark of its currency."""
    bare = text.translate(_BLANKS).strip("-−+()")
    return re.sub(r"^([A-Z]{3}|[€$£¥])|([A-Z]{3}|[€$£¥])$", "", bare).strip("-−+()")


def _exponent(currency: str) -> int:
    try:
        return exponent(currency)
    except ValueError as error:
        raise CellError(str(error)) from None
