"""Steps that need a yes: how they are named, what people said of them, and which still wait."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from dunwell.command import Waiting
from dunwell.decide.case import Case
from dunwell.log.entry import ApprovalState
from dunwell.log.keys import digest, meaning
from dunwell.money import convert
from dunwell.policy.tree import Stage
from dunwell.run.tasks import asked_on
from dunwell.run.words import to_pay


def identity(stage: Stage) -> str:
    """The name of a stage that its meanings carry: the oldest one, which renames do not change."""
    return stage.was[-1] if stage.was else stage.name


def approval_key(tenant: str, case: Case, stage: Stage, item: str, cycle: int) -> str:
    """Names a step for an item whatever the day, so that a yes survives re-planning."""
    return meaning(tenant, case.policy.name, identity(stage), "approve", item, cycle)


def newest(case: Case) -> dict[str, ApprovalState]:
    """The newest word of a person on each step key."""
    found: dict[str, ApprovalState] = {}
    for said in sorted(case.memory.state.approvals, key=lambda a: a.on):
        found |= dict.fromkeys(said.keys, said)
    return found


def judge(
    case: Case, keys: dict[str, str], *, on: date
) -> tuple[frozenset[str], dict[str, date | None]]:
    """Which items a person approved, and which were refused until when.

    The newest word counts. A yes holds up to the amount that was approved, in its currency: when
    the items that it names have come to owe more together, it no longer does.
    """
    words = newest(case)
    yes, no = set(), {}
    for item, key in keys.items():
        said = words.get(key)
        if said is None:
            continue
        if not said.yes:
            if said.until is None or on <= said.until:
                no[item] = said.until
        elif _within(case, said, [i for i, k in keys.items() if words.get(k) is said]):
            yes.add(item)
    return frozenset(yes), no


def _within(case: Case, said: ApprovalState, items: Iterable[str]) -> bool:
    if said.amount is None:
        return True
    owed = _together(case, [(a.minor, a.currency) for a in to_pay(case, items)], said.currency)
    approved = _together(case, [(said.amount, said.currency), *said.others], said.currency)
    return owed is not None and approved is not None and owed <= approved


def _together(case: Case, parts: Iterable[tuple[int, str]], currency: str) -> int | None:
    """The sum in one currency, in its minor units; None where a rate is not known."""
    total = 0
    for minor, source in parts:
        rate = case.rates.rate(source, currency)
        if rate is None:
            return None
        total += convert(minor, rate, source=source, target=currency)
    return total


def waiting(
    case: Case, stage: str, role: str, keys: dict[str, str], refused: dict[str, date | None]
) -> Waiting:
    """A step that waits for a person; its age is that of the task that asked for it."""
    asked = asked_on(
        case, f"{case.policy.name}/{stage}", "approval", questions(case, keys.values())
    )
    untils = [until for item, until in refused.items() if item in keys and until]
    return Waiting(
        keys=tuple(sorted(keys.values())),
        role=role,
        ladder=case.policy.name,
        stage=stage,
        items=tuple(sorted(keys)),
        money=to_pay(case, keys),
        since=asked or case.on,
        refused_until=max(untils) if untils else (date.max if refused else None),
    )


def questions(case: Case, keys: Iterable[str]) -> tuple[str, ...]:
    """What is asked of a person: each step, and again when what was last said of it is over.

    A no whose day has passed and a yes that has become too small are new questions.
    """
    words = newest(case)
    return tuple(sorted(_question(key, words.get(key)) for key in keys))


def _question(key: str, said: ApprovalState | None) -> str:
    if said is None:
        return key
    return digest("question", key, str(said.yes), str(said.on), str(said.until))
