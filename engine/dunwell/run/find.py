"""Whom a person means by a word: a customer's number or name, or the number of an invoice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from dunwell.model import frame
from dunwell.port import Adapter

CUSTOMER, INVOICE = "customer:", "invoice:"
"""In front of a word they say which of the two is meant."""

PAID = timedelta(days=400)
"""How far back paid invoices are looked for."""


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One debtor that may be meant; `how` says why, `items` are the invoices that were named."""

    debtor: str
    name: str
    how: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """Customers by identifier: name and payer."""

    names: dict[str, str]
    payers: dict[str, str]

    def subject(self, customer: str, how: str, items: tuple[str, ...] = ()) -> Subject:
        payer = self.payers.get(customer) or customer
        debtor = payer if payer in self.names else customer
        if debtor != customer:
            how = f"{how}, which {self.names[debtor]} ({debtor}) pays for"
        return Subject(debtor, self.names.get(debtor, debtor), how, items)


def find(adapter: Adapter, word: str, *, on: date) -> list[Subject]:
    """The debtors that a word may mean, each once; several: the word is ambiguous.

    A customer's identifier wins over everything. Then numbers of open invoices and credits, then
    paid invoices, then names: whole ones before parts.
    """
    only_invoice, only_customer = word.startswith(INVOICE), word.startswith(CUSTOMER)
    word = word.removeprefix(INVOICE).removeprefix(CUSTOMER).strip()
    if not word:
        return []
    if not only_invoice:
        known = _customers(adapter, [word])
        if word in known.names and not known.payers.get(word):
            return [Subject(word, known.names[word], f"customer {word}")]
    known = _customers(adapter, None)
    if not only_invoice and word in known.names:
        return [known.subject(word, f"customer {word}")]
    if not only_customer:
        for found in (_items(adapter, word, known), _paid(adapter, word, known, on)):
            if found:
                return found
    return [] if only_invoice else _named(word, known)


def _customers(adapter: Adapter, debtors: Sequence[str] | None) -> _Known:
    known = _Known({}, {})
    for page in adapter.read("customers", debtors=debtors):
        rows = frame("customers", page).select("id", "name", "payer")
        for id_, name, payer in rows.iter_rows():
            known.names[id_] = name
            if payer and payer != id_:
                known.payers[id_] = payer
    return known


def _items(adapter: Adapter, word: str, known: _Known) -> list[Subject]:
    found: list[Subject] = []
    for page in adapter.read("items"):
        rows = frame("items", page).filter(
            (pl.col("id") == word) | (pl.col("number") == word) | (pl.col("document") == word)
        )
        for id_, number, customer, kind in rows.select(
            "id", "number", "customer", "kind"
        ).iter_rows():
            found.append(known.subject(customer, f"{kind} {number}", (id_,)))
    for page in adapter.read("credits"):
        rows = frame("credits", page).filter((pl.col("id") == word) | (pl.col("number") == word))
        for id_, number, customer in rows.select("id", "number", "customer").iter_rows():
            found.append(known.subject(customer, f"credit {number or id_}"))
    return _merged(found)


def _paid(adapter: Adapter, word: str, known: _Known, on: date) -> list[Subject]:
    found = []
    for page in adapter.read("settlements", since=on - PAID):
        rows = frame("settlements", page).filter((pl.col("item") == word) & pl.col("closes"))
        for item, customer, day in rows.select("item", "customer", "on").iter_rows():
            found.append(known.subject(customer, f"invoice {item}, settled on {day}"))
    return _merged(found)


def _named(word: str, known: _Known) -> list[Subject]:
    wanted = " ".join(word.casefold().split())
    parts: list[Subject] = []
    whole: list[Subject] = []
    for customer, name in known.names.items():
        have = " ".join(name.casefold().split())
        if wanted == have:
            whole.append(known.subject(customer, f"customer {customer}"))
        elif wanted in have:
            parts.append(known.subject(customer, f"customer {customer}"))
    return _merged(whole or parts)


def _merged(found: Iterable[Subject]) -> list[Subject]:
    """Each debtor once, with all items that were meant."""
    return sorted(_each(found))


def _each(found: Iterable[Subject]) -> Iterator[Subject]:
    by_debtor: dict[str, list[Subject]] = {}
    for subject in found:
        by_debtor.setdefault(subject.debtor, []).append(subject)
    for debtor, subjects in by_debtor.items():
        items = tuple(dict.fromkeys(item for s in subjects for item in s.items))
        first = subjects[0]
        yield Subject(debtor, first.name, first.how, items)


def names(adapter: Adapter, debtors: Sequence[str]) -> dict[str, str]:
    """What some debtors are called, as far as the ERP knows them."""
    return _customers(adapter, debtors).names if debtors else {}
