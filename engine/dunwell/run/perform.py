"""Performing claimed commands, each under its key, and telling what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from dunwell.command import SILENT_KINDS, Command
from dunwell.errors import AdapterError, ConfigurationError, DeniedError, UnavailableError
from dunwell.log.entry import DONE, Entry, Result, StartedBody, encode
from dunwell.port import (
    Adapter,
    Channel,
    Effect,
    Found,
    Lost,
    Sending,
    Sought,
    Won,
)
from dunwell.run.engine import Engine

Answer = TypeVar("Answer")

NOT_GIVEN = "the task that it tells of was not given"

TRIES = 3
"""How often something is tried of which it is known that nothing was sent."""


class Clock:
    """The ERP's clock, carried on by a local one that only runs forward, suspended or not."""

    def __init__(self, now: datetime, tick: Callable[[], float] | None = None) -> None:
        boot = getattr(time, "CLOCK_BOOTTIME", None)
        self._tick = tick or (
            (lambda: time.clock_gettime(boot)) if boot is not None else time.monotonic
        )
        self._now, self._start = now, self._tick()

    def now(self) -> datetime:
        """The ERP's time by our reckoning."""
        return self._now + timedelta(seconds=self._tick() - self._start)


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed command: its key, its account, and when its claim's lease ends (ERP time)."""

    key: str
    claim: str
    debtor: str
    company: str
    command: Command
    deadline: datetime
    after: str = ""  # key of the task that must be given first


@dataclass(slots=True)
class Hand:
    """The log position of a debtor whose claim is ours; moves on as we append."""

    debtor: str
    position: int


def perform(engine: Engine, jobs: Sequence[Job], clock: Clock) -> dict[str, Result]:
    """Do every job that can be asked for afterwards; one result for each key.

    Kinds that only the log knows are done at once; reminders go by the ERP where it sends them
    itself, else by their channel, and so does word of a task, once the task is given; everything
    else goes by the ERP. Messages on blind channels are left to `send_blind`.
    """
    results = {j.key: Result(j.key, "done") for j in jobs if j.command.kind in SILENT_KINDS}
    rest = [j for j in jobs if j.key not in results]
    by_erp = [j for j in rest if engine.by_erp(j.command.kind, _channel(j))]
    results |= _by_erp(engine.adapter, by_erp, clock)
    for job in rest:
        if job.key not in results:
            channel = engine.channels.get(_channel(job))
            if job.command.kind == "tell" and not _given(job, results):
                results[job.key] = Result(job.key, "skipped", "changed", detail=NOT_GIVEN)
            elif channel is None:
                results[job.key] = _failed(job, f"no channel '{_channel(job)}' is configured")
            elif not channel.blind:
                results[job.key] = _send(channel, job, clock)
    return results


def _channel(job: Job) -> str:
    return job.command.message.channel if job.command.message else ""


def _given(job: Job, results: Mapping[str, Result]) -> bool:
    """Whether there is a task to tell of; one of an earlier claim has no result in this one."""
    task = results.get(job.after)
    return bool(job.after) and (task is None or task.status in DONE)


def _failed(job: Job, detail: str, reason: str = "later") -> Result:
    return Result(job.key, "failed", reason, detail=detail)


def _too_late(job: Job, now: datetime) -> str:
    """Why an effect must not begin any more: its claim's lease has passed, or its hours have."""
    if now >= job.deadline:
        return "busy"
    shut = job.command.not_after
    return "window" if shut is not None and now >= shut else ""


def _by_erp(adapter: Adapter, jobs: Sequence[Job], clock: Clock) -> dict[str, Result]:
    now = clock.now()
    results = {j.key: Result(j.key, "skipped", why) for j in jobs if (why := _too_late(j, now))}
    live = [job for job in jobs if job.key not in results]
    if not live:
        return results
    effects = [Effect(j.key, j.debtor, j.company, j.command, j.deadline) for j in live]
    answers, trouble = _try(lambda: adapter.execute(effects))
    if answers is not None and [a.key for a in answers] == [e.key for e in effects]:
        return results | {answer.key: answer for answer in answers}
    if trouble is not None and isinstance(trouble, NOTHING_SENT):
        return results | {j.key: _failed(j, str(trouble)) for j in live}
    why = str(trouble or "the ERP answered something else than it was asked")
    sought = [
        Sought(
            j.key, j.debtor, j.company, j.command.kind, j.command.name, j.command.value, j.deadline
        )
        for j in live
    ]
    seen, _ = _try(lambda: adapter.look_up(sought))
    return results | _looked_up(live, seen, why)


NOTHING_SENT = (UnavailableError, ConfigurationError, DeniedError)


def _looked_up(jobs: Sequence[Job], seen: Sequence[Found] | None, why: str) -> dict[str, Result]:
    if seen is None or len(seen) != len(jobs):
        seen = [Found.CANNOT_TELL] * len(jobs)
    status = {
        Found.PRESENT: lambda key: Result(key, "done", detail="found by its key"),
        Found.ABSENT: lambda key: Result(key, "failed", "later", detail=why),
        Found.CANNOT_TELL: lambda key: Result(key, "unknown", detail=why),
    }
    return {j.key: status[found](j.key) for j, found in zip(jobs, seen, strict=True)}


def _try(call: Callable[[], Answer]) -> tuple[Answer | None, Exception | None]:
    """Call; again only while it is known that nothing was sent."""
    trouble: Exception | None = None
    for attempt in range(TRIES):
        if attempt:
            time.sleep(0.2 * 2**attempt)
        try:
            return call(), None
        except UnavailableError as error:
            trouble = error
        except Exception as error:  # anything foreign counts as unanswered
            return None, error
    return None, trouble


def _send(channel: Channel, job: Job, clock: Clock) -> Result:
    """Send by a channel that can be asked afterwards."""
    late = _too_late(job, clock.now())
    if late:
        return Result(job.key, "skipped", late)
    answers, trouble = _try(lambda: channel.send([_sending(job)]))
    if answers is not None and [a.key for a in answers] == [job.key]:
        return answers[0]
    if isinstance(trouble, NOTHING_SENT):
        return _failed(job, str(trouble))
    seen, _ = _try(lambda: channel.look_up([job.key]))
    return _looked_up([job], seen, str(trouble))[job.key]


def send_blind(engine: Engine, jobs: Sequence[Job], hand: Hand, clock: Clock) -> dict[str, Result]:
    """Send one debtor's messages by channels that cannot be asked.

    `started` is written just before each and tells what became of those before it, so a crash
    leaves at most one in doubt.
    """
    results: dict[str, Result] = {}
    for job in jobs:
        channel = engine.channels[_channel(job)]
        late = _too_late(job, clock.now())
        if not late and not _started(engine.adapter, job, hand, results):
            late = "busy"
        results[job.key] = Result(job.key, "skipped", late) if late else _shot(channel, job)
    return results


def _shot(channel: Channel, job: Job) -> Result:
    answers, trouble = _try(lambda: channel.send([_sending(job)]))
    if answers is not None and [a.key for a in answers] == [job.key]:
        return answers[0]
    if isinstance(trouble, NOTHING_SENT):
        return _failed(job, str(trouble))
    return Result(job.key, "unknown", detail=str(trouble))


def _sending(job: Job) -> Sending:
    assert job.command.message is not None
    return Sending(job.key, job.command.message, job.debtor, job.company)


def _started(adapter: Adapter, job: Job, hand: Hand, before: dict[str, Result]) -> bool:
    entry = Entry(
        debtor=job.debtor,
        company=job.company,
        position=hand.position + 1,
        kind="started",
        key=f"{job.key}.started",
        at=job.deadline,  # stamped by the ERP
        by="dunwell",
        channel=_channel(job),
        body=encode(StartedBody(job.claim, job.key, tuple(before.values()))),
        text="about to send a message",
        nonce=job.key,
    )
    answer = append_one(adapter, entry)
    if isinstance(answer, Won):
        hand.position += 1
        return True
    return False


def append_one(adapter: Adapter, entry: Entry) -> object:
    """Append one entry and tell truly whether it is ours, even when the answer was lost."""
    return append(adapter, [entry])[0]


def append(adapter: Adapter, entries: Sequence[Entry]) -> list[object]:
    """Append entries of different debtors; a lost answer is settled by reading our nonces back.

    Where even that cannot be told the answer is `Lost`: whoever is not sure has not won.
    """
    if not entries:
        return []
    answers, trouble = _try(lambda: adapter.append(entries))
    if answers is not None and len(answers) == len(entries):
        return [_mine(e, answer) for e, answer in zip(entries, answers, strict=True)]
    if isinstance(trouble, NOTHING_SENT):
        raise trouble
    try:
        return _read_back(adapter, entries)
    except AdapterError:
        return [Lost() for _ in entries]


def _mine(entry: Entry, answer: object) -> object:
    """A position that was lost to an entry with our own nonce is ours: an earlier try took it."""
    if isinstance(answer, Lost) and entry.nonce and answer.nonce == entry.nonce:
        return Won()
    return answer


def _read_back(adapter: Adapter, entries: Sequence[Entry]) -> list[object]:
    debtors = sorted({entry.debtor for entry in entries})
    heads = adapter.heads(debtors=debtors, since=max(entry.at for entry in entries).date())
    there = {(e.debtor, e.position): e.nonce for e in heads.entries}
    return [Won() if there.get((e.debtor, e.position)) == e.nonce else Lost() for e in entries]
