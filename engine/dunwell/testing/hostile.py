"""Wrappers that do to an adapter or a channel what the world does: stop, lose, repeat, garble."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from dunwell.errors import Problem, UnansweredError, UnavailableError
from dunwell.log.entry import Entry, Result
from dunwell.model import Describe, frame
from dunwell.model.tables import PageLike
from dunwell.port import (
    Adapter,
    Appended,
    Capabilities,
    Channel,
    Delivery,
    Effect,
    Found,
    Heads,
    Sending,
    Sought,
)

T = TypeVar("T")
S = TypeVar("S")

What = Literal["lost", "down", "foreign", "partly", "repeated", "short", "malformed", "act"]

HOSTILE_TEXT = (
    "<script>alert(1)</script> {{ 7 * 7 }} '; DROP TABLE log; -- \u202eevil\r\nBcc: all@x.example"
)
"""A name as an attacker would choose it: markup, template, SQL, direction mark, mail header."""


class Crash(BaseException):
    """The process stops here; nothing may catch it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at the `nth` call (from 1) of a method of the port.

    `down`: nothing is done, UnavailableError. `lost`: all is done, UnansweredError. `foreign`:
    all is done, an error nobody knows. `partly`: the first half of the batch is done,
    UnansweredError. `repeated`: each answer comes twice. `short`: the last answer is missing.
    `malformed`: pages lack a required column (`read` only). `act`: `before` is called first,
    and all is well; so people get in between, or the clock moves on.
    """

    method: str
    what: What
    nth: int = 1
    before: Callable[[], object] | None = None


class Sabotage:
    """What will go wrong, for all adapters and channels of one engine together.

    Every call of the port has two points, before and after it; the process stops at point
    `crash_at`, counted from 1, and stays dead. `points` is how many were passed.
    """

    def __init__(self, *faults: Fault, crash_at: int | None = None) -> None:
        self.faults = faults
        self.crash_at = crash_at
        self.points = 0
        self.calls: dict[str, int] = {}

    @property
    def dead(self) -> bool:
        """Whether the process has stopped."""
        return self.crash_at is not None and self.points >= self.crash_at

    def point(self) -> None:
        """Pass a point, or stop at it."""
        if not self.dead:
            self.points += 1
        if self.dead:
            raise Crash(f"stopped at point {self.points}")

    def next(self, method: str) -> Fault | None:
        """Count a call; what goes wrong in it."""
        count = self.calls[method] = self.calls.get(method, 0) + 1
        return next((f for f in self.faults if (f.method, f.nth) == (method, count)), None)

    def call(self, method: str, act: Callable[[], T]) -> T:
        """Do one call of the port with all that goes wrong in it."""
        self.point()
        fault = self.next(method)
        _refuse(method, fault)
        answer = act()
        _lose(method, fault)
        self.point()
        return answer

    def batch(
        self, method: str, act: Callable[[Sequence[S]], Sequence[T]], sent: Sequence[S]
    ) -> Sequence[T]:
        """The same for a call that takes a batch."""
        self.point()
        fault = self.next(method)
        _refuse(method, fault)
        if fault is not None and fault.what == "partly":
            act(sent[: len(sent) // 2])
            raise UnansweredError(f"'{method}' stopped half way")
        answers = act(sent)
        _lose(method, fault)
        if fault is not None and fault.what == "repeated":
            answers = [answer for answer in answers for _ in range(2)]
        if fault is not None and fault.what == "short":
            answers = answers[:-1]
        self.point()
        return answers


def _refuse(method: str, fault: Fault | None) -> None:
    if fault is not None and fault.before is not None:
        fault.before()
    if fault is not None and fault.what == "down":
        raise UnavailableError(f"'{method}' cannot be reached")


def _lose(method: str, fault: Fault | None) -> None:
    if fault is not None and fault.what == "lost":
        raise UnansweredError(f"the answer to '{method}' was lost")
    if fault is not None and fault.what == "foreign":
        raise LookupError(f"'{method}': something nobody thought of")


class HostileAdapter:
    """Any adapter, with a `Sabotage`. `names`: what every customer is called from now on."""

    def __init__(self, inner: Adapter, sabotage: Sabotage, *, names: str = "") -> None:
        self.inner = inner
        self.sabotage = sabotage
        self.names = names

    def describe(self) -> Describe:
        """As the port says."""
        return self.sabotage.call("describe", self.inner.describe)

    def capabilities(self) -> Capabilities:
        """As the port says."""
        return self.inner.capabilities()

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        """As the port says; one call, however many pages."""
        self.sabotage.point()
        fault = self.sabotage.next("read")
        _refuse("read", fault)
        for page in self.inner.read(table, debtors=debtors, since=since):
            named = self._renamed(table, page)
            yield named if fault is None or fault.what != "malformed" else _headless(table, named)
        _lose("read", fault)
        self.sabotage.point()

    def _renamed(self, table: str, page: PageLike) -> PageLike:
        if not self.names or table != "customers":
            return page
        columns: Mapping[str, Sequence[object]] = frame(table, page).to_dict(as_series=False)
        return {**columns, "name": [self.names for _ in columns["name"]]}

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        """As the port says."""
        return self.sabotage.call("heads", lambda: self.inner.heads(debtors=debtors, since=since))

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        """As the port says."""
        return self.sabotage.batch("append", self.inner.append, entries)

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        """As the port says."""
        return self.sabotage.batch("execute", self.inner.execute, effects)

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        """As the port says."""
        return self.sabotage.batch("look_up", self.inner.look_up, sought)

    def log(self, debtor: str | None = None, *, limit: int = 200) -> Sequence[Entry]:
        """As the port says."""
        return self.sabotage.call("log", lambda: self.inner.log(debtor, limit=limit))

    def close(self) -> None:
        """As the port says; a dead process closes nothing."""
        if not self.sabotage.dead:
            self.inner.close()


def _headless(table: str, page: PageLike) -> PageLike:
    columns = frame(table, page).to_dict(as_series=False)
    first = next(iter(columns))
    return {name: values for name, values in columns.items() if name != first}


class HostileChannel:
    """Any channel, with the `Sabotage` of the engine that uses it."""

    def __init__(self, inner: Channel, sabotage: Sabotage) -> None:
        self.inner = inner
        self.sabotage = sabotage
        self.name = inner.name
        self.blind = inner.blind

    def check(self) -> Sequence[Problem]:
        """As the port says."""
        return self.sabotage.call("check", self.inner.check)

    def send(self, sendings: Sequence[Sending]) -> Sequence[Result]:
        """As the port says."""
        return self.sabotage.batch("send", self.inner.send, sendings)

    def look_up(self, keys: Sequence[str]) -> Sequence[Found]:
        """As the port says."""
        return self.sabotage.batch("look_up", self.inner.look_up, keys)

    def outcomes(self, *, since: date) -> Sequence[Delivery]:
        """As the port says."""
        return self.sabotage.call("outcomes", lambda: self.inner.outcomes(since=since))

    def close(self) -> None:
        """As the port says; a dead process closes nothing."""
        if not self.sabotage.dead:
            self.inner.close()
