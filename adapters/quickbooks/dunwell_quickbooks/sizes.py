"""What `dunwell doctor` tells about a company: plan, currencies, zone, what a run costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dunwell_quickbooks.cache import Entity
from dunwell_quickbooks.company import Company, amount, created, sent_at
from dunwell_quickbooks.head import find_head, length

PAGE = 1000
NEARLY_FULL = 1024 - 130
"""Above this a head may not fit, if the service counts as its schema says and not as its
documents do.
"""

LATER, LATELY = timedelta(days=2), timedelta(days=30)
"""After so long an invoice is mailed again, not for the first time; what counts as lately."""

FREE_READS = 500_000
"""Metered reads of a month in the free tier, of all companies of an app together."""


def remarks(company: Company, *, native: bool) -> Iterator[str]:
    """One sentence each, for people."""
    info = company.records.company
    plan = next(
        (pair.get("Value") for pair in info.get("NameValue") or ()
         if pair.get("Name") == "OfferingSku"), "not told",
    )  # fmt: skip
    yield f"company {info.get('CompanyName', company.options.realm)}, plan: {plan}"
    rows = company.records.of("Invoice")
    foreign = sorted(
        {str((row.get("CurrencyRef") or {}).get("value") or company.currency)
         for row in rows.values() if amount(row, "Balance") > 0}
        - {company.currency}
    )  # fmt: skip
    yield f"books in {company.currency}" + (
        f", owed also in {', '.join(foreign)}" if foreign else ""
    )
    named = getattr(company.zone, "key", "")
    yield f"today is counted in {named or company.zone}" + (
        "" if named else " (write 'timezone' into [erp]: an offset knows no summer time)"
    )
    yield _cost(company, each=2 if native else 1)
    full = sum(
        length(str(row.get("Notes") or "")) > NEARLY_FULL and not find_head(str(row["Notes"]))
        for row in company.records.of("Customer").values()
    )
    if full:
        yield f"{full} customers have notes so long that the head of a log may not fit"
    yield (
        "the automatic reminders of QuickBooks cannot be seen from here: switch them off "
        "(Settings, Sales, Reminders), or customers are reminded twice"
    )
    again = 0 if native else sum(_again(company, row) for row in rows.values())
    if again:
        yield (
            f"{again} invoices were mailed again in the last 30 days, and not by Dunwell: by "
            "people, or by those automatic reminders"
        )
    if native:
        yield "reminders are QuickBooks' own invoice mails: the words of templates are not used"


def _again(company: Company, row: Entity) -> bool:
    """Whether an invoice was mailed lately, and not when it was made."""
    made, sent = created(row), sent_at(row)
    if made is None or sent is None:
        return False
    return sent - made > LATER and company.clock.now() - sent < LATELY


def _cost(company: Company, *, each: int) -> str:
    rows = {kind: len(found) for kind, found in company.records.records.items()}
    whole = sum(size // PAGE + 1 for size in rows.values()) + 5
    whole += (len(company.records.notes) + PAGE - 1) // PAGE
    return (
        f"{company.door.asked} metered reads so far; a run costs about 2 and {each} for each 200 "
        f"debtors, reading everything anew (weekly, or without the cache) about {whole}, "
        f"of {FREE_READS} a month"
    )
