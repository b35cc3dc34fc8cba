"""The plans of debtors: of a few in this process, of many in others."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby

import msgspec
from msgspec.structs import replace

from dunwell.command import STANDING_ENDS, AccountPlan, Command
from dunwell.decide.case import Case
from dunwell.decide.cases import Setting, cases
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.decide import Decided
from dunwell.decide.hands import Answer, Hands
from dunwell.decide.parts import opened, parts
from dunwell.log.entry import Rise
from dunwell.log.fold import Memory
from dunwell.model.accounts import Account
from dunwell.run.assemble import assemble, left_alone
from dunwell.run.draft import Context, Decision
from dunwell.run.engine import Engine
from dunwell.run.telling import Post

Key = tuple[str, str]

Words = Mapping[Key, Conclusions | None]
"""What is concluded of accounts; None where one is left alone."""

WORTH = 400
"""From so many debtors on they are handed to other processes."""

SIZE = 300
"""So many of them at a time."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What is the same for all debtors of a plan."""

    context: Context
    setting: Setting
    now: datetime
    post: Post | None


def plan_debtors(
    engine: Engine,
    decided: Decided,
    context: Context,
    now: datetime,
    *,
    post: Post | None,
    hands: Hands,
) -> tuple[AccountPlan, ...]:
    """The plans of all accounts where something is to be done or that are left alone, sorted."""
    names = decided.debtors
    shared = Shared(context, decided.setting, now, post)
    plans: list[AccountPlan] = []
    for done, some in _in_turn(decided, names, shared, hands):
        engine.progress("wording", done, len(names))
        plans += some
    engine.progress("wording", len(names), len(names))
    # plugins are asked here and in order, whoever made the plans
    guarded = [_guarded(engine, plan, decided.setting.on) for plan in plans]
    return tuple(sorted(guarded, key=lambda plan: (plan.debtor, plan.company)))


def plan_debtor(
    engine: Engine,
    cases: Sequence[Case],
    conclusions: Words,
    context: Context,
    now: datetime,
) -> list[AccountPlan]:
    """The plans of all accounts of one debtor; no conclusions where nothing is due."""
    plans = _planned(cases, conclusions, context, now)
    return [_guarded(engine, plan, cases[0].on) for plan in plans]


def _in_turn(
    decided: Decided, names: Sequence[str], shared: Shared, hands: Hands
) -> Iterator[tuple[int, list[AccountPlan]]]:
    """Some plans at a time, with how many debtors were done before."""
    sent = None if hands.idle or len(names) < WORTH else _sent(shared)
    if sent is None:
        yield from enumerate(_each(decided.of(names), _words(decided, names), shared))
        return
    answers: list[tuple[Sequence[str], Answer[bytes]]] = []
    for chosen, part in parts(decided.book, decided.memories, names, size=SIZE):
        words = msgspec.msgpack.encode(list(_words(decided, chosen).items()))
        answers.append((chosen, hands.ask(work, sent, part, words)))
    for number, (chosen, answer) in enumerate(answers):
        said = answer.get()
        if said is None:
            own = _each(decided.of(chosen), _words(decided, chosen), shared)
            yield number * SIZE, [plan for plans in own for plan in plans]
        else:
            yield number * SIZE, _plans.decode(said)


def _words(decided: Decided, debtors: Sequence[str]) -> Words:
    wanted = set(debtors)
    alone = dict.fromkeys(key for key in decided.alone if key[0] in wanted)
    return alone | {key: word for key, word in decided.conclusions.items() if key[0] in wanted}


def _each(made: Mapping[Key, Case], words: Words, shared: Shared) -> Iterator[list[AccountPlan]]:
    """The plans of one debtor after the other; the cases are all that each of them has."""
    for _, group in groupby(sorted(made), key=lambda key: key[0]):
        keys = list(group)
        yield _planned(
            [made[key] for key in keys if key in words],
            words,
            shared.context,
            shared.now,
            accounts=[made[key].account for key in keys],
            post=shared.post,
        )


def _sent(shared: Shared) -> bytes | None:
    """What is shared on its way to another process; None where a part of it cannot go."""
    try:
        return pickle.dumps(shared)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None


@lru_cache(maxsize=1)
def _shared(sent: bytes) -> Shared:
    shared: Shared = pickle.loads(sent)  # written by our own parent process
    return shared


_plans = msgspec.msgpack.Decoder(list[AccountPlan])
_concluded = msgspec.msgpack.Decoder(list[tuple[Key, Conclusions | None]])


def work(sent: bytes, part: bytes, words: bytes) -> bytes:
    """Plan a part of the book; runs in another process."""
    shared = _shared(sent)
    book, memories, names = opened(part)
    found = cases(book, memories, shared.setting, debtors=names)
    made = {case.account.id: case for case in found}
    each = _each(made, dict(_concluded.decode(words)), shared)
    return msgspec.msgpack.encode([plan for plans in each for plan in plans])


def ready() -> None:
    """Do nothing: a process that was asked for it has imported what it needs for more."""


def _planned(
    cases: Sequence[Case],
    conclusions: Words,
    context: Context,
    now: datetime,
    *,
    accounts: Sequence[Account] = (),
    post: Post | None = None,
) -> list[AccountPlan]:
    """The plans of one debtor; `accounts` are all that it has, `post` is as in `assemble`."""
    why = _blocked(cases[0].memory, context.tenant, now)
    if why:
        return [left_alone(case, [why]) for case in cases]
    plans = []
    decisions = []
    for case in cases:
        found = conclusions.get(case.account.id)
        if case.problems and case.policy.name:
            plans.append(left_alone(case, case.problems))
        elif found is not None:
            decisions.append(Decision(case, found))
    if decisions:
        plans += assemble(decisions, context, accounts=accounts, post=post)
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
