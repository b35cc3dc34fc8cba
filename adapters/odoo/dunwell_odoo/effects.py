"""What Dunwell does in Odoo, each once under its key: what it is, whoever does it then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dunwell.log.entry import Result
from dunwell.port import Effect
from dunwell_odoo import codec, sending
from dunwell_odoo.asking import EVERYTHING, Ask, Question, Record, parts, these
from dunwell_odoo.installed import Installed
from dunwell_odoo.names import HOLD, message_id
from dunwell_odoo.site import Site
from dunwell_odoo.standing import KIND, mark, written
from dunwell_odoo.values import numbers, text

SIZE = 5_000
PARTNER = "res.partner"
STANDING = ("hold", "release", "tag", "untag")


@dataclass(frozen=True, slots=True)
class Deed:
    """One effect as Odoo can do it: a `note`, an `activity`, a `post`, or a `write`.

    `values` are what is made; of a post the arguments. `expect` are values that must stand there
    before a write: what a person changed meanwhile is left alone.
    """

    effect: Effect
    kind: str
    model: str = PARTNER
    record: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The key that it is done under."""
        return self.effect.key


@dataclass(slots=True)
class Draft:
    """Makes deeds of effects; those that cannot be done, or need not, are answered at once."""

    ask: Ask
    installed: Installed
    site: Site
    native: bool
    now: datetime
    answers: dict[int, Result] = field(default_factory=dict)
    cards: dict[str, Record] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)

    def deeds(self, effects: Sequence[Effect]) -> dict[int, Deed]:
        """The deeds by the place of their effect; two calls, and one more for each kind of thing
        that has to be looked up.
        """
        left = self._refused(effects)
        self._cards([effects[n] for n in left])
        kinds = {effects[n].command.kind for n in left}
        if "task" in kinds:
            self.site.fresh_people()
        if "tag" in kinds or "untag" in kinds:
            self._tags({effects[n].command.name for n in left if _tags(effects[n])})
        letters = {n: effects[n] for n in left if effects[n].command.kind == "remind"}
        extra = self.installed.fields & {"mobile"}
        addressed = sending.targets(self.ask, letters, extra) if letters else {}
        found: dict[int, Deed] = {}
        for n in left:
            effect = effects[n]
            if effect.debtor not in self.cards:
                self._say(n, effect, "rejected", detail=f"there is no customer '{effect.debtor}'")
            elif effect.command.kind != "remind":
                self._add(found, n, self._deed(n, effect))
            elif n in addressed:
                self._add(found, n, self._letter(effect, addressed[n]))
            else:
                why = "nobody there has this address any more"
                self._say(n, effect, "skipped", "changed", why)
        return found

    def _add(self, found: dict[int, Deed], n: int, deed: Deed | None) -> None:
        if deed is not None:
            found[n] = deed

    def _letter(self, effect: Effect, target: sending.Target) -> Deed:
        model, record = sending.place(effect, target)
        given, context = sending.arguments(effect, target, self.installed)
        return Deed(effect, "post", model, record, given, context=context)

    def _say(
        self, n: int, effect: Effect, status: Any, reason: str = "", detail: str = ""
    ) -> None:
        self.answers[n] = Result(effect.key, status, reason, detail=detail)

    def _refused(self, effects: Sequence[Effect]) -> list[int]:
        """Answer what this can never do; the places that are left."""
        left: list[int] = []
        seen: set[str] = set()
        for n, effect in enumerate(effects):
            why = self._why_not(effect)
            if why:
                self._say(n, effect, "rejected", detail=why)
            elif effect.key in seen:
                self._say(n, effect, "already_done", detail="it is twice in this batch")
            else:
                seen.add(effect.key)
                left.append(n)
        return left

    def _why_not(self, effect: Effect) -> str:
        command = effect.command
        if command.kind == "remind":
            channel = command.message.channel if self.native and command.message else ""
            texts = channel == "sms" and self.installed.texts
            if channel != "email" and not texts:
                return "Odoo does not send this message"
        elif command.kind not in ("note", "task", *STANDING):
            return f"this adapter does not do '{command.kind}'"
        if command.kind in ("hold", "release") and command.name != KIND:
            return f"there is no hold of the kind '{command.name}' in Odoo"
        if command.kind in ("hold", "release") and not self.installed.holds:
            return "there is no field for holds: 'dunwell odoo setup' makes it"
        if not numbers([effect.debtor]):
            return f"there is no customer '{effect.debtor}'"
        return "" if self.site.here(effect.company) else f"company '{effect.company}' is not ours"

    def _cards(self, effects: Sequence[Effect]) -> None:
        """The customers' cards, with what stands on them."""
        spec = these("name", "category_id", *([HOLD] if self.installed.holds else []))
        for part in parts(numbers([effect.debtor for effect in effects]), SIZE):
            domain = [["id", "in", list(part)]]
            found = self.ask.all(Question(PARTNER, domain, spec, SIZE, EVERYTHING))
            self.cards |= {str(row["id"]): row for row in found}

    def _tags(self, wanted: set[str]) -> None:
        """The tags by name; those to be set are made where they are new."""
        found = self.ask.door.call(
            "res.partner.category", "search_read", domain=[["name", "in", sorted(wanted)]],
            fields=["name"], context=EVERYTHING,
        )  # fmt: skip
        self.tags = {row["name"]: row["id"] for row in found}

    def _tag(self, name: str) -> int:
        if name not in self.tags:
            made = self.ask.door.call("res.partner.category", "create", vals_list=[{"name": name}])
            self.tags[name] = made[0] if isinstance(made, list) else made
        return self.tags[name]

    def _deed(self, n: int, effect: Effect) -> Deed | None:
        kind = effect.command.kind
        if kind == "note":
            return Deed(effect, "note", record=int(effect.debtor), values=self._note(effect))
        if kind == "task":
            return Deed(effect, "activity", record=int(effect.debtor), values=self._task(effect))
        if kind in ("hold", "release"):
            return self._hold(n, effect)
        return self._tagging(n, effect)

    def _note(self, effect: Effect) -> Mapping[str, Any]:
        """The values of an internal note on the customer."""
        command = effect.command
        said = "\n\n".join(part for part in (command.summary, command.text) if part)
        return {
            "model": PARTNER,
            "res_id": int(effect.debtor),
            "body": codec.paragraphs(said),
            "message_type": "comment",
            "message_id": message_id(effect.key),
            "subtype_id": self.installed.note,
        }

    def _task(self, effect: Effect) -> Mapping[str, Any]:
        """The values of an activity on the customer; its note names the key."""
        command = effect.command
        users = self.site.assignable
        owner = next((users[name] for name in command.assign if name in users), None)
        told = command.text
        if owner is None and command.assign:
            told = "\n\n".join(
                filter(None, (told, f"Nobody of {', '.join(command.assign)} is known here."))
            )
        due = command.due or self.site.main.on(self.now)
        return {
            "res_model": PARTNER,
            "res_id": int(effect.debtor),
            "activity_type_id": self.installed.task,
            "summary": command.summary,
            "note": f'<div id="dunwell-{effect.key}">{codec.paragraphs(told) or "<p></p>"}</div>',
            "date_deadline": due.isoformat(),
            "user_id": owner or self.ask.door.uid,
        }

    def _hold(self, n: int, effect: Effect) -> Deed | None:
        """Write our mark where none stands, or take it off again; what people wrote stays."""
        command, stands = effect.command, text(self.cards[effect.debtor].get(HOLD)) or ""
        ours = mark(stands)
        placing = command.kind == "hold"
        if placing and ours and ours != command.value and not ours.startswith("dunwell:"):
            self._say(n, effect, "skipped", "changed", "a person's hold stands there")
        elif not placing and ours and command.value and ours != command.value:
            self._say(n, effect, "skipped", "changed", "the hold has another mark")
        else:
            new = written(command.value, command.text) if placing else False
            return self._write(effect, {HOLD: new}, {HOLD: stands})
        return None

    def _tagging(self, n: int, effect: Effect) -> Deed | None:
        name = effect.command.name
        there = self.cards[effect.debtor]["category_id"]
        if effect.command.kind == "tag":
            return self._write(effect, {"category_id": [[4, self._tag(name)]]})
        if self.tags.get(name) not in there:
            self._say(n, effect, "done", detail="it was taken off already")
            return None
        return self._write(effect, {"category_id": [[3, self.tags[name]]]})

    def _write(
        self, effect: Effect, values: Mapping[str, Any], expect: Mapping[str, Any] | None = None
    ) -> Deed:
        return Deed(effect, "write", PARTNER, int(effect.debtor), values, expect or {})


def _tags(effect: Effect) -> bool:
    return effect.command.kind in ("tag", "untag")


def until(deadline: datetime, shift: timedelta) -> str:
    """A deadline as the server action compares it, with the clock of the database."""
    return (deadline - shift).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
