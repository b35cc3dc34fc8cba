"""What Dunwell does in Tryton, each once under its key.

An effect begins by a write of the head of the debtor's log, which one writer wins, and only while
its claim is the newest entry there. What is a part of the party (holds, tags; with the companion
module notes and tasks too) is done in that same write. A note of Tryton and a mail follow it, so
for them a crash in between leaves something begun of which nothing is seen.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from dunwell.errors import AdapterError, UnansweredError, UnavailableError
from dunwell.log.entry import Result
from dunwell.port import Effect, Found, Sought
from dunwell_tryton import companion as faces
from dunwell_tryton import head as heads_of
from dunwell_tryton import mail
from dunwell_tryton.client import Client
from dunwell_tryton.companion import Companion
from dunwell_tryton.head import Change, Head
from dunwell_tryton.standing import Party, parties_of, stand
from dunwell_tryton.wire import ConflictError

KINDS = ("note", "task", "hold", "release", "tag", "untag")
APART = ("note", "task", "remind")
"""Kinds that are made after the head was written, where there is no module."""
TRIES = 40


@dataclass(frozen=True, slots=True)
class Able:
    """What can be done here: for which company, with mails of Tryton, with credit limits."""

    companion: Companion
    company: str
    mails: bool
    limits: bool


@dataclass(slots=True)
class Desk:
    """One `execute` under way. `grace` is how long somebody who began may take to be seen."""

    client: Client
    able: Able
    effects: Sequence[Effect]
    grace: timedelta
    answers: dict[int, Result] = field(default_factory=dict)
    users: Mapping[str, int] = field(default_factory=dict)

    def run(self) -> list[Result]:
        """One answer for each effect, in order."""
        if not self.effects:
            return []
        left = self._refused()
        if any(self.effects[n].command.kind == "task" for n in left):
            rows = self.client.rows("res.user", [["active", "=", True]], ["login", "email"])
            self.users = {row["email"] or row["login"]: row["id"] for row in rows}
        deadline = time.monotonic() + 3 * self.grace.total_seconds() + 10
        for _ in range(TRIES):
            if not left or time.monotonic() > deadline:
                break
            left = self._round(left)
        for place in left:
            why = "another worker began it, and nothing is seen of it"
            self._say(place, "unknown", detail=why)
        return [self.answers[place] for place in range(len(self.effects))]

    def _say(self, place: int, status: Any, reason: str = "", detail: str = "") -> None:
        self.answers[place] = Result(self.effects[place].key, status, reason, detail=detail)

    def _refused(self) -> list[int]:
        """Answer what this can never do; the places that are left."""
        left: list[int] = []
        first: dict[str, int] = {}
        for place, effect in enumerate(self.effects):
            kind = effect.command.kind
            if kind not in KINDS and not (kind == "remind" and self.able.mails):
                self._say(place, "rejected", detail=f"this adapter does not do '{kind}'")
            elif effect.company not in ("", self.able.company):
                self._say(place, "rejected", detail=f"company '{effect.company}' is not ours")
            elif effect.key in first:
                self._say(place, "already_done", detail="it is twice in this batch")
            else:
                first[effect.key] = place
                left.append(place)
        return left

    def _round(self, left: Sequence[int]) -> list[int]:
        debtors = list(dict.fromkeys(self.effects[place].debtor for place in left))
        heads = heads_of.read(self.client, debtors)
        now = self.client.now
        fresh: dict[str, list[int]] = {}
        begun: list[int] = []
        for place in left:
            effect = self.effects[place]
            head = heads.get(effect.debtor)
            if head is None or head.garbled:
                self._say(place, "rejected", detail=f"no party '{effect.debtor}' with a log")
            elif effect.key in head.begun:
                begun.append(place)
            elif now > effect.deadline or not _claimed(head, effect.key):
                self._say(place, "skipped", "busy", detail="its claim has ended")
            else:
                fresh.setdefault(effect.debtor, []).append(place)
        again = self._begin(heads, fresh, now)
        again += self._wait(heads, begun, now)
        return sorted(again)

    # -- beginning ------------------------------------------------------------------------------

    def _begin(
        self, heads: Mapping[str, Head], fresh: Mapping[str, Sequence[int]], now: datetime
    ) -> list[int]:
        """Write that effects begin, and all that is done by that; then what comes after."""
        if not fresh:
            return []
        mine = {place for places in fresh.values() for place in places}
        known = parties_of(
            self.client, [self.effects[n] for n in sorted(mine)],
            marks=self.able.companion.there, limits=self.able.limits,
        )  # fmt: skip
        changes = [
            self._change(heads[debtor], places, known, now) for debtor, places in fresh.items()
        ]
        changes = [change for change in changes if change is not None]
        again: list[int] = []
        won: list[int] = []
        for party, trouble in heads_of.write(self.client, _some(changes)).items():
            places = [place for place in fresh[party] if place not in self.answers]
            if trouble is None:
                won += places
            elif isinstance(trouble, ConflictError):
                again += fresh[party]
                for place in fresh[party]:
                    self.answers.pop(place, None)
            else:
                for place in places:
                    self._say(place, "failed", "later", detail=str(trouble))
        self._after(won)
        return again

    def _change(
        self, head: Head, places: Sequence[int], known: Mapping[str, Party], now: datetime
    ) -> Change | None:
        """The new head of one party with all that is written with it."""
        new, also = head, dict[str, Any]()
        begun = dict(head.begun)
        party = known.get(head.party, Party())
        for place in places:
            effect = self.effects[place]
            kind = effect.command.kind
            if kind in ("hold", "release", "tag", "untag"):
                done = stand(effect, new, party, self.able.companion, now)
                if done.result is not None:
                    self.answers[place] = done.result
                if done.head is None:
                    continue
                new, party = done.head, done.party
                _merge(also, done.also)
            elif kind in faces.KINDS:
                whom = faces.owner(effect.command.assign, self.users)
                _merge(also, self.able.companion.part(effect, whom))
            begun[effect.key] = now.isoformat()
        if new is head and begun == head.begun:
            return None
        return Change(head, replace(new, begun=begun), also)

    def _after(self, won: Sequence[int]) -> None:
        """Make the notes, ring the bells, send the mails of what has begun."""
        notes = [n for n in won if self.effects[n].command.kind in faces.KINDS]
        try:
            self._notes(notes)
        except UnavailableError as error:
            raise UnansweredError(f"it began, and then: {error}") from error
        for place in won:
            if place in self.answers:
                continue
            if self.effects[place].command.kind == "remind":
                self.answers[place] = mail.send(self.client, self.effects[place])
            else:
                self._say(place, "done")

    def _notes(self, places: Sequence[int]) -> None:
        made = []
        bells = []
        for place in places:
            effect = self.effects[place]
            whom = faces.owner(effect.command.assign, self.users)
            made.append(faces.note(effect, whom))
            if effect.command.kind == "task" and whom in self.users:
                label = effect.command.summary[:200]
                bells.append({"user": self.users[whom], "label": label, "unread": True})
        if made and not self.able.companion.there:
            self.client.call("model.ir.note.create", made, changes=True)
        if bells:
            with suppress(AdapterError):  # a bell rings where it can; the task is there
                self.client.call("model.res.notification.create", bells, changes=True)

    # -- what others began ----------------------------------------------------------------------

    def _wait(self, heads: Mapping[str, Head], places: Sequence[int], now: datetime) -> list[int]:
        """Answer what others began and is seen; take over a note that is not, after a while."""
        if not places:
            return []
        seen: set[str] = set()
        apart = [n for n in places if self._apart(n)]
        if apart:
            seen = self.able.companion.found(self.client, [self.effects[n].debtor for n in apart])
        young: list[int] = []
        old: dict[str, list[int]] = {}
        for place in places:
            effect = self.effects[place]
            if place not in apart or effect.key in seen:
                self._say(place, "already_done")
            elif now - datetime.fromisoformat(heads[effect.debtor].begun[effect.key]) < self.grace:
                young.append(place)
            elif effect.command.kind == "remind":
                self._say(place, "unknown", detail="its sending began, and Tryton has no mail")
            else:
                old.setdefault(effect.debtor, []).append(place)
        if old:
            again = self._begin(heads, old, now)
            for place in (n for places in old.values() for n in places if n in self.answers):
                if self.answers[place].status == "done":
                    self._say(place, "already_done", detail="begun earlier, and finished now")
            return young + again
        if young:
            time.sleep(0.3)
        return young

    def _apart(self, place: int) -> bool:
        kind = self.effects[place].command.kind
        return kind == "remind" or (kind in APART and not self.able.companion.there)


def _claimed(head: Head, key: str) -> bool:
    """Whether the claim of a key is in force: no outcome and no other claim after it."""
    claims = [entry for entry in head.entries if entry.kind in ("claim", "outcome")]
    newest = claims[-1] if claims else None
    claim = key.rpartition("-")[0]
    return newest is not None and newest.kind == "claim" and newest.key == claim


def _some(changes: Sequence[Change | None]) -> list[Change]:
    return [change for change in changes if change is not None]


def _merge(also: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Lists of changes to one part of the party follow each other."""
    for name, value in more.items():
        if isinstance(value, list) and isinstance(also.get(name), list):
            also[name] = [*also[name], *value]
        else:
            also[name] = value


def look_up(client: Client, companion: Companion, sought: Sequence[Sought]) -> list[Found]:
    """Whether effects exist.

    What is absent is so for good: before that is said the head is written anew, so that whoever
    read it earlier and sleeps cannot begin any more.
    """
    if not sought:
        return []
    debtors = list(dict.fromkeys(one.debtor for one in sought))
    for _ in range(TRIES):
        heads = heads_of.read(client, debtors)
        now = client.now
        seen = companion.found(client, debtors)
        answers = [_found(one, heads.get(one.debtor), seen, companion, now) for one in sought]
        absent = {o.debtor for o, a in zip(sought, answers, strict=True) if a is Found.ABSENT}
        shut = [Change(heads[name], heads[name]) for name in sorted(absent & heads.keys())]
        if all(trouble is None for trouble in heads_of.write(client, shut).values()):
            return answers
    return [a if a is Found.PRESENT else Found.CANNOT_TELL for a in answers]


def _found(
    one: Sought, head: Head | None, seen: set[str], companion: Companion, now: datetime
) -> Found:
    if one.key in seen:
        return Found.PRESENT
    if head is not None and one.key in head.begun:
        apart = one.kind == "remind" or (one.kind in APART and not companion.there)
        return Found.CANNOT_TELL if apart else Found.PRESENT
    if one.deadline is not None and now <= one.deadline:
        return Found.CANNOT_TELL
    return Found.ABSENT
