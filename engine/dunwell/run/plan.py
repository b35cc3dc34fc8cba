"""Deciding everything and doing nothing: from the ERP's facts to a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from dunwell import memory
from dunwell.command import AccountPlan
from dunwell.decide.cases import rates
from dunwell.decide.columns import Rows
from dunwell.decide.decide import LARGE, Decided, decide
from dunwell.decide.folding import fold_entries
from dunwell.decide.hands import Hands, unhurried
from dunwell.decide.memories import Memories
from dunwell.decide.plainly import decide_plainly
from dunwell.message.facts import sums
from dunwell.model import Book, Describe
from dunwell.money import Money, Rates
from dunwell.policy.tree import House
from dunwell.run.debtors import WORTH, plan_debtors, ready
from dunwell.run.draft import Context
from dunwell.run.engine import Engine
from dunwell.run.planfile import FORMAT, Header, Plan, StoppedError, counted
from dunwell.run.reading import ORDER, Read, read
from dunwell.run.telling import post_of
from dunwell.run.words import amounts

SOME = 1_000
"""From so many items on, other processes will be needed."""

LIFE = timedelta(hours=12)
"""How long a plan may be applied, on its own day."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was made from, for the summary."""

    plan: Plan
    decided: Decided
    book: Book
    memories: Memories
    now: datetime
    problems: tuple[str, ...] = field(default=())


def make_plan(
    engine: Engine, *, as_of: date | None = None, only: str | None = None, seen: Read | None = None
) -> Planned:
    """Decide every account (or one debtor) as of the company's today, or a day as a what-if.

    Raises `StoppedError` when the house demands fresher bank data than the ERP has; of a what-if
    that is only a remark.
    """
    described = seen.book.describe if seen else engine.adapter.describe()
    on = as_of or described.on
    memory.keep()
    with Hands(engine.workers) as hands, unhurried():
        with ThreadPoolExecutor(1, thread_name_prefix="rows") as aside:
            seen = seen or _read(engine, described, only, hands, aside)
            stale = tuple(stale_facts(engine.house, seen.book, on))
            if stale and on == described.on:
                raise StoppedError(stale[0])
            remembered = fold_entries(seen.entries, hands)
        _refuse_copies(remembered, described.tenant)
        engine.progress("deciding", 0, 0)
        decided = _decide(engine, seen, remembered, on, hands)
        context = Context(described.tenant, engine.house, engine.wording, engine.ways)
        post = post_of(engine, seen.book)
        accounts = plan_debtors(engine, decided, context, seen.now, post=post, hands=hands)
    remarks = (*filter(None, (described.copied,)), *(f"a run would stop: {why}" for why in stale))
    header = _header(engine, seen, on, decided, accounts, only, remarks)
    return Planned(Plan(header, accounts), decided, seen.book, remembered, seen.now)


def _read(
    engine: Engine, described: Describe, only: str | None, hands: Hands, aside: Executor
) -> Read:
    """Everything, or what concerns one debtor.

    Processes start while the ERP still answers. The log is read and folded on one processor;
    meanwhile another one finds which account each row of a large book belongs to.
    """

    def begin(table: str, book: Book) -> None:
        if engine.plain:
            return
        customers, items = book["customers"].height, book["items"].height
        if (table == "customers" and customers >= WORTH) or (table == "items" and items > SOME):
            hands.start(ready, networks=1 if customers < LARGE else None)
        if table == ORDER[-1] and items > LARGE:
            aside.submit(book.once(Rows).find)

    return read(
        engine.adapter,
        engine.house,
        describe=described,
        debtors=[only] if only else None,
        progress=engine.progress,
        meanwhile=begin,
    )


def _refuse_copies(remembered: Memories, tenant: str) -> None:
    """Stop before the first effect where the log was written for another ERP: a clone of it."""
    for other in sorted(remembered.tenants - {tenant}):
        raise StoppedError(
            f"the log in this ERP was written for '{other}', and this is '{tenant}': a copy or a "
            "clone; nothing is done"
        )


def _decide(engine: Engine, seen: Read, remembered: Memories, on: date, hands: Hands) -> Decided:
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
        verify=engine.verify,
        sources=sources,
        hands=hands,
    )


def stale_facts(house: House, book: Book, on: date) -> Iterator[str]:
    """Why the facts are too old for a run; nothing where they are not."""
    if house.bank_data_within is None:
        return
    known = book.describe.bank_data_on
    if known is None and book["items"].is_empty() and book["settlements"].is_empty():
        yield "there is no invoice and no payment in the ERP yet; bring them in first"
        return
    if known is None:
        yield (
            "the house demands recent bank data and the ERP cannot tell how recent its own is; "
            "bring its payments in, or take `bank_data_within` out of `require`"
        )
        return
    from dunwell.decide.cases import calendar_of

    calendar = calendar_of(house, house.policies[0] if house.policies else None)
    if calendar.add(known, house.bank_data_within) < on:
        yield (
            f"bank data is of {known} and the house demands it within {house.bank_data_within}; "
            "import the newest statements first"
        )


def _header(
    engine: Engine,
    seen: Read,
    on: date,
    decided: Decided,
    accounts: tuple[AccountPlan, ...],
    only: str | None,
    remarks: Sequence[str],
) -> Header:
    described = seen.book.describe
    counts = counted(accounts)
    counts["judged"] = decided.judged
    exchange = rates(seen.book, on)  # each company has its own
    demanded = [
        (Money(a.minor, a.currency), exchange[account.company])
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
        over=tuple(over(engine.house, counts, demanded, alone=bool(only))),
        reader=decided.reader,
        problems=(*remarks, *decided.problems),
        only=only or "",
    )


def over(
    house: House,
    counts: Mapping[str, int],
    demanded: Iterable[tuple[Money, Rates]],
    *,
    alone: bool = False,
) -> Iterable[str]:
    """The limits that a plan exceeds, in words; each sum comes with the rates of its company.

    A plan for one customer `alone` is no share of all accounts.
    """
    limits = house.limits
    if limits.commands is not None and counts["commands"] > limits.commands:
        yield f"{counts['commands']} commands, and the limit is {limits.commands}"
    share, judged = limits.share_of_accounts, counts["judged"]
    if share is not None and judged and not alone and Fraction(counts["accounts"], judged) > share:
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
