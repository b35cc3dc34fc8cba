"""Whether the address that messages would go to is known to bounce."""

from __future__ import annotations

import polars as pl

from dunwell.decide.memories import Memories
from dunwell.log.keys import address_hash
from dunwell.model import Book


def bounces(
    book: Book, memories: Memories, accounts: pl.DataFrame, payers: pl.Series
) -> pl.DataFrame:
    """The first known bounce of the address of each account: `a` and `bounce`, its key.

    `payers` are the customers that pay for themselves. Only addresses of debtors with a bounce are
    looked at, since each takes a digest.
    """
    known = memories.bounces
    owners = accounts.filter(pl.col("debtor").is_in(known["debtor"].unique().to_list()))
    addresses = _addresses(book, owners["debtor"].unique(), payers)
    hashes = [address_hash("email", address) for address in addresses["address"]]
    addresses = addresses.with_columns(pl.Series("address_hash", hashes, dtype=pl.String))
    hit = known.join(addresses, on=("debtor", "address_hash"), how="inner", maintain_order="left")
    hit = hit.unique("debtor", keep="first", maintain_order=True)
    # accounts have a key of their own
    hit = hit.select("debtor", pl.col("key").alias("bounce"))
    return owners.join(hit, on="debtor").select("a", "bounce")


def _addresses(book: Book, debtors: pl.Series, payers: pl.Series) -> pl.DataFrame:
    """The e-mail address of some debtors: billing first, then the customer's own."""
    wanted = debtors.to_list()
    billing = (
        book["contacts"]
        .filter(
            (pl.col("role") == "billing")
            & (pl.col("email").fill_null("") != "")
            & pl.col("customer").is_in(wanted)
        )
        .join(payers.to_frame(), on="customer", how="semi")
        .sort("id")
        .unique("customer", keep="first", maintain_order=True)
        .select(pl.col("customer").alias("debtor"), pl.col("email").alias("billing"))
    )
    own = book["customers"].select(pl.col("id").alias("debtor"), "email")
    found = own.filter(pl.col("debtor").is_in(wanted)).join(billing, on="debtor", how="left")
    address = pl.coalesce("billing", "email").fill_null("")
    return found.select("debtor", address.alias("address")).filter(pl.col("address") != "")
