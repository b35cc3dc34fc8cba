"""What the logs of all debtors say, in columns for work over the whole book and singly for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from dunwell.decide.gathering import CONTACTS, PARTS, Gathered, Gathering, frame
from dunwell.log.fold import NOTHING, Memory


@dataclass(frozen=True, slots=True)
class Memories:
    """What was folded for all debtors.

    The frames hold one row for each item state, contact, bounce, watch state and standing state,
    in the order in which the debtor's state has them. `garbled` says why a debtor's log cannot be
    read;
    `claimed` are debtors for whom somebody is acting right now; `unsettled` those with a command
    of which nobody can tell whether it was done, or with a task that nobody was told of yet.
    """

    items: pl.DataFrame
    contacts: pl.DataFrame
    bounces: pl.DataFrame
    watches: pl.DataFrame
    standing: pl.DataFrame
    garbled: Mapping[str, str] = field(default_factory=dict)
    claimed: frozenset[str] = frozenset()
    unsettled: frozenset[str] = frozenset()
    tenants: frozenset[str] = frozenset()
    single: Callable[[str], Memory] = field(default=lambda debtor: NOTHING)

    def memory(self, debtor: str) -> Memory:
        """The memory of one debtor; `NOTHING` of one that has no log yet."""
        return self.single(debtor)


def memories(folded: Mapping[str, Memory] | Iterable[tuple[str, Memory]]) -> Memories:
    """The columns of memories that were folded one by one, each under its debtor."""
    by_debtor = dict(folded)

    def single(debtor: str) -> Memory:
        return by_debtor.get(debtor, NOTHING)

    gathering = Gathering()
    for debtor, memory in by_debtor.items():
        gathering.add(debtor, memory.state, memory.tenant)
    theirs = [(debtor, c.at) for debtor, m in by_debtor.items() for c in m.people]
    return joined([gathering.done()], by_debtor, theirs, single)


def joined(
    gathered: Sequence[Gathered],
    folded: Mapping[str, Memory],
    theirs: Sequence[tuple[str, datetime]],
    single: Callable[[str], Memory],
) -> Memories:
    """The memories of all debtors whose states were gathered, part after part.

    `folded` knows what is wrong or under way; `theirs` are other people's contacts.
    """
    frames = {name: [part.frames[name] for part in gathered] for name in PARTS}
    said: dict[str, Sequence[object]] = {
        "debtor": [debtor for debtor, _ in theirs],
        "on": [None] * len(theirs),
        "at": [at for _, at in theirs],
    }
    frames["contacts"].append(frame(CONTACTS, said))
    return Memories(
        **{name: pl.concat(each, rechunk=True) for name, each in frames.items()},
        garbled={debtor: m.garbled for debtor, m in folded.items() if m.garbled},
        claimed=frozenset(debtor for debtor, m in folded.items() if m.claim is not None),
        unsettled=frozenset().union(*(part.unsettled for part in gathered)),
        tenants=frozenset().union(*(part.tenants for part in gathered)) - {""},
        single=single,
    )
