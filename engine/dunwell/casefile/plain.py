"""The wording of policy tests: they are about what is done, not how it reads."""

from __future__ import annotations

from dunwell.testing.wording import PlainWording

__all__ = ["PlainWording"]
