"""What can be said to the chainer, a program of rules in strata, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dunwell.decide.chain.check import problems_of
from dunwell.decide.chain.form import (
    Fact,
    FieldType,
    Head,
    Kind,
    Pattern,
    Ref,
    Stratum,
    Test,
    Value,
)
from dunwell.errors import DunwellError


@dataclass(frozen=True, slots=True)
class Program:
    """Strata over kinds; making one raises ProgramError unless it passes every check."""

    kinds: tuple[Kind, ...]
    strata: tuple[Stratum, ...]

    def __post_init__(self) -> None:
        problems = problems_of(self.kinds, self.strata)
        if problems:
            raise ProgramError(problems)


class Derived(NamedTuple):
    """A fact that followed, the rule that gave it first, and what that rule matched, in its order.

    First means: in the fewest steps; then the rule that stands first; then the smallest facts.
    """

    fact: Fact
    rule: str
    because: tuple[Fact, ...]


class Incident(NamedTuple):
    """A group decided without the network, and why; an empty group means no certain one."""

    group: str
    what: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What followed in each group (sorted by group, then fact), and what went wrong on the way.

    `stand_in` is empty, or one line on why the plain chainer stood in for the network. `plain` are
    the groups that were decided without the network, for whatever reason.
    """

    derived: dict[str, tuple[Derived, ...]]
    incidents: tuple[Incident, ...] = ()
    stand_in: str = ""
    plain: frozenset[str] = frozenset()


class ProgramError(DunwellError):
    """A program outside the fence; carries every problem found."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type[ProgramError], tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)


def kind(name: str, /, **fields: FieldType) -> Kind:
    """`kind("debt", days="int")`, the short way to write a `Kind`."""
    return Kind(name, tuple(fields.items()))


def pattern(alias: str, kind: str, *tests: Test) -> Pattern:
    """`pattern("d", "debt", Test("days", ">=", 15))`, the short way to write a `Pattern`."""
    return Pattern(alias, kind, tests)


def head(kind: str, /, **values: Value | Ref) -> Head:
    """`head("remind", item=Ref("d", "item"))`, the short way to write a `Head`."""
    return Head(kind, tuple(values.items()))
