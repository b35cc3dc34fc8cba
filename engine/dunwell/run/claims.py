"""Claims: the right to act for a debtor, what they name, and how they end."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from dunwell.command import AccountPlan, Command
from dunwell.log.entry import (
    ClaimBody,
    Claimed,
    Entry,
    OutcomeBody,
    Result,
    Rise,
    encode,
)
from dunwell.log.fold import Memory
from dunwell.log.keys import address_hash, claim_key, effect_key
from dunwell.log.settle import settle
from dunwell.port import Channel


def claimed(
    key: str,
    account: AccountPlan,
    command: Command,
    channels: Mapping[str, Channel],
    *,
    native: bool = False,
    joins: str = "",
) -> Claimed:
    """A command as its claim names it; `native`: the ERP sends e-mail, whatever channels are.

    A `tell` names no items: whether one of our own people was told keeps no customer waiting.
    """
    message = command.message
    channel = message.channel if message else ""
    by_erp = native and command.kind == "remind" and channel == "email"
    via = None if by_erp else channels.get(channel)
    return Claimed(
        key=key,
        company=account.company,
        kind=command.kind,
        action=command.action,
        ladder=command.ladder,
        source=command.source,
        items=() if command.kind == "tell" else command.items,
        name=command.name,
        value=command.value,
        cycle=command.cycle,
        channel=channel,
        address_hash=address_hash(channel, message.address) if message else "",
        blind=bool(via and via.blind),
        watch=command.watch,
        occurrences=command.occurrences,
        joins=command.joins or joins,
    )


def claim_entry(
    *,
    tenant: str,
    debtor: str,
    position: int,
    on: date,
    now: datetime,
    lease: int,
    plan: str,
    work: Sequence[tuple[AccountPlan, Sequence[Command]]],
    channels: Mapping[str, Channel],
    native: bool = False,
) -> tuple[Entry, ClaimBody, list[tuple[str, AccountPlan, Command]]]:
    """The claim of one debtor for these commands, with the key of each."""
    name = claim_key(tenant, debtor, position)
    keyed: list[tuple[str, AccountPlan, Command]] = []
    for account, commands in work:
        for command in commands:
            keyed.append((effect_key(name, len(keyed) + 1), account, command))
    tasks = {(a.company, c.meanings): key for key, a, c in keyed if c.kind == "task"}
    chosen = [(a.company, c) for _, a, c in keyed]
    body = ClaimBody(
        tenant=tenant,
        on=on,
        lease=lease,
        plan=plan,
        commands=tuple(
            claimed(
                key,
                a,
                c,
                channels,
                native=native,
                joins=tasks.get((a.company, c.meanings), "") if c.kind == "tell" else "",
            )
            for key, a, c in keyed
        ),
        rises=tuple(r for a, _ in work for r in a.rises if _moved(r, chosen)),
    )
    entry = Entry(
        debtor=debtor,
        company=None,
        position=position,
        kind="claim",
        key=name,
        at=now,  # stamped by the ERP
        by="dunwell",
        body=encode(body),
        text="about to: " + ", ".join(sorted({c.kind for _, _, c in keyed})),
        nonce=secrets.token_hex(8),
    )
    return entry, body, keyed


def _moved(rise: Rise, commands: Iterable[tuple[str, Command]]) -> bool:
    """A rise belongs to the claim when one of its commands does, or all of it was done before."""
    if set(rise.needs) <= set(rise.done):
        return True
    return any(
        company == rise.company and not c.watch and rise.item in c.items and c.action in rise.needs
        for company, c in commands
    )


def outcome_entry(
    claim: Entry,
    body: ClaimBody,
    results: Sequence[Result],
    memory: Memory,
    *,
    open_items: frozenset[str],
    open_tasks: frozenset[str] | None = None,
    now: datetime,
) -> Entry:
    """The outcome of a claim, at the position after the log that `memory` was folded from."""
    state = settle(memory.state, body, results, open_items=open_items, open_tasks=open_tasks)
    outcome = OutcomeBody(
        tenant=body.tenant, claim=claim.key, on=body.on, results=tuple(results), state=state
    )
    return Entry(
        debtor=claim.debtor,
        company=None,
        position=memory.head + 1,
        kind="outcome",
        key=f"{claim.key}.outcome",
        at=now,  # stamped by the ERP
        by="dunwell",
        direction="out" if any(c.kind == "remind" for c in body.commands) else "",
        channel=next((c.channel for c in body.commands if c.kind == "remind"), ""),
        body=encode(outcome),
        text=words(body, results),
        nonce=secrets.token_hex(8),
    )


def words(body: ClaimBody, results: Sequence[Result]) -> str:
    """What became of a claim, for people who read the log."""
    by_key = {r.key: r for r in results}
    said = []
    for command in body.commands:
        result = by_key.get(command.key)
        what = f"{command.kind} {command.name or command.source}".strip()
        became = result.status if result else "unknown"
        why = f" ({result.reason})" if result and result.reason else ""
        said.append(f"{what}: {became}{why}")
    return "; ".join(said)
