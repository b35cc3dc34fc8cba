"""Which line of a file names its columns: some reports have a title above it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from functools import cache

from dunwell_ledger.fields import TABLES, normal

Cell = str | Decimal | date
"""Text as it stands in the file; a spreadsheet may also hold numbers and days."""

TITLE_LINES = 5
"""So many lines of a title are looked past."""


def header_at(lines: Sequence[Sequence[Cell]], columns: Collection[str] = ()) -> int:
    """The index of the header among the first lines: 0, unless what is above it is a title.

    A title has fewer cells than the header and no two names of columns; the header has.
    `columns` are names that somebody mapped.
    """
    if not lines or known_names(lines[0], columns) > 1:
        return 0
    for number, cells in enumerate(lines[1:], 1):
        if known_names(cells, columns) > 1 and filled(cells) > filled(lines[0]):
            return number
    return 0


def filled(cells: Sequence[Cell]) -> int:
    """How many cells hold something."""
    return sum(cell != "" for cell in cells)


def known_names(cells: Sequence[Cell], columns: Collection[str] = ()) -> int:
    """How many cells are names of columns."""
    texts = {cell.strip() for cell in cells if isinstance(cell, str)}
    return sum(text in columns or normal(text) in _names() for text in texts)


@cache
def _names() -> frozenset[str]:
    return frozenset(name for fields in TABLES.values() for one in fields for name in one.names)
