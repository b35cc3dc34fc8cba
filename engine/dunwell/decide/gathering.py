"""The states of many debtors taken apart into columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

import polars as pl

from dunwell.log.state import State

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


PARTS: Mapping[str, Mapping[str, pl.DataType]] = {
    "items": ITEMS,
    "contacts": CONTACTS,
    "bounces": BOUNCES,
    "watches": WATCHES,
    "standing": STANDING,
}

_CHUNK = 4096  # debtors whose decoded states are alive at once


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the states of some debtors say: a frame for each of `PARTS`, and who is unsettled."""

    frames: Mapping[str, pl.DataFrame]
    unsettled: frozenset[str]
    tenants: frozenset[str]


class Gathering:
    """Columns in the making. States are taken apart in chunks, so that few are alive at once."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, State]] = []
        self._columns: dict[str, dict[str, list[object]]] = {
            part: {name: [] for name in schema} for part, schema in PARTS.items()
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

    def done(self) -> Gathered:
        """All that was taken in, in its order."""
        self._take_apart()
        contacts = self._columns["contacts"]
        contacts["at"] += [None] * len(contacts["on"])  # of ours no hour is kept
        frames = {part: frame(PARTS[part], columns) for part, columns in self._columns.items()}
        return Gathered(frames, frozenset(self._unsettled), frozenset(self._tenants))

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
