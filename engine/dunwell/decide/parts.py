"""Some debtors with all that is known of them, as bytes: what another process works on."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterator, Sequence

import msgspec

from dunwell.decide.memories import Memories, memories
from dunwell.log.fold import Memory
from dunwell.model import Book
from dunwell.model.portion import portion

_memories = msgspec.msgpack.Decoder(list[tuple[str, Memory]])


def parts(
    book: Book, remembered: Memories, debtors: Collection[str], *, size: int
) -> Iterator[tuple[Sequence[str], bytes]]:
    """So many debtors at a time, each part with the same names and nobody else."""
    few, names = portion(book, debtors), sorted(debtors)
    for start in range(0, len(names), size):
        chosen = names[start : start + size]
        known = [(name, remembered.memory(name)) for name in chosen]
        # many times quicker than pickling each memory
        yield chosen, pickle.dumps((portion(few, chosen), msgspec.msgpack.encode(known)))


def opened(part: bytes) -> tuple[Book, Memories, Sequence[str]]:
    """The book of a part, its memories and its debtors; a process of our own made it.

    The book may name others too: who pays for a debtor now.
    """
    book, encoded = pickle.loads(part)
    known = _memories.decode(encoded)
    return book, memories(known), [name for name, _ in known]
