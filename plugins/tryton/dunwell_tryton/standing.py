"""Holds and tags: what of the party changes with the head, and what was there before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from dunwell.errors import DeniedError
from dunwell.log.entry import Result
from dunwell.port import Effect
from dunwell_tryton.client import Client
from dunwell_tryton.companion import Companion
from dunwell_tryton.head import Head, Standing

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Party:
    """What of a party holds and tags are about; `names` are all categories that are asked for."""

    limit: Decimal | None = None
    limited: bool = False  # it has a credit limit at all
    mark: str = ""
    tags: frozenset[int] = frozenset()
    names: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """What becomes of one hold or tag: a new head and party, or only an answer."""

    head: Head | None
    party: Party
    also: Mapping[str, Any] = field(default_factory=dict)
    result: Result | None = None


def parties_of(
    client: Client, effects: Sequence[Effect], *, marks: bool, limits: bool
) -> dict[str, Party]:
    """What must be known of the parties that holds and tags are for: at most three calls.

    `marks`: they have the field of the companion module; `limits`: they have a credit limit.
    """
    standing = [e for e in effects if e.command.kind in ("hold", "release", "tag", "untag")]
    if not standing:
        return {}
    fields = ["categories"]
    fields += ["credit_limit_amount"] if limits else []
    fields += ["dunwell_hold"] if marks else []
    ids = sorted({int(e.debtor) for e in standing if e.debtor.isdecimal()})
    everybody = [["active", "in", [True, False]]]
    rows = client.chosen("party.party", "id", ids, fields, everybody)
    names = _categories(client, standing)
    return {
        str(row["id"]): Party(
            limit=row.get("credit_limit_amount"),
            limited=limits,
            mark=row.get("dunwell_hold") or "",
            tags=frozenset(row["categories"]),
            names=names,
        )
        for row in rows
    }


def _categories(client: Client, effects: Sequence[Effect]) -> dict[str, int]:
    """Categories by name; those that tags need and that are missing are made, if we may."""
    wanted = sorted({e.command.name for e in effects if e.command.kind in ("tag", "untag")})
    if not wanted:
        return {}
    found = client.chosen("party.category", "name", wanted, ["name"])
    names = {row["name"]: int(row["id"]) for row in found}
    new = sorted({e.command.name for e in effects if e.command.kind == "tag"} - names.keys())
    if new:
        made = [{"name": name} for name in new]
        with suppress(DeniedError):
            numbers = client.call("model.party.category.create", made, changes=True)
            names |= dict(zip(new, numbers, strict=True))
    return names


def stand(effect: Effect, head: Head, party: Party, companion: Companion, now: datetime) -> Done:
    """One hold, release, tag or untag."""
    kind, name = effect.command.kind, effect.command.name
    if kind in ("tag", "untag"):
        return _tag(effect, head, party)
    if name == "orders" and companion.there:
        return _mark(effect, head, party)
    if name == "credit" and party.limited:
        return _limit(effect, head, party, now)
    return Done(
        None, party, result=Result(effect.key, "rejected", detail=f"no hold '{name}' here")
    )


def _tag(effect: Effect, head: Head, party: Party) -> Done:
    number = party.names.get(effect.command.name)
    if number is None and effect.command.kind == "tag":
        why = f"there is no category '{effect.command.name}', and this user may make none"
        return Done(None, party, result=Result(effect.key, "rejected", detail=why))
    there = number in party.tags
    if there == (effect.command.kind == "tag") or number is None:
        return Done(None, party, result=Result(effect.key, "already_done"))
    verb = "add" if effect.command.kind == "tag" else "remove"
    tags = party.tags ^ {number}
    return Done(head, replace(party, tags=tags), {"categories": [[verb, [number]]]})


def _mark(effect: Effect, head: Head, party: Party) -> Done:
    """The field of the companion module: our mark, or the words of a person."""
    command, key = effect.command, effect.key
    ours = head.hold("orders")
    if command.kind == "hold":
        if party.mark and not (ours and party.mark == ours.value):
            said = Result(key, "done", detail="a person holds the orders already")
            return Done(head, party, result=said)
        placed = Standing("orders", command.value, "")
        return Done(
            _with(head, placed), replace(party, mark=command.value),
            {"dunwell_hold": command.value},
        )  # fmt: skip
    if not party.mark:
        return Done(_without(head, "orders"), party)
    if party.mark != (command.value or (ours.value if ours else "")):
        said = Result(key, "skipped", "changed", detail="a person changed the hold")
        return Done(None, party, result=said)
    return Done(_without(head, "orders"), replace(party, mark=""), {"dunwell_hold": None})


def _limit(effect: Effect, head: Head, party: Party, now: datetime) -> Done:
    """The credit limit: zero while we hold, and afterwards what it was."""
    command = effect.command
    ours = head.hold("credit")
    if command.kind == "hold":
        if ours is not None and party.limit == ZERO:
            return Done(_with(head, replace(ours, value=command.value)), party)
        old = None if party.limit is None else str(party.limit)
        placed = Standing("credit", command.value, now.date().isoformat(), old)
        zero = {"credit_limit_amount": ZERO}
        return Done(_with(head, placed), replace(party, limit=ZERO), zero)
    if ours is None or party.limit != ZERO:
        return Done(_without(head, "credit"), party)
    if command.value and ours.value != command.value:
        said = Result(effect.key, "skipped", "changed", detail="the hold has another mark")
        return Done(None, party, result=said)
    limit = None if ours.old is None else Decimal(ours.old)
    free = {"credit_limit_amount": limit}
    return Done(_without(head, "credit"), replace(party, limit=limit), free)


def _with(head: Head, placed: Standing) -> Head:
    return replace(head, holds=(*_without(head, placed.kind).holds, placed))


def _without(head: Head, kind: str) -> Head:
    return replace(head, holds=tuple(hold for hold in head.holds if hold.kind != kind))
