"""The head of a log in the customer's notes: one short line of ours among what people wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from dunwell.log.keys import digest

LIMIT = 2000
"""Characters of Customer.Notes."""

LONGEST = 120
"""Characters of the head."""

REASON = 200
"""Characters of the reason in a line of a hold."""

_HEAD = re.compile(
    r"\[dunwell (?P<position>\d{1,9}) (?P<on>\d{4}-\d\d-\d\d) n(?P<note>\d{1,19})"
    r"(?: e(?P<done>[\d,-]*))?\]"
)
_MARKED = re.compile(r"^(?P<reason>.*) \[(?P<value>[^\]]*) (?P<check>[a-z2-7]{4})\]$")
_HOLD = re.compile(r"^\[dunwell hold (?P<kind>[a-z_]{1,20})\] ?(?P<value>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends: the position, the day, the Id of its newest note, and the ordinals of the
    effects of its open claim that are done (sends: begun).
    """

    position: int
    on: date
    note: str
    done: frozenset[int] = frozenset()

    def __str__(self) -> str:
        done = f" e{_ranges(self.done)}" if self.done else ""
        return f"[dunwell {self.position} {self.on} n{self.note}{done}]"


class FullError(ValueError):
    """The notes have no room for what must be written."""


def find_head(notes: str) -> Head | None:
    r"""The head in some notes; of several, which a person's copying makes, the newest.

    >>> find_head("pays late\n[dunwell 3 2026-03-02 n17 e0-2]").position
    3
    """
    heads = []
    for match in _HEAD.finditer(notes):
        try:
            on = date.fromisoformat(match["on"])
        except ValueError:
            continue
        heads.append(
            Head(int(match["position"]), on, match["note"], _numbers(match["done"] or ""))
        )
    return max(heads, key=lambda head: (head.position, len(head.done)), default=None)


def with_head(notes: str, head: Head) -> str:
    """The notes with this head and no other; every other character stays as it is."""
    line = str(head)
    if len(line) > LONGEST:
        raise FullError("the head of the log does not fit its line")
    places = list(_HEAD.finditer(notes))
    if places:
        for match in reversed(places[1:]):
            notes = notes[: match.start()] + notes[match.end() :]
        first = places[0]
        new = notes[: first.start()] + line + notes[first.end() :]
    else:
        new = f"{notes}\n{line}" if notes else line
    return _fitting(new)


def without_head(notes: str) -> str:
    """The notes without any head; a line that held nothing else goes with it."""
    lines = [(line, _HEAD.sub("", line)) for line in notes.split("\n")]
    return "\n".join(left for line, left in lines if left.strip() or left == line)


@dataclass(frozen=True, slots=True)
class HoldLine:
    """Dunwell's own line of a hold: why, for people, and the mark that tells whose it is."""

    kind: str
    value: str
    reason: str = ""

    def __str__(self) -> str:
        value, reason = one_line(self.value), one_line(self.reason)[:REASON].strip()
        if not reason or "]" in value:
            return f"[dunwell hold {self.kind}] {value}"
        return f"[dunwell hold {self.kind}] {reason} [{value} {digest(reason, length=4)}]"


def find_holds(notes: str) -> list[HoldLine]:
    """Our lines of holds, as they stand now.

    The value of one that a person has changed, be it only its reason, is all that it says: that is
    no mark of ours any more.
    """
    return [_hold(match["kind"], match["value"].strip()) for match in _HOLD.finditer(notes)]


def _hold(kind: str, said: str) -> HoldLine:
    whole = _MARKED.match(said)
    if whole is None or digest(whole["reason"], length=4) != whole["check"]:
        return HoldLine(kind, said)
    return HoldLine(kind, whole["value"], whole["reason"])


def with_hold(notes: str, hold: HoldLine) -> str:
    """The notes with our line for this kind of hold set to its value."""
    line = str(hold)
    for match in _HOLD.finditer(notes):
        if match["kind"] == hold.kind:
            return _fitting(notes[: match.start()] + line + notes[match.end() :])
    return _fitting(f"{notes}\n{line}" if notes else line)


def with_line(notes: str, line: str) -> str:
    """The notes with one more line."""
    return _fitting(f"{notes}\n{line}" if notes else line)


def without_hold(notes: str, kind: str) -> str:
    """The notes without our line for this kind of hold."""
    lines = notes.split("\n")
    kept = [line for line in lines if not ((m := _HOLD.match(line)) and m["kind"] == kind)]
    return "\n".join(kept)


def one_line(text: str) -> str:
    """A text without line breaks, as a line of notes holds it."""
    return " ".join(text.split())


def done_too(head: Head, ordinals: Iterable[int]) -> Head:
    """The head with more effects done."""
    return replace(head, done=head.done | frozenset(ordinals))


def length(text: str) -> int:
    """Characters as the service counts them: an emoji may be two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fitting(notes: str) -> str:
    if length(notes) > LIMIT:
        raise FullError(f"the notes of the customer are full ({LIMIT} characters)")
    return notes


def _ranges(numbers: frozenset[int]) -> str:
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][-1] == number - 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ",".join("-".join(str(end) for end in part) for part in parts)


def _numbers(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        if low.isdigit() and (not high or high.isdigit()):
            first, last = int(low), int(high or low)
            if first <= last < 10_000:
                found.update(range(first, last + 1))
    return frozenset(found)
