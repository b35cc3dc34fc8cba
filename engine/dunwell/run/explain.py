"""Why this, why not that, and what comes next: one customer, as the evaluator reads the policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dunwell.command import AccountPlan
from dunwell.decide.case import Case
from dunwell.decide.cases import Setting, cases
from dunwell.decide.decide import Decided, DisagreementError, decide
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.memories import memories
from dunwell.decide.values import View
from dunwell.log.fold import NOTHING, Memory
from dunwell.message.facts import sums
from dunwell.model.rows import Customer, rows
from dunwell.money import Money
from dunwell.run.ahead import ASSUMPTION, Ahead, ahead
from dunwell.run.clauses import Cash, cash, clause
from dunwell.run.debtors import plan_debtor
from dunwell.run.draft import Context
from dunwell.run.engine import Engine
from dunwell.run.explain_contact import budgets, contacts, reach, words
from dunwell.run.explain_items import Heard, item_reports
from dunwell.run.explain_standing import standing_reports
from dunwell.run.find import Subject
from dunwell.run.plan import stale_facts
from dunwell.run.planfile import StoppedError
from dunwell.run.reading import Read, read
from dunwell.run.reports import (
    AccountReport,
    Asked,
    Coming,
    Explanation,
    TraceReport,
    WatchReport,
)
from dunwell.run.summary import named_item


@dataclass(frozen=True, slots=True)
class _Debtor:
    """What is known of the debtor before anything is explained."""

    engine: Engine
    seen: Read
    on: date
    memory: Memory
    cases: Sequence[Case]
    plans: dict[tuple[str, str], AccountPlan]
    ahead: Ahead
    notes: tuple[str, ...]
    decided: Decided | None = None


def explain(engine: Engine, subject: Subject, *, as_of: date | None = None) -> Explanation:
    """Everything about one debtor as of the company's own today, or another day as a what-if."""
    described = engine.adapter.describe()
    on = as_of or described.on
    seen = read(engine.adapter, engine.house, describe=described, debtors=[subject.debtor])
    known = _debtor(engine, seen, subject, on)
    zone = next((case.calendar.timezone for case in known.cases), "UTC")
    return Explanation(
        on=on,
        customer=subject.debtor,
        name=subject.name,
        asked=subject.how,
        asked_items=subject.items,
        accounts=tuple(_account(known, case) for case in known.cases),
        contacts=tuple(contacts(known.memory, zone)),
        budgets=tuple(b for case in known.cases[:1] for b in budgets(case)),
        words=tuple(words(known.memory)),
        tags=next((case.account.payer.tags for case in known.cases), ()),
        customers=tuple(_customers(seen, subject.debtor)),
        coming=tuple(coming(known.ahead, known.cases)),
        looked_until=known.ahead.until,
        assumption=ASSUMPTION,
        notes=known.notes,
    )


def _debtor(engine: Engine, seen: Read, subject: Subject, on: date) -> _Debtor:
    folded = seen.memories()
    setting = Setting(engine.house, engine.registry, on, engine.calendars or None)
    found = cases(seen.book, memories(folded), setting, debtors=[subject.debtor])
    judged = [case for case in found if case.policy.name]
    tenant = seen.book.describe.tenant
    context = Context(tenant, engine.house, engine.wording, engine.ways)
    notes = [f"a run would stop: {why}" for why in stale_facts(engine.house, seen.book, on)]
    plans: list[AccountPlan] = []
    future = Ahead(on)
    if judged:
        readings = [Evaluation(c, engine.registry) for c in judged if not c.problems]
        said = {r.case.account.id: r.conclude() for r in readings}
        try:
            plans = plan_debtor(engine, judged, said, context, seen.now)
            future = ahead(engine, judged, tenant=tenant, now=seen.now)
        except StoppedError as error:
            notes.append(str(error))
    if future.stopped:
        notes.append(future.stopped)
    decided = None
    try:
        if not engine.plain:
            decided = _cross_checked(engine, seen, folded, on)
    except DisagreementError as error:
        notes.append(str(error))
    memory = folded.get(subject.debtor, NOTHING)
    by_account = {(plan.debtor, plan.company): plan for plan in plans}
    return _Debtor(engine, seen, on, memory, found, by_account, future, tuple(notes), decided)


def _cross_checked(engine: Engine, seen: Read, folded: Mapping[str, Memory], on: date) -> Decided:
    """The same by the columns and the network, which say which of their rules fired."""
    return decide(
        seen.book,
        engine.house,
        memories(folded),
        engine.registry,
        on=on,
        workers=1,
        sources=engine.calendars or None,
    )


def _account(known: _Debtor, case: Case) -> AccountReport:
    heard = Heard()
    reading = Evaluation(case, known.engine.registry, heard)
    account = case.account
    owed = [Money(i.to_pay, i.row.currency) for i in case.items if _overdue(i.due, case.on)]
    common = {
        "company": account.company.id,
        "company_name": account.company.name,
        "policy": case.policy.name,
        "policies": tuple(_policies(case, known)),
        "overdue": _cash(owed),
        "exposure": _cash(
            [Money(i.balance, i.currency) for i in account.items]
            + [Money(c.balance, c.currency) for c in account.credits]
        ),
        "credits": _cash([Money(-c.balance, c.currency) for c in account.credits]),
    }
    alone = tuple(_left_alone(known, case))
    plan = known.plans.get(account.id)
    waits = frozenset(item for w in plan.waiting for item in w.items) if plan else frozenset()
    if not case.policy.name:
        return AccountReport(segment="", segments=(), left_alone=alone, **common)  # type: ignore[arg-type]
    recipient, when = reach(case, known.engine)
    return AccountReport(
        segment=reading.segment or "",
        segments=tuple(_segments(reading, heard)),
        left_alone=alone,
        items=item_reports(reading, heard, known.ahead, waits=waits) if not case.problems else (),
        standing=standing_reports(reading),
        vetoes=tuple(_vetoes(reading)),
        watches=tuple(_watches(reading)),
        recipient=recipient,
        hours=when,
        unknown=tuple(_unknown(case)),
        plan=plan,
        trace=tuple(_trace(known, case)),
        **common,  # type: ignore[arg-type]
    )


def _overdue(due: date | None, on: date) -> bool:
    return due is not None and due < on


def _cash(money: Sequence[Money]) -> tuple[Cash, ...]:
    return tuple(cash(m) for m in sums(money))


def _policies(case: Case, known: _Debtor) -> Iterator[Asked]:
    """The policies in the order in which they were asked, up to the one that applies."""
    view = View(case, case.on)
    for policy in case.house.policies:
        found = clause(policy.applies_to, view, None, known.engine.registry)
        yield Asked(policy.name, found.holds is True, found)
        if found.holds:
            return


def _left_alone(known: _Debtor, case: Case) -> Iterator[str]:
    memory = case.memory
    if memory.garbled:
        yield f"its log cannot be read: {memory.garbled}"
    if memory.claim is not None:
        claim = memory.claim
        until = claim.entry.at + timedelta(seconds=claim.body.lease)
        kinds = ", ".join(sorted({c.kind for c in claim.body.commands}))
        yield (
            f"a run that began at {claim.entry.at:%Y-%m-%d %H:%M} UTC is at work on it ({kinds}); "
            f"from {until:%H:%M} UTC on it can be recovered"
        )
    if not case.policy.name:
        yield "no policy covers it"
    yield from case.problems


def _segments(reading: Evaluation, heard: Heard) -> Iterator[Asked]:
    for segment in reading.case.policy.segments:
        asked = heard.clause(f"segment {segment.name}", "", segment.when, reading.registry)
        if asked is None:
            return
        yield Asked(segment.name, asked.holds is True, asked)


def _vetoes(reading: Evaluation) -> Iterator[Asked]:
    by_name = {veto.name: veto for veto in reading.case.house.veto}
    items = {item.row.id: item for item in reading.case.items}
    for name, item in reading.vetoed:
        veto = by_name[name]
        found = clause(veto.when, reading.view, items.get(item), reading.registry)
        what = ", ".join(veto.action)
        on = f" for {items[item].row.number}" if item else ""
        yield Asked(f"{name}: no {what}{on}", True, found)


def _watches(reading: Evaluation) -> Iterator[WatchReport]:
    firing = {fire.watch for fire in reading.fires}
    company = reading.case.account.company.id
    states = {w.watch: w for w in reading.case.memory.state.watches if w.company == company}
    for watch in reading.case.policy.watch:
        state = states.get(f"{reading.case.policy.name}/{watch.name}")
        concerned = [None, *reading.case.items] if reading.per_item(watch.when) else [None]
        asked = [clause(watch.when, reading.view, i, reading.registry) for i in concerned]
        best = next((a for a in asked if a.holds), asked[-1])
        yield WatchReport(
            watch.name, best.holds is True, watch.name in firing, state.on if state else None, best
        )


def _unknown(case: Case) -> Iterator[str]:
    for unknown in case.memory.state.unknowns:
        if unknown.command.company == case.account.company.id:
            command = unknown.command
            yield (
                f"since {unknown.on} nobody knows whether {command.kind} of {command.source} "
                f"was done: settle it with 'dunwell resolve {command.key}'"
            )


def _trace(known: _Debtor, case: Case) -> Iterator[TraceReport]:
    """Which rules of the network fired, where anything is to be done."""
    if known.decided is not None:
        for trace in known.decided.why(*case.account.id):
            yield TraceReport(trace.fact, trace.rule, trace.because)


def _customers(seen: Read, debtor: str) -> Iterator[str]:
    """The others that this debtor pays for."""
    for customer in rows(seen.book["customers"], Customer):
        if customer.id != debtor:
            yield f"{customer.name} ({customer.id})"


def coming(future: Ahead, known: Sequence[Case]) -> Iterator[Coming]:
    """What would happen, in order, after the first day, which is today."""
    numbers = {i.id: i.number for case in known for i in case.account.items}
    for day in future.days:
        for plan in day.plans:
            rises = {rise.item: rise.stage for rise in plan.rises}
            for command in plan.commands:
                if command.action == "approval":
                    continue  # the step that waits is told below
                named = tuple(named_item(i, numbers, rises, command) for i in command.items)
                detail = command.name or command.summary or command.text
                if command.message is not None:
                    detail = command.message.template
                yield Coming(day.on, command.kind, command.source, detail, named, plan.company)
            for waiting in plan.waiting:
                named = tuple(numbers.get(i, i) for i in waiting.items)
                yield Coming(day.on, "waits", waiting.stage, waiting.role, named, plan.company)
            for note in plan.notes:
                what, _, why = note.partition(" is put off: ")
                yield Coming(day.on, "put_off", what, why, (), plan.company)


__all__ = ["coming", "explain"]
