"""From the signals of a policy to the conclusions of its accounts, by the rules of `program`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dunwell.decide.chain import Derived, Fact, Outcome, PlainRunner, Pool, available
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.network.program import PROGRAM
from dunwell.decide.network.shapes import Alike, alike, facts_of
from dunwell.decide.network.trace import Trace, traces
from dunwell.decide.network.verdict import Verdict, Words, fires_of, vetoes_of
from dunwell.decide.signals import Signals
from dunwell.policy.tree import House

Key = tuple[str, str]
"""An account: debtor and company."""

FEW = 50
"""Up to so many accounts no process is started for."""

NETWORK = "network"


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
    _derived: Mapping[str, tuple[Derived, ...]]
    _words: Words

    def why(self, debtor: str, company: str) -> tuple[Trace, ...]:
        """Which rules fired for an account and from which facts; empty for one without any."""
        account = self._alike.get((debtor, company))
        if account is None:
            return ()
        return traces(self._derived.get(account.shape, ()), account, self._words)


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
    policy = next(policy for policy in house.policies if policy.name == signals.policy)
    words = Words.of(policy, house, signals)
    accounts = alike(signals, len(house.pauses(policy)))
    by_key = {account.id: account for account in accounts.values()}
    missing = "" if plain else available() or ""
    if missing:
        reader = f"evaluator stands in: {missing}"
        return Network({}, dict.fromkeys(by_key, missing), reader, by_key, {}, words)
    shapes = {a.shape: facts_of(a.shape) for a in accounts.values()}
    small = plain or (pool is None and len(accounts) <= FEW)
    outcome = PlainRunner(PROGRAM).run(shapes) if small else _run(shapes, workers, pool)
    verdicts = {
        shape: Verdict.of(shapes[shape], derived, words)
        for shape, derived in outcome.derived.items()
    }
    fires, vetoes = fires_of(signals), vetoes_of(signals)
    conclusions = {
        account.id: verdicts[account.shape].conclusions(
            account, policy.name, fires.get(number, ()), vetoes.get(number, ())
        )
        for number, account in accounts.items()
    }
    incidents = _incidents(outcome, by_key)
    return Network(conclusions, incidents, NETWORK, by_key, outcome.derived, words)


def _run(shapes: Mapping[str, tuple[Fact, ...]], workers: int, pool: Pool | None) -> Outcome:
    if pool is not None:
        return pool.run(PROGRAM, shapes)
    with Pool(max(1, workers)) as own:
        return own.run(PROGRAM, shapes)


def _incidents(outcome: Outcome, accounts: Mapping[Key, Alike]) -> dict[Key, str]:
    said = {incident.group: incident.what for incident in outcome.incidents}
    general = said.get("") or "decided without the network"
    return {
        key: said.get(account.shape, general)
        for key, account in accounts.items()
        if account.shape in outcome.plain
    }
