"""A plan summed up: what, to whom, how much money, and who gets nothing and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dunwell.command import STANDING_ENDS, AccountPlan, Amount, Command
from dunwell.decide.case import Case
from dunwell.decide.cases import rates
from dunwell.decide.evaluator import Evaluation
from dunwell.facts import Registry
from dunwell.message.facts import sums
from dunwell.money import Money
from dunwell.run.clauses import Cash, cash
from dunwell.run.plan import Planned
from dunwell.run.totals import (
    AccountLine,
    Alone,
    Doubt,
    Line,
    Paused,
    PutOff,
    Row,
    Summary,
    WaitingRow,
)
from dunwell.run.why import Why

Key = tuple[str, str]


def summarize(planned: Planned, registry: Registry, *, most: int | None = None) -> Summary:
    """Sum up a plan that was just made; at most so many accounts are told one by one."""
    header, accounts = planned.plan.header, planned.plan.accounts
    at_work = [a for a in accounts if a.commands]
    commands = [c for a in accounts for c in a.commands]
    worth = _Worth(planned)
    order = sorted(at_work, key=lambda a: (-worth(a), a.debtor, a.company))[:most]
    cases = planned.decided.of({account.debtor for account in order})
    return Summary(
        version=1,
        on=header.on,
        tenant=header.tenant,
        system=header.system,
        made=header.made,
        expires=header.expires,
        reader=header.reader,
        only=header.only,
        judged=header.counts["judged"],
        touched=header.counts["accounts"],
        customers=len({a.debtor for a in at_work}),
        commands=header.counts["commands"],
        unlimited=sum(c.kind in STANDING_ENDS for c in commands),
        messages=sum(c.kind == "remind" for c in commands),
        tells=sum(c.kind == "tell" for c in commands),
        money=_cash(header.money),
        over=header.over,
        problems=header.problems,
        unknown=tuple(_doubts(planned)),
        in_flight=len(planned.memories.claimed),
        rows=tuple(_rows(at_work)),
        paused=tuple(_paused(planned)),
        waiting=tuple(_waiting(accounts)),
        put_off=tuple(_put_off(accounts)),
        left_alone=tuple(_left_alone(accounts)),
        working=len(at_work),
        accounts=tuple(_account(planned, cases, account, registry) for account in order),
    )


def _cash(money: Iterable[Amount]) -> tuple[Cash, ...]:
    return tuple(cash(m) for m in sums(Money(a.minor, a.currency) for a in money))


def _demanded(account: AccountPlan) -> list[Amount]:
    """The money of the account's messages; without one, of its first command about money."""
    mails = [a for c in account.commands if c.kind == "remind" for a in c.money]
    if mails:
        return mails
    return next((list(c.money) for c in account.commands if c.money), [])


class _Worth:
    """The money of an account in its policy's currency, to sort by; what has no rate counts
    nothing.
    """

    def __init__(self, planned: Planned) -> None:
        setting = planned.decided.setting
        self.rates = rates(planned.book, setting.on)
        self.currencies = {policy.name: policy.currency for policy in setting.house.policies}

    def __call__(self, account: AccountPlan) -> int:
        """In minor units."""
        if account.policy not in self.currencies:
            return 0
        target, exchange = self.currencies[account.policy], self.rates[account.company]
        money = (Money(a.minor, a.currency) for a in _demanded(account))
        found = (exchange.convert(amount, target) for amount in money)
        return sum(amount.minor for amount in found if amount is not None)


def what(command: Command) -> str:
    """The name of a command beside its kind: template, hold, tag; else nothing."""
    if command.message is not None:
        return command.message.template
    return command.name


def _rows(accounts: Sequence[AccountPlan]) -> Iterator[Row]:
    groups: dict[tuple[str, str, str, str], list[tuple[AccountPlan, Command]]] = {}
    for account in accounts:
        for command in account.commands:
            name = (command.kind, what(command), command.source, command.ladder)
            groups.setdefault(name, []).append((account, command))
    order = sorted(groups, key=lambda k: (_KINDS.index(k[0]), k[3], k[2], k[1]))
    for key in order:
        group = groups[key]
        money = [a for _, command in group for a in command.money]
        debtors = {account.debtor for account, _ in group}
        yield Row(*key, len(group), len(debtors), _cash(money))


_KINDS = (
    "remind",
    "task",
    "tell",
    "note",
    "hold",
    "tag",
    "release",
    "untag",
    "adopt",
    "override",
    "clear",
)


def _paused(planned: Planned) -> Iterator[Paused]:
    """Silent items by reason, in all accounts that were decided, quiet ones too."""
    found: dict[tuple[str, str], tuple[int, list[Money]]] = {}
    silent = planned.decided.overview["silent"]
    for policy, reason, currency, items, balance, _ in silent.iter_rows():
        count, money = found.get((policy, reason), (0, []))
        found[policy, reason] = count + items, [*money, Money(balance, currency)]
    for (policy, reason), (count, money) in sorted(found.items()):
        yield Paused(reason, policy, count, tuple(cash(m) for m in sums(money)))


def _waiting(accounts: Sequence[AccountPlan]) -> Iterator[WaitingRow]:
    steps = [(a.debtor, w) for a in accounts for w in a.waiting]
    for stage, role in sorted({(w.stage, w.role) for _, w in steps}):
        mine = [(d, w) for d, w in steps if (w.stage, w.role) == (stage, role)]
        yield WaitingRow(
            stage,
            role,
            len({debtor for debtor, _ in mine}),
            sum(len(w.items) for _, w in mine),
            _cash(a for _, w in mine for a in w.money),
            min(w.since for _, w in mine),
            sum(w.refused_until is not None for _, w in mine),
        )


ALONE = "left alone: "
"""How the note of an account begins of which nothing was decided."""


def _put_off(accounts: Sequence[AccountPlan]) -> Iterator[PutOff]:
    found: dict[str, set[str]] = {}
    for account in accounts:
        for note in account.notes:
            if not note.startswith(ALONE):
                found.setdefault(_general(note), set()).add(account.debtor)
    for note, debtors in sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        yield PutOff(note, len(debtors))


_GENERAL = (
    (
        r"is put off: \d+ of \d+ contacts within ([\w ]+) are used.*",
        r"is put off: all contacts within \1 are used",
    ),
    (r"is put off: no hours for it on .*", "is put off: no hours for it on this day"),
    (r"(its stage is not in the ladder): .*", r"\1"),
    (
        r"no message until a person says whether .* was sent",
        "no message until an unknown one is settled",
    ),
    (r"^nobody is told of task .*: (no address of .*)$", r"nobody is told of a task: \1"),
    (r"^credit .* in (\w+) covers nothing here", r"a credit in \1 covers nothing"),
)
"""What is special to one account in a note, and how the same is said of many."""


def _general(note: str) -> str:
    for pattern, words in _GENERAL:
        note = re.sub(pattern, words, note, flags=re.DOTALL)
    return note


def _left_alone(accounts: Sequence[AccountPlan]) -> Iterator[Alone]:
    for account in accounts:
        for note in account.notes:
            if note.startswith(ALONE):
                why = note.removeprefix(ALONE)
                yield Alone(account.debtor, account.company, account.name, why)


def _doubts(planned: Planned) -> Iterator[Doubt]:
    doubtful = sorted(planned.memories.unsettled)
    cases = planned.decided.of(doubtful) if doubtful else {}
    names = {debtor: case.account.payer.name for (debtor, _), case in cases.items()}
    for debtor in doubtful:
        for unknown in planned.memories.memory(debtor).state.unknowns:
            command = unknown.command
            said = f"{command.kind} {command.name or command.source}"
            name = names.get(debtor, debtor)
            yield Doubt(command.key, debtor, command.company, name, said, unknown.on)


def _account(
    planned: Planned, cases: Mapping[Key, Case], account: AccountPlan, registry: Registry
) -> AccountLine:
    key = (account.debtor, account.company)
    case, found = cases.get(key), planned.decided.conclusions.get(key)
    why = Why(Evaluation(case, registry), found) if case and found else None
    numbers = {i.row.id: i.row.number for i in case.items} if case else {}
    rises = {rise.item: rise.stage for rise in account.rises}
    lines = tuple(
        _line(command, numbers, rises, why(command) if why else "; ".join(command.reasons))
        for command in sorted(account.commands, key=lambda c: _KINDS.index(c.kind))
    )
    return AccountLine(
        account.debtor,
        account.company,
        account.name,
        account.policy,
        account.segment,
        _cash(_demanded(account)),
        lines,
        account.notes,
    )


def named_item(
    item: str, numbers: Mapping[str, str], rises: Mapping[str, str], command: Command
) -> str:
    """An item by its number; with the stage it rises to where its message is of another one."""
    name, stage = numbers.get(item, item), rises.get(item, command.source)
    told = command.kind == "remind" and not command.watch and stage != command.source
    return f"{name} ({stage})" if told else name


def _line(
    command: Command, numbers: Mapping[str, str], rises: Mapping[str, str], why: str
) -> Line:
    message = command.message
    return Line(
        kind=command.kind,
        name=what(command) or command.summary,
        source=command.source,
        to=message.address if message else ", ".join(command.assign[:1]),
        channel=message.channel if message else "",
        language=message.language if message else "",
        items=tuple(named_item(i, numbers, rises, command) for i in command.items),
        money=_cash(command.money),
        why=why,
        not_before=command.not_before,
        not_after=command.not_after,
    )
