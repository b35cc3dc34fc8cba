"""The logs of all debtors folded at once: to what Dunwell remembers, in columns."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from dunwell.decide.gathering import Gathered, Gathering
from dunwell.decide.hands import Answer, Hands
from dunwell.decide.memories import Memories, joined
from dunwell.log.entry import Entry, outcome
from dunwell.log.fold import Memory, fold

WORTH = 20_000
"""From so many debtors with a log on their newest entries are handed to other processes."""

SIZE = 10_000
"""So many of them at a time."""

Told = tuple[str, str]
"""A debtor, and the body of its newest entry where that is an outcome (else nothing)."""


def fold_entries(entries: Iterable[Entry], hands: Hands | None = None) -> Memories:
    """Fold the entries of many debtors at once, in any order; equal to `fold` for each of them.

    Where the newest entry is an outcome it says everything, and no other one is read.
    """
    given = entries if isinstance(entries, Sequence) else tuple(entries)
    with _uncollected():
        return _folded(given, hands)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles away while millions of small objects come and go: none of them
    is in a cycle, and walking through them again and again takes longer than all the rest.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _folded(given: Sequence[Entry], hands: Hands | None) -> Memories:
    newest: dict[str, Entry] = {}
    others: list[Entry] = []  # older ones, and somebody else's contacts
    for entry in given:
        debtor, position = entry.debtor, entry.position
        known = newest.get(debtor) if position is not None else None
        if position is None or (known is not None and position < (known.position or 0)):
            others.append(entry)
            continue
        if known is not None:
            others.append(known)
        newest[debtor] = entry
    gathered, open_ = _outcomes(newest, hands)
    unfinished = {debtor: [newest[debtor]] for debtor in open_}
    for entry in others:
        if entry.debtor in unfinished:
            unfinished[entry.debtor].append(entry)
    folded = {debtor: fold(own) for debtor, own in unfinished.items()}
    gathering = Gathering()
    for debtor, memory in folded.items():
        gathering.add(debtor, memory.state, memory.tenant)
    rest: dict[str, list[Entry]] = {}

    def single(debtor: str) -> Memory:
        if debtor in folded:
            return folded[debtor]
        if not rest:
            for entry in others:
                rest.setdefault(entry.debtor, []).append(entry)
        own = newest.get(debtor)
        return fold([*((own,) if own else ()), *rest.get(debtor, ())])

    theirs = [(entry.debtor, entry.at) for entry in others if entry.position is None]
    return joined([*gathered, gathering.done()], folded, theirs, single)


def _outcomes(
    newest: Mapping[str, Entry], hands: Hands | None
) -> tuple[list[Gathered], list[str]]:
    """The states of those whose newest entry is an outcome, and everybody else."""
    told = [(debtor, e.body if e.kind == "outcome" else "") for debtor, e in newest.items()]
    if hands is None or hands.idle or len(told) < WORTH:
        gathered, others = _gathered(told)
        return [gathered], others
    asked: list[tuple[list[Told], Answer[bytes]]] = []
    for start in range(0, len(told), SIZE):
        some = told[start : start + SIZE]
        asked.append((some, hands.ask(work, msgspec.msgpack.encode(some))))
    found, others = [], []
    for some, answer in asked:
        said = answer.get()
        gathered, more = _gathered(some) if said is None else pickle.loads(said)
        found.append(gathered)
        others += more
    return found, others


def _gathered(told: Iterable[Told]) -> tuple[Gathered, list[str]]:
    gathering, others = Gathering(), []
    for debtor, text in told:
        body = outcome(text) if text else None
        if body is None:
            others.append(debtor)
        else:
            gathering.add(debtor, body.state, body.tenant)
    return gathering.done(), others


_told = msgspec.msgpack.Decoder(list[Told])


def work(told: bytes) -> bytes:
    """Gather some outcomes; runs in another process."""
    with _uncollected():
        return pickle.dumps(_gathered(_told.decode(told)))
