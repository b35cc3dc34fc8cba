"""The facts of accounts, as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, partial

import polars as pl

from dunwell.decide.columns.base import WIDE, always, nothing, wide
from dunwell.decide.columns.kinds import Column, Days, Plain, Ratio, Sets, Sums
from dunwell.decide.columns.money import within
from dunwell.decide.columns.sheet import Sheet, View
from dunwell.model.owners import NUMBER

DATED = frozenset(
    {
        "overdue",
        "overdue_all",
        "overdue_count",
        "overdue_count_all",
        "oldest_days_past_due",
        "days_since_contact",
    }
)
"""Facts that are otherwise on another day; those over a period are always as of today."""


def _sums(sheet: Sheet, parts: pl.DataFrame, there: pl.Series | None = None) -> Sums:
    known = always(sheet.height, True) if there is None else there
    return Sums(cache(partial(within, sheet.base, parts, sheet.rates)), known)


def _parts(sheet: Sheet, rows: pl.DataFrame) -> pl.DataFrame:
    """Money of items (`purse`, minor) by account and currency."""
    summed = rows.group_by("purse").agg(pl.col("minor").sum())
    names = pl.Series([currency for _, currency in sheet.base.pairs], dtype=pl.String)
    account, pair = pl.col("purse") // max(1, names.len()), pl.col("purse") % max(1, names.len())
    return summed.select(
        account.cast(NUMBER).alias("a"), pl.lit(names).gather(pair).alias("currency"), "minor"
    )


def _to_pay(sheet: Sheet, which: pl.Series) -> pl.DataFrame:
    own = sheet.base.items.select("purse", pl.col("to_pay").alias("minor"))
    return _parts(sheet, own.filter(which))


def _count(sheet: Sheet, which: pl.Series) -> Column:
    found = sheet.base.items.select("a").filter(which).group_by("a").agg(pl.len().alias("count"))
    return Plain(sheet.base.spread("a", found, "count").cast(pl.Int64).fill_null(0))


def _oldest(sheet: Sheet, view: View) -> Column:
    own = sheet.base.items.select("a").with_columns(sheet.due.alias("due"))
    found = own.filter(sheet.counted(view)).group_by("a").agg(pl.col("due").min())
    return Days(sheet.base.spread("a", found, "due"), view.day)


def _exposure(sheet: Sheet) -> pl.DataFrame:
    key = "exposure"
    if key not in sheet.made:
        # as wide as sums of this book may become
        balance = pl.col("balance").cast(sheet.base.items["to_pay"].dtype).alias("minor")
        own = _parts(sheet, sheet.base.items.select("purse", balance))
        credits = sheet.base.tables["credits"].select("a", "currency", balance)
        both = pl.concat([own, credits])
        sheet.made[key] = both.group_by("a", "currency").agg(pl.col("minor").sum())
    found = sheet.made[key]
    assert isinstance(found, pl.DataFrame)
    return found


def _unapplied(sheet: Sheet, view: View) -> Column:
    credits = sheet.base.tables["credits"].select(
        "a", "currency", (pl.lit(0, WIDE) - pl.col("balance")).alias("minor")
    )
    return _sums(sheet, credits.group_by("a", "currency").agg(pl.col("minor").sum()))


def _limit(sheet: Sheet, view: View) -> Column:
    parts = pl.DataFrame(
        {
            "a": sheet.base.accounts["a"],
            "currency": sheet.base.customer("credit_currency"),
            "minor": sheet.base.customer("credit_limit"),
        }
    )
    there = parts["minor"].is_not_null() & (parts["currency"].fill_null("") != "")
    return _sums(sheet, parts.filter(there), there)


def _credit_use(sheet: Sheet, view: View) -> Column:
    limit = sheet.base.customer("credit_limit").cast(WIDE)
    currency = sheet.base.customer("credit_currency").fill_null("")
    there = ((limit != 0) & (currency != "")).fill_null(False)
    exposure = _exposure(sheet)
    exposure = exposure.filter(there.gather(exposure["a"]))
    used = within(sheet.base, exposure, sheet.rates, currency)
    known = there & used.is_not_null()
    # a limit below zero turns both signs, so that the lower number is positive
    signed = used.zip_with((limit >= 0).fill_null(True), wide(0) - used)
    return Ratio(signed, limit.abs().zip_with(known, nothing(known.len(), WIDE)))


def _holds(sheet: Sheet, view: View) -> Column:
    return Plain(sheet.base.marked("a", sheet.base.tables["holds"]["a"]))


def _last_contact(sheet: Sheet, view: View) -> Column:
    found = contact_days(sheet).group_by("a").agg(pl.col("day").max())
    return Days(sheet.base.spread("a", found, "day"), view.day)


def contact_days(sheet: Sheet) -> pl.DataFrame:
    """The days of contacts up to today, in the calendar's zone: `a` and `day`."""
    zone = sheet.calendar.timezone
    local = pl.col("at").dt.convert_time_zone(zone).dt.date()
    table = sheet.base.tables["contacts"].select("a", pl.coalesce("on", local).alias("day"))
    return table.filter(pl.col("day") <= sheet.on)


def newest_task(sheet: Sheet) -> pl.DataFrame:
    """The task that ended last in each account: `a`, its key and outcome."""
    ended = sheet.base.tables["tasks"].filter(pl.col("ended") <= sheet.on)
    last = ended.sort("ended", "task").unique("a", keep="last", maintain_order=True)
    said = pl.col("outcome").fill_null("")
    done = pl.when(said == "").then(pl.lit("done")).otherwise(said)
    outcome = pl.when(pl.col("state") == "done").then(done).otherwise(pl.lit("cancelled"))
    return last.select("a", "task", outcome.alias("outcome"))


def account_stage(sheet: Sheet) -> pl.Series:
    """The place of the severest stage among the open items; null before the first."""
    own = sheet.base.items.select("a").with_columns(sheet.stage.alias("stage"))
    found = own.filter(pl.col("stage") >= 0).group_by("a").agg(pl.col("stage").max())
    return sheet.base.spread("a", found, "stage")


def segment_names(sheet: Sheet, view: View) -> pl.Series:
    """The name of each account's segment."""
    if not view.segments or sheet.segment is None:
        return nothing(sheet.height, pl.String())
    names = pl.Series([None, *(s.name for s in sheet.policy.segments)], dtype=pl.String)
    return names.gather(sheet.segment + 1)


def _payer(column: str) -> Callable[[Sheet, View], Column]:
    return lambda sheet, view: Plain(sheet.base.customer(column))


ACCOUNT: Mapping[str, Callable[[Sheet, View], Column]] = {
    "segment": lambda sheet, view: Plain(segment_names(sheet, view)),
    "overdue": lambda sheet, view: _sums(sheet, _to_pay(sheet, sheet.counted(view))),
    "overdue_all": lambda sheet, view: _sums(sheet, _to_pay(sheet, sheet.past_due(view.day))),
    "overdue_count": lambda sheet, view: _count(sheet, sheet.counted(view)),
    "overdue_count_all": lambda sheet, view: _count(sheet, sheet.past_due(view.day)),
    "oldest_days_past_due": _oldest,
    "exposure": lambda sheet, view: _sums(sheet, _exposure(sheet)),
    "unapplied_credit": _unapplied,
    "credit_limit": _limit,
    "credit_use": _credit_use,
    "is_on_hold": _holds,
    "bounced": lambda sheet, view: Plain(
        sheet.base.marked("a", sheet.base.tables["bounces"]["a"])
    ),
    "days_since_contact": _last_contact,
    "task_outcome": lambda sheet, view: Plain(
        sheet.base.spread("a", newest_task(sheet), "outcome")
    ),
    "customer_type": _payer("type"),
    "customer_country": _payer("country"),
    "customer_language": _payer("language"),
    "customer_tag": lambda sheet, view: Sets(sheet.base.customer("tags")),
    "customer_since": _payer("since"),
    "salesperson": _payer("salesperson"),
    "company": lambda sheet, view: Plain(sheet.base.accounts["company"]),
    "payer": lambda sheet, view: Plain(sheet.base.accounts["debtor"]),
}


def _paid(sheet: Sheet, first: date) -> pl.DataFrame:
    """The invoices fully paid in a period: `a` and `late`, days after the due date (0 when
    early).
    """
    # until yesterday: a payment changes no segment on the day on which it comes in
    inside = pl.col("on").is_between(first, sheet.on, closed="left")
    rows = sheet.base.tables["settlements"].filter(
        pl.col("closes") & (pl.col("kind") == "payment") & inside
    )
    late = rows["on"].to_physical() - sheet.rolled(rows["due"]).to_physical()
    return rows.select("a", late.clip(lower_bound=0).cast(pl.Int64).alias("late"))


def _history(sheet: Sheet, first: date) -> pl.DataFrame:
    """What the invoices paid in a period say of each account; those without a due date say
    nothing.
    """
    key = ("history", first)
    if key not in sheet.made:
        late = pl.col("late")
        sheet.made[key] = (
            _paid(sheet, first)
            .group_by("a")
            .agg(
                pl.len().cast(pl.Int64).alias("paid"),
                late.count().cast(pl.Int64).alias("known"),
                (late > 0).sum().cast(pl.Int64).alias("tardy"),
                late.sum().alias("days"),
            )
        )
    found = sheet.made[key]
    assert isinstance(found, pl.DataFrame)
    return found


def _share(sheet: Sheet, first: date, upper: str) -> Column:
    found = _history(sheet, first).filter(pl.col("known") > 0)
    return Ratio(sheet.base.spread("a", found, upper), sheet.base.spread("a", found, "known"))


def _usual(sheet: Sheet, first: date) -> Column:
    """The lower of the two in the middle, where there are two."""
    late = pl.col("late")
    found = _paid(sheet, first).filter(late.is_not_null()).group_by("a").agg(late.sort())
    middle = (late.list.len().cast(pl.Int64) - 1) // 2
    return Plain(sheet.base.spread("a", found.with_columns(late.list.get(middle)), "late"))


def _invoices(sheet: Sheet, first: date) -> Column:
    return Plain(sheet.base.spread("a", _history(sheet, first), "paid").fill_null(0))


def _in_period(sheet: Sheet, rows: pl.DataFrame, first: date) -> Column:
    rows = rows.filter(pl.col("day").is_between(first, sheet.on))
    found = rows.group_by("a").agg(pl.len().cast(pl.Int64).alias("count"))
    return Plain(sheet.base.spread("a", found, "count").fill_null(0))


PERIOD: Mapping[str, Callable[[Sheet, date], Column]] = {
    "contacts": lambda sheet, first: _in_period(sheet, contact_days(sheet), first),
    "invoices_paid": _invoices,
    "late_share": lambda sheet, first: _share(sheet, first, "tardy"),
    "average_days_late": lambda sheet, first: _share(sheet, first, "days"),
    "usual_days_late": _usual,
    "broken_promises": lambda sheet, first: _in_period(sheet, _broken(sheet), first),
}


def _broken(sheet: Sheet) -> pl.DataFrame:
    from dunwell.decide.columns.pledges import broken_on

    return broken_on(sheet.promises)
