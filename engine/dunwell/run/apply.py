"""Doing exactly what a plan says, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunwell.command import AccountPlan, Command, Receipt
from dunwell.errors import AdapterError, UnavailableError
from dunwell.log.entry import ApprovalState, ClaimBody, Entry, Result
from dunwell.log.fold import NOTHING, Memory
from dunwell.model import Describe
from dunwell.model.accounts import accounts
from dunwell.port import Won
from dunwell.run.claims import claim_entry, outcome_entry
from dunwell.run.copies import original
from dunwell.run.endings import Ending, finish, read_log
from dunwell.run.engine import Engine
from dunwell.run.fingerprint import fingerprint
from dunwell.run.perform import Clock, Hand, Job, append, perform, send_blind
from dunwell.run.planfile import Plan, refuse
from dunwell.run.reading import read


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a refresh says of one debtor."""

    memory: Memory
    mark: str
    open_items: frozenset[str]
    open_tasks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that is ours."""

    entry: Entry
    body: ClaimBody
    keyed: Sequence[tuple[str, AccountPlan, Command]]
    fresh: Fresh


def apply(engine: Engine, plan: Plan) -> list[Receipt]:
    """Do the plan's commands; one receipt for each, in the plan's order.

    Raises `StoppedError` before the first effect where the plan is stale, of another tenant, of
    other policies, or over a limit. Never decides again: what no longer holds is skipped.
    """
    described = original(engine.adapter)
    refuse(
        plan,
        tenant=described.tenant,
        on=described.on,
        now=described.now,
        digests=engine.digests,
    )
    debtors: dict[str, list[AccountPlan]] = {}
    for account in plan.accounts:
        if account.commands or account.rises:
            debtors.setdefault(account.debtor, []).append(account)
    names = sorted(debtors)
    receipts: list[Receipt] = []
    size = max(1, engine.adapter.capabilities().batch)
    for start in range(0, len(names), size):
        engine.progress("applying", start, len(names))
        batch = {name: debtors[name] for name in names[start : start + size]}
        receipts += _Batch(engine, plan, batch, described, begun=bool(receipts)).run()
    engine.progress("applying", len(names), len(names))
    commands = (id(command) for account in plan.accounts for command in account.commands)
    order = {command: n for n, command in enumerate(commands)}
    return sorted(receipts, key=lambda r: order[id(r.command)])


class _Batch:
    """Some debtors of a plan, from refresh to outcome."""

    def __init__(
        self,
        engine: Engine,
        plan: Plan,
        batch: dict[str, list[AccountPlan]],
        described: Describe,
        *,
        begun: bool,
    ) -> None:
        self.engine, self.plan, self.batch = engine, plan, batch
        self.described, self.begun = described, begun
        self.digest = plan.digest  # of the whole plan: not once for each debtor
        self.receipts: list[Receipt] = []

    def run(self) -> list[Receipt]:
        """Receipts for every command; an ERP that fails before the first effect fails each.

        One that cannot be reached at all, before anything was begun, is an `UnavailableError`.
        """
        try:
            fresh, clock = self._refresh()
            claims = self._claim(fresh, clock)
        except Exception as error:  # whatever it was, nothing has been done yet
            if isinstance(error, UnavailableError) and not self.begun:
                raise
            self.receipts = []
            for account in (a for plans in self.batch.values() for a in plans):
                for command in account.commands:
                    failed = Result("", "failed", "later", detail=str(error))
                    self._receipt(account, command, failed)
            return self.receipts
        jobs = [
            Job(key, claim.entry.key, account.debtor, account.company, command,
                claim.entry.at + timedelta(seconds=claim.body.lease),
                after=said.joins if command.kind == "tell" else "")
            for claim in claims
            for (key, account, command), said in zip(
                claim.keyed, claim.body.commands, strict=True
            )
        ]  # fmt: skip
        hands = {c.entry.debtor: Hand(c.entry.debtor, c.entry.position or 0) for c in claims}
        results = perform(self.engine, jobs, clock)
        blind: dict[str, list[Job]] = {}
        for job in jobs:
            if job.key not in results:
                blind.setdefault(job.debtor, []).append(job)
        self._settle(
            [c for c in claims if c.entry.debtor not in blind and not self._in_doubt(c, results)],
            hands, results, clock,
        )  # fmt: skip
        for claim in claims:  # one debtor at a time: its outcome is written before the next starts
            own = blind.get(claim.entry.debtor)
            if own:
                results |= send_blind(self.engine, own, hands[claim.entry.debtor], clock)
                self._settle([claim], hands, results, clock)
        for claim in claims:
            for key, account, command in claim.keyed:
                self._receipt(account, command, results[key])
        return self.receipts

    def _refresh(self) -> tuple[dict[str, Fresh], Clock]:
        names = sorted(self.batch)
        payers = {a.payer for plans in self.batch.values() for a in plans if a.payer}
        wanted = sorted({*names, *payers})
        seen = read(
            self.engine.adapter, self.engine.house, describe=self.described, debtors=wanted
        )
        memories = seen.memories()
        standing = [
            (name, s.company)
            for name, memory in memories.items()
            for s in memory.state.standing
            if s.state != "released"
        ]
        rows = accounts(seen.book, names, remembered=standing)
        found = {}
        for name in names:
            memory = memories.get(name, NOTHING)
            mine = [a for a in rows if a.debtor == name]
            known = frozenset(i.id for a in mine for i in a.items)
            tasks = frozenset(t.key for a in mine for t in a.tasks if t.state == "open")
            found[name] = Fresh(memory, fingerprint(mine, memory), known, tasks)
        return found, Clock(seen.now, self.engine.tick)

    def _claim(self, fresh: dict[str, Fresh], clock: Clock) -> list[Claim]:
        wanted = []
        for name, plans in self.batch.items():
            work = self._allowed(fresh[name], plans, clock.now())
            if not work:
                continue
            entry, body, keyed = claim_entry(
                tenant=self.plan.header.tenant,
                debtor=name,
                position=fresh[name].memory.head + 1,
                on=self.plan.header.on,
                now=clock.now(),
                lease=self.engine.lease,
                plan=self.digest,
                work=work,
                channels=self.engine.channels,
                native=self.engine.native,
            )
            wanted.append(Claim(entry, body, keyed, fresh[name]))
        won = []
        answers = append(self.engine.adapter, [claim.entry for claim in wanted])
        for claim, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, Won):
                won.append(claim)
            else:
                for key, account, command in claim.keyed:
                    self._receipt(account, command, Result(key, "skipped", "superseded"))
        return won

    def _allowed(
        self, fresh: Fresh, plans: Sequence[AccountPlan], now: datetime
    ) -> list[tuple[AccountPlan, Sequence[Command]]]:
        reason = _why_not(fresh, plans)
        work: list[tuple[AccountPlan, Sequence[Command]]] = []
        for account in plans:
            chosen = []
            for command in account.commands:
                refused = reason or _why_not_now(command, fresh.memory, now)
                if refused:
                    self._receipt(account, command, Result("", "skipped", refused))
                else:
                    chosen.append(command)
            if chosen or (account.rises and not account.commands and not reason):
                work.append((account, chosen))
        return work

    def _settle(
        self,
        claims: Sequence[Claim],
        hands: dict[str, Hand],
        results: dict[str, Result],
        clock: Clock,
    ) -> None:
        entries = []
        for claim in claims:
            own = [results[key] for key, _, _ in claim.keyed]
            memory = Memory(claim.fresh.memory.state, head=hands[claim.entry.debtor].position)
            entries.append(
                outcome_entry(
                    claim.entry, claim.body, own, memory,
                    open_items=claim.fresh.open_items, open_tasks=claim.fresh.open_tasks,
                    now=clock.now(),
                )
            )  # fmt: skip
        try:
            answers = append(self.engine.adapter, entries)
        except AdapterError:
            return  # the claims stay open and are recovered after their lease
        lost = [
            c for c, answer in zip(claims, answers, strict=True) if not isinstance(answer, Won)
        ]
        endings = []
        for claim in lost:
            own = [results[key] for key, _, _ in claim.keyed]
            fresh = claim.fresh
            endings.append(
                Ending(claim.entry, claim.body, own, fresh.open_items, fresh.open_tasks)
            )
        finish(self.engine, endings)

    def _in_doubt(self, claim: Claim, results: Mapping[str, Result]) -> bool:
        """Something that the ERP does may still happen: the claim stays open until its lease has
        passed, and recovery finds out. A channel that cannot tell will not tell later.
        """
        return any(
            results[key].status == "unknown"
            and self.engine.by_erp(each.kind, each.message.channel if each.message else "")
            for key, _, each in claim.keyed
        )

    def _receipt(self, account: AccountPlan, command: Command, result: Result) -> None:
        self.receipts.append(Receipt(account.debtor, account.company, command, result))


def _why_not(fresh: Fresh, plans: Sequence[AccountPlan]) -> str:
    if fresh.memory.garbled or any(p.fingerprint != fresh.mark for p in plans):
        return "changed"
    return "busy" if fresh.memory.claim is not None else ""


def _why_not_now(command: Command, memory: Memory, now: datetime) -> str:
    if command.not_before is not None and now < command.not_before:
        return "window"
    if command.not_after is not None and now >= command.not_after:
        return "window"
    if command.approve:
        newest: dict[str, ApprovalState] = {}
        for said in sorted(memory.state.approvals, key=lambda a: a.on):
            newest |= dict.fromkeys(said.keys, said)
        if not all(key in newest and newest[key].yes for key in command.approve_keys):
            return "not_approved"
    return ""


__all__ = ["apply", "read_log"]
