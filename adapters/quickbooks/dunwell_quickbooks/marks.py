"""Marks that people leave in notes: every one of them is read as `stop`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Word = Literal["hold", "dispute", "promise", "exclusion", "called", "done", "cancelled"]

_START = re.compile(
    r"^[\W_]*(?:"
    r"(?P<exclusion>do not (?:contact|email|mail|call|chase)|don'?t contact|dnc\b|no contact)"
    r"|(?P<hold>(?:on |credit |account )?hold\b)"
    r"|(?P<dispute>(?:in )?disput(?:e|ed)\b)"
    r"|(?P<promise>promis(?:e|ed)\b(?: to pay)?)"
    r"|(?P<called>called\b)"
    r"|(?P<done>done\b)"
    r"|(?P<cancelled>cancell?ed\b)"
    r")",
    re.IGNORECASE,
)
_ANYWHERE = re.compile(
    r"\b(?:"
    r"(?P<exclusion>(?i:do not (?:contact|email|mail|call|chase)|don'?t contact)|DNC)"
    r"|(?P<hold>HOLD)|(?P<dispute>DISPUTED?)|(?P<promise>PROMISED?)"
    r")\b"
)
_DAY = r"\d{4}-\d\d-\d\d"
_WORDED = re.compile(rf"\b(?P<word>until|since|made|ended|by)\s+(?P<day>{_DAY})", re.IGNORECASE)
_ENDED = re.compile(rf"\s*\bended\s+{_DAY}", re.IGNORECASE)
_FOR = re.compile(r"\bfor\s+(?P<items>[\w./#-]+(?:\s*,\s*[\w./#-]+)*)", re.IGNORECASE)
_AMOUNT = re.compile(r"(?<![\w.-])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
                     r"(?:\s*(?P<currency>[A-Z]{3})\b)?(?![\w-])")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of a person: its word, the day after it, and what else it says.

    `id` is made of the line and of whose it is: it stays while the line stays.
    """

    id: str
    word: Word
    line: str
    rest: str
    day: date | None = None
    until: date | None = None
    since: date | None = None
    ended: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    items: tuple[str, ...] = ()


def find_marks(text: str, owner: str) -> list[Mark]:
    r"""The marks in some notes of a customer or an invoice; Dunwell's own lines are none.

    >>> [mark.word for mark in find_marks("HOLD - ask Ana\nlikes tea", "customer 1")]
    ['hold']
    """
    return list(_marks(text or "", owner))


def _marks(text: str, owner: str) -> Iterator[Mark]:
    seen: dict[str, int] = {}
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("[dunwell"):
            continue
        match = _START.match(line) or _ANYWHERE.search(line)
        if match is None:
            continue
        meant = _ENDED.sub("", line).strip()  # a line that is ended later stays the same mark
        seen[meant] = seen.get(meant, 0) + 1
        name = f"{owner}/{meant}/{seen[meant]}"
        number = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        rest = line[match.end() :].strip(" \t:,;.-–—")
        yield _read(f"{owner}-{number}", match.lastgroup, line, rest)


def _read(name: str, word: str | None, line: str, rest: str) -> Mark:
    days: dict[str, date] = {}
    left = rest
    for match in _WORDED.finditer(rest):
        day = _day(match["day"])
        if day is not None:
            days[match["word"].lower()] = day
    left = _WORDED.sub(" ", left)
    named = _FOR.search(left)
    items = tuple(part.strip("# ") for part in named["items"].split(",")) if named else ()
    left = _FOR.sub(" ", left, count=1)
    first = re.search(_DAY, left)
    plain = _day(first.group()) if first else None
    left = re.sub(_DAY, " ", left)
    amount = _AMOUNT.search(left)
    return Mark(
        id=name,
        word=word,  # type: ignore[arg-type]
        line=line,
        rest=rest,
        day=plain or days.get("by"),
        until=days.get("until"),
        since=days.get("since") or days.get("made"),
        ended=days.get("ended"),
        amount=Decimal(amount["number"].replace(",", "")) if amount else None,
        currency=(amount["currency"] or "") if amount else "",
        items=items,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
