"""How a process of Dunwell treats its memory: it lives a short while and keeps what it was given.

A plan takes gigabytes in pieces and is soon done with each of them. Whoever gives every piece back
to the system at once pays for it again with the next one, page by page: on a large plan that was
half of all page faults.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

GARBAGE = (50_000, 20, 20)
"""When the collector of cycles looks: there are many objects here and hardly a cycle."""

POLARS = "narenas:1,oversize_threshold:0,dirty_decay_ms:-1,muzzy_decay_ms:-1"
"""For jemalloc, which Polars brings on Linux: one store of memory for all threads, kept."""

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # of malloc.h in the GNU C library
_KEPT = {_TRIM_THRESHOLD: 1 << 30, _TOP_PAD: 64 << 20, _MMAP_THRESHOLD: 32 << 20}


def begin() -> None:
    """At the start of a process, before Polars is imported; the processes it starts inherit it."""
    gc.set_threshold(*GARBAGE)
    os.environ.setdefault("_RJEM_MALLOC_CONF", POLARS)


def keep() -> None:
    """Before much is to be done: what Python and SQLite let go stays with the process."""
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, AttributeError):  # another C library, which knows no such thing
        mallopt = ctypes.CDLL(None).mallopt
        for option, size in _KEPT.items():
            mallopt(option, size)
