"""A forward chainer: facts that follow from facts, in strata, each with its causes.

Knows nothing of collecting. A `Program` is checked when it is made; `Pool.run` (or `run`) decides
groups of facts with durable-rules in worker processes, `PlainRunner` decides them in plain Python.
"""

from __future__ import annotations

from dunwell.decide.chain.engine import available
from dunwell.decide.chain.form import (
    Fact,
    Head,
    Kind,
    Pattern,
    Ref,
    Rule,
    Stratum,
    Test,
    Value,
)
from dunwell.decide.chain.plain import PlainRunner
from dunwell.decide.chain.plan import FactError
from dunwell.decide.chain.pool import Pool, run
from dunwell.decide.chain.program import (
    Derived,
    Incident,
    Outcome,
    Program,
    ProgramError,
    head,
    kind,
    pattern,
)

__all__ = [
    "Derived",
    "Fact",
    "FactError",
    "Head",
    "Incident",
    "Kind",
    "Outcome",
    "Pattern",
    "PlainRunner",
    "Pool",
    "Program",
    "ProgramError",
    "Ref",
    "Rule",
    "Stratum",
    "Test",
    "Value",
    "available",
    "head",
    "kind",
    "pattern",
    "run",
]
