"""The facts of items, as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from dunwell.decide.columns.base import Base, always, nothing
from dunwell.decide.columns.kinds import Amounts, Column, Days, Plain, Ratio
from dunwell.decide.columns.sheet import Sheet, View
from dunwell.policy.tree import BUILT_IN_PAUSES

DATED = frozenset(
    {
        "days_past_due",
        "days_until_due",
        "age_days",
        "days_since_payment",
        "is_disputed",
        "dispute_age",
        "dispute_reason",
        "promise",
        "is_excluded",
    }
)
"""Facts that are otherwise on another day."""


def _amounts(sheet: Sheet, name: str) -> Amounts:
    items = sheet.base.items
    return Amounts(items[name], items["pair"], sheet.base.pairs)


def _raw(name: str) -> Callable[[Sheet, View], Column]:
    return lambda sheet, view: Plain(sheet.base.items[name])


def _paid_share(sheet: Sheet, view: View) -> Column:
    items = sheet.base.items
    known = items["amount"] > 0
    lower = items["amount"].zip_with(known, nothing(known.len(), pl.Int64()))
    return Ratio(items["amount"].cast(pl.Int128) - items["balance"], lower)


def _since_payment(sheet: Sheet, view: View) -> Column:
    paid = sheet.base.items["last_payment"]
    return Days(_until(paid, view), view.day)


def _until(dates: pl.Series, view: View) -> pl.Series:
    """Dates up to the day; later ones are not known yet."""
    return dates.zip_with((dates <= view.day).fill_null(False), nothing(dates.len(), pl.Date()))


def dispute(base: Base, column: str) -> pl.Series:
    """A column of the oldest open dispute of each item."""
    oldest = base.tables["disputes"].unique("n", keep="first", maintain_order=True)
    if not oldest.height:
        return nothing(base.items.height, oldest[column].dtype)
    return base.spread("n", oldest, column)


def disputed_on(sheet: Sheet, view: View) -> pl.Series:
    """Items whose open dispute had begun by the day."""
    table = sheet.base.tables["disputes"]
    return sheet.base.marked("n", table.filter(pl.col("since") <= view.day)["n"])


def _dispute_age(sheet: Sheet, view: View) -> Column:
    return Days(_until(dispute(sheet.base, "since"), view), view.day)


def _dispute_reason(sheet: Sheet, view: View) -> Column:
    reason = dispute(sheet.base, "reason")
    begun = (dispute(sheet.base, "since") <= view.day).fill_null(False)
    return Plain(reason.zip_with(begun, nothing(reason.len(), pl.String())))


def excluded_on(sheet: Sheet, view: View) -> pl.Series:
    """Items that a person said to leave alone on the day."""
    table = sheet.base.tables["exclusions"]
    open_end = pl.col("until").is_null() | (pl.col("until") >= view.day)
    rows = table.filter((pl.col("since") <= view.day) & open_end)["n"]
    flagged = sheet.base.items["no_follow_up"].fill_null(False)
    return flagged | sheet.base.marked("n", rows)


def _collection(sheet: Sheet, view: View) -> Column:
    column = pl.col("collection").fill_null("")
    return Plain(
        sheet.base.items.select(
            pl.when(column == "").then(pl.lit("none")).otherwise(column).alias("collection")
        ).to_series()
    )


ITEM: Mapping[str, Callable[[Sheet, View], Column]] = {
    "days_past_due": lambda sheet, view: Days(sheet.due, view.day),
    "days_until_due": lambda sheet, view: Days(sheet.due, view.day, until=True),
    "age_days": lambda sheet, view: Days(sheet.base.items["issued"], view.day),
    "issued": _raw("issued"),
    "due": lambda sheet, view: Plain(sheet.due),
    "amount": lambda sheet, view: _amounts(sheet, "amount"),
    "balance": lambda sheet, view: _amounts(sheet, "balance"),
    "to_pay": lambda sheet, view: _amounts(sheet, "to_pay"),
    "paid_share": _paid_share,
    "days_since_payment": _since_payment,
    "document_type": _raw("kind"),
    "payment_terms": _raw("terms"),
    "payment_method": _raw("method"),
    "is_disputed": lambda sheet, view: Plain(disputed_on(sheet, view)),
    "disputed_amount": lambda sheet, view: _amounts(sheet, "disputed"),
    "dispute_age": _dispute_age,
    "dispute_reason": _dispute_reason,
    "promise": lambda sheet, view: Plain(sheet.promise(view.day)),
    "collection": _collection,
    "collection_failure": _raw("collection_failure"),
    "collection_returns": lambda sheet, view: Plain(
        sheet.base.items["collection_returns"].fill_null(0)
    ),
    "is_excluded": lambda sheet, view: Plain(excluded_on(sheet, view)),
}


def guard(sheet: Sheet, name: str, view: View) -> pl.Series:
    """The built-in reasons to leave items alone: excluded, disputed, collection."""
    items = sheet.base.items
    if name == "excluded":
        return excluded_on(sheet, view)
    if name == "disputed":
        if not sheet.base.tables["disputes"].height:
            return always(items.height, False)
        return wholly_disputed(sheet) & disputed_on(sheet, view)
    scheduled: pl.Series = items["collection"].is_in(["scheduled", "pending"]).fill_null(False)
    return scheduled


def wholly_disputed(sheet: Sheet) -> pl.Series:
    """Items of which nothing is left to demand because they are contested."""
    items = sheet.base.items
    found: pl.Series = (items["disputed"] > 0) & (items["to_pay"] == 0)
    return found


GUARDS = BUILT_IN_PAUSES
