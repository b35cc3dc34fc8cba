"""Deeds done by the server action: key, effect and answer in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from dunwell.errors import DeniedError, UnansweredError, UnavailableError
from dunwell.log.entry import Result
from dunwell.port import Effect, Found, Sought
from dunwell_odoo import inside
from dunwell_odoo.asking import parts
from dunwell_odoo.clock import Clock
from dunwell_odoo.door import Door, RefusedError
from dunwell_odoo.effects import Deed, Draft
from dunwell_odoo.installed import Installed
from dunwell_odoo.names import effect_id
from dunwell_odoo.sending import unlinked

BATCH = {"note": 500, "activity": 500, "write": 200, "post": 25}
"""How many deeds of a kind one call does: it is one transaction, of some seconds at most."""


class Hands(Protocol):
    """Whoever does deeds and looks them up."""

    def do(self, deeds: Sequence[Deed]) -> list[Result]:
        """Each once under its key; one answer each, in order."""
        ...

    def look_up(self, sought: Sequence[Sought]) -> list[Found]:
        """Whether effects exist."""
        ...


def execute(draft: Draft, hands: Hands, effects: Sequence[Effect]) -> list[Result]:
    """Each effect once; one answer each, in order."""
    if not effects:
        return []
    deeds = draft.deeds(effects)
    answers = dict(draft.answers)
    begun = False
    for kind, size in BATCH.items():
        places = [n for n, deed in deeds.items() if deed.kind == kind]
        for part in parts(places, size):
            try:
                done = hands.do([deeds[n] for n in part])
            except (UnavailableError, DeniedError) as error:
                if begun:  # some of it was done: that is no time to begin anew
                    raise UnansweredError(f"some was done, and then: {error}") from error
                raise
            answers |= dict(zip(part, done, strict=True))
            begun = True
    return [answers[n] for n in range(len(effects))]


@dataclass(frozen=True, slots=True)
class ByAction:
    """Does deeds by the server action.

    A key is an external id that is taken in the transaction that does the deed; whoever looks
    for it afterwards and does not find it takes it, and so nobody ever does it any more.
    """

    door: Door
    installed: Installed
    clock: Clock
    claims: Mapping[str, int]  # the newest positions that are known

    def do(self, deeds: Sequence[Deed]) -> list[Result]:
        """All in one transaction; where one of them stands in the way, in smaller ones."""
        step = "append" if deeds[0].kind == "note" else "execute"
        rows = [self._row(deed) for deed in deeds]
        try:
            (told,) = inside.run(self.door, self.installed.action, [{"do": step, "rows": rows}])
        except RefusedError as error:
            if len(deeds) > 1:
                half = len(deeds) // 2
                return [*self.do(deeds[:half]), *self.do(deeds[half:])]
            return [Result(deeds[0].key, "failed", "never", detail=str(error))]
        return [_result(deed, answer) for deed, answer in zip(deeds, told, strict=True)]

    def _row(self, deed: Deed) -> Mapping[str, object]:
        row: dict[str, object] = {
            "name": effect_id(deed.key).partition(".")[2],
            "until": self._until(deed.effect.deadline),
        }
        if deed.kind == "note":
            return {**row, "values": deed.values}
        row |= {"kind": deed.kind, "claim": self._claim(deed.effect.debtor)}
        if deed.kind == "activity":
            return {**row, "values": deed.values}
        row |= {"model": deed.model, "context": deed.context}
        if deed.kind == "post":
            links = unlinked(deed.values["body"])
            return {**row, "id": deed.record, "kwargs": deed.values, "links": links}
        return {**row, "ids": [deed.record], "values": deed.values, "expect": deed.expect}

    def _claim(self, debtor: str) -> str:
        return f"log_{debtor}_{self.claims.get(debtor, 0)}"

    def _until(self, deadline: datetime) -> str:
        """As the clock of the database compares it."""
        moment = deadline - self.clock.shift
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")

    def look_up(self, sought: Sequence[Sought]) -> list[Found]:
        """Present, or taken by us and so absent for ever."""
        answers: list[Found] = []
        for part in parts(sought, 1_000):
            rows = [
                {
                    "name": effect_id(one.key).partition(".")[2],
                    "claim": self._claim(one.debtor),
                    "bury": True,
                }
                for one in part
            ]
            (told,) = inside.run(self.door, self.installed.action, [{"do": "look", "rows": rows}])
            answers += [
                Found.PRESENT if each["state"] == "present" else Found.ABSENT for each in told
            ]
        return answers


def _result(deed: Deed, answer: Mapping[str, Any]) -> Result:
    """What the server action says became of a deed."""
    accepted = "accepted" if deed.kind == "post" else ""
    state = answer["state"]
    if state in ("done", "won"):
        if answer.get("result") is False:
            why = "a person changed it meanwhile"
            return Result(deed.key, "skipped", "changed", detail=why)
        return Result(deed.key, "done", delivery=accepted)  # type: ignore[arg-type]
    if state in ("already", "lost"):
        return Result(deed.key, "already_done", delivery=accepted)  # type: ignore[arg-type]
    if state == "late":
        return Result(deed.key, "skipped", "busy", detail="its claim has run out")
    return Result(deed.key, "failed", "later", detail=str(answer.get("said") or "refused"))


def keys(sought: Iterable[Sought]) -> list[str]:
    """Each key once."""
    return list(dict.fromkeys(one.key for one in sought))
