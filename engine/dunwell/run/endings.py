"""How claims end: outcomes are appended until the first one is there, whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dunwell.errors import AdapterError
from dunwell.log.entry import ClaimBody, Entry, Result
from dunwell.log.fold import NOTHING, Memory, fold
from dunwell.port import Won
from dunwell.run.claims import outcome_entry
from dunwell.run.engine import Engine
from dunwell.run.perform import append

TRIES = 5
"""How often an outcome is tried when other entries take its place."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of a claim, to be written as its outcome."""

    claim: Entry
    body: ClaimBody
    results: Sequence[Result]
    open_items: frozenset[str]
    open_tasks: frozenset[str]


def finish(engine: Engine, endings: Sequence[Ending]) -> list[Ending]:
    """Append the outcomes of claims, all together; the first outcome of a claim wins.

    Returns those that were written. A claim that has an outcome already keeps it; one whose
    outcome cannot be written now is recovered after its lease by looking its effects up.
    """
    written: list[Ending] = []
    left = list(endings)
    for _ in range(TRIES):
        if not left:
            break
        try:
            memories, now = read_log(engine, sorted({e.claim.debtor for e in left}))
            pairs = [
                (ending, memory)
                for ending in left
                if (memory := memories.get(ending.claim.debtor, NOTHING)).claim is not None
                and memory.claim.entry.key == ending.claim.key
            ]
            entries = [_outcome(ending, memory, now) for ending, memory in pairs]
            answers = append(engine.adapter, entries)
        except AdapterError:
            break
        won = [isinstance(answer, Won) for answer in answers]
        written += [ending for (ending, _), ok in zip(pairs, won, strict=True) if ok]
        left = [ending for (ending, _), ok in zip(pairs, won, strict=True) if not ok]
    return written


def _outcome(ending: Ending, memory: Memory, now: datetime) -> Entry:
    return outcome_entry(
        ending.claim,
        ending.body,
        ending.results,
        memory,
        open_items=ending.open_items,
        open_tasks=ending.open_tasks,
        now=now,
    )


def read_log(engine: Engine, debtors: Sequence[str] | None) -> tuple[dict[str, Memory], datetime]:
    """What the newest entries of some debtors fold to, and the ERP's clock."""
    described = engine.adapter.describe()
    heads = engine.adapter.heads(debtors=debtors, since=described.on)
    grouped: dict[str, list[Entry]] = {}
    for entry in heads.entries:
        grouped.setdefault(entry.debtor, []).append(entry)
    return {debtor: fold(entries) for debtor, entries in grouped.items()}, heads.now
