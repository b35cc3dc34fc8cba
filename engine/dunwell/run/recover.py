"""Claims whose claimer has gone: effects are looked up, what cannot be told goes to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl

from dunwell.command import SILENT_KINDS
from dunwell.log.entry import Claimed, Entry, Result
from dunwell.log.fold import Memory, OpenClaim, fold
from dunwell.model import frame
from dunwell.port import Found, Sought
from dunwell.run.copies import original
from dunwell.run.endings import Ending, finish
from dunwell.run.engine import Engine


def expired(memories: Mapping[str, Memory], now: datetime) -> list[OpenClaim]:
    """The open claims whose lease has passed by the ERP's own clock."""
    claims = [m.claim for m in memories.values() if m.claim is not None and not m.garbled]
    return [c for c in claims if c.entry.at + timedelta(seconds=c.body.lease) <= now]


def recover(engine: Engine, memories: Mapping[str, Memory], now: datetime) -> list[str]:
    """End every claim whose lease has passed; returns in words what was found.

    Each is itself ended by a conditional append, so two engines that recover at once agree.
    """
    claims = expired(memories, now)
    if not claims:
        return []
    items, tasks = _open(engine, [claim.entry.debtor for claim in claims])
    found = _look_up(engine, claims)
    endings = []
    for claim in claims:
        results = [
            _result(claim, command, found.get(command.key, Found.CANNOT_TELL))
            for command in claim.body.commands
        ]
        mine = items.get(claim.entry.debtor, frozenset())
        endings.append(Ending(claim.entry, claim.body, results, mine, tasks))
    return [
        f"recovered a claim of {ending.claim.debtor}: "
        + ", ".join(f"{r.key} {r.status}" for r in ending.results)
        for ending in finish(engine, endings)
    ]


def recover_all(engine: Engine) -> list[str]:
    """Look through the logs of all debtors and end every claim whose lease has passed."""
    described = original(engine.adapter)
    heads = engine.adapter.heads(since=described.on)
    return recover(engine, fold_claimed(heads.entries), heads.now)


def fold_claimed(entries: Sequence[Entry]) -> dict[str, Memory]:
    """The memories of debtors with a claim among their entries: most logs need no folding here."""
    claimed = {entry.debtor for entry in entries if entry.kind == "claim"}
    grouped: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.debtor in claimed:
            grouped.setdefault(entry.debtor, []).append(entry)
    return {debtor: fold(mine) for debtor, mine in grouped.items()}


def _open(
    engine: Engine, debtors: Sequence[str]
) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """Every open item of these debtors, those of the customers that they pay for too; and the
    keys of all open tasks.
    """
    customers = pl.concat(
        [frame("customers", page) for page in engine.adapter.read("customers", debtors=debtors)]
        or [frame("customers", {})]
    )
    payer = {i: p or i for i, p in zip(customers["id"], customers["payer"], strict=True)}
    found: dict[str, set[str]] = {}
    for page in engine.adapter.read("items", debtors=debtors):
        rows = frame("items", page)
        for item, customer in zip(rows["id"], rows["customer"], strict=True):
            found.setdefault(payer.get(customer, customer), set()).add(item)
    tasks = (frame("tasks", page) for page in engine.adapter.read("tasks", debtors=debtors))
    open_tasks = frozenset(key for table in tasks for key in table.filter(state="open")["key"])
    return {debtor: frozenset(items) for debtor, items in found.items()}, open_tasks


def _look_up(engine: Engine, claims: Sequence[OpenClaim]) -> dict[str, Found]:
    """What is found under the keys of all commands: one call to the ERP and to each channel."""
    sought: list[Sought] = []
    by_channel: dict[str, list[str]] = {}
    for claim in claims:
        deadline = claim.entry.at + timedelta(seconds=claim.body.lease)
        for command in claim.body.commands:
            if command.blind or command.kind in SILENT_KINDS:
                continue
            if not engine.by_erp(command.kind, command.channel):
                by_channel.setdefault(command.channel, []).append(command.key)
            else:
                sought.append(
                    Sought(
                        command.key, claim.entry.debtor, command.company, command.kind,
                        command.name, command.value, deadline,
                    )
                )  # fmt: skip
    found: dict[str, Found] = {}
    if sought:
        answers = engine.adapter.look_up(sought)
        found |= {s.key: answer for s, answer in zip(sought, answers, strict=True)}
    for name, keys in by_channel.items():
        channel = engine.channels.get(name)
        if channel is not None:
            found |= dict(zip(keys, channel.look_up(keys), strict=True))
    return found


def _result(claim: OpenClaim, command: Claimed, found: Found) -> Result:
    if command.kind in SILENT_KINDS:
        return Result(command.key, "done")
    if command.blind:
        return _blind(claim, command)
    if found is Found.PRESENT:
        if command.kind in ("remind", "tell"):
            return Result(command.key, "done", delivery="accepted", detail="found by its key")
        return Result(command.key, "done", detail="found by its key")
    if found is Found.ABSENT:
        return Result(command.key, "abandoned", detail="it was provably not done")
    return Result(command.key, "unknown", detail="nobody can tell whether it was done")


def _blind(claim: OpenClaim, command: Claimed) -> Result:
    known = next((r for r in claim.known if r.key == command.key), None)
    if known is not None:
        return known
    if command.key == claim.started:
        return Result(command.key, "unknown", detail="the engine stopped while it was sending")
    return Result(command.key, "abandoned", detail="it was never started")
