"""What people noted in QuickBooks, as rows and contacts: marks in notes, invoices they mailed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from dunwell.log.entry import Entry
from dunwell.port import HOLD_KINDS
from dunwell_quickbooks.calendar import instant
from dunwell_quickbooks.company import amount, created, reference
from dunwell_quickbooks.head import find_holds
from dunwell_quickbooks.mapping import Row, View, minor
from dunwell_quickbooks.marks import Mark

LONG_AGO = date(2000, 1, 1)
MONTH = timedelta(days=31)


def promises(view: View) -> Iterable[Row]:
    """`PROMISE 2026-05-01 450.00 EUR`: without an amount all that is due until then."""
    for customer, mark in _of_customers(view, "promise"):
        by = mark.day or mark.until
        if by is None:
            continue  # a promise without a day is read as an exclusion
        yield _promise(view, customer, mark, by, _named_items(view, customer, mark))
    for item, mark in _of_invoices(view, "promise"):
        by = mark.day or mark.until
        if by is not None:
            customer = reference(view.of("Invoice")[item], "CustomerRef")
            yield _promise(view, customer, mark, by, [item])


def _promise(view: View, customer: str, mark: Mark, by: date, items: list[str]) -> Row:
    currency = mark.currency or _main_currency(view, customer)
    if mark.amount is not None:
        worth = minor(mark.amount, currency)
    else:
        owed = (
            row for number, row in view.open_invoices()
            if view.currency(row) == currency
            and (number in items or (not items and _is_of(view, row, customer)))
        )  # fmt: skip
        worth = sum(minor(amount(row, "Balance"), currency) for row in owed)
    return {
        "id": mark.id,
        "customer": customer,
        "company": view.company.options.realm,
        # a line does not say when it was written: as early as can be, so that payments count
        "made": mark.since or min(view.on, by - MONTH),
        "by": by,
        "currency": currency,
        "amount": worth,
        "items": items,
        "ended": mark.ended,
    }


def _is_of(view: View, row: Row, customer: str) -> bool:
    return view.company.payer(reference(row, "CustomerRef")) == view.company.payer(customer)


def _main_currency(view: View, customer: str) -> str:
    return view.currency(view.of("Customer")[customer])


def _named_items(view: View, customer: str, mark: Mark) -> list[str]:
    """The invoices that a line names, by number or by Id."""
    if not mark.items:
        return []
    mine = {n: row for n, row in view.of("Invoice").items() if _is_of(view, row, customer)}
    by_number: dict[str, list[str]] = {}
    for number, row in mine.items():
        by_number.setdefault(str(row.get("DocNumber") or number), []).append(number)
    found: list[str] = []
    for name in mark.items:
        found += by_number.get(name, [name] if name in mine else [])
    return sorted(set(found))


def disputes(view: View) -> Iterable[Row]:
    """`DISPUTE` on an invoice, or on a customer for all that is open."""
    for item, mark in _of_invoices(view, "dispute"):
        currency = view.currency(view.of("Invoice")[item])
        yield {
            "id": mark.id,
            "item": item,
            "since": mark.since or view.on,
            "amount": None if mark.amount is None else minor(mark.amount, currency),
            "reason": mark.rest or None,
            "ended": mark.ended,
        }
    for customer, mark in _of_customers(view, "dispute"):
        named = _named_items(view, customer, mark)
        for item, row in view.open_invoices():
            if (item in named) if mark.items else _is_of(view, row, customer):
                yield {
                    "id": f"{mark.id}-{item}",
                    "item": item,
                    "since": mark.since or view.on,
                    "reason": mark.rest or None,
                    "ended": mark.ended,
                }


def exclusions(view: View) -> Iterable[Row]:
    """`DO NOT CONTACT`, a hold by hand, a promise without a day; customers who are inactive."""
    for number, row in view.of("Customer").items():
        if row.get("Active") is False:
            yield {
                "id": f"{number}-inactive",
                "customer": view.company.payer(number),
                "reason": "the customer is inactive in QuickBooks",
                "since": LONG_AGO,
            }
    for customer, mark in _of_customers(view, "exclusion", "hold", "promise"):
        if mark.word == "promise" and (mark.day or mark.until):
            continue
        made = created(view.of("Customer")[customer])
        yield _exclusion(mark, customer, made.date() if made else LONG_AGO)
    for item, mark in _of_invoices(view, "exclusion", "hold", "promise"):
        if mark.word == "promise" and (mark.day or mark.until):
            continue
        customer = view.company.payer(reference(view.of("Invoice")[item], "CustomerRef"))
        yield {**_exclusion(mark, customer, LONG_AGO), "item": item}


def _exclusion(mark: Mark, customer: str, since: date) -> Row:
    ends = [end for end in (mark.until, mark.ended) if end is not None]
    return {
        "id": mark.id,
        "customer": customer,
        "reason": mark.rest or mark.line,
        "since": mark.since or since,
        "until": min(ends) if ends else None,
    }


def holds(view: View) -> Iterable[Row]:
    """Our own lines as they stand now, and `HOLD` as people write it."""
    realm = view.company.options.realm
    for number, row in view.of("Customer").items():
        for ours in find_holds(str(row.get("Notes") or "")):
            yield {
                "id": f"{number}-dunwell-{ours.kind}",
                "customer": view.company.payer(number),
                "company": realm,
                "kind": ours.kind,
                "value": ours.value or "?",
                "by": "dunwell",
            }
    for customer, mark in _of_customers(view, "hold"):
        if mark.ended is None or mark.ended > view.on:
            first = next(iter(mark.rest.lower().split()), "")
            yield {
                "id": mark.id,
                "customer": customer,
                "company": realm,
                "kind": first if first in HOLD_KINDS else "orders",
                "value": mark.line,
                "since": mark.since,
                "by": "person",
            }


def _of_customers(view: View, *words: str) -> Iterator[tuple[str, Mark]]:
    """Marks on customers, each with who pays."""
    for number in view.of("Customer"):
        for mark in view.customer_marks(number):
            if mark.word in words:
                yield view.company.payer(number), mark


def _of_invoices(view: View, *words: str) -> Iterator[tuple[str, Mark]]:
    """Marks on invoices that are open."""
    for number, _ in view.open_invoices():
        for mark in view.invoice_marks(number):
            if mark.word in words:
                yield number, mark


def ends_of_tasks(view: View, customer: str) -> dict[str, Mark]:
    """Tasks that people ended in the notes: `DONE CODE how it went`, by their code."""
    found: dict[str, Mark] = {}
    for mark in view.customer_marks(customer):
        if mark.word in ("done", "cancelled"):
            code = next(iter(mark.rest.lower().replace(":", " ").split()), "")
            if code:
                found[code] = mark
    return found


def contacts(view: View, since: date, *, ours: frozenset[tuple[str, date]]) -> Iterator[Entry]:
    """People's contacts since a day: calls in notes, invoices that were mailed.

    `ours` are the debtors and days on which Dunwell let QuickBooks mail.
    """
    early = datetime.combine(since, time(), UTC) - timedelta(hours=14)
    for number, row in view.of("Invoice").items():
        at = instant((row.get("DeliveryInfo") or {}).get("DeliveryTime"))
        debtor = view.company.payer(reference(row, "CustomerRef"))
        if at is None or at < early or debtor not in view.of("Customer"):
            continue
        if (debtor, at.astimezone(view.company.zone).date()) not in ours:
            text = f"mailed invoice {row.get('DocNumber') or number}"
            yield _contact(view, debtor, f"mailed-{number}-{at:%Y%m%d%H%M%S}", at, "email", text)
    for debtor, mark in _of_customers(view, "called"):
        on = mark.day or mark.since or view.on
        at = datetime.combine(on, time(12), view.company.zone).astimezone(UTC)
        if at >= early:
            yield _contact(view, debtor, mark.id, at, "phone", mark.rest)


def _contact(view: View, debtor: str, key: str, at: datetime, channel: str, text: str) -> Entry:
    return Entry(
        debtor=debtor,
        company=view.company.options.realm,
        position=None,
        kind="contact",
        key=key,
        at=at,
        by="person",
        direction="out",
        channel=channel,
        text=text,
    )
