"""Start a benchmark by its name: `python -m bench decide`.

The processes that a benchmark starts import what the first one was started with. As with the
command `dunwell`, that is next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module

from dunwell import memory

if __name__ == "__main__":
    memory.begin()  # as the command does
    name = sys.argv.pop(1)
    sys.argv[0] = f"bench {name}"
    import_module(f"bench.bench_{name}").main()
