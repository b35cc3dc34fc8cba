"""The evaluator over many cases: in this process, or in others where their start is worth it."""

from __future__ import annotations

import multiprocessing
import pickle
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from dunwell.calendar import Calendar
from dunwell.decide.case import Case
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.evaluator import Evaluation
from dunwell.facts import Registry
from dunwell.log.fold import Memory
from dunwell.model.rows import Account
from dunwell.money import Rates
from dunwell.policy.tree import House, Policy

Key = tuple[str, str]
Found = dict[Key, Conclusions]

WORTH = 1_500
"""From so many cases on, the start of processes is worth it."""

CHUNK = 250


class Packet(msgspec.Struct, frozen=True):
    """A case on its way to another process, without what all cases share."""

    account: Account
    memory: Memory
    policy: str
    plugged: bytes = b""


@dataclass(frozen=True)
class Common:
    """What all cases of a run share: handed to each process once."""

    house: House
    policies: Mapping[str, Policy]
    calendars: Mapping[str, Calendar]  # by policy
    rates: Mapping[str, Rates]  # by company
    registry: Registry
    on: date


def judge(made: Sequence[Case], registry: Registry, *, workers: int) -> Mapping[Key, Conclusions]:
    """What the evaluator concludes of each case, with up to so many processes.

    A case that cannot be handed to another process, or whose process dies, is judged in this one.
    """
    if workers < 2 or len(made) < WORTH:
        return _judged(made, registry)
    found: Found = {}
    context = multiprocessing.get_context("spawn")
    given = (pickle.dumps(_common(made, registry)),)
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=begin, initargs=given
    ) as pool:
        waiting = deque(made[n : n + CHUNK] for n in range(0, len(made), CHUNK))
        flying: deque[tuple[Sequence[Case], Future[bytes]]] = deque()
        while waiting or flying:
            while waiting and len(flying) < 2 * workers:
                chunk = waiting.popleft()
                future = _submit(pool, chunk)
                if future is None:
                    found |= _judged(chunk, registry)
                else:
                    flying.append((chunk, future))
            if flying:
                chunk, future = flying.popleft()
                found |= _result(future, chunk, registry)
    return found


def left_alone(case: Case) -> bool:
    """Nothing is decided of it: no policy covers it, or what is known of it cannot be used."""
    return not case.policy.name or bool(case.problems) or bool(case.memory.garbled)


def uncovered(made: Iterable[Case], registry: Registry) -> Found:
    """What becomes of Dunwell's holds and tags on accounts that no policy covers any more.

    They go on standing while an item is open that had a stage, and end when none is.
    """
    found = {
        case.account.id: Evaluation(case, registry).conclude()
        for case in made
        if not case.policy.name and not case.memory.garbled
    }
    return {key: word for key, word in found.items() if not word.quiet}


def _judged(made: Sequence[Case], registry: Registry) -> Found:
    return {case.account.id: Evaluation(case, registry).conclude() for case in made}


def _common(made: Sequence[Case], registry: Registry) -> Common:
    """What the cases share; a plugin's function need not be known over there: cases carry its
    values.
    """
    return Common(
        made[0].house,
        {case.policy.name: case.policy for case in made},
        {case.policy.name: case.calendar for case in made},
        {case.account.company.id: case.rates for case in made},
        Registry(replace(fact, column=None) for fact in registry.extra),
        made[0].on,
    )


def _submit(pool: ProcessPoolExecutor, chunk: Sequence[Case]) -> Future[bytes] | None:
    try:
        return pool.submit(work, _packed(chunk))
    except (BrokenProcessPool, OSError, pickle.PicklingError, msgspec.MsgspecError, TypeError):
        return None


def _packed(chunk: Sequence[Case]) -> bytes:
    packets = [
        Packet(
            case.account,
            case.memory,
            case.policy.name,
            pickle.dumps(dict(case.plugged)) if case.plugged else b"",
        )
        for case in chunk
    ]
    return msgspec.msgpack.encode(packets)  # many times quicker than pickling dataclasses


def _result(future: Future[bytes], chunk: Sequence[Case], registry: Registry) -> Found:
    try:
        said = _said.decode(future.result())
    except BrokenProcessPool:
        return _judged(chunk, registry)
    return {case.account.id: word for case, word in zip(chunk, said, strict=True)}


_packets = msgspec.msgpack.Decoder(list[Packet])
_said = msgspec.msgpack.Decoder(list[Conclusions])
_common_here: list[Common] = []  # of this process, once `begin` was called in it


def begin(common: bytes) -> None:
    """Take what all cases share; runs once in every other process."""
    _common_here[:] = [pickle.loads(common)]  # written by our own parent process


def work(chunk: bytes) -> bytes:
    """Judge packed cases and pack the verdicts in the same order; runs in another process."""
    (common,) = _common_here
    return msgspec.msgpack.encode(
        [
            Evaluation(_case(packet, common), common.registry).conclude()
            for packet in _packets.decode(chunk)
        ]
    )


def _case(packet: Packet, common: Common) -> Case:
    return Case(
        packet.account,
        common.house,
        common.policies[packet.policy],
        common.calendars[packet.policy],
        common.rates[packet.account.company.id],
        common.on,
        packet.memory,
        pickle.loads(packet.plugged) if packet.plugged else {},
    )


def differences(one: Conclusions | None, other: Conclusions | None) -> Iterator[str]:
    """In which parts two verdicts differ, in words; None is a quiet account or one left alone."""
    if one is None or other is None:
        yield f"{_whole(one)} against {_whole(other)}"
        return
    for name in one.__slots__:
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine != theirs:
            yield f"{name} {mine} against {theirs}"


def _whole(verdict: Conclusions | None) -> str:
    return "nothing to do" if verdict is None else str(verdict)
