"""What Tinybooks knows, as rows of the published tables. Pure but for the pages it walks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain

from dunwell.money import Money
from dunwell_tinybooks.client import Client
from dunwell_tinybooks.erp import Document

Row = dict[str, object]


def customer(document: Document) -> Row:
    """A customer."""
    plain = ("id", "name", "payer", "type", "country", "language", "email")
    return {name: document.get(name) for name in plain}


def item(document: Document) -> Row:
    """An open invoice; Tinybooks puts a settled one away, where it is not found."""
    currency = document["currency"]
    return {
        "id": document["id"],
        "customer": document["customer"],
        "company": document["company"],
        "number": document["number"],
        "kind": "invoice",
        "issued": day(document["issued"]),
        "due": day(document["due"]),
        "currency": currency,
        "amount": minor(document["amount"], currency),
        "balance": minor(document["open"], currency),
    }


def settlement(document: Document) -> Row:
    """A payment or a write-off, with what it settled."""
    currency = document["currency"]
    return {
        "id": document["id"],
        "item": document["invoice"],
        "customer": document["customer"],
        "company": document["company"],
        "on": day(document["on"]),
        "currency": currency,
        "amount": minor(document["amount"], currency),
        "kind": document["what"],
        "due": day(document["due"]),
        "closes": document["closes"],
    }


def minor(amount: str, currency: str) -> int:
    """Whole minor units: 900.50 EUR are 90050, 57 JPY are 57, 1.001 KWD are 1001."""
    return Money.of(amount, currency).minor


def day(text: str | None) -> date | None:
    """A day of Tinybooks; where there is none, none is made up."""
    return date.fromisoformat(text) if text else None


def company(document: Document) -> Row:
    """Our company."""
    return {name: document.get(name) for name in ("id", "name", "currency", "timezone")}


def person(document: Document) -> Row:
    """One of our own people."""
    return {**{name: document.get(name) for name in ("id", "name", "email")}, "active": True}


def exclusion(document: Document) -> Row | None:
    """The mark `leave alone` of a customer."""
    mark = document.get("leave_alone")
    if mark is None:
        return None
    return {
        "id": document["id"],
        "customer": document["id"],
        "reason": mark["reason"],
        "since": day(mark["since"]),
        "until": day(mark["until"]),
    }


def task(document: Document) -> Row | None:
    """A task that Dunwell gave to somebody."""
    if not document.get("reference"):
        return None
    return {
        "key": document["reference"],
        "customer": document["customer"],
        "company": document["company"],
        "state": document["state"],
        "outcome": document.get("outcome"),
        "ended": day(document.get("ended")),
    }


TABLES: Mapping[str, tuple[str, Callable[[Document], Row | None]]] = {
    "companies": ("company", company),
    "customers": ("customer", customer),
    "people": ("person", person),
    "items": ("invoice", item),
    "settlements": ("payment", settlement),
    "exclusions": ("customer", exclusion),
    "tasks": ("task", task),
}
"""From which kind of document a table comes; the published tables that are missing are empty."""

OURS = ("companies", "people")
"""Tables that are the same whichever debtors are asked for."""


def rows(
    client: Client, table: str, debtors: Sequence[str] | None, since: date | None
) -> Iterator[list[Row]]:
    """The rows of a table in pages, of some debtors only where they are named."""
    if table not in TABLES:
        return
    kind, translate = TABLES[table]
    if debtors is None or table in OURS:
        pages = client.pages(kind, since=since)
    elif kind == "customer":
        pages = branches(client, debtors)
    else:
        customers = list(payers(client, debtors))
        pages = client.chosen(kind, "customer", customers, since=since)
    for page in pages:
        made = [row for row in map(translate, page) if row is not None]
        if made:
            yield made


def branches(client: Client, debtors: Sequence[str]) -> Iterator[list[Document]]:
    """The customers that some debtors pay for, themselves included."""
    return chain(
        client.chosen("customer", "id", debtors), client.chosen("customer", "payer", debtors)
    )


def payers(client: Client, debtors: Sequence[str] | None) -> Mapping[str, str]:
    """Who pays for each customer: the debtor, whose log it is."""
    pages = client.pages("customer") if debtors is None else branches(client, debtors)
    return {row["id"]: row.get("payer") or row["id"] for page in pages for row in page}
