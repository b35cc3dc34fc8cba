"""What the logs of all debtors say, in columns for work over the whole book and singly for one."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import TypeVar

import polars as pl

from dunwell.log.entry import Entry, GarbledError, OutcomeBody, State, decode
from dunwell.log.fold import NOTHING, Memory, fold

_T, _D, _I = pl.String(), pl.Date(), pl.Int64()

ITEMS: Mapping[str, pl.DataType] = {
    "debtor": _T,
    "item": _T,
    "ladder": _T,
    "stage": _T,  # "" before the first, when only a part is done
    "cycle": _I,
    "on": _D,
    "pay_by": _D,
    "adopted": _T,
    "part": _T,  # the next stage, of which a part is done; empty without one
    "past": _T,  # the stages before, with commas between
}
CONTACTS: Mapping[str, pl.DataType] = {
    "debtor": _T,
    "on": _D,  # of ours
    "at": pl.Datetime("us", "UTC"),  # of somebody else's
}
BOUNCES: Mapping[str, pl.DataType] = {"debtor": _T, "address_hash": _T, "key": _T}
WATCHES: Mapping[str, pl.DataType] = {
    "debtor": _T,
    "company": _T,
    "watch": _T,
    "cycle": _I,
    "on": _D,
    "seen": pl.List(_T),
}
STANDING: Mapping[str, pl.DataType] = {
    "debtor": _T,
    "company": _T,
    "action": _T,
    "name": _T,
    "state": _T,
    "value": _T,
}


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

    gathered = _Gathered()
    for debtor, memory in by_debtor.items():
        gathered.add(debtor, memory.state, memory.tenant)
    theirs = [(debtor, c.at) for debtor, m in by_debtor.items() for c in m.people]
    return gathered.memories(by_debtor, theirs, single)


def fold_entries(entries: Iterable[Entry]) -> Memories:
    """Fold the entries of many debtors at once, in any order; equal to `fold` for each of them.

    Where the newest entry is an outcome it says everything, and no other one is read.
    """
    given = entries if isinstance(entries, Sequence) else tuple(entries)
    with _uncollected():
        return _folded(given)


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


def _folded(given: Sequence[Entry]) -> Memories:
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
    gathered = _Gathered()
    unfinished: dict[str, list[Entry]] = {}
    for debtor, entry in newest.items():
        body = _settled(entry)
        if body is None:
            unfinished[debtor] = [entry]
        else:
            gathered.add(debtor, body.state, body.tenant)
    for entry in others:
        if entry.debtor in unfinished:
            unfinished[entry.debtor].append(entry)
    folded = {debtor: fold(own) for debtor, own in unfinished.items()}
    for debtor, memory in folded.items():
        gathered.add(debtor, memory.state, memory.tenant)
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
    return gathered.memories(folded, theirs, single)


def _settled(newest: Entry) -> OutcomeBody | None:
    """The newest outcome; None where the newest entry is another one or cannot be read."""
    if newest.kind != "outcome":
        return None
    try:
        body = decode(newest)
    except GarbledError:
        return None
    return body if isinstance(body, OutcomeBody) else None


_CHUNK = 4096  # debtors whose decoded states are alive at once

Row = TypeVar("Row")


class _Gathered:
    """Columns in the making. States are taken apart in chunks, so that few are alive at once."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, State]] = []
        self._columns: dict[str, dict[str, list[object]]] = {
            part: {name: [] for name in schema} for part, schema in _PARTS.items()
        }
        self._unsettled: set[str] = set()
        self._tenants: set[str] = set()

    def add(self, debtor: str, state: State, tenant: str) -> None:
        """Take in the state of one debtor."""
        self._tenants.add(tenant)
        if state.unknowns or (state.tasks and any(task.untold for task in state.tasks)):
            self._unsettled.add(debtor)
        self._waiting.append((debtor, state))
        if len(self._waiting) >= _CHUNK:
            self._take_apart()

    def _take_apart(self) -> None:
        for part, columns in self._columns.items():
            rows_of = attrgetter(part)
            found = [(debtor, rows_of(state)) for debtor, state in self._waiting]
            rows = [row for _, own in found for row in own]
            columns["debtor"] += [debtor for debtor, own in found for _ in own]
            for name, values in columns.items():
                if name not in ("debtor", "at"):
                    values += _values(name, rows)
        self._waiting.clear()

    def memories(
        self,
        folded: Mapping[str, Memory],
        theirs: Sequence[tuple[str, datetime]],
        single: Callable[[str], Memory],
    ) -> Memories:
        """Everything that was taken in, `theirs` being other people's contacts; `folded` knows
        what is wrong or under way.
        """
        self._take_apart()
        contacts = self._columns["contacts"]
        contacts["at"] += [None] * len(contacts["on"])
        contacts["debtor"] += [debtor for debtor, _ in theirs]
        contacts["at"] += [at for _, at in theirs]
        contacts["on"] += [None] * len(theirs)
        return Memories(
            **{part: frame(_PARTS[part], columns) for part, columns in self._columns.items()},
            garbled={debtor: m.garbled for debtor, m in folded.items() if m.garbled},
            claimed=frozenset(debtor for debtor, m in folded.items() if m.claim is not None),
            unsettled=frozenset(self._unsettled),
            tenants=frozenset(self._tenants - {""}),
            single=single,
        )


_PARTS: Mapping[str, Mapping[str, pl.DataType]] = {
    "items": ITEMS,
    "contacts": CONTACTS,
    "bounces": BOUNCES,
    "watches": WATCHES,
    "standing": STANDING,
}


def _values(name: str, rows: Sequence[object]) -> list[object]:
    values = list(map(attrgetter(name), rows))
    if name == "past":
        return [",".join(past) for past in values]
    return [part and part[0] for part in values] if name == "part" else values


def frame(
    schema: Mapping[str, pl.DataType], columns: Mapping[str, Sequence[object]]
) -> pl.DataFrame:
    """Columns in the types of a schema."""
    return pl.DataFrame({name: _series(name, columns[name], t) for name, t in schema.items()})


def _series(name: str, values: Sequence[object], dtype: pl.DataType) -> pl.Series:
    if dtype != pl.Date:
        return pl.Series(name, values, dtype=dtype)
    # numbers are taken over several times faster than dates
    days = [None if day is None else day.toordinal() - _EPOCH for day in values]  # type: ignore[attr-defined]
    return pl.Series(name, days, dtype=pl.Int32).cast(pl.Date)


_EPOCH = date(1970, 1, 1).toordinal()
