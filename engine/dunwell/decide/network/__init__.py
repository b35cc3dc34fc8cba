"""The rule network: what an account's signals mean together, each conclusion with its causes."""

from __future__ import annotations

from dunwell.decide.network.concluding import FEW, NETWORK, Network, conclude
from dunwell.decide.network.program import ACCOUNTS, ITEMS
from dunwell.decide.network.trace import Trace

__all__ = ["ACCOUNTS", "FEW", "ITEMS", "NETWORK", "Network", "Trace", "conclude"]
