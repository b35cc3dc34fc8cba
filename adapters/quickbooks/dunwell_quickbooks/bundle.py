"""Entries of a log as notes attached to the customer: readable above, exact below, in parts."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dunwell.log.entry import Entry
from dunwell_quickbooks.head import length

LIMIT = 2000
"""Characters of an Attachable's note."""

READABLE = 300
"""Characters at the top for people."""

BACK = 40
"""How many notes before it a note names."""

_LOG, _PART, _NOTE = "[dunwell log] ", "[dunwell part] ", "[dunwell note "

_FIELDS = ("company", "position", "kind", "key", "by", "direction", "channel", "body", "text",
           "nonce")  # fmt: skip


class UnreadableError(ValueError):
    """A note of a log is gone or is not as it was written."""


@dataclass(frozen=True, slots=True)
class Main:
    """The note that a head names: some entries in a row, written together.

    `back` are the notes before it, oldest first, at most `BACK`; `window` how many of all before
    it a fold needs. `parts` hold `data` where it does not fit.
    """

    debtor: str
    first: int
    count: int
    back: tuple[str, ...]
    window: int
    parts: tuple[str, ...]
    data: str
    outcome: bool
    nonces: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        """The position of its newest entry."""
        return self.first + self.count - 1


def written(entries: Sequence[Entry]) -> str:
    """Entries of one debtor as text: JSON as it is while it is short, else packed."""
    rows = [[getattr(entry, name) for name in _FIELDS] for entry in entries]
    plain = json.dumps(rows, separators=(",", ":"), ensure_ascii=True)
    if len(plain) <= 900:
        return plain
    packed = base64.b64encode(zlib.compress(plain.encode(), 9)).decode()
    return f"z:{packed}"


def in_parts(data: str, title: str) -> list[str]:
    """The texts of the notes that carry what does not fit into the main one."""
    top = f"Dunwell: {title}, its record in full\n{_PART}"
    size = LIMIT - length(top) - 10
    return [top + data[start : start + size] for start in range(0, len(data), size)]


def main_note(main: Main, readable: str) -> str:
    """The text of a main note."""
    record: dict[str, Any] = {
        "v": 1,
        "debtor": main.debtor,
        "first": main.first,
        "count": main.count,
        "back": list(main.back),
        "window": main.window,
        "outcome": main.outcome,
        "nonces": list(main.nonces),
    }
    record |= {"parts": list(main.parts)} if main.parts else {"data": main.data}
    line = _LOG + json.dumps(record, separators=(",", ":"), ensure_ascii=True)
    readable = readable.encode("utf-8", "replace").decode()
    top = _cut(" ".join(readable.split()), min(READABLE, LIMIT - len(line) - 20))
    return f"Dunwell: {top}\n{line}"


def fits(main: Main) -> bool:
    """Whether it needs no parts."""
    return length(main_note(replace(main, parts=()), "")) <= LIMIT - 120


def read_main(text: str) -> Main | None:
    """The main note in a text; None where it is another note. An UnreadableError when broken."""
    top, mark, line = text.replace("\r\n", "\n").partition("\n" + _LOG)
    if not mark or "\n" in top or not top.startswith("Dunwell: "):
        return None
    try:
        record = json.loads(line)
        return Main(
            debtor=str(record["debtor"]),
            first=int(record["first"]),
            count=int(record["count"]),
            back=tuple(str(number) for number in record["back"]),
            window=int(record["window"]),
            parts=tuple(str(number) for number in record.get("parts", ())),
            data=str(record.get("data", "")),
            outcome=bool(record["outcome"]),
            nonces=tuple(str(nonce) for nonce in record.get("nonces", ())),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableError(f"a note of the log is not as it was written: {error}") from error


def read_part(text: str) -> str:
    """What one part carries."""
    _, mark, data = text.rpartition(_PART)
    if not mark:
        raise UnreadableError("a part of the log is not as it was written")
    return data.strip()


def read_entries(main: Main, data: str, at: datetime) -> list[Entry]:
    """The entries that were written; an UnreadableError when they do not add up."""
    try:
        plain = data
        if data.startswith("z:"):
            plain = zlib.decompress(base64.b64decode(data[2:], validate=True)).decode()
        rows = [dict(zip(_FIELDS, row, strict=True)) for row in json.loads(plain)]
        found = [Entry(debtor=main.debtor, at=at, **row) for row in rows]
    except (ValueError, TypeError, zlib.error, binascii.Error) as error:
        raise UnreadableError(f"an entry of the log cannot be read: {error}") from error
    if [entry.position for entry in found] != list(range(main.first, main.last + 1)):
        raise UnreadableError("the entries of a note are not those that it names")
    return found


# -- notes for people ---------------------------------------------------------------------------


def people_notes(text: str, key: str) -> list[str]:
    """A note of a policy as texts of attached notes, each with the key it was made under."""
    size = LIMIT - len(_NOTE) - len(key) - 16
    chunks = _chunks(_harmless(text), size)
    return [
        f"{chunk}\n{_NOTE}{key} {number}/{len(chunks)}]" for number, chunk in enumerate(chunks, 1)
    ]


def _harmless(text: str) -> str:
    """A text that cannot be taken for a line of ours, and that can be written at all."""
    whole = text.encode("utf-8", "replace").decode()
    return re.sub(r"(^|\n)\[dunwell", r"\1 [dunwell", whole)


def note_key(text: str) -> str:
    """The key that a note of a policy was made under; empty: it is none."""
    _, mark, end = text.rpartition(f"\n{_NOTE}")
    return end.split(" ")[0] if mark and end.rstrip().endswith("]") else ""


def is_task(text: str) -> bool:
    """Whether it is the first note of a task."""
    return text.startswith("TASK ") and bool(note_key(text.replace("\r\n", "\n")))


def note_text(text: str) -> str:
    """What a note of a policy says."""
    return text.rpartition(f"\n{_NOTE}")[0]


def _chunks(text: str, size: int) -> list[str]:
    """Pieces of at most so many characters as the service counts them; none splits a character."""
    chunks: list[str] = []
    piece: list[str] = []
    used = 0
    for character in text:
        weight = length(character)
        if used + weight > size:
            chunks.append("".join(piece))
            piece, used = [], 0
        piece.append(character)
        used += weight
    return [*chunks, "".join(piece)]


def _cut(text: str, size: int) -> str:
    first = _chunks(text, max(size - 1, 1))
    return first[0] if len(first) == 1 else first[0] + "…"
