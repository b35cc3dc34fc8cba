"""What a file holds, told from its headers: one table for certain, or a question."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dunwell.errors import Place, Problem, ProblemsError
from dunwell_ledger.fields import TABLES, normal
from dunwell_ledger.mapping import ColumnMapping, lacking

# Of these one must be there, beyond what the table requires: without them a list of payments
# would pass for one of invoices, and whatever names a customer for one of contacts.
_TELLING = {
    "invoices": ("issued", "due"),
    "contacts": ("id", "name", "role"),
    "exclusions": ("until",),
}
_OF_MONEY = frozenset(("invoices", "payments", "promises"))
_BARE = ("customer", "client", "debtor", "cliente", "kunde", "debitor")
"""Headers that may mean whoever it is as well as the name."""
_DATE = re.compile(r"^(date|fecha|datum|tag)|(date|fecha|datum|tag|am)$")
_PAYING = re.compile(r"paid|pay|clear|settle|receiv|pag[oa]|cobr|ingreso|zahl|eingang|ausgleich")


def propose(header: Sequence[str], table: str = "", *, file: str = "") -> ColumnMapping:
    """The mapping that the headers suggest, to a table or to the only one that they can mean.

    Raises `ProblemsError` where they may mean several tables, or none.
    """
    if table:
        return ColumnMapping(table, _matches(header, table))
    every = [ColumnMapping(name, _matches(header, name)) for name in TABLES]
    fitting = [mapping for mapping in every if _fits(mapping)]
    if not fitting:
        raise _problem(file, "cannot tell what the rows are", _what_lacks(every))
    best = max(fitting, key=lambda mapping: len(mapping.columns))
    rivals = [other for other in fitting if other is not best and _rivals(other, best)]
    if rivals:
        names = [f"'{one.table}'" for one in (best, *rivals)]
        message = f"the columns fit {', '.join(names[:-1])} and {names[-1]}"
        raise _problem(file, message, "say what the rows are: --table " + " or ".join(
            one.table for one in (best, *rivals)
        ))  # fmt: skip
    unread = _unread_dates(header, best)
    if unread:
        message = f"looks like '{best.table}', but what is the day in '{unread[0]}'?"
        hint = f"if it does not matter: --table {best.table}; else name it in a mapping"
        raise _problem(file, message, hint)
    return best


def _matches(header: Sequence[str], table: str) -> dict[str, str]:
    """Every header goes to one field: the first that calls it so, exact names before others."""
    found: dict[str, str] = {}
    by_name = {normal(column): column for column in header if normal(column)}
    taken: set[str] = set()
    for rank in (0, 1):
        for one in TABLES[table]:
            names = one.names[:1] if rank == 0 else one.names[1:]
            for name in names:
                column = by_name.get(name, "")
                if one.name not in found and column and column not in taken:
                    found[one.name] = column
                    taken.add(column)
    _part_names(found, [column for column in by_name.values() if column not in taken], table)
    return found


def _part_names(found: dict[str, str], left: Sequence[str], table: str) -> None:
    """`Customer` beside `Customer no` is the name, and the number says who it is."""
    for identity, name in (("customer", "customer_name"), ("id", "name")):
        known = {one.name: one.names for one in TABLES[table]}
        if identity not in found or name in found or name not in known:
            continue
        bare = normal(found[identity]) in _BARE
        others = (one for one in left if normal(one) in known[identity])
        other = next((one for one in others if (normal(one) in _BARE) is not bare), None)
        if other is not None:
            pair = (other, found[identity]) if bare else (found[identity], other)
            found[identity], found[name] = pair


def _fits(mapping: ColumnMapping) -> bool:
    telling = _TELLING.get(mapping.table, ())
    return not lacking(mapping) and (not telling or any(one in mapping.columns for one in telling))


def _rivals(other: ColumnMapping, best: ColumnMapping) -> bool:
    """Whether the headers may as well mean the other table."""
    theirs, ours = set(other.columns.values()), set(best.columns.values())
    if other.table == "payments" and best.table == "invoices" and "issued" not in best.columns:
        return "settled_date" in best.columns  # the one day that counts is that of a payment
    if theirs <= ours:
        return theirs == ours
    # a column that only the other knows: telling where it is about money too
    return other.table in _OF_MONEY or len(theirs) >= len(ours)


def _unread_dates(header: Sequence[str], mapping: ColumnMapping) -> list[str]:
    """The columns of days that nothing reads; invoices with both their days may have others."""
    used = set(mapping.columns.values())
    unread = [one for one in header if one not in used and _DATE.search(normal(one))]
    if mapping.table == "invoices" and {"issued", "due"} <= mapping.columns.keys():
        return [one for one in unread if _PAYING.search(normal(one))]
    return unread


def _what_lacks(every: Sequence[ColumnMapping]) -> str:
    """What the table that comes closest would need."""
    near = max(every, key=lambda one: (not lacking(one), len(one.columns) - len(lacking(one))))
    needs = [f"a column for '{name}'" for name in lacking(near)]
    if not needs:
        telling = " or ".join(f"'{name}'" for name in _TELLING[near.table])
        needs = [f"a column for {telling}"]
    return f"'{near.table}' would need {' and '.join(needs)}; say what they are with --table"


def _problem(file: str, message: str, hint: str) -> ProblemsError:
    return ProblemsError([Problem(Place(file), message, hint)])
