"""From the signals of a policy to the conclusions of its accounts, by the rules of `program`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dunwell.decide.chain import Derived, Fact, Outcome, PlainRunner, Pool, Program, available
from dunwell.decide.columns.item_facts import GUARDS
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.network.program import ACCOUNTS, ITEMS
from dunwell.decide.network.shapes import Alike, alike, facts_of, item_shapes
from dunwell.decide.network.trace import Trace, traces
from dunwell.decide.network.verdict import (
    OfAccount,
    OfItem,
    Words,
    conclusions,
    fires_of,
    vetoes_of,
)
from dunwell.decide.signals import Signals
from dunwell.policy.tree import House

Key = tuple[str, str]
"""An account: debtor and company."""

FEW = 50
"""Up to so many accounts no process is started for."""

NETWORK = "network"

Run = Callable[[Program, Mapping[str, Iterable[Fact]]], Outcome]


@dataclass(frozen=True)
class Network:
    """What the rules concluded for the accounts of one policy.

    `incidents` are accounts that the network could not decide, with the reason; whatever is said
    of them here must be decided again by the evaluator. `reader` is `network`, or says in one line
    why the evaluator has to stand in for all of them; then there are no conclusions.
    """

    conclusions: Mapping[Key, Conclusions]
    incidents: Mapping[Key, str]
    reader: str
    _alike: Mapping[Key, Alike]
    _items: Mapping[str, tuple[Derived, ...]]
    _accounts: Mapping[str, tuple[Derived, ...]]
    _words: Words

    def why(self, debtor: str, company: str) -> tuple[Trace, ...]:
        """Which rules fired for an account's items and for itself, and from which facts."""
        account = self._alike.get((debtor, company))
        if account is None:
            return ()
        words = self._words
        own = [t for shape, ids in account.items for t in traces(self._items[shape], words, ids)]
        return (*own, *traces(self._accounts[account.shape], words))


def conclude(
    signals: Signals,
    house: House,
    *,
    workers: int = 1,
    pool: Pool | None = None,
    plain: bool = False,
) -> Network:
    """Conclude for every account of the signals; the house has the policy that they are of.

    The network runs in the processes of the pool, else in new ones. For up to `FEW` accounts no
    process is started: without a pool that already works, the plain chainer reads the same rules
    in this process. `plain` asks for it whatever the number: it is the oracle of the network.
    """
    missing = "" if plain else available() or ""
    if missing:
        return _missing(signals, house, missing)
    if plain or (pool is None and signals["accounts"].height <= FEW):
        return _conclude(signals, house, lambda program, given: PlainRunner(program).run(given))
    if pool is not None:
        return _conclude(signals, house, pool.run)
    with Pool(max(1, workers)) as own:
        return _conclude(signals, house, own.run)


def _missing(signals: Signals, house: House, why: str) -> Network:
    keys = signals["accounts"].select("debtor", "company").iter_rows()
    reader = f"evaluator stands in: {why}"
    return Network({}, dict.fromkeys(keys, why), reader, {}, {}, {}, _words(signals, house))


def _words(signals: Signals, house: House) -> Words:
    policy = next(policy for policy in house.policies if policy.name == signals.policy)
    return Words.of(policy, house, signals)


def _conclude(signals: Signals, house: House, run: Run) -> Network:
    words = _words(signals, house)
    items = item_shapes(signals, len(words.reasons) - len(GUARDS))
    given = {shape: facts_of(shape) for shape in items["shape"].unique().to_list()}
    first = run(ITEMS, given)
    known = {s: (*given[s], *(d.fact for d in derived)) for s, derived in first.derived.items()}
    accounts = alike(signals, items, known)
    general = {shape: facts_of(shape) for shape in {account.shape for account in accounts}}
    second = run(ACCOUNTS, general)
    of_items = {shape: OfItem.of(facts, words) for shape, facts in known.items()}
    of_accounts = {
        shape: OfAccount.of((*general[shape], *(d.fact for d in derived)), words)
        for shape, derived in second.derived.items()
    }
    fires, vetoes = fires_of(signals), vetoes_of(signals)
    return Network(
        {
            account.id: conclusions(
                account,
                words,
                of_accounts[account.shape],
                of_items,
                fires.get(account.number, ()),
                vetoes.get(account.number, ()),
            )
            for account in accounts
        },
        _incidents(first, second, accounts),
        NETWORK,
        {account.id: account for account in accounts},
        first.derived,
        second.derived,
        words,
    )


def _incidents(first: Outcome, second: Outcome, accounts: Iterable[Alike]) -> dict[Key, str]:
    if not first.plain and not second.plain:
        return {}
    said = {i.group: i.what for i in (*first.incidents, *second.incidents)}
    general = said.get("") or "decided without the network"
    found = {}
    for account in accounts:
        shapes = {shape for shape, _ in account.items} & first.plain
        if account.shape in second.plain:
            shapes.add(account.shape)
        if shapes:
            found[account.id] = next((said[s] for s in sorted(shapes) if s in said), general)
    return found
