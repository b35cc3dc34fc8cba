"""How much of a file we are willing to read, so that no file can exhaust the machine."""

from __future__ import annotations

from typing import Final

from dunwell.errors import Problem

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_NODES: Final = 200_000
DEEPEST: Final = 32
MOST_PROBLEMS: Final = 100
"""More than these are not shown, and ten times as many not looked for."""


def first_problems(problems: list[Problem]) -> list[Problem]:
    """Sort problems by place and keep the first 100; one more says where the others begin."""
    ordered = sorted(problems)
    if len(ordered) <= MOST_PROBLEMS:
        return ordered
    hint = "mend the ones above and check again"
    more = Problem(ordered[MOST_PROBLEMS].where, "more problems follow from here on", hint)
    return [*ordered[:MOST_PROBLEMS], more]
