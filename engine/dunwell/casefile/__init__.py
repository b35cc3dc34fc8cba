"""Policy tests: stories in time that finance writes for its policies, run on an ERP in memory."""

from __future__ import annotations

from dunwell.casefile.files import Case, load_cases
from dunwell.casefile.runner import Outcome, run, untested

__all__ = ["Case", "Outcome", "load_cases", "run", "untested"]
