"""The log: internal notes on the customer, numbered by external ids that can exist once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dunwell.log.entry import Entry
from dunwell.port import Appended, Lost, Refused, Won
from dunwell_odoo import codec
from dunwell_odoo.asking import Ask, Domain, Question, Record, parts, these
from dunwell_odoo.clock import ASKED, Clock
from dunwell_odoo.door import Door
from dunwell_odoo.importing import Import
from dunwell_odoo.installed import Installed
from dunwell_odoo.names import MESSAGE_HOST, entry_id
from dunwell_odoo.packed import unpacked
from dunwell_odoo.values import instant, numbers

MESSAGE = "mail.message"
BATCH = 500
"""Entries that one call writes: it is one transaction."""
TRIES = 30
SIZE = 2_000
MANY = 20_000
"""Numbers of messages that one call brings."""
FEW = 100
"""Debtors who are named in a condition; of more, all that there are is read."""

OUTCOME = codec.subject("outcome")


@dataclass(slots=True)
class Log:
    """Writes and reads the entries.

    `seen` are positions that are known to be taken, `claims` those that we wrote and that have no
    outcome of ours yet.
    """

    ask: Ask
    installed: Installed
    seen: dict[str, int] = field(default_factory=dict)
    claims: dict[str, Entry] = field(default_factory=dict)

    @property
    def door(self) -> Door:
        """Through which it is written."""
        return self.ask.door

    @property
    def mine(self) -> Domain:
        """The condition that a message is an entry of ours."""
        own: Domain = [["model", "=", "res.partner"], ["subtype_id", "=", self.installed.log]]
        if self.installed.log == self.installed.note:  # it is shared with people's notes
            own += [["subject", "=like", f"{codec.subject('')}%"]]
            own += [["message_id", "=like", f"%@{MESSAGE_HOST}>"]]
        return own

    # -- writing --------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Each entry at its position, if the log of its debtor ends just before it."""
        answers: dict[int, Appended] = {}
        good = [n for n, entry in enumerate(entries) if not _refused(n, entry, answers)]
        for part in parts(good, BATCH):
            if self.installed.action:
                self._by_action(entries, part, answers)
            else:
                left = self._gaps(entries, part, answers)
                Import(self.ask, self.installed.log).write(entries, left, answers)
        for n, entry in enumerate(entries):
            if isinstance(answers[n], Won) and entry.kind in ("claim", "outcome"):
                self.claims.pop(entry.debtor, None)
                if entry.kind == "claim":
                    self.claims[entry.debtor] = entry
            if isinstance(answers[n], Won | Lost):
                self.seen[entry.debtor] = max(self.seen.get(entry.debtor, 0), entry.position or 0)
        return [answers[n] for n in range(len(entries))]

    def _by_action(
        self, entries: Sequence[Entry], part: Sequence[int], answers: dict[int, Appended]
    ) -> None:
        rows = [self._row(entries[n]) for n in part]
        (told,) = self.ask.run([{"do": "append", "rows": rows}])
        for n, answer in zip(part, told, strict=True):
            if answer["state"] == "won":
                answers[n] = Won()
            elif answer["state"] == "lost":
                answers[n] = Lost(codec.nonce(answer["body"]))
            else:
                answers[n] = Refused("the position before it is empty")

    def _row(self, entry: Entry) -> Mapping[str, object]:
        position = entry.position or 0
        values = {**codec.note(entry), "subtype_id": self.installed.log}
        row: dict[str, object] = {"name": _short(entry.debtor, position), "values": values}
        if position > 1:
            row["after"] = _short(entry.debtor, position - 1)
        return row

    def _gaps(
        self, entries: Sequence[Entry], part: Sequence[int], answers: dict[int, Appended]
    ) -> list[int]:
        """Refuse what does not follow; ends that are not known are read."""
        needed = {
            entries[n].debtor
            for n in part
            if (entries[n].position or 0) > self.seen.get(entries[n].debtor, 0) + 1
        }
        if needed:
            self.seen.update(self.ends(sorted(needed)))
        ends = dict(self.seen)
        left = []
        for n in part:
            entry = entries[n]
            end = ends.get(entry.debtor, 0)
            if (entry.position or 0) > end + 1:
                answers[n] = Refused(f"the log ends at {end}")
            else:
                ends[entry.debtor] = max(end, entry.position or 0)
                left.append(n)
        return left

    def ends(self, debtors: Sequence[str]) -> dict[str, int]:
        """The newest position of some debtors."""
        newest = [max(kinds.values()) for kinds in self._newest(debtors).values()]
        found: dict[str, int] = {}
        for part in parts(newest, SIZE):
            for each in self._read([["id", "in", part]]):
                found[each.debtor] = each.position or 0
        return found

    # -- reading --------------------------------------------------------------------------------

    def heads(self, debtors: Sequence[str] | None) -> list[Entry]:
        """The newest outcome of each debtor and all after it; all where there is none."""
        if self.installed.action:
            return self.heads_with(debtors, (), None)[0]
        return self._known(self._in_steps(debtors))

    def heads_with(
        self, debtors: Sequence[str] | None, asked: Sequence[Question], clock: Clock | None
    ) -> tuple[list[Entry], list[list[Record]]]:
        """The heads, and the first pages of questions, by the server action: of one moment, in
        one call while the log has no further page.
        """
        heads: dict[str, object] = {
            "do": "heads",
            "subtype": self.installed.log,
            "outcome": OUTCOME,
            "all": debtors is None,
            "partners": numbers(debtors or ()),
            "limit": SIZE,
        }
        steps = [
            *(each.step() for each in asked),
            {**heads, "last": 0},
            *([ASKED] if clock else []),
        ]
        answers = self.ask.run(steps)
        if clock is not None:
            clock.heard(instant(answers.pop()))
        rows = answers.pop()
        found = list(_entries(rows))
        while len(rows) == SIZE:
            step = {**heads, "last": rows[-1]["id"]}
            (rows,) = self.ask.run([step])
            found += _entries(rows)
        return self._known(found), [unpacked(told) for told in answers]

    def _known(self, entries: list[Entry]) -> list[Entry]:
        for each in entries:
            self.seen[each.debtor] = max(self.seen.get(each.debtor, 0), each.position or 0)
        return entries

    def _in_steps(self, debtors: Sequence[str] | None) -> list[Entry]:
        """With the rights of the user alone: which are the newest, then these."""
        alone: list[int] = []
        since: list[tuple[str, int]] = []
        for debtor, kinds in self._newest(debtors).items():
            outcome = kinds.get(OUTCOME, 0)
            if outcome == max(kinds.values()):
                alone.append(outcome)
            else:
                since.append((debtor, outcome))
        alone += self._since(dict(since))
        found: list[Entry] = []
        for part in parts(sorted(alone), SIZE):
            found += self._read([["id", "in", part]])
        return found

    def _since(self, first: Mapping[str, int]) -> list[int]:
        """The messages of each debtor from one on; one call for a page of debtors."""
        found: list[int] = []
        for part in parts(list(first), SIZE):
            where: Domain = [["res_id", "in", numbers(part)]]
            where.append(["id", ">=", min(first[debtor] for debtor in part)])
            asked = Question(MESSAGE, [*self.mine, *where], these("res_id"), MANY)
            for page in self.ask.whole(asked):
                found += [row["id"] for row in page if row["id"] >= first[str(row["res_id"])]]
        return found

    def _newest(self, debtors: Sequence[str] | None) -> dict[str, dict[str, int]]:
        """The newest message of each kind of entry, by debtor; one call, of more than a few
        debtors too: before 19 Odoo repeats the condition in every row of its answer.
        """
        domain, chosen = self.mine, None
        if debtors is not None:
            chosen = set(debtors)
            if len(chosen) <= FEW:
                domain = [*domain, ["res_id", "in", numbers(debtors)]]
        found: dict[str, dict[str, int]] = {}
        for row in self._grouped(domain) if chosen != set() else ():
            debtor = str(row["res_id"])
            if chosen is None or debtor in chosen:
                found.setdefault(debtor, {})[row["subject"]] = row.get("id:max") or row["id"]
        return found

    def _grouped(self, domain: Domain) -> list[Record]:
        by = ["res_id", "subject"]
        if self.door.version >= (19, 0):
            told = self.door.call(
                MESSAGE, "formatted_read_group", domain=domain, groupby=by, aggregates=["id:max"]
            )
        else:
            told = self.door.call(
                MESSAGE, "read_group", domain=domain, fields=["id:max"], groupby=by, lazy=False
            )
        found: list[Record] = told
        return found

    def _read(self, domain: Domain) -> Iterator[Entry]:
        spec = these("res_id", "date", "body")
        for page in self.ask.whole(Question(MESSAGE, [*self.mine, *domain], spec, SIZE)):
            yield from _entries(page)

    def newest(self, debtor: str | None, limit: int) -> list[Entry]:
        """The log for people, newest first."""
        where: Domain = [] if debtor is None else [["res_id", "in", numbers([debtor])]]
        spec = these("res_id", "date", "body")
        newest = Question(MESSAGE, [*self.mine, *where], spec, limit, order="id desc")
        told = self.ask.first(newest)
        return list(_entries(told))


def _entries(rows: Sequence[Record]) -> Iterator[Entry]:
    """The entries of messages."""
    for row in rows:
        found = codec.entry(str(row["res_id"]), row["body"], instant(row["date"]))
        if found is not None:
            yield found


def _short(debtor: str, position: int) -> str:
    """The external id without its module, as the server action takes it."""
    return entry_id(debtor, position).partition(".")[2]


def _refused(n: int, entry: Entry, answers: dict[int, Appended]) -> bool:
    """Refuse what can never be written."""
    if not numbers([entry.debtor]):
        answers[n] = Refused(f"there is no customer '{entry.debtor}'")
    elif (entry.position or 0) < 1:
        answers[n] = Refused(f"position {entry.position} is none: a log begins at 1")
    return n in answers
