"""A process of Dunwell keeps the memory that it was given, instead of asking for it anew."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have other ways")

MEASURE = """
import resource

def work():
    for size in range(1, 9):
        bytearray(size << 20)

work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""

SHOWN = """
import os
from dunwell import memory
memory.begin()
os.environ["_RJEM_MALLOC_CONF"] += ",stats_print:true"
import polars
"""


def ran(code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, with no settings of memory but these."""
    plain = {key: value for key, value in os.environ.items() if key != "_RJEM_MALLOC_CONF"}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, env=plain | settings,
    )  # fmt: skip


@linux
def test_what_python_lets_go_is_there_when_it_is_needed_again() -> None:
    kept = int(ran(f"from dunwell import memory; memory.keep()\n{MEASURE}").stdout)
    asked = int(ran(MEASURE).stdout)
    assert kept < 500 < 2_000 < asked


@linux
def test_polars_keeps_one_store_for_all_threads() -> None:
    told = ran(SHOWN).stderr
    for line in ("opt.narenas: 1\n", "opt.dirty_decay_ms: -1 ", "opt.oversize_threshold: 0\n"):
        assert line in told
    assert "Invalid" not in told


def test_a_users_own_settings_of_memory_stay() -> None:
    code = "from dunwell import memory; memory.begin(); import os; print(os.environ[{!r}])"
    name = "_RJEM_MALLOC_CONF"
    assert ran(code.format(name), **{name: "narenas:4"}).stdout.strip() == "narenas:4"
