"""The rule network: what an account's signals mean together, each conclusion with its causes."""

from __future__ import annotations

from dunwell.decide.network.concluding import FEW, NETWORK, Network, conclude
from dunwell.decide.network.program import PROGRAM
from dunwell.decide.network.shapes import GUARDS
from dunwell.decide.network.trace import Trace

__all__ = ["FEW", "GUARDS", "NETWORK", "PROGRAM", "Network", "Trace", "conclude"]
