"""The published schema: which tables an adapter reads, with which columns, of which type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

ColumnType = Literal["text", "texts", "date", "instant", "minor", "int", "flag"]

DTYPES: Mapping[ColumnType, pl.DataType] = {
    "text": pl.String(),
    "texts": pl.List(pl.String()),
    "date": pl.Date(),
    "instant": pl.Datetime("us", "UTC"),
    "minor": pl.Int64(),  # int64 minor units of the currency in the same row
    "int": pl.Int64(),
    "flag": pl.Boolean(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, type and meaning; a required column is never null."""

    name: str
    type: ColumnType
    meaning: str
    required: bool = False

    @property
    def dtype(self) -> pl.DataType:
        """The Polars type of the column."""
        return DTYPES[self.type]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns and the column that names a row."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: str = "id"

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The Polars schema of a page."""
        return {column.name: column.dtype for column in self.columns}


def _columns(text: str) -> tuple[Column, ...]:
    """Read `name type! meaning` lines; `!` marks a required column."""
    columns = []
    for line in text.strip().splitlines():
        name, kind, meaning = line.split(None, 2)
        required = kind.endswith("!")
        columns.append(Column(name, kind.rstrip("!"), meaning, required))  # type: ignore[arg-type]
    return tuple(columns)


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "companies",
            "our own companies",
            _columns("""
id        text!  identifier
name      text!  as printed on messages
currency  text!  ISO 4217 code of its books
country   text   ISO 3166 alpha-2
timezone  text   IANA name; its own today is counted in it
email     text   where customers answer to
"""),
        ),
        Table(
            "customers",
            "whoever owes or pays",
            _columns("""
id              text!   identifier
name            text!   as people know it
payer           text    the customer that pays for this one; empty: itself
type            text    business, consumer or public; empty: not known
country         text    ISO 3166 alpha-2
language        text    locale such as es or es_MX
timezone        text    IANA name; empty: every zone of the country
since           date    first business
salesperson     text    who looks after it: a person of `people`
tags            texts   the ERP's own tags
email           text    where messages go when no contact has the role
phone           text    for text messages and people
credit_limit    minor   in credit_currency; empty: none set
credit_currency text    ISO 4217 code
street          text    for letters and people
"""),
        ),
        Table(
            "contacts",
            "people at a customer",
            _columns("""
id        text!  identifier
customer  text!  whose
name      text   of the person
role      text   billing, management, ...
email     text   address
phone     text   number, for text messages too
language  text   locale
"""),
        ),
        Table(
            "people",
            "our own people",
            _columns("""
id     text!  identifier in the ERP, or the e-mail address
name   text   of the person
email  text   address
active flag   may get tasks
"""),
        ),
        Table(
            "items",
            "unpaid and part-paid receivables, each instalment its own",
            _columns("""
id                 text!   identifier
customer           text!   who owes it
company            text!   whom it is owed
number             text!   of the invoice, as printed
document           text    the invoice that instalments share; empty: itself
kind               text!   invoice, instalment, debit_note or charge
issued             date    of the document
due                date    empty: not known
currency           text!   ISO 4217 code of the money columns
amount             minor!  as issued
balance            minor!  what the ERP says is open
terms              text    name of the payment terms
method             text    how the customer pays: transfer, direct_debit, card, ...
last_payment       date    the newest payment on it
no_follow_up       flag    a person marked it: leave alone
collection         text    none, scheduled, pending or returned
collection_failure text    why the newest collection came back
collection_returns int     how many came back
salesperson        text    of the document, where it differs from the customer's
link               text    where the customer can look at it or pay it
"""),
        ),
        Table(
            "credits",
            "unapplied credit notes and payments",
            _columns("""
id        text!   identifier
customer  text!   whose
company   text!   with whom
number    text    as printed
kind      text!   credit_note or payment
on        date    of the document
currency  text!   ISO 4217 code
balance   minor!  what is left of it, negative
item      text    the item it belongs to, where linked
"""),
        ),
        Table(
            "settlements",
            "what settled items, newest period first in age",
            _columns("""
id        text!   identifier
item      text!   what it settled
customer  text!   who owed it
company   text!   whom
on        date!   of the payment
currency  text!   ISO 4217 code
amount    minor!  what it settled of the item
kind      text!   payment, credit_note or write_off
due       date    due date of the item
closes    flag!   the item was fully settled by this row
"""),
        ),
        Table(
            "promises",
            "promises to pay as people noted them in the ERP",
            _columns("""
id        text!   identifier
customer  text!   who promised
company   text!   to whom
made      date!   when
by        date!   until when it will be paid
currency  text!   ISO 4217 code
amount    minor!  what was promised
items     texts   for which items; empty: the oldest first
ended     date    when a person withdrew or replaced it
"""),
        ),
        Table(
            "disputes",
            "contested items",
            _columns("""
id      text!   identifier
item    text!   item or document that is contested
since   date!   from when
amount  minor   contested part in the item's currency; empty: all of it
reason  text    in a word
ended   date    when it was settled
"""),
        ),
        Table(
            "exclusions",
            "a person's `do not contact`",
            _columns("""
id        text!  identifier
customer  text!  whom to leave alone
item      text   only this item; empty: the whole debtor
reason    text   why
since     date!  from when
until     date   last day; empty: open-ended
"""),
        ),
        Table(
            "holds",
            "blocks in force on customers",
            _columns("""
id        text!  identifier
customer  text!  who is blocked
company   text   where; empty: all companies
kind      text!  orders, delivery, service or credit
value     text!  the mark as it stands in the ERP; Dunwell's own is what it wrote
since     date   from when
by        text   who placed it
"""),
        ),
        Table(
            "tasks",
            "tasks that Dunwell gave to people, open and ended",
            _columns("""
key       text!  Dunwell's key
customer  text!  about whom
company   text   for which company
state     text!  open, done or cancelled; a missing row means it is gone
outcome   text   what the person said when it ended
ended     date   when
"""),
            key="key",
        ),
        Table(
            "rates",
            "the ERP's own exchange rates",
            _columns("""
company   text!  whose rates
currency  text!  ISO 4217 code
on        date!  valid from
rate      text!  decimal: units of the company's currency for one unit of this one
"""),
            key="currency",
        ),
    )
}

PageLike = pl.DataFrame | Mapping[str, Sequence[object]]


def empty(table: str) -> pl.DataFrame:
    """An empty page of a table."""
    return pl.DataFrame(schema=TABLES[table].schema)


def frame(table: str, page: PageLike) -> pl.DataFrame:
    """A page in the published types; columns that the adapter lacks are null.

    Raises `TypeError` or `polars` errors where a value does not fit; `page_problems` says it in
    words.
    """
    schema = TABLES[table].schema
    given = page if isinstance(page, pl.DataFrame) else _from_columns(table, page)
    unknown = set(given.columns) - set(schema)
    if unknown:
        raise TypeError(f"table '{table}' has no column '{min(unknown)}'")
    missing = [pl.lit(None, dtype=t).alias(n) for n, t in schema.items() if n not in given.columns]
    return given.with_columns(missing).select(
        pl.col(name).cast(dtype, strict=True) for name, dtype in schema.items()
    )


def _from_columns(table: str, page: Mapping[str, Sequence[object]]) -> pl.DataFrame:
    schema = TABLES[table].schema
    unknown = set(page) - set(schema)
    if unknown:
        raise TypeError(f"table '{table}' has no column '{min(unknown)}'")
    return pl.DataFrame(
        {name: pl.Series(name, list(values), dtype=schema[name]) for name, values in page.items()}
    )


def page(table: str, rows: Iterable[Mapping[str, object]]) -> PageLike:
    """Rows as a page, for adapters whose ERP answers row by row; what a row lacks is null.

    >>> page("disputes", [{"id": "D-1", "item": "F-1"}])["item"]
    ['F-1']
    """
    given = list(rows)
    names = [name for name in TABLES[table].schema if any(name in row for row in given)]
    return {name: [row.get(name) for row in given] for name in names}


def page_problems(table: str, page: pl.DataFrame) -> Iterable[str]:
    """What the published schema forbids: nulls in required columns, rows with one key."""
    spec = TABLES[table]
    for column in spec.columns:
        if column.required and page[column.name].null_count():
            empties = page[column.name].null_count()
            yield f"table '{table}', column '{column.name}': {empties} rows are empty"
    if spec.key == "id" and not _distinct(page["id"]):
        yield f"table '{table}': an id occurs twice"


def _distinct(ids: pl.Series) -> bool:
    """Told by their hashes where these are all different, which takes half the time."""
    return ids.hash().n_unique() == ids.len() or ids.n_unique() == ids.len()
