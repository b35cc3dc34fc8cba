"""Records as the server action tells them: in columns, those without texts as one text each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

Told = str | list[Any] | Mapping[str, Any]


def unpacked(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    r"""The rows of an answer, as `web_search_read` would have given them.

    >>> unpacked({"count": 2, "columns": {"id": "7\n9", "name": ["A", False], "worth": "1.5\n"}})
    [{'id': 7, 'name': 'A', 'worth': Decimal('1.5')}, {'id': 9, 'name': False, 'worth': False}]
    """
    return _rows(told["columns"], told["count"])


def _rows(columns: Mapping[str, Told], count: int) -> list[dict[str, Any]]:
    names = list(columns)
    values = [_column(columns[name], count) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _column(told: Told, count: int) -> Sequence[Any]:
    if isinstance(told, Mapping):
        return [row if row["id"] else False for row in _rows(told, count)]
    if not isinstance(told, str):
        return told
    known: dict[str, Any] = {"": False, "True": True}
    found = []
    for text in told.split("\n") if count else ():
        if text not in known:
            known[text] = _value(text)
        found.append(known[text])
    return found


def _value(text: str) -> int | Decimal | str:
    """A number; a day or an instant stays a text."""
    try:
        return int(text)
    except ValueError:
        pass
    return text if ("-" in text[1:] and ":" in text) or text[4:5] == "-" else Decimal(text)
