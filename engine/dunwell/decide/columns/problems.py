"""Accounts to be left alone: what does not add up, has no rate, or has no readable log."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dunwell.decide.case import PAID_FOR
from dunwell.decide.columns.base import Base
from dunwell.decide.columns.sheet import Sheet

SCHEMA = {"a": pl.Int32(), "problem": pl.String()}


def problems(sheet: Sheet, garbled: Mapping[str, str]) -> pl.DataFrame:
    """Why accounts are left alone, in the words of `Case.problems`: `a` and the problem."""
    found = pl.concat(
        [_sums(sheet), _credits(sheet), _rates(sheet), _logs(sheet, garbled), _chains(sheet)]
    )
    return found.unique().sort("a", "problem")


def handed_over(base: Base) -> pl.Series:
    """The accounts whose debtor another customer pays for, and who pays for nobody."""
    table = base.book["customers"].select("id", "payer")
    known = pl.col("payer").is_in(table["id"].implode())
    who = table.select(pl.when(known).then("payer").otherwise("id").alias("payer"))["payer"]
    return ~base.accounts["debtor"].is_in(who.unique().implode())


def _sums(sheet: Sheet) -> pl.DataFrame:
    bad = (
        (pl.col("balance") < 0) | (pl.col("amount") <= 0) | (pl.col("balance") > pl.col("amount"))
    )
    text = pl.format(
        "item '{}' does not add up: amount {}, balance {} {}",
        "number",
        "amount",
        "balance",
        "currency",
    )
    rows = sheet.base.items.filter(bad)
    return rows.select("a", text.alias("problem"))


def _credits(sheet: Sheet) -> pl.DataFrame:
    rows = sheet.base.tables["credits"].filter(pl.col("balance") > 0)
    text = pl.format("credit '{}' does not add up: balance {} {}", "name", "balance", "currency")
    return rows.select("a", text.alias("problem"))


def _rates(sheet: Sheet) -> pl.DataFrame:
    home = sheet.policy.currency
    missing = [
        number
        for number, (company, currency) in enumerate(sheet.base.pairs)
        if sheet.rates[company].rate(currency, home) is None
    ]
    if not missing:
        return pl.DataFrame(schema=SCHEMA)
    rows = sheet.base.items.filter(pl.col("pair").is_in(missing))
    text = pl.format("no exchange rate from {} to {}", "currency", pl.lit(home))
    return rows.select("a", text.alias("problem"))


def _chains(sheet: Sheet) -> pl.DataFrame:
    known = sheet.base.book["customers"]["id"]
    payer, debtor = sheet.base.customer("payer"), sheet.base.accounts["debtor"]
    rows = sheet.base.accounts.filter((payer != debtor) & payer.is_in(known.implode()))
    return rows.select("a", pl.format(PAID_FOR, "debtor").alias("problem"))


def _logs(sheet: Sheet, garbled: Mapping[str, str]) -> pl.DataFrame:
    if not garbled:
        return pl.DataFrame(schema=SCHEMA)
    names = pl.DataFrame({"debtor": list(garbled), "why": list(garbled.values())})
    rows = sheet.base.accounts.join(names, on="debtor", how="inner")
    return rows.select("a", pl.format("its log cannot be read: {}", "why").alias("problem"))
