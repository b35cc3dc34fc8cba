"""The words of a user compared with the words there are."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

_EVERYDAY = {"UK": "GB", "EL": "GR"}  # what people and VAT numbers call two countries


def did_you_mean(word: str, known: Collection[str], *, otherwise: str) -> str:
    """Give a hint with the known word closest to `word`, or `otherwise` when none is close."""
    if _EVERYDAY.get(word) in known:
        return f"did you mean '{_EVERYDAY[word]}'?"
    by_fold = {name.casefold(): name for name in known}
    close = get_close_matches(word.strip().casefold(), by_fold, n=1, cutoff=0.6)
    return f"did you mean '{by_fold[close[0]]}'?" if close else otherwise
