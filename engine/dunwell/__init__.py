"""Dunwell: a rules engine for collecting receivables that plugs into the ERP a company has."""

from __future__ import annotations

__version__ = "0.1.0"
