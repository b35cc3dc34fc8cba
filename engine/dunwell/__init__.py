"""Dunwell: a rules engine for collecting receivables that plugs into the ERP a company already has."""

__version__ = "0.1.0"
