"""What of ours an Odoo has, and what it can do: found once, by the line that the set-up wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dunwell.errors import DeniedError
from dunwell_odoo import inside, names
from dunwell_odoo.door import Door, RefusedError
from dunwell_odoo.partners import MAYBE, TEXTS
from dunwell_odoo.rights import SURVEYED
from dunwell_odoo.setup.register import read

MODELS = sorted({model for model, _ in SURVEYED})
"""The models of which it is asked what the user may do."""
FIELDS = [*MAYBE, TEXTS, names.HOLD]

NO_FOLLOWUP = (18, 0)
"""Since then a line that is to be left alone is called so; before, `blocked`."""


@dataclass(frozen=True, slots=True)
class Installed:
    """Ids by external id without its module; `fields` are those of partners that may be there.

    `action`: the server action that this user may run, 0 for none. `note` is the subtype of
    Odoo's internal notes, `todo` its type of to-dos. `says` is what the action told of the rest.
    """

    version: tuple[int, int]
    ids: Mapping[str, int] = field(default_factory=dict)
    fields: frozenset[str] = frozenset()
    action: int = 0
    note: int = 0
    todo: int = 0
    says: Mapping[str, Any] = field(default_factory=dict)

    def id(self, name: str) -> int:
        """The id of something of ours; 0 when it is not there."""
        return self.ids.get(name, 0)

    @property
    def log(self) -> int:
        """The subtype of the entries of the log: our own, else that of internal notes."""
        return self.id(names.SUBTYPE_LOG) or self.note

    @property
    def flag(self) -> str:
        """The field of a line by which people say: leave it alone."""
        return "no_followup" if self.version >= NO_FOLLOWUP else "blocked"

    @property
    def portal(self) -> str:
        """Where customers see their invoices, where Odoo tells."""
        return str(self.says.get("portal") or "").rstrip("/")

    @property
    def holds(self) -> bool:
        """Whether there is a field for holds."""
        return names.HOLD in self.fields

    @property
    def enforced(self) -> bool:
        """Whether an order of a held customer is refused."""
        told = self.says.get("hold") or {}
        return bool(self.holds and told.get("automation"))

    @property
    def texts(self) -> bool:
        """Whether Odoo can be given text messages: as its queue takes them, exactly once."""
        return bool(self.action and TEXTS in self.fields and self.says.get("sms"))

    @property
    def promises(self) -> int:
        """The type of activities that are promises."""
        return self.id(names.ACTIVITY_PROMISE)

    @property
    def tasks(self) -> int:
        """The type of activities that are collection tasks."""
        return self.id(names.ACTIVITY_TASK)

    @property
    def disputes(self) -> int:
        """The type of activities that are disputes."""
        return self.id(names.ACTIVITY_DISPUTE)

    @property
    def exclusions(self) -> int:
        """The type of activities that say: do not contact."""
        return self.id(names.ACTIVITY_EXCLUSION)

    @property
    def task(self) -> int:
        """The type of activities in which tasks are given: ours, else Odoo's own to-dos."""
        return self.tasks or self.todo

    @property
    def types(self) -> tuple[int, ...]:
        """All types of activities that tell us something."""
        found = self.task, self.promises, self.disputes, self.exclusions
        return tuple(number for number in found if number)


def find(door: Door) -> Installed:
    """What is there: two calls where the set-up was run, and four where it was not."""
    found = door.call(
        "res.groups",
        "search_read",
        domain=[["comment", "like", names.REGISTER]],
        fields=["comment"],
    )
    registers = [known for row in found if (known := read(str(row["comment"]))) is not None]
    ids = registers[0].ids if registers else {}
    action, says = ids.get(names.ACTION, 0), {}
    if action:
        step = {"do": "describe", "models": MODELS, "fields": FIELDS}
        try:
            (says,) = inside.run(door, action, [step])
        except (DeniedError, RefusedError):
            action = 0
        if says.get("protocol") != inside.PROTOCOL:  # that of another Dunwell
            action = 0
    if not action:
        fields = door.call("res.partner", "fields_get", allfields=FIELDS, attributes=["type"])
        says = {"fields": list(fields), "note": _reference(door, "mt_note")}
    todo = 0 if ids.get(names.ACTIVITY_TASK) else _reference(door, "mail_activity_data_todo")
    fields = frozenset(name for name in FIELDS if name in says["fields"])
    return Installed(door.version, ids, fields, action, says["note"], todo, says)


def _reference(door: Door, name: str) -> int:
    """The id of something that Odoo's own module `mail` brings; 0 when somebody deleted it."""
    try:
        found = door.call("ir.model.data", "check_object_reference", module="mail", xml_id=name)
    except RefusedError:
        return 0
    return int(found[1] or 0)
