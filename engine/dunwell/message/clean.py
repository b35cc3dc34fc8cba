"""Makes words that strangers chose (names, numbers, links) harmless wherever they are shown."""

from __future__ import annotations

import re

# Whatever moves on a line or ends it: C0 and C1 white space, and the two separators of Unicode.
_FOLD = re.compile("[\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]+")
# Other controls, marks and overrides of direction, byte order marks, annotation marks.
_STRIP = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ufeff\ufff9-\ufffb]"
)
_LONE = re.compile("[\ud800-\udfff]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_LINK = re.compile(r"https?://[!-~]{1,2000}", re.IGNORECASE)
_LONGEST_SUBJECT = 250


def clean(text: str) -> str:
    r"""One line of visible text: no line breaks, control characters or direction marks.

    >>> clean("Acme\r\nBcc: all@acme.example")
    'Acme Bcc: all@acme.example'
    """
    if text.isprintable():
        return text
    return _LONE.sub("\ufffd", _STRIP.sub("", _FOLD.sub(" ", text)))


def right_to_left(text: str) -> bool:
    """Whether some of it is written from right to left, so that it must be kept apart."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def isolated(text: str) -> str:
    """Clean text that cannot turn the direction of what stands beside it."""
    text = clean(text)
    return f"\u2068{text}\u2069" if right_to_left(text) else text


def one_line(text: str, longest: int = _LONGEST_SUBJECT) -> str:
    """A subject: every run of white space one space, no controls, at most 250 characters.

    Unlike `clean` it keeps the marks that isolate names, which are ours.
    """
    if not text.isprintable():
        text = _FOLD.sub(" ", text)
        text = "".join(c for c in text if c >= " " and not "\x7f" <= c <= "\x9f")
        text = _LONE.sub("\ufffd", text)
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def safe_link(link: str) -> str:
    """The link if it is a plain http or https address, else nothing.

    >>> safe_link("javascript:alert(1)")
    ''
    """
    return link if _LINK.fullmatch(link) else ""
