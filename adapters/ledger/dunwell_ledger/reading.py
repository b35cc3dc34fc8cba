"""The published tables in pages of columns: SQLite builds a column, Polars takes it whole."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import polars as pl

from dunwell.errors import ConfigurationError
from dunwell.model import TABLES, Column
from dunwell_ledger.store import Ledger

PAGE = 20_000
"""Rows of one page; a page is one query. Its texts come and go in memory that is kept for them."""

Bound = tuple[int | str, ...]

_DEBTORS = "(SELECT id FROM customers WHERE debtor IN (SELECT value FROM json_each(:debtors)))"
_OF_CUSTOMER = f"t.customer IN {_DEBTORS}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a published table comes from: its rows, what differs in name, whose they are.

    `order` is the keyset by which pages follow each other; rows added meanwhile come last.
    """

    table: str
    columns: Mapping[str, str]
    where: str = "1"
    whose: str = ""  # empty: the same for every debtor
    order: tuple[str, ...] = ("n",)


SOURCES: Mapping[str, Source] = {
    "companies": Source("companies", {}),
    "people": Source("people", {}),
    "customers": Source(
        "customers",
        {
            "tags": "json((SELECT json_group_array(tag) FROM tags WHERE tags.customer = t.id))",
        },
        whose="t.debtor IN (SELECT value FROM json_each(:debtors))",
    ),
    "contacts": Source("contacts", {}, whose=_OF_CUSTOMER),
    "items": Source("items", {}, where="t.balance <> 0", whose=_OF_CUSTOMER),
    "credits": Source(
        "credits",
        {"on": "t.day", "balance": "-t.left"},
        where="t.left > 0 AND t.reversed IS NULL AND t.kind <> 'write_off'",
        whose=_OF_CUSTOMER,
    ),
    "settlements": Source(
        "allocations",
        {"id": "CAST(t.n AS TEXT)", "on": "t.day"},
        whose=_OF_CUSTOMER,
        order=("day", "n"),
    ),
    "promises": Source("promises", {"items": "json(coalesce(t.items, '[]'))"}, whose=_OF_CUSTOMER),
    "disputes": Source("disputes", {}, whose=_OF_CUSTOMER),
    "exclusions": Source("exclusions", {}, whose=_OF_CUSTOMER),
    "holds": Source("holds", {}, where="t.ended IS NULL", whose=_OF_CUSTOMER),
    "tasks": Source("tasks", {}, whose=_OF_CUSTOMER),
    "rates": Source("rates", {}),
}


def pages(
    ledger: Ledger, table: str, *, debtors: Sequence[str] | None, since: date | None
) -> Iterator[pl.DataFrame]:
    """The rows of a published table; two queries a page, read by two threads side by side.

    `debtors` restricts to what concerns these payers, in one page; `since` restricts settlements.
    """
    if table not in SOURCES:
        raise ConfigurationError(f"there is no table '{table}' (one of {', '.join(SOURCES)})")
    source = SOURCES[table]
    # the day is where the keyset begins: as a condition of its own it would be scanned every page
    first: Bound | None = (since.isoformat(), 0) if since and table == "settlements" else None
    if debtors is None or not source.whose:
        yield from _in_pages(ledger, table, first)
        return
    values = {"debtors": json.dumps(list(debtors))}
    page = _page(ledger, table, f"{source.where} AND {source.whose}", values, (first, None))
    if page.height:
        yield page


def _in_pages(ledger: Ledger, table: str, first: Bound | None) -> Iterator[pl.DataFrame]:
    where = SOURCES[table].where
    with ledger.reading() as connection:
        bounds = _bounds(connection, SOURCES[table], first)
    spans = list(pairwise([first, *bounds, None]))
    if len(spans) == 1:
        page = _page(ledger, table, where, {}, spans[0])
        if page.height:
            yield page
        return
    workers = min(2, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers, thread_name_prefix="ledger") as pool:
        ahead: list[Future[pl.DataFrame]] = []
        for span in spans:
            ahead.append(pool.submit(_page, ledger, table, where, {}, span))
            if len(ahead) > workers:  # a few pages ahead, never the whole book in memory
                yield ahead.pop(0).result()
        for future in ahead:
            page = future.result()
            if page.height:
                yield page


def _bounds(connection: sqlite3.Connection, source: Source, first: Bound | None) -> list[Bound]:
    """The key of the last row of every page but the last one."""
    keys = ", ".join(f"t.{key}" for key in source.order)
    found: list[Bound] = []
    while True:
        after, given = _between(source, (found[-1] if found else first, None))
        row = connection.execute(
            f"SELECT {keys} FROM {source.table} t WHERE {source.where}{after} "
            f"ORDER BY {keys} LIMIT 1 OFFSET {PAGE - 1}",
            given,
        ).fetchone()
        if row is None:
            return found
        found.append(tuple(row))


def _between(
    source: Source, span: tuple[Bound | None, Bound | None]
) -> tuple[str, dict[str, int | str]]:
    """The condition of one page, and its values."""
    text, values = "", {}
    keys = ", ".join(f"t.{key}" for key in source.order)
    for sign, name, bound in ((">", "low", span[0]), ("<=", "high", span[1])):
        if bound is None:
            continue
        names = ", ".join(f":{name}{number}" for number in range(len(bound)))
        text += f" AND ({keys}) {sign} ({names})"
        values.update({f"{name}{number}": value for number, value in enumerate(bound)})
    return text, values


def _page(
    ledger: Ledger,
    table: str,
    where: str,
    values: Mapping[str, str],
    span: tuple[Bound | None, Bound | None],
) -> pl.DataFrame:
    source, spec = SOURCES[table], TABLES[table]
    between, given = _between(source, span)
    columns = [
        source.columns.get(column.name, f"t.{_quoted(column.name)}") for column in spec.columns
    ]
    # no ORDER BY: it would copy every row once more, and all lists are built row by row alike
    rows = f"FROM {source.table} t WHERE {where}{between}"
    lists = ", ".join(f"json_group_array({column})" for column in columns)
    bound = {**values, **given}
    with ledger.reading() as connection:
        try:
            texts = connection.execute(f"SELECT {lists} {rows}", bound).fetchone()
        except sqlite3.DataError:  # names of gigabytes: more than one text of SQLite holds
            found = connection.execute(f"SELECT {', '.join(columns)} {rows}", bound).fetchall()
            texts = [
                f"[{','.join(column)}]" if one.type == "texts" else json.dumps(column)
                for one, column in zip(spec.columns, zip(*found, strict=True), strict=True)
            ]
    return pl.DataFrame(
        [_series(column, text) for column, text in zip(spec.columns, texts, strict=True)]
    )


def _series(column: Column, text: str) -> pl.Series:
    """One column from its JSON; days and flags are typed afterwards."""
    if column.type == "texts":
        kind: pl.DataType = pl.List(pl.String())
    elif column.type in ("minor", "int", "flag"):
        kind = pl.Int64()
    else:
        kind = pl.String()
    values: pl.Series = pl.Series([text]).str.json_decode(pl.List(kind))[0]
    if column.type == "date":
        values = values.str.to_date("%Y-%m-%d")
    elif column.type == "flag":
        values = values.cast(pl.Boolean())
    return values.alias(column.name)


def _quoted(name: str) -> str:
    return f'"{name}"'
