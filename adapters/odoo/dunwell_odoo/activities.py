"""Activities of our types, and what became of them: done, moved to another day, thrown away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from dunwell_odoo import codec
from dunwell_odoo.asking import EVERYTHING, Ask, Domain, Question, Record, parts, these
from dunwell_odoo.installed import Installed
from dunwell_odoo.owners import MODELS, Owner, Owners
from dunwell_odoo.site import Site
from dunwell_odoo.values import day, instant, text

MESSAGE = "mail.message"
SIZE = 5_000
KEEP = timedelta(days=400)
"""How long what has ended is told of."""

FEEDBACK = (18, 0)
"""Since then an activity keeps what was said when it was done; before, a message alone has it."""

FIELDS = (
    "res_model", "res_id", "activity_type_id", "summary", "note", "date_deadline", "create_date",
    "active", "date_done",
)  # fmt: skip

_KEY = re.compile(r'id="dunwell-([^"]+)"')
_MOVED = re.compile(r"\[dunwell-moved (\d+) (\d{4}-\d\d-\d\d) (\d{4}-\d\d-\d\d)\]")
_GONE = re.compile(r"\[dunwell-gone (\d+) (\S+) (\d{4}-\d\d-\d\d) (\S+)\]")
_TITLE = re.compile(r"<div[^>]*o_mail_note_title")


@dataclass(frozen=True, slots=True)
class Noted:
    """One activity: on a record of whom, from when until when, and what was said."""

    id: int
    type: int
    owner: Owner
    model: str
    record: int
    made: date
    by: date
    summary: str
    key: str = ""
    active: bool = True
    ended: date | None = None
    outcome: str | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """An activity that was put off, or brought forward, on a day."""

    old: date
    new: date
    on: date


@dataclass(frozen=True, slots=True)
class Found:
    """All activities of our types, by type; how those that were moved stood before."""

    noted: Sequence[Noted] = ()
    moved: dict[int, list[Moved]] = field(default_factory=dict)

    def of(self, kind: int) -> Iterator[Noted]:
        """Those of one type."""
        return (each for each in self.noted if kind and each.type == kind)


@dataclass(frozen=True, slots=True)
class Activities:
    """Reads them: activities, and the messages that tell of those that ended or moved."""

    ask: Ask
    installed: Installed
    owners: Owners
    site: Site
    now: datetime

    def read(self, debtors: Sequence[str] | None) -> Found:
        """Two calls a page. Without the set-up there are no types of ours: only tasks are told,
        which are to-dos then.
        """
        types = self.installed.types
        since = self.site.main.on(self.now) - KEEP
        wheres = list(self._where(debtors))
        asked = [self._activities(types, where, since) for where, _ in wheres]
        asked += [self._messages(types, where, since) for _, where in wheres]
        there: dict[int, Noted] = {}
        told = _Told()
        answers = self.ask.together(asked)
        for question, rows in zip(asked, answers, strict=True):
            for page in self.ask.whole(question, rows):
                if question.model == MESSAGE:
                    self._listen(page, told)
                else:
                    there |= {each.id: each for each in self._noted(page)}
        return Found(list(_joined(there, told)), told.moved)

    def _where(self, debtors: Sequence[str] | None) -> Iterator[tuple[Domain, Domain]]:
        """The conditions on activities and on messages."""
        if debtors is None:
            yield [["res_model", "in", MODELS]], [["model", "in", MODELS]]
            return
        for model, ids in self.owners.family(debtors).items():
            for part in parts(ids, SIZE):
                one: Domain = [["res_id", "in", list(part)]]
                yield [["res_model", "=", model], *one], [["model", "=", model], *one]

    def _activities(self, types: Sequence[int], where: Domain, since: date) -> Question:
        ended = ["|", ["active", "=", True], ["date_done", ">=", since.isoformat()]]
        domain: Domain = [["activity_type_id", "in", types], *ended, *where]
        if not self.installed.tasks:
            domain.append(["note", "like", 'id="dunwell-'])
        said = ["feedback"] if self.installed.version >= FEEDBACK else []
        return Question("mail.activity", domain, these(*FIELDS, *said), SIZE, EVERYTHING)

    def _messages(self, types: Sequence[int], where: Domain, since: date) -> Question:
        ours: Domain = [["body", "like", "[dunwell-"]]
        if self.installed.version < FEEDBACK:
            ours = ["|", *ours, ["body", "like", 'id="dunwell-']]
        domain: Domain = [
            ["mail_activity_type_id", "in", types], ["date", ">=", since.isoformat()], *ours,
            *where,
        ]  # fmt: skip
        spec = these("model", "res_id", "date", "body", "mail_activity_type_id")
        return Question(MESSAGE, domain, spec, SIZE)

    def _noted(self, page: Sequence[Record]) -> Iterator[Noted]:
        owners = self.owners.of((row["res_model"], row["res_id"]) for row in page)
        for row in page:
            owner = owners.get((row["res_model"], row["res_id"]))
            if owner is None:
                continue
            made = self._day(row["create_date"])
            key = _KEY.search(row["note"] or "")
            yield Noted(
                id=row["id"],
                type=row["activity_type_id"],
                owner=owner,
                model=row["res_model"],
                record=row["res_id"],
                made=made,
                by=day(row["date_deadline"]) or made,
                summary=text(row["summary"]) or "",
                key=key[1] if key else "",
                active=row["active"],
                ended=None if row["active"] else day(row["date_done"]),
                outcome=text(row.get("feedback")),
            )

    def _listen(self, page: Sequence[Record], told: _Told) -> None:
        """What messages tell: what was moved, what was thrown away, what was done."""
        owners = self.owners.of((row["model"], row["res_id"]) for row in page)
        for row in page:
            owner, on = owners.get((row["model"], row["res_id"])), self._day(row["date"])
            if owner is None:
                continue
            said = codec.plain(row["body"])
            kind = row["mail_activity_type_id"]
            place = (kind, owner, row["model"], row["res_id"])
            move, gone, key = _MOVED.search(said), _GONE.search(said), _KEY.search(row["body"])
            if move is not None:
                one = Moved(date.fromisoformat(move[2]), date.fromisoformat(move[3]), on)
                told.moved.setdefault(int(move[1]), []).append(one)
            elif gone is not None:
                made, by = self._day(gone[2]), date.fromisoformat(gone[3])
                summary = said.partition("[dunwell-gone")[0].partition(":")[2].strip()
                told.gone[int(gone[1])] = Noted(
                    int(gone[1]), *place, made, by, summary, gone[4].strip("-"), False, on,
                    gone=True,
                )  # fmt: skip
            elif key is not None:
                told.done[key[1]] = Noted(
                    0, *place, on, on, "", key[1], False, on, feedback(row["body"])
                )

    def _day(self, value: object) -> date:
        """The day of an instant, with the main company."""
        return self.site.main.on(instant(value))


@dataclass(frozen=True, slots=True)
class _Told:
    """What messages tell: of keys that were done, of activities that were thrown away or moved."""

    done: dict[str, Noted] = field(default_factory=dict)
    gone: dict[int, Noted] = field(default_factory=dict)
    moved: dict[int, list[Moved]] = field(default_factory=dict)


def _joined(there: dict[int, Noted], told: _Told) -> Iterator[Noted]:
    """Each activity once: as it stands, else as messages tell of it."""
    for each in there.values():
        done = told.done.get(each.key)
        if done is None or each.active:
            yield each
        else:
            yield replace(
                each, outcome=each.outcome or done.outcome, ended=each.ended or done.ended
            )
    keys = {each.key for each in there.values()}
    yield from (done for key, done in told.done.items() if key not in keys)
    for number, gone in told.gone.items():
        if number not in there and gone.key not in told.done:
            yield gone


def feedback(body: str) -> str | None:
    """What was said when an activity was done, from the message that Odoo wrote then.

    >>> feedback('<div><p>Task done: x</p><div>no answer</div><div class="o_mail_note_title">..')
    'no answer'
    """
    said = _TITLE.split(body)[0].partition("</p>")[2]
    return codec.plain(said) or None
