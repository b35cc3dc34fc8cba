"""What the ERP knows, in tables: the published shape of every page that an adapter reads."""

from __future__ import annotations

from dunwell.model.book import Book, Describe
from dunwell.model.tables import TABLES, Column, Table, empty, frame, page, page_problems

__all__ = [
    "TABLES",
    "Book",
    "Column",
    "Describe",
    "Table",
    "empty",
    "frame",
    "page",
    "page_problems",
]
