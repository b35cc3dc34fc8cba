"""Guess which word the user meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

_LONGEST_WORD: Final = 60
_LIKE_ENOUGH: Final = 0.66
_SHORT_LIST: Final = 10
_SHORT_LINE: Final = 100


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like `word`, or None when none is like it; the order never matters.

    >>> suggest("send-remindr", ["send_reminder", "hold"])
    'send_reminder'
    >>> suggest("banana", ["email", "letter"])
    """
    if not word or len(word) > _LONGEST_WORD:
        return None
    plain = _plain(word)
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(plain)
    best: tuple[float, str] | None = None
    for candidate in sorted(set(candidates)):
        if candidate == word:
            continue
        matcher.set_seq1(_plain(candidate))
        if matcher.real_quick_ratio() < _LIKE_ENOUGH or matcher.quick_ratio() < _LIKE_ENOUGH:
            continue
        score = matcher.ratio()
        if score >= _LIKE_ENOUGH and (best is None or score > best[0]):
            best = (score, candidate)
    return None if best is None else best[1]


def hint_for(word: str, candidates: Iterable[str]) -> str:
    """The remedy for an unknown word: the word that was meant, else all words if they are few."""
    words = list(candidates)
    meant = suggest(word, words)
    if meant is not None:
        return f"did you mean '{meant}'?"
    line = ", ".join(words)
    if words and len(words) <= _SHORT_LIST and len(line) <= _SHORT_LINE:
        return f"one of: {line}" if len(words) > 1 else f"only '{line}' is known here"
    return ""


def _plain(word: str) -> str:
    """Forget what people mix up: case, hyphens, blanks."""
    return word.lower().replace("-", "_").replace(" ", "_")
