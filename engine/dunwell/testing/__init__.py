"""The adapter kit: an ERP in memory, hostile wrappers, and the contract that adapters keep.

What is exported here and by `contract` is public; `docs/adapter-kit.md` says what that promises.
An ERP author subclasses `dunwell.testing.contract.AdapterContract` and overrides one fixture. That
module needs pytest; nothing else here does.
"""

from __future__ import annotations

import sys

from dunwell.testing.channel import MemoryChannel
from dunwell.testing.erp import Erp
from dunwell.testing.hostile import Crash, Fault, HostileAdapter, HostileChannel, Sabotage
from dunwell.testing.memory import MemoryAdapter
from dunwell.testing.people import Face, People, absent

if "pytest" in sys.modules:
    # Before the contract is imported: afterwards a failed `assert` in it would show no values.
    sys.modules["pytest"].register_assert_rewrite("dunwell.testing.contract")

__all__ = [
    "Crash",
    "Erp",
    "Face",
    "Fault",
    "HostileAdapter",
    "HostileChannel",
    "MemoryAdapter",
    "MemoryChannel",
    "People",
    "Sabotage",
    "absent",
]
