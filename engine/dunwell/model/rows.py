"""The same tables row by row, for reading one account at a time."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

import msgspec
import polars as pl


class Record(msgspec.Struct, frozen=True, gc=False):
    """The base of a row: immutable, and made by the million."""


class Company(Record, frozen=True, gc=False):
    """One of our companies."""

    id: str
    name: str
    currency: str
    country: str | None = None
    timezone: str | None = None
    email: str | None = None


class Customer(Record, frozen=True, gc=False):
    """Whoever owes or pays."""

    id: str
    name: str
    payer: str | None = None
    type: str | None = None
    country: str | None = None
    language: str | None = None
    timezone: str | None = None
    since: date | None = None
    salesperson: str | None = None
    tags: tuple[str, ...] = ()
    email: str | None = None
    phone: str | None = None
    credit_limit: int | None = None
    credit_currency: str | None = None
    street: str | None = None


class Person(Record, frozen=True, gc=False):
    """A contact at a customer."""

    id: str
    customer: str
    name: str | None = None
    role: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None


class Item(Record, frozen=True, gc=False):
    """An unpaid or part-paid receivable; money in minor units of `currency`."""

    id: str
    customer: str
    company: str
    number: str
    document: str | None
    kind: str
    issued: date | None
    due: date | None
    currency: str
    amount: int
    balance: int
    terms: str | None = None
    method: str | None = None
    last_payment: date | None = None
    no_follow_up: bool | None = None
    collection: str | None = None
    collection_failure: str | None = None
    collection_returns: int | None = None
    salesperson: str | None = None
    link: str | None = None


class Credit(Record, frozen=True, gc=False):
    """An unapplied credit; `balance` is negative."""

    id: str
    customer: str
    company: str
    number: str | None
    kind: str
    on: date | None
    currency: str
    balance: int
    item: str | None = None


class Settlement(Record, frozen=True, gc=False):
    """What settled an item."""

    id: str
    item: str
    customer: str
    company: str
    on: date
    currency: str
    amount: int
    kind: str
    due: date | None
    closes: bool


class Promise(Record, frozen=True, gc=False):
    """A promise to pay."""

    id: str
    customer: str
    company: str
    made: date
    by: date
    currency: str
    amount: int
    items: tuple[str, ...] = ()
    ended: date | None = None


class Dispute(Record, frozen=True, gc=False):
    """A contested item or document."""

    id: str
    item: str
    since: date
    amount: int | None = None
    reason: str | None = None
    ended: date | None = None


class Exclusion(Record, frozen=True, gc=False):
    """A person's `do not contact`."""

    id: str
    customer: str
    item: str | None
    reason: str | None
    since: date
    until: date | None = None


class Hold(Record, frozen=True, gc=False):
    """A block in force."""

    id: str
    customer: str
    company: str | None
    kind: str
    value: str
    since: date | None = None
    by: str | None = None


class Task(Record, frozen=True, gc=False):
    """A task that Dunwell gave to a person."""

    key: str
    customer: str
    company: str | None
    state: str
    outcome: str | None = None
    ended: date | None = None


Row = TypeVar("Row", bound=Record)


def rows(table: pl.DataFrame, kind: type[Row]) -> list[Row]:
    """The rows of a published table as values, in the table's order; lists become tuples."""
    columns = [_values(table[name]) for name in kind.__struct_fields__]
    return list(map(kind, *columns))


def _values(column: pl.Series) -> list[object]:
    if isinstance(column.dtype, pl.List):
        return [tuple(sorted(each or ())) for each in column.to_list()]
    return column.to_list()
