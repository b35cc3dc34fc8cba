"""A fact: how long somebody has been a customer, for segments such as `new_customer`."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dunwell.facts import Fact
from dunwell.hooks import hookimpl


@hookimpl
def dunwell_facts() -> Sequence[Fact]:
    """`{customer_age: {under: 90}}`: a customer for less than 90 days."""
    return [
        Fact(
            name="customer_age",
            level="account",
            type="days",
            meaning="days since the first business with the customer; not known without that day",
            unit="calendar days",
            column=age,
        )
    ]


def age(customers: pl.DataFrame) -> pl.Series:
    """One value a row; a null is a fact that is not known."""
    return (customers["on"] - customers["since"]).dt.total_days()
