"""The evaluator over many accounts: in this process, or in others where there are many."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from dunwell.decide.case import Case
from dunwell.decide.cases import Setting, cases
from dunwell.decide.certain import Asks
from dunwell.decide.conclusions import Conclusions
from dunwell.decide.evaluator import Evaluation
from dunwell.decide.hands import Answer, Hands
from dunwell.decide.memories import Memories
from dunwell.decide.parts import opened, parts
from dunwell.facts import Registry
from dunwell.model import Book

Key = tuple[str, str]

WORTH = 400
"""From so many debtors on they are handed to other processes."""

SIZE = 200
"""So many of them at a time."""


class Verdict(msgspec.Struct, frozen=True, order=True):
    """What the evaluator says of one account; None where it is left alone.

    Where no policy covers the account any more, `word` is what becomes of Dunwell's holds and tags
    on it: they go on standing while an item is open that had a stage, and end when none is.
    """

    debtor: str
    company: str
    covered: bool
    word: Conclusions | None

    @property
    def key(self) -> Key:
        """Whose verdict it is."""
        return self.debtor, self.company


def left_alone(case: Case) -> bool:
    """Nothing is decided of it: no policy covers it, or what is known of it cannot be used."""
    return not case.policy.name or bool(case.problems) or bool(case.memory.garbled)


def judged(found: Iterable[Case], registry: Registry) -> list[Verdict]:
    """What the evaluator concludes of each case."""
    asks = Asks(registry)
    return [Verdict(*case.account.id, bool(case.policy.name), _word(case, asks)) for case in found]


def shown(verdicts: Iterable[Verdict], unsettled: Collection[str]) -> dict[Key, Conclusions]:
    """Those of which there is something to show; of an unsettled debtor even what is quiet."""
    return {
        verdict.key: verdict.word
        for verdict in verdicts
        if verdict.word is not None
        and (not verdict.word.quiet or (verdict.covered and verdict.debtor in unsettled))
    }


def _word(case: Case, asks: Asks) -> Conclusions | None:
    if case.memory.garbled or (case.policy.name and case.problems):
        return None
    return Evaluation(case, asks.registry, asks=asks).conclude()


@dataclass
class Judge:
    """Verdicts on debtors who are named one after the other, while other work goes on here.

    Each debtor is judged once, with all of its accounts.
    """

    book: Book
    memories: Memories
    setting: Setting
    hands: Hands
    _named: set[str] = field(default_factory=set)
    _answers: list[tuple[Sequence[str], Answer[bytes]]] = field(default_factory=list)
    _here: list[Verdict] = field(default_factory=list)

    def ask(self, debtors: Collection[str]) -> None:
        """Have some debtors judged; many of them by other processes."""
        fresh = sorted(set(debtors) - self._named)
        self._named.update(fresh)
        setting = None if self.hands.idle or len(fresh) < WORTH else _sent(self.setting)
        if setting is None:
            self._here += self._judged(fresh)
            return
        for names, part in parts(self.book, self.memories, fresh, size=SIZE):
            self._answers.append((names, self.hands.ask(work, setting, part)))

    def verdicts(self) -> list[Verdict]:
        """All of them, once every process has answered; where one failed, from this one."""
        found = list(self._here)
        for names, answer in self._answers:
            said = answer.get()
            found += self._judged(names) if said is None else _said.decode(said)
        return found

    def _judged(self, debtors: Sequence[str]) -> list[Verdict]:
        if not debtors:
            return []
        found = cases(self.book, self.memories, self.setting, debtors=debtors)
        return judged(found, self.setting.registry)


def _sent(setting: Setting) -> bytes | None:
    """The setting on its way to another process; None where a plugin's part of it cannot go."""
    try:
        return pickle.dumps(setting)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None


_said = msgspec.msgpack.Decoder(list[Verdict])


@lru_cache(maxsize=1)
def _setting(sent: bytes) -> Setting:
    setting: Setting = pickle.loads(sent)  # written by our own parent process
    return setting


def work(setting: bytes, part: bytes) -> bytes:
    """Judge a part of the book; runs in another process."""
    given = _setting(setting)
    book, memories, names = opened(part)
    found = cases(book, memories, given, debtors=names)
    return msgspec.msgpack.encode(judged(found, given.registry))


def ready() -> None:
    """Do nothing: a process that was asked for it has imported what it needs for more."""


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
