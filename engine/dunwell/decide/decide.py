"""One door to deciding: from the book to what every policy concludes today, cross-checked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

import polars as pl

from dunwell.calendar import CalendarSource
from dunwell.decide.case import Case
from dunwell.decide.cases import Setting, cases
from dunwell.decide.chain import Pool
from dunwell.decide.columns import Overview, read
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.judging import Key, differences, judge, left_alone, uncovered
from dunwell.decide.memories import Memories
from dunwell.decide.network import FEW, NETWORK, Network, Trace, conclude
from dunwell.decide.signals import Signals
from dunwell.errors import DunwellError
from dunwell.facts import Registry
from dunwell.model import Book
from dunwell.model.portion import payers
from dunwell.model.rows import Account
from dunwell.policy.tree import House, Policy

EVERY = 3_000
"""Up to so many accounts all of them are cross-checked."""

SAMPLE = 100
"""Above that one debtor in so many is, besides everything adverse."""

SHOWN = 20


class DisagreementError(DunwellError):
    """Two readers of a policy say different things of one account; nothing can be planned.

    It is a fault of Dunwell's. A verdict is None where the account is quiet or left alone.
    """

    def __init__(
        self, key: Key, network: Conclusions | None, evaluator: Conclusions | None, more: int = 0
    ) -> None:
        self.debtor, self.company = key
        self.network, self.evaluator, self.more = network, evaluator, more
        told = "; ".join(differences(network, evaluator)) or "one of them leaves it alone"
        others = f", and on {more} more accounts" if more else ""
        super().__init__(
            f"the readers disagree on debtor '{self.debtor}' with company '{self.company}'"
            f"{others}: the network against the evaluator: {told}; nothing was planned, please "
            "report it"
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided.

    `cases` are the accounts where something is to be done and those that are left alone (`alone`
    says why); `conclusions` are of the former. `accounts` are all accounts of each debtor that has
    a case, quiet ones too. `judged` counts the accounts that a policy covers, `checked` those on
    which the evaluator was asked as well; `overview` sums up all. `reader` is `network`, or says
    why the evaluator stood in; `incidents` are the accounts that the network could not decide.
    """

    cases: Mapping[Key, Case]
    conclusions: Mapping[Key, Conclusions]
    judged: int
    reader: str
    problems: tuple[str, ...]
    alone: Mapping[Key, tuple[str, ...]]
    accounts: Mapping[str, tuple[Account, ...]]
    overview: Overview
    checked: int
    incidents: Mapping[Key, str]
    networks: tuple[Network, ...] = field(repr=False)

    def why(self, debtor: str, company: str) -> tuple[Trace, ...]:
        """Which rules of the network fired for an account, each with its causes."""
        return tuple(t for network in self.networks for t in network.why(debtor, company))


def decide(
    book: Book,
    house: House,
    memories: Memories,
    registry: Registry,
    *,
    on: date,
    workers: int = 0,
    verify: str = "sample",
    sources: tuple[CalendarSource, ...] | None = None,
) -> Decided:
    """Decide every account as of a day: columns, the rule network, the evaluator as a cross-check.

    Uses up to `workers` processes (0: one for each processor) where there is enough to do; a few
    accounts are decided in this one. The evaluator is asked about every account of a small book,
    else about all with adverse commands and a sample; about everything with `verify` `all`. Raises
    `DisagreementError` where it says something else than the network.
    """
    workers = workers or os.cpu_count() or 1
    seen = read(book, house, memories, registry, on=on, sources=sources)
    networks = _concluded(seen.signals, house, workers)
    facts = _Facts(book, memories, Setting(house, registry, on, sources), seen.overview)
    return facts.decided(networks, workers=workers, everything=verify == "all")


def is_adverse(word: Conclusions, house: House) -> bool:
    """Puts something in force, or rises to a stage that does so or that somebody must approve."""
    if word.place:
        return True
    policy = next(policy for policy in house.policies if policy.name == word.policy)
    return any(step.approve or _stands(policy, step.stage) for step in word.rise)


def sample(debtors: Iterable[str], on: date) -> Iterator[str]:
    """One debtor in `SAMPLE`, others every day."""
    for debtor in debtors:
        digest = sha256(f"{on} {debtor}".encode()).digest()
        if int.from_bytes(digest[:8], "big") % SAMPLE == 0:
            yield debtor


def _stands(policy: Policy, stage: int) -> bool:
    return any(action.standing for action in policy.ladder[stage].do)


def _concluded(signals: Sequence[Signals], house: House, workers: int) -> tuple[Network, ...]:
    """The network over every policy, all in the same processes; in none for a few accounts."""
    if sum(one["accounts"].height for one in signals) <= FEW:
        return tuple(conclude(one, house) for one in signals)
    with Pool(workers) as pool:
        return tuple(conclude(one, house, pool=pool) for one in signals)


@dataclass(frozen=True)
class _Facts:
    """What the evaluator decides from, and the summary of the columns."""

    book: Book
    memories: Memories
    setting: Setting
    overview: Overview

    def decided(self, networks: tuple[Network, ...], *, workers: int, everything: bool) -> Decided:
        """Cross-check the networks' conclusions, fill their gaps and add the cases."""
        found = {key: word for network in networks for key, word in network.conclusions.items()}
        incidents = {key: why for network in networks for key, why in network.incidents.items()}
        alone = self.alone
        some = {debtor for debtor, _ in (*found, *incidents, *alone)} | self.memories.unsettled
        unjudged = set(self.overview["unjudged"]["debtor"])
        some |= unjudged & set(self.memories.standing["debtor"])
        everything = everything or self.size <= EVERY
        drawn = () if everything else sample(set(payers(self.book).values()), self.setting.on)
        chosen = frozenset(drawn)
        made = self.made(None if everything else some | chosen)
        checked = {
            key
            for key in made
            if key not in incidents
            and (everything or key[0] in chosen or _adverse(found.get(key), self.setting.house))
        }
        own = {key for key in made if key in incidents or key[0] in self.memories.unsettled}
        asked = [case for key, case in made.items() if key in checked or key in own]
        asked = [case for case in asked if not left_alone(case)]
        verdicts = judge(asked, self.setting.registry, workers=workers)
        found = {key: word for key, word in found.items() if key not in incidents}
        _compare(found, verdicts, checked, alone={k for k in checked if left_alone(made[k])})
        for key in own:
            # an unsettled account is shown even when it is quiet, and one may be both
            if key in verdicts and (key[0] in self.memories.unsettled or not verdicts[key].quiet):
                found[key] = verdicts[key]
        found |= uncovered(made.values(), self.setting.registry)
        return Decided(
            cases={key: made[key] for key in sorted(made) if key in found or key in alone},
            conclusions=found,
            judged=self.overview.judged,
            reader=next((n.reader for n in networks if n.reader != NETWORK), NETWORK),
            problems=tuple(self.problems(networks)),
            alone=alone,
            accounts=_by_debtor(made, {debtor for debtor, _ in (*found, *alone)}),
            overview=self.overview,
            checked=len(checked),
            incidents=incidents,
            networks=networks,
        )

    @property
    def size(self) -> int:
        """How many accounts the book has."""
        return self.overview.judged + self.overview["unjudged"].height

    @property
    def alone(self) -> dict[Key, tuple[str, ...]]:
        """Why accounts are left alone."""
        found: dict[Key, tuple[str, ...]] = {}
        for debtor, company, _, problem in self.overview["problems"].iter_rows():
            found[debtor, company] = (*found.get((debtor, company), ()), problem)
        return found

    def made(self, debtors: Iterable[str] | None) -> dict[Key, Case]:
        """The cases of some debtors, or all."""
        names = None if debtors is None else sorted(debtors)
        made = cases(self.book, self.memories, self.setting, debtors=names)
        return {case.account.id: case for case in made}

    def problems(self, networks: Iterable[Network]) -> Iterator[str]:
        """What people should know of this decision, in lines."""
        unjudged = self.overview["unjudged"]
        debtors = set(payers(self.book).values()) if unjudged.height else ()
        yield from _short(
            f"no policy covers debtor '{debtor}' with company '{company}'"
            for debtor, company in unjudged.iter_rows()
            if debtor in debtors  # else another customer has come to pay
        )
        yield from _short(
            f"item '{number}' is of customer '{customer}' with company '{company}', and the ERP "
            "does not name one of them"
            for _, number, customer, company in self.overview["strays"].iter_rows()
        )
        gone = self.overview["stages"].filter(pl.col("stage").is_null())
        for policy, items in (
            gone.group_by("policy").agg(count=pl.col("items").sum()).sort("policy").iter_rows()
        ):
            yield f"{items} items wait at a stage that the ladder of '{policy}' no longer has"
        for network in networks:
            if network.reader == NETWORK:
                yield from _short(
                    f"the evaluator decided debtor '{debtor}' with company '{company}': {why}"
                    for (debtor, company), why in sorted(network.incidents.items())
                )


def _adverse(word: Conclusions | None, house: House) -> bool:
    return word is not None and is_adverse(word, house)


def _compare(
    found: Mapping[Key, Conclusions],
    verdicts: Mapping[Key, Conclusions],
    checked: Iterable[Key],
    *,
    alone: set[Key],
) -> None:
    """Raise for the first account on which the readers disagree."""
    wrong = []
    for key in sorted(checked):
        word = verdicts.get(key)
        theirs = None if key in alone or word is None or word.quiet else word
        if found.get(key) != theirs:
            wrong.append((key, found.get(key), theirs))
    if wrong:
        raise DisagreementError(*wrong[0], more=len(wrong) - 1)


def _by_debtor(made: Mapping[Key, Case], debtors: set[str]) -> dict[str, tuple[Account, ...]]:
    found: dict[str, list[Account]] = {}
    for (debtor, _), case in sorted(made.items()):
        if debtor in debtors:
            found.setdefault(debtor, []).append(case.account)
    return {debtor: tuple(accounts) for debtor, accounts in found.items()}


def _short(lines: Iterable[str]) -> Iterator[str]:
    """The first lines, and how many more there are."""
    more = 0
    for number, line in enumerate(lines):
        if number < SHOWN:
            yield line
        else:
            more += 1
    if more:
        yield f"... and {more} more like that"
