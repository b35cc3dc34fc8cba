"""A summary of the whole book under its policies, for people: counts and sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from dunwell.decide.columns.base import Base, nothing
from dunwell.decide.columns.item_facts import GUARDS
from dunwell.decide.columns.sheet import Sheet
from dunwell.decide.columns.silence import Silence

_T, _N = pl.String(), pl.Int64()

SCHEMAS: Mapping[str, Mapping[str, pl.DataType]] = {
    # accounts that are not left alone, by segment ("" for none)
    "accounts": {"policy": _T, "segment": _T, "accounts": _N, "items": _N},
    # silent items by reason: pause or guard; an item with two reasons counts in both
    "silent": {
        "policy": _T,
        "reason": _T,
        "currency": _T,
        "items": _N,
        "balance": _N,
        "to_pay": _N,
    },
    # items by stage; place -1 and name "" before the first, name null where the stage has gone
    "stages": {
        "policy": _T,
        "place": pl.Int32(),
        "stage": _T,
        "currency": _T,
        "items": _N,
        "to_pay": _N,
    },
    # why accounts are left alone
    "problems": {"debtor": _T, "company": _T, "policy": _T, "problem": _T},
    # accounts that no policy covers
    "unjudged": {"debtor": _T, "company": _T},
    # items whose customer or company the ERP did not name: they belong to no account
    "strays": {"item": _T, "number": _T, "customer": _T, "company": _T},
}


@dataclass(frozen=True, slots=True)
class Overview:
    """The frames of `SCHEMAS`; sums in minor units. `judged` is how many accounts a policy
    covers.
    """

    frames: Mapping[str, pl.DataFrame]
    judged: int

    def __getitem__(self, name: str) -> pl.DataFrame:
        """One frame; empty where there is nothing of its kind."""
        return self.frames[name]


def overview(parts: Iterable[Mapping[str, pl.DataFrame]], judged: int) -> Overview:
    """What was summed up under every policy, in one."""
    gathered: dict[str, list[pl.DataFrame]] = {n: [] for n in SCHEMAS}
    for part in parts:
        for name, frame in part.items():
            gathered[name].append(frame)
    frames = {}
    for name, schema in SCHEMAS.items():
        empty = pl.DataFrame(schema=schema)
        whole = pl.concat([empty, *gathered[name]], how="vertical_relaxed")
        frames[name] = whole.sort(pl.all())
    return Overview(frames, judged)


def summed(sheet: Sheet, silence: Silence, left_alone: pl.Series) -> dict[str, pl.DataFrame]:
    """The sums under one policy, without the accounts that are left alone."""
    base = sheet.base
    assert sheet.segment is not None
    here = ~left_alone
    names = pl.Series(["", *(s.name for s in sheet.policy.segments)])
    counts = base.items.group_by("a").agg(pl.len().cast(pl.Int64).alias("items"))
    accounts = pl.DataFrame(
        {
            "segment": names.gather(sheet.segment + 1),
            "items": base.spread("a", counts, "items").fill_null(0),
        }
    ).filter(here)
    mine = base.on_items(here)
    return {
        "accounts": accounts.group_by("segment")
        .agg(pl.len().cast(pl.Int64).alias("accounts"), pl.col("items").sum())
        .select(pl.lit(sheet.policy.name).alias("policy"), "segment", "accounts", "items"),
        "silent": _silent(sheet, silence, mine),
        "stages": _stages(sheet, mine),
    }


def _silent(sheet: Sheet, silence: Silence, mine: pl.Series) -> pl.DataFrame:
    rules = sheet.house.pauses(sheet.policy)
    reasons = [
        *zip((rule.name for rule in rules), silence.pauses, strict=True),
        *zip(GUARDS, silence.guards, strict=True),
    ]
    frames = [pl.DataFrame(schema=SCHEMAS["silent"])]
    for reason, held in reasons:
        rows = sheet.base.items.select("currency", "balance", "to_pay").filter(held & mine)
        frames.append(
            rows.group_by("currency")
            .agg(pl.len().cast(pl.Int64).alias("items"), pl.col("balance", "to_pay").sum())
            .select(pl.lit(sheet.policy.name).alias("policy"), pl.lit(reason).alias("reason"),
                    "currency", "items", "balance", "to_pay")
        )  # fmt: skip
    return pl.concat(frames, how="vertical_relaxed")


def _stages(sheet: Sheet, mine: pl.Series) -> pl.DataFrame:
    rows = sheet.base.items.select("pair", "to_pay").with_columns(
        sheet.stage.alias("place"), sheet.waits.alias("waits")
    )
    rows = rows if mine.all() else rows.filter(mine)
    found = rows.group_by("place", "waits", "pair").agg(
        pl.len().cast(pl.Int64).alias("items"), pl.col("to_pay").sum()
    )
    currencies = pl.Series([currency for _, currency in sheet.base.pairs], dtype=pl.String)
    found = found.with_columns(currencies.gather(found["pair"]).alias("currency"))
    found = found.group_by("place", "waits", "currency").agg(pl.col("items", "to_pay").sum())
    names = pl.Series(["", *(s.name for s in sheet.policy.ladder)])
    named = names.gather(found["place"] + 1).zip_with(
        ~found["waits"], nothing(found.height, pl.String())
    )
    return found.with_columns(named.alias("stage")).select(
        pl.lit(sheet.policy.name).alias("policy"), "place", "stage", "currency", "items", "to_pay"
    )


def strays(base: Base) -> pl.DataFrame:
    """Items of the book that belong to no account of it."""
    return base.strays.select(pl.col("id").alias("item"), "number", "customer", "company")
