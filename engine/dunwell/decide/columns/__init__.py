"""The reader of policies in columns: set work over the whole book, a million items at a time."""

from __future__ import annotations

from dunwell.decide.columns.overview import Overview
from dunwell.decide.columns.reader import Reading, read
from dunwell.decide.columns.rows import Rows

__all__ = ["Overview", "Reading", "Rows", "read"]
