"""Tryton as an ERP for Dunwell, over its own JSON-RPC, with or without the companion module."""
