"""Whose the holds and tags of an account are, and since when, as far as the log knows."""

from __future__ import annotations

from collections.abc import Iterator

from dunwell.decide.evaluator import Evaluation
from dunwell.log.entry import StandingState
from dunwell.run.reports import StandingReport


def standing_reports(reading: Evaluation) -> tuple[StandingReport, ...]:
    """Every hold in force, every tag that Dunwell knows of, and what people lifted."""
    return tuple(sorted(_reports(reading), key=lambda r: (r.kind, r.name, not r.in_force)))


def _reports(reading: Evaluation) -> Iterator[StandingReport]:
    account, company = reading.case.account, reading.case.account.company.id
    states = {
        (s.action, s.name): s
        for s in reading.case.memory.state.standing
        if s.company == company and s.state != "released"
    }
    told = set()
    for hold in account.holds:
        state = states.get(("hold", hold.kind))
        if state and state.state == "placed" and state.value == hold.value:
            told.add(("hold", hold.kind))
            yield _ours("hold", state)
        else:
            whose = hold.by or "a person"
            since = f" on {hold.since}" if hold.since else ""
            says = f"placed by {whose}{since}; Dunwell leaves it as it is"
            yield StandingReport("hold", hold.kind, True, "person", hold.since, says)
    for key, state in sorted(states.items()):
        if key in told:
            continue
        in_force = key[0] == "tag" and key[1] in account.payer.tags
        if in_force and state.state == "placed":
            yield _ours("tag", state)
        else:
            yield _lifted(state, in_force=in_force)


def _ours(kind: str, state: StandingState) -> StandingReport:
    says = f"placed by Dunwell on {state.on}; released when no open item asks for it"
    return StandingReport(kind, state.name, True, "dunwell", state.on, says)


def _lifted(state: StandingState, *, in_force: bool) -> StandingReport:
    if state.state == "placed":
        says = f"placed by Dunwell on {state.on}, and a person has lifted or changed it since"
    else:
        says = f"a person lifted or changed it; Dunwell noted that on {state.on}"
    says += "; it stays so until a new cause"
    return StandingReport(state.action, state.name, in_force, "person", state.on, says)
