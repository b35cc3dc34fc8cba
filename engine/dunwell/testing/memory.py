"""The port of Dunwell on an ERP in memory: small enough to be read as the port's example."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from types import MappingProxyType

from dunwell.command import Command
from dunwell.errors import (
    ContractBrokenError,
    DeniedError,
    UnansweredError,
    UnavailableError,
)
from dunwell.log.entry import Entry, Result
from dunwell.model import TABLES, Describe
from dunwell.model.tables import PageLike
from dunwell.port import (
    HOLD_KINDS,
    Appended,
    Capabilities,
    Capability,
    Effect,
    Found,
    Heads,
    Sought,
    Strength,
)
from dunwell.testing.erp import Erp
from dunwell.testing.people import Face
from dunwell.testing.rows import Row, Work

EVERYTHING = Capabilities(
    MappingProxyType(
        {
            Capability.APPEND: Strength("exclusive"),
            Capability.EFFECT: Strength("atomic"),
            Capability.REMIND: Strength("none", "channels send"),
            Capability.TASK: Strength("native"),
            Capability.HOLD: Strength("enforced"),
            Capability.TAG: Strength("native"),
            Capability.NOTE: Strength("native"),
            Capability.REFRESH: Strength("native"),
        }
    ),
    hold_kinds=HOLD_KINDS,
)

_NEEDS = {
    "remind": Capability.REMIND,
    "task": Capability.TASK,
    "note": Capability.NOTE,
    "hold": Capability.HOLD,
    "release": Capability.HOLD,
    "tag": Capability.TAG,
    "untag": Capability.TAG,
}


class MemoryAdapter:
    """An adapter to an `Erp`; any number of them may work on one.

    `page_rows` bounds a page. With other `capabilities` it declares, and can do, less; declare
    `REMIND` as `native` and it sends messages itself.
    """

    def __init__(
        self,
        erp: Erp | None = None,
        *,
        capabilities: Capabilities = EVERYTHING,
        page_rows: int = 10_000,
    ) -> None:
        self.erp = Erp() if erp is None else erp
        self._capabilities = capabilities
        self._page_rows = page_rows

    def describe(self) -> Describe:
        """Tenant, today and clock of the ERP."""
        with self._request():
            erp = self.erp
            return Describe(erp.tenant, "memory", erp.on, erp.now, erp.bank_data_on)

    def capabilities(self) -> Capabilities:
        """All there is, unless told otherwise."""
        return self._capabilities

    def read(
        self, table: str, *, debtors: Sequence[str] | None = None, since: date | None = None
    ) -> Iterator[PageLike]:
        """The rows of a table; which rows is settled at the start, what they say page by page."""
        with self._request():
            keys = list(self.erp.rows[table])
        chosen = None if debtors is None else frozenset(debtors)
        for start in range(0, len(keys), self._page_rows):
            with self._request():
                rows = self._rows(table, keys[start : start + self._page_rows], chosen, since)
                page = _page(table, rows)
            if rows:
                yield page

    def _rows(
        self, table: str, keys: Sequence[str], chosen: frozenset[str] | None, since: date | None
    ) -> list[Row]:
        stored = self.erp.rows[table]
        rows = [stored[key] for key in keys if key in stored]
        if table == "items":
            rows = [row for row in rows if row["balance"]]
        if table == "settlements" and since is not None:
            rows = [row for row in rows if str(row["on"]) >= since.isoformat()]
        if chosen is not None and table not in ("companies", "people", "rates"):
            rows = [row for row in rows if not chosen.isdisjoint(self._debtors(table, row))]
        return rows

    def _debtors(self, table: str, row: Row) -> set[str]:
        if table == "disputes":
            return {self.erp.debtor(owner) for owner in self.erp.owners(str(row["item"]))}
        return {self.erp.debtor(str(row["id"] if table == "customers" else row["customer"]))}

    def heads(self, *, debtors: Sequence[str] | None = None, since: date) -> Heads:
        """What must be folded, of all debtors or of some."""
        with self._request():
            book = self.erp.logbook
            chosen = book.debtors() if debtors is None else debtors
            found = [entry for debtor in chosen for entry in book.heads(debtor, since)]
            return Heads(found, self.erp.now)

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        """Each at its position, under the ERP's lock."""
        with self._request(changes=True):
            return [self.erp.logbook.append(entry, self.erp.now) for entry in entries]

    def execute(self, effects: Sequence[Effect]) -> Sequence[Result]:
        """Each once; deed and key are written together."""
        with self._request(changes=True):
            return [self._perform(effect) for effect in effects]

    def _perform(self, effect: Effect) -> Result:
        erp, command = self.erp, effect.command
        if effect.key in erp.works:
            return Result(effect.key, "already_done")
        if erp.now > effect.deadline:
            return Result(effect.key, "skipped", "busy", detail="its claim has run out")
        if effect.debtor not in erp.rows["customers"]:
            return Result(effect.key, "rejected", detail=f"no customer '{effect.debtor}'")
        needs = _NEEDS.get(command.kind)
        if needs is None or not self._capabilities[needs].there:
            return Result(effect.key, "rejected", detail=f"cannot '{command.kind}'")
        done = self._acts()[command.kind](effect)
        if isinstance(done, Result):
            return done
        erp.works[effect.key] = Work(effect.debtor, command.kind, done)
        accepted = "accepted" if command.kind == "remind" else ""
        return Result(effect.key, "done", delivery=accepted)  # type: ignore[arg-type]

    def _acts(self) -> Mapping[str, Callable[[Effect], Result | Face | None]]:
        return {
            "remind": self._remind,
            "task": self._task,
            "note": self._note,
            "hold": self._hold,
            "release": self._release,
            "tag": self._tag,
            "untag": self._untag,
        }

    def _remind(self, effect: Effect) -> Face:
        message = effect.command.message
        return Face("remind", effect.key, message.text if message else "")

    def _note(self, effect: Effect) -> Face:
        return Face("note", effect.key, effect.command.text)

    def _task(self, effect: Effect) -> Face:
        command = effect.command
        self.erp.put(
            "tasks",
            key=effect.key,
            customer=effect.debtor,
            company=effect.company,
            state="open",
        )
        return Face("task", effect.key, command.summary, self._assignee(command), command.due)

    def _assignee(self, command: Command) -> str:
        """The first who is here and active; nobody is: the first name, for people to sort out."""
        active = {key for key, row in self.erp.rows["people"].items() if row["active"]}
        here = [name for name in command.assign if name in active]
        return next(iter((*here, *command.assign)), "")

    def _hold(self, effect: Effect) -> Result | None:
        command = effect.command
        if command.name not in self._capabilities.hold_kinds:
            return Result(effect.key, "rejected", detail=f"no kind of hold '{command.name}'")
        ours = self._ours(effect)
        if ours is not None:
            if ours["value"] == command.value:
                return Result(effect.key, "already_done")
            ours["value"] = command.value
            return None
        self.erp.place_hold(
            effect.debtor,
            command.name,
            company=effect.company,
            value=command.value,
            by="dunwell",
        )
        return None

    def _release(self, effect: Effect) -> Result | None:
        ours = self._ours(effect)
        if ours is None:
            return Result(effect.key, "already_done")
        if ours["value"] != effect.command.value:
            return Result(effect.key, "skipped", "changed", detail="a person changed the mark")
        del self.erp.rows["holds"][str(ours["id"])]
        return None

    def _ours(self, effect: Effect) -> Row | None:
        """Dunwell's own line; a person's is none of its business."""
        lines = self.erp.holds(effect.debtor, effect.command.name, effect.company)
        return next((row for _, row in lines if row["by"] == "dunwell"), None)

    def _tag(self, effect: Effect) -> Result | None:
        tags = self._tags(effect.debtor)
        if effect.command.name in tags:
            return Result(effect.key, "already_done")
        self.erp.change("customers", effect.debtor, tags=[*tags, effect.command.name])
        return None

    def _untag(self, effect: Effect) -> Result | None:
        tags = self._tags(effect.debtor)
        if effect.command.name not in tags:
            return Result(effect.key, "already_done")
        left = [tag for tag in tags if tag != effect.command.name]
        self.erp.change("customers", effect.debtor, tags=left)
        return None

    def _tags(self, customer: str) -> list[str]:
        tags = self.erp.rows["customers"][customer]["tags"]
        assert isinstance(tags, list)
        return tags

    def look_up(self, sought: Sequence[Sought]) -> Sequence[Found]:
        """Nothing is ever half done here, so what is not there yet cannot be on its way."""
        with self._request():
            works = self.erp.works
            return [Found.PRESENT if each.key in works else Found.ABSENT for each in sought]

    def log(self, debtor: str | None = None, *, limit: int = 200) -> Sequence[Entry]:
        """The newest entries first."""
        with self._request():
            return self.erp.logbook.newest(debtor, limit)

    def close(self) -> None:
        """Nothing to let go of."""

    @contextmanager
    def _request(self, *, changes: bool = False) -> Iterator[None]:
        """One request to the ERP: counted, alone, and subject to how well it can be reached."""
        erp = self.erp
        with erp.lock:
            erp.calls += 1
            if erp.link == "down":
                raise UnavailableError("the ERP in memory is down")
            if erp.link == "denied":
                raise DeniedError("the ERP in memory lets nobody in", remedy="set its `link`")
            yield
            if erp.link in ("lost", "late", "nonsense"):
                how, erp.link = erp.link, "up"
                if changes or how == "lost":
                    raise UnansweredError(f"the answer of the ERP in memory was {how}")
                if how == "late":
                    raise UnavailableError("the ERP in memory did not answer in time")
                raise ContractBrokenError("the ERP in memory answered nonsense")


def _page(table: str, rows: Sequence[Row]) -> Mapping[str, Sequence[object]]:
    return {
        column.name: [row.get(column.name) for row in rows] for column in TABLES[table].columns
    }
