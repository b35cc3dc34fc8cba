"""What looks alike is decided once: items of which the same signals hold, accounts of which the
same holds for themselves and their items.

The rules never count items, so it makes no difference how many look alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from dunwell.decide.chain import Fact, Kind, Value
from dunwell.decide.columns.item_facts import GUARDS
from dunwell.decide.network.kinds import ACCOUNT_SIGNALS, ITEM_SIGNALS, PASSED_ON
from dunwell.decide.signals import Signals

_BETWEEN = ";"
_NOTHING = "nothing"  # the shape of an account without signals
_KINDS = {str(n): one for n, one in enumerate((*ITEM_SIGNALS, *ACCOUNT_SIGNALS, *PASSED_ON[1:]))}
_CODES = {one.name: code for code, one in _KINDS.items()}
_PASSED_ON = frozenset(one.name for one in PASSED_ON)
_FRAMES = {
    "pause_holds": "pauses",
    "was_silent": "yesterday",
    "adopt_holds": "adopts",
    "may_move": "moves",
    "approval": "approvals",
    "wants": "wants",
    "segment_holds": "segments",
    "watching": "watching",
    "standing": "standing",
}


@dataclass(frozen=True, slots=True)
class Alike:
    """One account: its shape, and the ids of its items by the shape of each (both sorted)."""

    number: int
    debtor: str
    company: str
    shape: str
    items: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def id(self) -> tuple[str, str]:
        """The account's identity: debtor and company."""
        return self.debtor, self.company


def item_shapes(signals: Signals, pauses: int) -> pl.DataFrame:
    """Each item with a signal: account, id and shape. `pauses` is how many the policy has."""
    return (
        _marks(signals, ITEM_SIGNALS, pauses)
        .group_by("account", "item")
        .agg(pl.col("mark").sort().str.join(_BETWEEN).alias("shape"))
        .join(signals["items"].select("account", "item", "id"), on=("account", "item"))
        .select("account", "id", "shape")
    )


def alike(
    signals: Signals, items: pl.DataFrame, follows: Mapping[str, Iterable[Fact]]
) -> list[Alike]:
    """Every account with its shape, when it is known what follows for each shape of its items."""
    classes = items.group_by("account", "shape").agg(pl.col("id").sort())
    passed = [(shape, mark) for shape, facts in follows.items() for mark in _passed_on(facts)]
    known = pl.DataFrame(passed, schema={"shape": pl.String, "mark": pl.String}, orient="row")
    marks = [
        _marks(signals, ACCOUNT_SIGNALS, 0),
        classes.select("account", "shape").join(known, on="shape").select("account", "mark"),
    ]
    shapes = (
        pl.concat(marks)
        .unique()
        .group_by("account")
        .agg(pl.col("mark").sort().str.join(_BETWEEN).alias("shape"))
    )
    listed = (
        classes.sort("account", "shape")
        .group_by("account")
        .agg(pl.col("shape").alias("classes"), pl.col("id").alias("ids"))
    )
    table = (
        signals["accounts"]
        .join(shapes, on="account", how="left")
        .join(listed, on="account", how="left")
        .sort("debtor", "company")
        .select(
            "account", "debtor", "company", pl.col("shape").fill_null(_NOTHING), "classes", "ids"
        )
    )
    return [
        Alike(number, debtor, company, shape, _pairs(classes, ids))
        for number, debtor, company, shape, classes, ids in table.iter_rows()
    ]


def _pairs(
    classes: list[str] | None, ids: list[list[str]] | None
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(zip(classes or (), map(tuple, ids or ()), strict=True))


def facts_of(shape: str) -> tuple[Fact, ...]:
    """The facts that a shape stands for."""
    return () if shape == _NOTHING else tuple(map(_fact, shape.split(_BETWEEN)))


def _fact(mark: str) -> Fact:
    code, *texts = mark.split(",")
    one = _KINDS[code]
    return one.name, *map(_value, texts, (type_ for _, type_ in one.fields))


def _value(text: str, type_: str) -> Value:
    if type_ == "str":
        return text
    return text == "true" if type_ == "bool" else int(text)


def _passed_on(facts: Iterable[Fact]) -> Iterator[str]:
    """What an account must know of an item, as marks."""
    for kind, *values in facts:
        if kind in _PASSED_ON:
            yield ",".join((_CODES[str(kind)], *map(str, values)))


def _marks(signals: Signals, kinds: Sequence[Kind], pauses: int) -> pl.DataFrame:
    """Every signal of some kinds as one short text, with its account (and item)."""
    return pl.concat(list(_columns(signals, kinds, pauses)))


def _columns(signals: Signals, kinds: Sequence[Kind], pauses: int) -> Iterator[pl.DataFrame]:
    for one in kinds:
        frame = _frame(signals, one.name, pauses)
        keys = [name for name in ("account", "item") if name in frame.columns]
        parts = [pl.col(name).cast(pl.String) for name, _ in one.fields]
        mark = pl.concat_str(pl.lit(_CODES[one.name]), *parts, separator=",")
        yield frame.select(*keys, mark.alias("mark")).unique()


def _frame(signals: Signals, kind: str, pauses: int) -> pl.DataFrame:
    if kind == "waits":
        return signals["items"].filter("waits")
    frame = signals[_FRAMES[kind]]
    if kind == "may_move":
        return frame.rename({"kind": "way"})
    if kind == "pause_holds":
        guard = pl.col("guard").replace_strict(
            {name: pauses + n for n, name in enumerate(GUARDS)}, return_dtype=pl.Int32, default=-1
        )
        return frame.with_columns(
            pl.when(pl.col("pause") < 0).then(guard).otherwise(pl.col("pause")).alias("pause")
        )
    return frame
