"""One door to deciding: from the book to what every policy concludes today, cross-checked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from zlib import crc32

import polars as pl

from dunwell.calendar import CalendarSource
from dunwell.decide.case import Case
from dunwell.decide.cases import Setting, cases
from dunwell.decide.chain import Pool
from dunwell.decide.columns import Overview, read
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.hands import Hands
from dunwell.decide.judging import WORTH, Judge, Key, Verdict, differences, ready, shown
from dunwell.decide.memories import Memories
from dunwell.decide.network import FEW, NETWORK, Network, Trace, conclude
from dunwell.decide.signals import Signals
from dunwell.errors import DunwellError
from dunwell.facts import Registry
from dunwell.model import Book
from dunwell.model.portion import payers
from dunwell.policy.tree import House, Policy

EVERY = 3_000
"""Up to so many accounts all of them are cross-checked."""

SAMPLE = 100
"""Above that one debtor in so many is, besides everything adverse."""

LARGE = 20_000
"""From so many items on, processes are worth starting before it is known what there is to do."""

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


@dataclass(frozen=True)
class Decided:
    """What was decided.

    `conclusions` are of the accounts where something is to be done, `alone` says why others are
    left alone. `judged` counts the accounts that a policy covers, `checked` those on which the
    evaluator was asked as well; `overview` sums up all. `reader` is `network`, or says why the
    evaluator stood in; `incidents` are the accounts that the network could not decide.
    """

    book: Book = field(repr=False)
    memories: Memories = field(repr=False)
    setting: Setting = field(repr=False)
    conclusions: Mapping[Key, Conclusions]
    alone: Mapping[Key, tuple[str, ...]]
    overview: Overview
    reader: str
    judged: int
    checked: int = 0
    problems: tuple[str, ...] = ()
    incidents: Mapping[Key, str] = field(default_factory=dict)
    networks: tuple[Network, ...] = field(default=(), repr=False)
    made: Mapping[Key, Case] | None = field(default=None, repr=False)  # all, where they are few

    @cached_property
    def debtors(self) -> tuple[str, ...]:
        """Whoever has an account where something is to be done or that is left alone, sorted."""
        return tuple(sorted({debtor for debtor, _ in (*self.conclusions, *self.alone)}))

    def of(self, debtors: Collection[str]) -> dict[Key, Case]:
        """All accounts of some debtors, quiet ones too."""
        if self.made is not None:
            wanted = set(debtors)
            return {key: case for key, case in self.made.items() if key[0] in wanted}
        made = cases(self.book, self.memories, self.setting, debtors=sorted(debtors))
        return {case.account.id: case for case in made}

    @cached_property
    def cases(self) -> Mapping[Key, Case]:
        """The accounts where something is to be done, and those that are left alone."""
        return {key: case for key, case in self.of(self.debtors).items() if self.concerns(key)}

    def concerns(self, key: Key) -> bool:
        """Something is to be done for the account, or it is left alone."""
        return key in self.conclusions or key in self.alone

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
    hands: Hands | None = None,
) -> Decided:
    """Decide every account as of a day: columns, the rule network, the evaluator as a cross-check.

    Uses the `hands` or else up to `workers` processes (0: one for each processor), where there is
    enough to do; a few accounts are decided in this one. The evaluator is asked about every
    account of a small book, else about all with adverse commands and a sample; about everything
    with `verify` `all`. Raises `DisagreementError` where it says something else than the network.
    """
    setting = Setting(house, registry, on, sources)
    chosen = frozenset(sample(set(payers(book).values()), on))
    early = _early(book, chosen)
    own = Hands(workers) if hands is None else nullcontext(hands)
    with own as helpers:
        judge = Judge(book, memories, setting, helpers)
        if early:  # what does not wait for the columns goes on beside them
            helpers.start(ready, networks=None if book["items"].height > LARGE else 1)
            judge.ask(early)
        seen = read(book, house, memories, registry, on=on, sources=sources)
        networks = _concluded(seen.signals, house, helpers.networks)
        check = _Check(book, memories, setting, seen.overview, networks)
        judge.ask(check.debtors(chosen, everything=verify == "all"))
        return check.decided(judge.verdicts())


def _early(book: Book, chosen: Collection[str]) -> Collection[str]:
    """Whom the evaluator is asked about in any case, where that is worth other processes."""
    if book["items"].height > LARGE:
        return chosen
    customers = book["customers"]
    few = customers.height * max(1, book["companies"].height) <= EVERY
    return set(customers["id"]) if few and customers.height >= WORTH else ()


def is_adverse(word: Conclusions, house: House) -> bool:
    """Puts something in force, or rises to a stage that does so or that somebody must approve."""
    if word.place:
        return True
    policy = next(policy for policy in house.policies if policy.name == word.policy)
    return any(step.approve or _stands(policy, step.stage) for step in word.rise)


def sample(debtors: Iterable[str], on: date) -> Iterator[str]:
    """One debtor in `SAMPLE`, others every day."""
    seed = crc32(str(on).encode())
    return (debtor for debtor in debtors if crc32(debtor.encode(), seed) % SAMPLE == 0)


def _stands(policy: Policy, stage: int) -> bool:
    return any(action.standing for action in policy.ladder[stage].do)


def _concluded(signals: Sequence[Signals], house: House, pool: Pool) -> tuple[Network, ...]:
    """The network over every policy, all in the same processes; in none for a few accounts."""
    if sum(one["accounts"].height for one in signals) <= FEW:
        return tuple(conclude(one, house) for one in signals)
    return tuple(conclude(one, house, pool=pool) for one in signals)


@dataclass(frozen=True)
class _Check:
    """What the network concluded, on its way through the cross-check."""

    book: Book
    memories: Memories
    setting: Setting
    overview: Overview
    networks: tuple[Network, ...]

    @cached_property
    def incidents(self) -> dict[Key, str]:
        """Accounts that the network could not decide."""
        return {key: why for network in self.networks for key, why in network.incidents.items()}

    @cached_property
    def found(self) -> dict[Key, Conclusions]:
        """What the network concluded."""
        words = (pair for network in self.networks for pair in network.conclusions.items())
        return {key: word for key, word in words if key not in self.incidents}

    def debtors(self, chosen: Collection[str], *, everything: bool) -> set[str]:
        """On whom the evaluator is asked too.

        A few accounts are all checked; of many the chosen ones and those with something adverse.
        Beside them, those about whom nobody else says anything.
        """
        if everything or self.size <= EVERY:
            return set(self.book["customers"]["id"])
        unjudged = set(self.overview["unjudged"]["debtor"])
        return {
            *chosen,
            *(key[0] for key, word in self.found.items() if is_adverse(word, self.setting.house)),
            *(debtor for debtor, _ in self.incidents),
            *self.memories.unsettled,
            *(unjudged & set(self.memories.standing["debtor"])),
        }

    def decided(self, verdicts: Sequence[Verdict]) -> Decided:
        """Compare with the verdicts, and fill the gaps from them."""
        said = {verdict.key: verdict for verdict in verdicts}
        checked = {key: verdict for key, verdict in said.items() if key not in self.incidents}
        _compare(self.found, checked)
        return Decided(
            self.book,
            self.memories,
            self.setting,
            conclusions=self.found | shown(verdicts, self.memories.unsettled),
            alone=self.alone,
            overview=self.overview,
            reader=next((n.reader for n in self.networks if n.reader != NETWORK), NETWORK),
            judged=self.overview.judged,
            checked=len(checked),
            problems=tuple(self.problems()),
            incidents=self.incidents,
            networks=self.networks,
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

    def problems(self) -> Iterator[str]:
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
        for network in self.networks:
            if network.reader == NETWORK:
                yield from _short(
                    f"the evaluator decided debtor '{debtor}' with company '{company}': {why}"
                    for (debtor, company), why in sorted(network.incidents.items())
                )


def _compare(found: Mapping[Key, Conclusions], checked: Mapping[Key, Verdict]) -> None:
    """Raise for the first account on which the readers disagree."""
    wrong = []
    for key, verdict in sorted(checked.items()):
        word = verdict.word
        theirs = None if not verdict.covered or word is None or word.quiet else word
        if found.get(key) != theirs:
            wrong.append((key, found.get(key), theirs))
    if wrong:
        raise DisagreementError(*wrong[0], more=len(wrong) - 1)


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
