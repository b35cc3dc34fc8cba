"""Notes and tasks in Tinybooks: each is created under its key, and the ERP takes a key once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from dunwell.command import Command
from dunwell.log.entry import Result
from dunwell.port import Effect, Found, Sought
from dunwell_tinybooks.client import Client
from dunwell_tinybooks.erp import Document, Draft

KINDS = ("note", "task")
PATIENCE = timedelta(seconds=30)
"""How long a call may be on its way; none is begun later than this before its deadline."""


def execute(client: Client, effects: Sequence[Effect]) -> Sequence[Result]:
    """Perform each effect once; one answer each, in order."""
    if not effects:
        return []
    now = client.about()["now"]
    done = client.references([effect.key for effect in effects])
    known = ids(client, "customer", [effect.debtor for effect in effects])
    people = {row["email"] or row["id"] for page in client.pages("person") for row in page}
    answers: dict[int, Result] = {}
    drafts: dict[int, Draft] = {}
    for place, effect in enumerate(effects):
        command, key = effect.command, effect.key
        if key in done:
            answers[place] = Result(key, "already_done")
        elif now + PATIENCE > effect.deadline:
            answers[place] = Result(key, "skipped", "busy", detail="its claim has run out")
        elif effect.debtor not in known:
            answers[place] = Result(key, "rejected", detail=f"no customer '{effect.debtor}'")
        elif command.kind not in KINDS:
            answers[place] = Result(key, "rejected", detail=f"cannot '{command.kind}'")
        else:
            drafts[place] = (command.kind, draft(effect, people))
    created = client.create(list(drafts.values()))
    for place, new in zip(drafts, created, strict=True):
        answers[place] = Result(effects[place].key, "done" if new else "already_done")
    return [answers[place] for place in range(len(effects))]


def draft(effect: Effect, people: set[str]) -> Document:
    """What is created for an effect: everything that people need to see, and its key."""
    command = effect.command
    document: Document = {
        "customer": effect.debtor,
        "company": effect.company,
        "topic": "dunwell",
        "text": command.text,
        "reference": effect.key,
    }
    if command.kind == "task":
        document |= {
            "summary": command.summary,
            "owner": owner(command, people),
            "due": command.due.isoformat() if command.due else None,
            "state": "open",
        }
    return document


def owner(command: Command, people: set[str]) -> str:
    """The first who exists; nobody does: the first name, for people to sort out."""
    here = [name for name in command.assign if name in people]
    return next(iter((*here, *command.assign)), "")


def look_up(client: Client, sought: Sequence[Sought]) -> Sequence[Found]:
    """Whether effects exist; one that may still be on its way is not called absent."""
    now = client.about()["now"]
    found = client.references([each.key for each in sought])
    return [
        Found.PRESENT
        if each.key in found
        else Found.CANNOT_TELL
        if each.deadline is not None and now <= each.deadline
        else Found.ABSENT
        for each in sought
    ]


def ids(client: Client, kind: str, wanted: Sequence[str]) -> set[str]:
    """Which of these identifiers there are."""
    pages = client.chosen(kind, "id", list(dict.fromkeys(wanted)))
    return {document["id"] for page in pages for document in page}
