"""Where notes and tasks are kept: in records of the companion module, or as notes without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dunwell.port import Effect
from dunwell_tryton import speech
from dunwell_tryton.client import Client, reference
from dunwell_tryton.company import Company, Row
from dunwell_tryton.wire import Record

MODEL = "dunwell.effect"
"""The model of the companion module: a key is there once."""
TASK = "To do"
KINDS = ("note", "task")


@dataclass(frozen=True, slots=True)
class Companion:
    """Whether the companion module is there, and what differs where it is."""

    there: bool = False

    def part(self, effect: Effect, owner: str) -> Record:
        """What is written with the party when a note or a task is given: with the module all."""
        if not self.there:
            return {}
        command = effect.command
        made = {
            "key": effect.key,
            "kind": command.kind,
            "summary": command.summary or None,
            "text": command.text or None,
            "assignee": owner or None,
            "due": command.due,
            "state": "open" if command.kind == "task" else None,
        }
        return {"dunwell_effects": [["create", [made]]]}

    def found(self, client: Client, debtors: Sequence[str]) -> set[str]:
        """The keys of all that was made for some debtors and is there: notes, tasks, mails."""
        keys: set[str] = set()
        if self.there:
            parties = speech.parties(client, debtors)
            rows = client.chosen(MODEL, "party", parties, ["key"])
            keys |= {row["key"] for row in rows}
        marked = [["message", "like", f"%{speech.KEY_MARK}%"]]
        for page in speech.pages(client, debtors, marked):
            keys |= {key_of(row["message"]) for row in page}
        sent = [["body", "like", f"%{speech.KEY_MARK}%"]]
        fields = ("resource", "body")
        for page in speech.pages(client, debtors, sent, model="ir.email", fields=fields):
            keys |= {key_of(row["body"]) for row in page}
        return keys - {""}

    def tasks(
        self, client: Client, debtors: Sequence[str] | None, company: Company
    ) -> Iterator[list[Row]]:
        """The tasks that were given, as rows of the published table."""
        if self.there:
            yield from _records(client, debtors, str(company.id))
            return
        debtors = [str(number) for number in speech.parties(client, debtors)]
        given = [["message", "like", f"{TASK}%"], ["message", "like", f"%{speech.KEY_MARK}%"]]
        ended = speech.ends(speech.said(client, debtors, "done ", "cancelled ", zone=company.zone))
        for page in speech.pages(client, debtors, given):
            rows: dict[str, Row] = {}
            for row in page:
                key = key_of(row["message"])
                state, outcome, on = ended.get(key, ("open", None, None))
                rows[key] = {
                    "key": key,
                    "customer": row["resource"].partition(",")[2],
                    "company": str(company.id),
                    "state": state,
                    "outcome": outcome,
                    "ended": on,
                }
            yield list(rows.values())


def _records(client: Client, debtors: Sequence[str] | None, company: str) -> Iterator[list[Row]]:
    domain: list[Any] = [["kind", "=", "task"]]
    if debtors is not None:
        domain.append(["party", "in", speech.parties(client, debtors)])
    for page in client.pages(MODEL, domain, ["key", "party", "state", "outcome", "ended"]):
        yield [
            {
                "key": row["key"],
                "customer": str(row["party"]),
                "company": company,
                "state": row["state"] or "open",
                "outcome": row["outcome"] or None,
                "ended": row["ended"],
            }
            for row in page
        ]


def note(effect: Effect, owner: str) -> Record:
    """A note or a task as a note of Tryton, for where there is no module."""
    command = effect.command
    if command.kind == "task":
        until = f" until {command.due.isoformat()}" if command.due else ""
        for_whom = f" for {owner}" if owner else ""
        head = f"{TASK}{for_whom}{until}: {command.summary}"
    else:
        head = command.summary
    text = "\n\n".join(part for part in (head, command.text) if part)
    return {
        "resource": reference("party.party", effect.debtor),
        "message": f"{text}\n{mark(effect.key)}",
    }


def mark(key: str) -> str:
    """What names a key in a note or a mail."""
    return f"{speech.KEY_MARK}{key}]"


def key_of(text: str | None) -> str:
    """The key that a note or a mail was made under; empty where it is a person's."""
    return (
        (text or "").rpartition(speech.KEY_MARK)[2].partition("]")[0]
        if text and speech.KEY_MARK in text
        else ""
    )


def owner(names: Sequence[str], users: Mapping[str, int]) -> str:
    """The first of those named who is here; else the first name as it was given."""
    return next((name for name in names if name in users), names[0] if names else "")
