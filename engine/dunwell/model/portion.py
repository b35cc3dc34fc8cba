"""A part of a book: all that concerns some debtors, as if the ERP had nobody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import polars as pl

from dunwell.model.book import Book

OWNED = (
    "contacts",
    "items",
    "credits",
    "settlements",
    "promises",
    "exclusions",
    "holds",
    "tasks",
)
"""Tables whose rows name the customer that they belong to."""


def payers(book: Book) -> Mapping[str, str]:
    """Each customer's payer; itself when the ERP names none or one that is not known."""
    ids = book["customers"]["id"]
    return dict(zip(ids.to_list(), ids.gather(book.owners.payers).to_list(), strict=True))


def portion(book: Book, debtors: Collection[str]) -> Book:
    """The rows that concern some debtors and nobody else, in their order: a smaller book.

    It has who pays for a debtor too, since a debtor may itself be paid for; and the debtor's holds
    all the same.
    """
    wanted = pl.Series(list(debtors), dtype=pl.String)
    owners, ids = book.owners, book["customers"]["id"]
    asked = ids.is_in(wanted.implode())
    mine = asked.gather(owners.payers)  # those for whom a wanted one pays
    above = ids.gather(owners.payers.filter(asked))
    own = ids.filter(mine)
    named = pl.concat([own, wanted, above])
    tables = {
        name: book[name].filter(asked.gather(owners.debtor(name)).fill_null(False))
        for name in OWNED
    }
    # what stands on a debtor of earlier, for whom another customer has come to pay
    left = pl.concat([own, wanted]).implode()
    tables["holds"] = book["holds"].filter(pl.col("customer").is_in(left))
    tables["customers"] = book["customers"].filter(pl.col("id").is_in(named.implode()))
    items = tables["items"]
    contested = pl.concat([items["id"], items["document"]]).drop_nulls()
    tables["disputes"] = book["disputes"].filter(pl.col("item").is_in(contested.implode()))
    return replace(book, tables={**book.tables, **tables})
