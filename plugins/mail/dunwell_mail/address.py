"""Which e-mail addresses can be written to, in the form that every mail server takes."""

from __future__ import annotations

import re

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
# The two ways to write these in ASCII name different domains, so neither is guessed.
_DEVIATE = re.compile("[ßẞς\u200c\u200d]")


def plain_address(text: str) -> str | None:
    """The address in ASCII, its domain in IDNA; None when it is none, or cannot be written so.

    >>> plain_address("ana@müller.example")
    'ana@xn--mller-kva.example'
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    if not domain.isascii():
        if _DEVIATE.search(domain):
            return None
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return f"{local}@{domain}" if _DOMAIN.fullmatch(domain) else None
