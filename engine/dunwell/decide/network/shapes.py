"""Accounts that look alike to the rules are decided once: signals become few sets of facts.

The rules know items only by number and never count them, so the items of an account of which the
same signals hold are one class, and accounts with the same classes are one shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from dunwell.decide.chain import Fact, Kind, Value
from dunwell.decide.network.program import ACCOUNT_SIGNALS, ITEM_SIGNALS
from dunwell.decide.signals import Signals

GUARDS = ("excluded", "disputed", "collection")
"""The built-in reasons to leave an item alone, in the order in which they are told."""

_OF_ITEM, _OF_ACCOUNT = "/", ";"
_KINDS = {str(n): kind for n, kind in enumerate((*ITEM_SIGNALS, *ACCOUNT_SIGNALS))}
_CODES = {kind.name: code for code, kind in _KINDS.items()}
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
    """One account as its shape sees it: `items` are the ids of each class, by its number."""

    debtor: str
    company: str
    shape: str
    items: tuple[tuple[str, ...], ...]

    @property
    def id(self) -> tuple[str, str]:
        """The account's identity: debtor and company."""
        return self.debtor, self.company


def alike(signals: Signals, pauses: int) -> Mapping[int, Alike]:
    """The shape of each account, by the account's number; `pauses` is how many the policy has."""
    own = _marks(signals, ITEM_SIGNALS, pauses)
    of_item = (
        own.group_by("account", "item")
        .agg(pl.col("mark").sort().str.join(_OF_ACCOUNT))
        .join(signals["items"].select("account", "item", "id"), on=("account", "item"))
        .group_by("account", "mark")
        .agg(pl.col("id").sort())
        .sort("account", "mark")
        .group_by("account")
        .agg(pl.col("mark").str.join(_OF_ITEM).alias("classes"), pl.col("id").alias("items"))
    )
    of_account = (
        _marks(signals, ACCOUNT_SIGNALS, pauses)
        .group_by("account")
        .agg(pl.col("mark").sort().str.join(_OF_ACCOUNT).alias("general"))
    )
    table = (
        signals["accounts"]
        .join(of_account, on="account", how="left")
        .join(of_item, on="account", how="left")
        .with_columns(
            pl.concat_str(
                pl.col("general").fill_null(""),
                pl.lit(_OF_ITEM),
                pl.col("classes").fill_null(""),
            ).alias("shape")
        )
        .select("account", "debtor", "company", "shape", "items")
    )
    return {
        number: Alike(debtor, company, shape, tuple(map(tuple, items or ())))
        for number, debtor, company, shape, items in table.iter_rows()
    }


def facts_of(shape: str) -> tuple[Fact, ...]:
    """The facts that a shape stands for; items are numbered by their class, from 0."""
    general, *classes = shape.split(_OF_ITEM)
    facts = [_fact(mark, ()) for mark in general.split(_OF_ACCOUNT) if mark]
    for number, marks in enumerate(classes):
        facts += [_fact(mark, (number,)) for mark in marks.split(_OF_ACCOUNT) if mark]
    return tuple(facts)


def _fact(mark: str, start: tuple[Value, ...]) -> Fact:
    code, *texts = mark.split(",")
    kind = _KINDS[code]
    types = [type_ for _, type_ in kind.fields[len(start) :]]
    return kind.name, *start, *map(_value, texts, types)


def _value(text: str, type_: str) -> Value:
    if type_ == "str":
        return text
    return text == "true" if type_ == "bool" else int(text)


def _marks(signals: Signals, kinds: Sequence[Kind], pauses: int) -> pl.DataFrame:
    """Every signal of some kinds as one short text, with its account (and item)."""
    return pl.concat(list(_columns(signals, kinds, pauses)))


def _columns(signals: Signals, kinds: Sequence[Kind], pauses: int) -> Iterator[pl.DataFrame]:
    for kind in kinds:
        frame = _frame(signals, kind.name, pauses)
        keys = [name for name in ("account", "item") if name in frame.columns]
        parts = [pl.col(name).cast(pl.String) for name, _ in kind.fields if name != "item"]
        mark = pl.concat_str(pl.lit(_CODES[kind.name]), *parts, separator=",")
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
