"""What a day brought against what was expected: the unmet and the unexpected are both problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction

from dunwell.casefile.day import Day
from dunwell.casefile.words import Expect
from dunwell.command import SILENT_KINDS, Command
from dunwell.decide.case import Case
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.values import Span, Sum
from dunwell.errors import Place, Problem
from dunwell.money import Money


def compare(expect: Expect, day: Day) -> Iterator[Problem]:
    """Every difference, each at the line that expected something else."""
    place = expect.place
    if expect.stopped is not None or day.stopped:
        wanted = expect.stopped or ""
        if not day.stopped:
            yield Problem(place, f"the run was not stopped by '{wanted}'")
        elif wanted not in day.stopped or not wanted:
            yield Problem(place, f"the run stopped: {day.stopped}")
        return
    if day.planned is None:
        yield Problem(place, "nothing is expected of a day without a run", "take `run: false` out")
        return
    yield from _commands(expect, day)
    readings = day.readings
    yield from _states(expect, readings, place)
    yield from _after(expect, day, place)
    yield from _facts(expect, readings, place)
    yield from _message(expect, day, place)
    if expect.waiting is not None:
        waiting = sorted({w.stage for a in day.planned.plan.accounts for w in a.waiting})
        if waiting != sorted(expect.waiting):
            yield Problem(place, f"waiting: {_list(waiting)}, not {_list(expect.waiting)}")
    said = [note for account in day.planned.plan.accounts for note in account.notes]
    for words in expect.notes:
        if not any(words in note for note in said):
            yield Problem(
                place, f"no note says '{words}'", "; ".join(said) or "there are no notes"
            )


def what(command: Command) -> str:
    """The name by which a test speaks of a command."""
    if command.kind == "remind" and command.message is not None:
        return command.message.template
    if command.kind in ("hold", "release", "tag", "untag"):
        return command.name
    return command.source if command.action not in _ERRANDS else command.action


_ERRANDS = ("no_channel", "approval", "unknown", "written_off")


def _commands(expect: Expect, day: Day) -> Iterator[Problem]:
    if expect.commands is None:
        return
    assert day.planned is not None
    done = [
        (c.kind, what(c), account.name)
        for account in day.planned.plan.accounts
        for c in account.commands
        if c.kind not in SILENT_KINDS
    ]
    several = len({name for _, _, name in done}) > 1
    wanted: Counter[str] = Counter()
    for command in expect.commands:
        who = command.get("for")
        kind, name = next((k, v) for k, v in command.items() if k != "for")
        wanted[f"{kind} {name}" + (f" for {who}" if who else "")] += 1
    named = any(" for " in w for w in wanted)
    have = Counter(f"{k} {n}" + (f" for {w}" if several and named else "") for k, n, w in done)
    for name in (wanted - have).elements():
        yield Problem(expect.place, f"expected '{name}', and it is not planned", _why(day))
    for name in (have - wanted).elements():
        yield Problem(expect.place, f"'{name}' is planned, and nothing expects it")


def _why(day: Day) -> str:
    assert day.planned is not None
    notes = [note for account in day.planned.plan.accounts for note in account.notes]
    paused = [
        f"{case_item} is paused: {', '.join(why)}"
        for found in day.planned.decided.conclusions.values()
        for case_item, why in found.silent
    ]
    return "; ".join([*notes, *paused])


def _after(expect: Expect, day: Day, place: Place) -> Iterator[Problem]:
    ids = {i.row.number: i.row.id for r in day.readings for i in r.case.items}
    for number, wanted in expect.stage.items():
        stage = day.stages.get(ids.get(number, number)) or "none"
        if stage != wanted:
            yield Problem(place, f"'{number}' is at stage '{stage}', not '{wanted}'")
    if expect.holds is not None and list(day.holds) != sorted(expect.holds):
        yield Problem(place, f"holds: {_list(day.holds)}, not {_list(expect.holds)}")


def _states(expect: Expect, readings: Iterable[Evaluation], place: Place) -> Iterator[Problem]:
    items = {i.row.number: (r, i) for r in readings for i in r.case.items}
    for number, reason in expect.paused.items():
        if number not in items:
            yield Problem(place, f"'{number}' is not open")
            continue
        reading, item = items[number]
        reasons = reading.silence.get(item.row.id, ())
        if reason not in reasons:
            yield Problem(place, f"'{number}' is not paused by '{reason}'", _list(reasons))
    for reading, _ in items.values():
        if expect.segment is not None and reading.segment != expect.segment:
            yield Problem(place, f"the segment is '{reading.segment}', not '{expect.segment}'")
            return


def _facts(expect: Expect, readings: Iterable[Evaluation], place: Place) -> Iterator[Problem]:
    for fact, wanted in expect.facts.items():
        values = {
            show(reading.value(fact, item), reading.case)
            for reading in readings
            for item in reading.case.items
        }
        if wanted not in values:
            found = ", ".join(sorted(values)) or "not known"
            yield Problem(place, f"fact '{fact}' is {found}, not {wanted}")


def show(value: object, case: Case) -> str:
    """A fact's value as people write it."""
    if isinstance(value, Span):
        return str(value.days)
    if isinstance(value, Sum):
        parts = [Money(minor, currency) for currency, minor in sorted(value.parts.items())]
        return " + ".join(map(str, parts)) or str(Money(0, case.policy.currency))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Fraction):
        return f"{float(value * 100):g} %"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, date):
        return value.isoformat()
    return "not known" if value is None else str(value)


def _message(expect: Expect, day: Day, place: Place) -> Iterator[Problem]:
    assert day.planned is not None
    mails = [c for a in day.planned.plan.accounts for c in a.commands if c.message is not None]
    if expect.to is not None:
        addresses = [c.message.address for c in mails if c.message]
        if addresses != [expect.to]:
            yield Problem(place, f"the message goes to {_list(addresses)}, not {expect.to}")
    if expect.total is not None:
        sums = [str(Money(a.minor, a.currency)) for c in mails for a in c.money]
        if sums != [str(expect.total)]:
            yield Problem(place, f"the message demands {_list(sums)}, not {expect.total}")
    if expect.demands is not None:
        demanded = [n for c in mails if c.message for n in c.message.text.splitlines()]
        if sorted(demanded) != sorted(expect.demands):
            yield Problem(
                place, f"the message demands {_list(demanded)}, not {_list(expect.demands)}"
            )


def _list(words: Iterable[str]) -> str:
    return ", ".join(words) or "nothing"
