"""To whom a message goes: the first address, by channel and role, not known to bounce."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dunwell.decide.case import Case
from dunwell.log.keys import address_hash


@dataclass(frozen=True, slots=True)
class Recipient:
    """One way to reach the customer."""

    channel: str
    address: str
    name: str
    languages: tuple[str, ...]  # preferred first


def recipients(case: Case, roles: Sequence[str], channels: Sequence[str]) -> Iterator[Recipient]:
    """Every address that may be used, best first.

    By channel, then contacts with the wanted roles in their order, then the customer's own.
    Addresses known to bounce are left out.
    """
    bad = {(b.channel, b.address_hash) for b in case.memory.state.bounces}
    seen = set()
    for channel in channels:
        for address, name, language in _addresses(case, roles, channel):
            mark = (channel, address_hash(channel, address))
            if mark in bad or mark in seen:
                continue
            seen.add(mark)
            payer = case.account.payer.language or ""
            languages = tuple(filter(None, (language, payer)))
            yield Recipient(channel, address, name, languages)


def _addresses(case: Case, roles: Sequence[str], channel: str) -> Iterator[tuple[str, str, str]]:
    payer = case.account.payer
    contacts = [c for c in case.account.contacts if c.customer == payer.id]
    for role in roles or ("billing",):
        for contact in contacts:
            address = contact.email if channel == "email" else contact.phone
            if contact.role == role and address:
                yield address, contact.name or payer.name, contact.language or ""
    own = payer.email if channel == "email" else payer.phone
    if own:
        yield own, payer.name, ""
