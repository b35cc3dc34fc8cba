"""What people decide: approvals, unknown outcomes; and what channels learn later."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from dunwell.command import Waiting
from dunwell.errors import DunwellError
from dunwell.log.entry import (
    ApprovalBody,
    ApprovalState,
    DeliveryBody,
    Entry,
    Record,
    ResolutionBody,
    encode,
)
from dunwell.log.fold import NOTHING, Memory
from dunwell.log.keys import claim_key
from dunwell.port import Reporting, Won
from dunwell.run.copies import original
from dunwell.run.endings import read_log
from dunwell.run.engine import Engine
from dunwell.run.perform import append
from dunwell.run.planfile import Plan

TRIES = 5


class DeskError(DunwellError):
    """What a person said cannot be written down."""


class PastError(DeskError):
    """A no that would have ended before it is said."""


class NothingKnownError(DeskError):
    """No outcome is unknown under that key."""


def approve(
    engine: Engine,
    plan: Plan,
    *,
    by: str,
    yes: bool = True,
    only: Sequence[str] = (),
    until: date | None = None,
    because: str = "",
) -> list[tuple[str, Waiting]]:
    """Write a yes or no for the plan's waiting steps (of some debtors only) into their logs.

    A yes holds for these steps up to what they demand now, a no until its date. Returns what was
    said to, debtor and step. `PastError`: that date has passed.
    """
    described = original(engine.adapter)
    if until is not None and until < described.on:
        raise PastError(f"a no until {until} is over: today is {described.on} in the ERP")
    if plan.header.tenant != described.tenant:
        raise DeskError(f"this plan was made for '{plan.header.tenant}', not '{described.tenant}'")
    said = []
    for account in plan.accounts:
        if only and account.debtor not in only:
            continue
        for waiting in account.waiting:
            money = waiting.money if yes else ()
            state = ApprovalState(
                keys=waiting.keys,
                yes=yes,
                by=by,
                on=described.on,
                amount=money[0].minor if money else None,
                currency=money[0].currency if money else "",
                until=until,
                because=because,
                others=tuple((m.minor, m.currency) for m in money[1:]),
            )
            word = "yes" if yes else "no"
            _write(
                engine,
                account.debtor,
                account.company,
                "approval",
                f"approval-{secrets.token_hex(6)}",
                ApprovalBody(described.tenant, state),
                f"{by} said {word} to stage {waiting.stage}. {because}".strip(),
            )
            said.append((account.debtor, waiting))
    return said


def resolve(engine: Engine, key: str, *, sent: bool, because: str, by: str) -> str:
    """Settle an unknown outcome; returns the debtor. `NothingKnownError`: there is no such one."""
    described = original(engine.adapter)
    memories, _ = read_log(engine, None)
    asked = (
        name
        for name, memory in sorted(memories.items())
        if any(u.command.key == key for u in memory.state.unknowns)
    )
    debtor = next(asked, None)
    if debtor is None:
        raise NothingKnownError(f"no outcome is unknown under the key '{key}'")
    body = ResolutionBody(described.tenant, key, sent, because, by, described.on)
    word = "was sent" if sent else "was not sent"
    _write(engine, debtor, None, "resolution", f"{key}.resolution", body,
           f"{by} says that {key} {word}: {because}")  # fmt: skip
    return debtor


def collect(engine: Engine, since: date) -> list[str]:
    """Write bounces and deliveries that channels have learned of into the logs, each once; so
    for an ERP that sends messages itself.
    """
    said = []
    for name, channel in _reporters(engine):
        news = channel.outcomes(since=since)
        if not news:
            continue
        memories, _ = read_log(engine, sorted({d.debtor for d in news if d.debtor}) or None)
        owner = _owners(memories, {word.key for word in news if not word.debtor})
        known = {r.key for memory in memories.values() for r in memory.state.returned}
        for word in news:
            debtor = word.debtor or owner.get(word.key, "")
            if not debtor or word.delivery == "delivered" or word.key in known:
                continue
            known.add(word.key)
            body = DeliveryBody(
                word.key, word.delivery, word.on, word.channel or name, word.address_hash,
                word.detail,
            )  # fmt: skip
            _write(engine, debtor, None, "delivery", f"{word.key}.{word.delivery}", body,
                   f"message {word.key} {word.delivery}")  # fmt: skip
            said.append(f"message {word.key} {word.delivery}")
    return said


def _reporters(engine: Engine) -> Iterator[tuple[str, Reporting]]:
    """Whoever may know what became of messages, by what they carry."""
    yield from engine.channels.items()
    if engine.native and isinstance(engine.adapter, Reporting):
        yield "email", engine.adapter


def _owners(memories: dict[str, Memory], keys: Iterable[str]) -> dict[str, str]:
    """Which debtors these message keys belong to."""
    left = set(keys)
    if not left:
        return {}
    known = {k: debtor for debtor, memory in memories.items() for k in _keys(memory)}
    found = {key: known[key] for key in left & known.keys()}
    # others were forgotten; but a key begins with its claim, which debtor and position name
    claims = {key.rpartition("-")[0] for key in left - found.keys()}
    owners: dict[str, str] = {}
    for debtor, memory in memories.items():
        if claims <= owners.keys():
            break
        names = (claim_key(memory.tenant, debtor, n) for n in range(1, memory.head + 1))
        owners |= {name: debtor for name in names if name in claims}
    return found | {k: owners[c] for k in left if (c := k.rpartition("-")[0]) in owners}


def _keys(memory: Memory) -> Iterator[str]:
    """The messages that the state of a debtor tells of."""
    for item in memory.state.items:
        yield from filter(None, (item.via, item.part_via))
        prior = item.prior
        while prior is not None:
            yield prior.via
            prior = prior.prior
    yield from (task.told for task in memory.state.tasks)


def _write(
    engine: Engine, debtor: str, company: str | None, kind: str, key: str, body: Record, text: str
) -> None:
    for _ in range(TRIES):
        memories, now = read_log(engine, [debtor])
        memory = memories.get(debtor, NOTHING)
        entry = Entry(
            debtor=debtor,
            company=company,
            position=memory.head + 1,
            kind=kind,  # type: ignore[arg-type]
            key=key,
            at=now,
            by="dunwell",
            body=encode(body),
            text=text,
            nonce=secrets.token_hex(8),
        )
        if isinstance(append(engine.adapter, [entry])[0], Won):
            return
    raise DeskError(f"the log of '{debtor}' is busy; try again")
