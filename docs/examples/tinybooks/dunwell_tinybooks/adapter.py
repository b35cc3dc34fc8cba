"""The port on Tinybooks: one small method for each of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from dunwell.log.entry import Entry, Result
from dunwell.model import Describe, page
from dunwell.model.tables import PageLike
from dunwell.port import (
    Appended,
    Capabilities,
    Capability,
    Effect,
    Found,
    Heads,
    Refused,
    Sought,
    Strength,
)
from dunwell_tinybooks import effects as deeds
from dunwell_tinybooks import log, reading
from dunwell_tinybooks.client import Client
from dunwell_tinybooks.erp import Tinybooks


class TinybooksReader:
    """Step one: reads, and so can plan; it declares no log, so nothing is ever applied."""

    def __init__(self, erp: Tinybooks) -> None:
        self._client = Client(erp)

    def describe(self) -> Describe:
        """Whose books these are, what day it is there, and the ERP's clock."""
        about = self._client.about()
        company = next(self._client.pages("company"))[0]
        on = about["now"].astimezone(ZoneInfo(company["timezone"])).date()
        return Describe(f"tinybooks:{about['name']}", "tinybooks", on, about["now"])

    def capabilities(self) -> Capabilities:
        """It reads, all or chosen debtors; without a log nothing can be applied."""
        return Capabilities(
            {
                Capability.APPEND: Strength("none", "this step only reads"),
                Capability.REFRESH: Strength("native"),
            }
        )

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        """The rows of a table, in pages."""
        for rows in reading.rows(self._client, table, debtors, since):
            yield page(table, rows)

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        """No log, no entries."""
        return Heads([], self._client.about()["now"])

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        """There is no log yet."""
        return [Refused("this adapter only reads") for _ in entries]

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        """Nothing can be done yet."""
        return [Result(e.key, "rejected", detail="this adapter only reads") for e in effects]

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        """Nothing can be looked up yet."""
        return [Found.CANNOT_TELL for _ in sought]

    def log(self, debtor: str | None = None, *, limit: int = 200) -> Sequence[Entry]:
        """No log, no entries."""
        return []

    def close(self) -> None:
        """Nothing is held open between two calls."""


class TinybooksLogger(TinybooksReader):
    """Step two: keeps the log, in notes."""

    def capabilities(self) -> Capabilities:
        """A log, and nothing that could be done."""
        return Capabilities(
            {
                Capability.APPEND: Strength("exclusive"),
                Capability.REFRESH: Strength("native"),
            }
        )

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        """The entries that the engine folds."""
        return log.heads(self._client, debtors, since)

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        """Each at its position: the ERP lets one note have its reference."""
        return log.append(self._client, entries)

    def log(self, debtor: str | None = None, *, limit: int = 200) -> Sequence[Entry]:
        """The log, newest first."""
        return list(log.newest_first(self._client, debtor, limit))


class TinybooksAdapter(TinybooksLogger):
    """Step three: notes and tasks. This is the whole adapter."""

    def capabilities(self) -> Capabilities:
        """What works in Tinybooks, and why the rest does not."""
        no_holds = "Tinybooks cannot block a customer"
        return Capabilities(
            {
                Capability.APPEND: Strength("exclusive"),
                Capability.EFFECT: Strength("looked_up", "each is created under its key"),
                Capability.REMIND: Strength("none", "Tinybooks sends no mail; channels do"),
                Capability.TASK: Strength("native"),
                Capability.NOTE: Strength("native"),
                Capability.HOLD: Strength("none", no_holds, "write a task that asks for it"),
                Capability.TAG: Strength("none", "Tinybooks has no tags"),
                Capability.REFRESH: Strength("native"),
            }
        )

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        """Each once, under its key."""
        return deeds.execute(self._client, effects)

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        """Whether something was made under these keys."""
        return deeds.look_up(self._client, sought)
