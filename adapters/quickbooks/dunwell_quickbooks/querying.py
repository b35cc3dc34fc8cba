"""Queries of the service: quoted values, pages that lose no row, chosen records in few calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dunwell_quickbooks.door import Door, Entity, RefusedError

PAGE = 1000
"""The most rows of one answer; each answer is one metered call."""

CHOSEN = 1000
"""The most identifiers of one query. How long a list may be is not documented: where one is
refused shorter ones are asked for, which costs nothing, as only answers are metered.
"""

SHORT = 50
"""A list that is refused for its length is longer than this."""


def quoted(value: str) -> str:
    r"""A value as the query language reads it, numbers too.

    >>> quoted("O'Neill & Sons")
    "'O\\'Neill & Sons'"
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def every(
    door: Door, entity: str, where: str = "", *, page: int = PAGE, **params: str
) -> list[Entity]:
    """All records of a kind, in the order of their Ids, which no change of a record moves.

    Rows that are gone meanwhile shift those after them: each page begins one row early, and where
    that row is not the last one known the reading begins anew from the start.
    """
    for _ in range(3):
        found = _pages(door, entity, where, page, params)
        if found is not None:
            return found
    # people delete faster than we read: what is missing comes with the changes read afterwards
    return list({row["Id"]: row for row in _plain(door, entity, where, page, params)}.values())


def _pages(
    door: Door, entity: str, where: str, page: int, params: Mapping[str, str]
) -> list[Entity] | None:
    found: list[Entity] = []
    while True:
        # one row early, so that a page shows whether rows before it are gone
        start = max(len(found), 1)
        rows = _page(door, entity, where, start, page, params)
        full = len(rows) >= page  # one more than asked for has been seen
        if found:
            if not rows or rows[0]["Id"] != found[-1]["Id"]:
                return None
            rows = rows[1:]
        found += rows
        if not full:
            return found


def _plain(
    door: Door, entity: str, where: str, page: int, params: Mapping[str, str]
) -> Iterator[Entity]:
    start = 1
    while True:
        rows = _page(door, entity, where, start, page, params)
        yield from rows
        if len(rows) < page:
            return
        start += page - min(50, page // 2)


def _page(
    door: Door, entity: str, where: str, start: int, page: int, params: Mapping[str, str]
) -> list[Entity]:
    clause = f" WHERE {where}" if where else ""
    text = f"SELECT * FROM {entity}{clause} ORDERBY Id STARTPOSITION {start} MAXRESULTS {page}"
    return records(door.query(text, **params), entity)


def chosen(door: Door, entity: str, ids: Iterable[str], *, page: int = PAGE) -> list[Entity]:
    """The records with these Ids; those that are gone are missing."""
    left = sorted(set(ids), key=lambda number: (len(number), number))
    size = min(CHOSEN, page)
    found: list[Entity] = []
    while left:
        try:
            found += _listed(door, entity, left[:size], page)
        except RefusedError:
            if min(size, len(left)) <= SHORT:
                raise
            size = min(size, len(left)) // 2
        else:
            left = left[size:]
    return found


def _listed(door: Door, entity: str, ids: Sequence[str], page: int) -> list[Entity]:
    active = " AND Active IN (true,false)" if entity == "Customer" else ""
    listed = ",".join(map(quoted, ids))
    text = f"SELECT * FROM {entity} WHERE Id IN ({listed}){active} MAXRESULTS {page}"
    return records(door.query(text), entity)


def one(door: Door, entity: str) -> Entity:
    """The only record of its kind: CompanyInfo, Preferences."""
    rows = records(door.query(f"SELECT * FROM {entity}"), entity)
    return rows[0] if rows else {}


def count(door: Door, entity: str, where: str = "") -> int:
    """How many records of a kind there are, under a condition."""
    clause = f" WHERE {where}" if where else ""
    return int(door.query(f"SELECT COUNT(*) FROM {entity}{clause}").get("totalCount", 0))


def records(answer: Entity, entity: str) -> list[Entity]:
    """The records of an answer; an empty one has no key for them."""
    rows: Sequence[Entity] = answer.get(entity) or []
    return list(rows)
