"""Deciding everything and doing nothing: from the ERP's facts to a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from msgspec.structs import replace

from dunwell.command import STANDING_ENDS, AccountPlan, Command
from dunwell.decide.case import Case
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.decide import Decided, decide
from dunwell.decide.memories import Memories, memories
from dunwell.decide.plainly import decide_plainly
from dunwell.log.entry import Rise
from dunwell.log.fold import Memory
from dunwell.message.facts import sums
from dunwell.model import Book
from dunwell.model.rows import Account
from dunwell.money import Money, Rates
from dunwell.policy.tree import House
from dunwell.run.assemble import assemble, left_alone
from dunwell.run.draft import Context, Decision
from dunwell.run.engine import Engine
from dunwell.run.planfile import FORMAT, Header, Plan, StoppedError, counted
from dunwell.run.reading import Read, read
from dunwell.run.telling import Post, post_of
from dunwell.run.words import amounts

LIFE = timedelta(hours=12)
"""How long a plan may be applied, on its own day."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was made from, for the summary."""

    plan: Plan
    decided: Decided
    book: Book
    memories: Mapping[str, Memory]
    now: datetime
    problems: tuple[str, ...] = field(default=())


def make_plan(
    engine: Engine, *, as_of: date | None = None, only: str | None = None, seen: Read | None = None
) -> Planned:
    """Decide every account (or one debtor) as of the company's today, or a day as a what-if.

    Raises `StoppedError` when the house demands fresher bank data than the ERP has.
    """
    described = seen.book.describe if seen else engine.adapter.describe()
    on = as_of or described.on
    debtors = [only] if only else None
    seen = seen or read(
        engine.adapter, engine.house, describe=described, debtors=debtors, progress=engine.progress
    )
    require(engine.house, seen.book, on)
    folded = seen.memories()
    _refuse_copies(folded, described.tenant)
    engine.progress("deciding", 0, 0)
    decided = _decide(engine, seen, memories(folded), on)
    context = Context(described.tenant, engine.house, engine.wording, engine.ways)
    accounts = _accounts(engine, decided, context, seen.now, post=post_of(engine, seen.book))
    header = _header(engine, seen, on, decided, accounts, only)
    return Planned(Plan(header, accounts), decided, seen.book, folded, seen.now)


def _refuse_copies(folded: Mapping[str, Memory], tenant: str) -> None:
    """Stop before the first effect where the log was written for another ERP: a clone of it."""
    for memory in folded.values():
        if memory.tenant and memory.tenant != tenant:
            raise StoppedError(
                f"the log in this ERP was written for '{memory.tenant}', and this is '{tenant}': "
                "a copy or a clone; nothing is done"
            )


def _decide(engine: Engine, seen: Read, remembered: Memories, on: date) -> Decided:
    sources = engine.calendars or None
    if engine.plain:
        return decide_plainly(
            seen.book, engine.house, remembered, engine.registry, on=on, sources=sources
        )
    return decide(
        seen.book,
        engine.house,
        remembered,
        engine.registry,
        on=on,
        workers=engine.workers,
        verify=engine.verify,
        sources=sources,
    )


def require(house: House, book: Book, on: date) -> None:
    """No run on stale facts."""
    if house.bank_data_within is None:
        return
    known = book.describe.bank_data_on
    if known is None:
        raise StoppedError(
            "the house demands recent bank data and the ERP cannot tell how recent its own is; "
            "take `bank_data_within` out of `require`"
        )
    from dunwell.decide.cases import calendar_of

    calendar = calendar_of(house, house.policies[0] if house.policies else None)
    if calendar.add(known, house.bank_data_within) < on:
        raise StoppedError(
            f"bank data is of {known} and the house demands it within {house.bank_data_within}; "
            "import the newest statements first"
        )


def _accounts(
    engine: Engine, decided: Decided, context: Context, now: datetime, *, post: Post | None
) -> tuple[AccountPlan, ...]:
    plans: list[AccountPlan] = []
    groups: dict[str, list[Case]] = {}
    for _, case in sorted(decided.of(decided.debtors).items()):
        groups.setdefault(case.account.debtor, []).append(case)
    names = sorted(groups)
    for done, name in enumerate(names):
        if done % 500 == 0:
            engine.progress("wording", done, len(names))
        cases = [case for case in groups[name] if decided.concerns(case.account.id)]
        every = [case.account for case in groups[name]]
        plans += plan_debtor(
            engine, cases, decided.conclusions, context, now, accounts=every, post=post
        )
    engine.progress("wording", len(names), len(names))
    return tuple(sorted(plans, key=lambda p: (p.debtor, p.company)))


def plan_debtor(
    engine: Engine,
    cases: Sequence[Case],
    conclusions: Mapping[tuple[str, str], Conclusions],
    context: Context,
    now: datetime,
    *,
    accounts: Sequence[Account] = (),
    post: Post | None = None,
) -> list[AccountPlan]:
    """The plans of all accounts of one debtor; no conclusions where nothing is due.

    `accounts` are all that the debtor has, where `cases` are not; `post` as in `assemble`.
    """
    memory = cases[0].memory
    why = _blocked(memory, context.tenant, now)
    if why:
        return [left_alone(case, [why]) for case in cases]
    plans = []
    decisions = []
    for case in cases:
        if case.problems and case.policy.name:
            plans.append(left_alone(case, case.problems))
        elif case.account.id in conclusions:
            decisions.append(Decision(case, conclusions[case.account.id]))
    if decisions:
        made = assemble(decisions, context, accounts=accounts, post=post)
        plans += [_guarded(engine, plan, decisions[0].case.on) for plan in made]
    return plans


def _blocked(memory: Memory, tenant: str, now: datetime) -> str:
    if memory.garbled:
        return f"its log cannot be read: {memory.garbled}"
    if memory.claim is not None:
        return f"a run that began at {memory.claim.entry.at:%H:%M} UTC is still at work on it"
    return ""


def _guarded(engine: Engine, account: AccountPlan, on: date) -> AccountPlan:
    """Vetoes in code can only take commands away."""
    if not engine.vetoes:
        return account
    kept: list[Command] = []
    stopped_ones: list[Command] = []
    notes = list(account.notes)
    for command in account.commands:
        reasons = (veto.guard(command, account, on) for veto in engine.vetoes)
        stopped = next(
            ((v.name, r) for v, r in zip(engine.vetoes, reasons, strict=True) if r), None
        )
        if stopped and command.kind not in STANDING_ENDS:
            notes.append(f"veto {stopped[0]} stops {command.action}: {stopped[1]}")
            stopped_ones.append(command)
        else:
            kept.append(command)
    gone = {c.meanings for c in stopped_ones if c.kind == "task"}
    kept = [c for c in kept if c.kind != "tell" or c.joins or c.meanings not in gone]
    rises = tuple(r for rise in account.rises if (r := _without(rise, stopped_ones)) is not None)
    return replace(account, commands=tuple(kept), rises=rises, notes=tuple(notes))


def _without(rise: Rise, stopped: Sequence[Command]) -> Rise | None:
    """A stage needs no action that a veto took away, as with the vetoes of the house; None where
    nothing is left of it.
    """
    gone = {c.action for c in stopped if not c.watch and rise.item in c.items}
    if not gone:
        return rise
    needs = tuple(action for action in rise.needs if action not in gone)
    return replace(rise, needs=needs) if needs else None


def _header(
    engine: Engine,
    seen: Read,
    on: date,
    decided: Decided,
    accounts: tuple[AccountPlan, ...],
    only: str | None,
) -> Header:
    described = seen.book.describe
    counts = counted(accounts)
    counts["judged"] = decided.judged
    # each company has exchange rates of its own
    demanded = [
        (Money(a.minor, a.currency), decided.cases[account.debtor, account.company].rates)
        for account in accounts
        for command in account.commands
        if command.kind == "remind"
        for a in command.money
    ]
    return Header(
        format=FORMAT,
        tenant=described.tenant,
        system=described.system,
        on=on,
        made=seen.now,
        expires=seen.now + LIFE,
        digests=dict(engine.digests),
        counts=counts,
        money=amounts(sums(money for money, _ in demanded)),
        over=tuple(over(engine.house, counts, demanded)),
        reader=decided.reader,
        problems=tuple(decided.problems),
        only=only or "",
    )


def over(
    house: House, counts: Mapping[str, int], demanded: Iterable[tuple[Money, Rates]]
) -> Iterable[str]:
    """The limits that a plan exceeds, in words; each sum comes with the rates of its company."""
    limits = house.limits
    if limits.commands is not None and counts["commands"] > limits.commands:
        yield f"{counts['commands']} commands, and the limit is {limits.commands}"
    share, judged = limits.share_of_accounts, counts["judged"]
    if share is not None and judged and Fraction(counts["accounts"], judged) > share:
        yield (
            f"{counts['accounts']} of {judged} accounts, and the limit is "
            f"{_percent(share)} of them"
        )
    if limits.money is not None:
        target = limits.money.currency
        total = 0
        for amount, rates in demanded:
            converted = rates.convert(amount, target)
            if converted is None:
                yield f"no exchange rate from {amount.currency} to {target} for the limit"
                return
            total += converted.minor
        if total > limits.money.minor:
            yield f"{Money(total, target)} demanded, and the limit is {limits.money}"


def _percent(share: Fraction) -> str:
    value = share * 100
    return f"{value.numerator / value.denominator:g} %"
