"""Adapters and channels whose every error is one of ours: a foreign one counts as unanswered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Protocol, cast

from dunwell.errors import DunwellError, Problem, UnansweredError

if TYPE_CHECKING:
    from dunwell.log.entry import Entry, Result
    from dunwell.model import Describe
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


@contextmanager
def answered(who: str, what: str) -> Iterator[None]:
    """Whatever goes wrong in a plugin is told with its name and with what it was asked."""
    try:
        yield
    except DunwellError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise UnansweredError(f"{who} failed at '{what}': {said}") from error


class _Reporting(Protocol):
    def outcomes(self, *, since: date) -> Sequence[Delivery]: ...


def guarded(adapter: Adapter, name: str) -> Adapter:
    """The adapter of that name, guarded."""
    reports = hasattr(adapter, "outcomes")
    return _ReportingAdapter(adapter, name) if reports else _Adapter(adapter, name)


def guarded_channel(channel: Channel, name: str) -> Channel:
    """A channel that works by the plugin of that name, guarded."""
    return _Channel(channel, name)


class _Adapter:
    def __init__(self, inner: Adapter, name: str) -> None:
        self.inner, self.who = inner, f"the adapter '{name}'"

    def describe(self) -> Describe:
        with answered(self.who, "describe"):
            return self.inner.describe()

    def capabilities(self) -> Capabilities:
        with answered(self.who, "capabilities"):
            return self.inner.capabilities()

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        with answered(self.who, f"read {table}"):
            yield from self.inner.read(table, debtors=debtors, since=since)

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        with answered(self.who, "heads"):
            return self.inner.heads(debtors=debtors, since=since)

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        with answered(self.who, "append"):
            return self.inner.append(entries)

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        with answered(self.who, "execute"):
            return self.inner.execute(effects)

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        with answered(self.who, "look_up"):
            return self.inner.look_up(sought)

    def log(self, debtor: str | None = None, *, limit: int = 200) -> Sequence[Entry]:
        with answered(self.who, "log"):
            return self.inner.log(debtor, limit=limit)

    def close(self) -> None:
        with answered(self.who, "close"):
            self.inner.close()


class _ReportingAdapter(_Adapter):
    """Of an ERP that learns later what became of the messages that it sent."""

    def outcomes(self, *, since: date) -> Sequence[Delivery]:
        with answered(self.who, "outcomes"):
            return cast("_Reporting", self.inner).outcomes(since=since)


class _Channel:
    def __init__(self, inner: Channel, name: str) -> None:
        self.inner, self.who = inner, f"the channel '{name}'"

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def blind(self) -> bool:
        return self.inner.blind

    def check(self) -> Sequence[Problem]:
        with answered(self.who, "check"):
            return self.inner.check()

    def send(self, sendings: Sequence[Sending]) -> Sequence[Result]:
        with answered(self.who, "send"):
            return self.inner.send(sendings)

    def look_up(self, keys: Sequence[str]) -> Sequence[Found]:
        with answered(self.who, "look_up"):
            return self.inner.look_up(keys)

    def outcomes(self, *, since: date) -> Sequence[Delivery]:
        with answered(self.who, "outcomes"):
            return self.inner.outcomes(since=since)

    def close(self) -> None:
        with answered(self.who, "close"):
            self.inner.close()
