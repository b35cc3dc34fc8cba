"""The facts that a policy may ask for: name, type, unit and meaning, in one registry."""

from __future__ import annotations

from dunwell.facts.registry import BUILT_IN, Fact, FactType, Registry

__all__ = ["BUILT_IN", "Fact", "FactType", "Registry"]
