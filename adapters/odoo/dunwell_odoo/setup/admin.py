"""An Odoo as an administrator sees it: what is installed, and what of ours is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dunwell.errors import NOWHERE, ContractBrokenError, DeniedError, Problem, ProblemsError
from dunwell_odoo import names
from dunwell_odoo.door import Door, GoneError, RefusedError
from dunwell_odoo.names import MODULE
from dunwell_odoo.setup.things import Thing

WHO = "give the key of an administrator: DUNWELL_ODOO_ADMIN_API_KEY, and --login for its user"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of ours: where it is, and by which name."""

    name: str
    model: str
    id: int


class Admin:
    """Reads and writes by an administrator's door."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self._fields: dict[str, frozenset[str]] = {}

    @property
    def groups_field(self) -> str:
        """How a group names its users."""
        return "user_ids" if "user_ids" in self.fields("res.groups") else "users"

    def fields(self, model: str) -> frozenset[str]:
        """The names of a model's fields; asked once."""
        if model not in self._fields:
            found = self.door.call(model, "fields_get", attributes=["type"])
            self._fields[model] = frozenset(found)
        return self._fields[model]

    def rows(self, model: str, domain: Sequence[object], *fields: str) -> list[Any]:
        """Records, archived ones too, with some fields; many2one as bare ids."""
        found = self.door.call(
            model,
            "search_read",
            domain=domain,
            fields=list(fields),
            load=False,
            context={"active_test": False},
        )
        if not isinstance(found, list):
            raise ContractBrokenError(f"Odoo answers a search of {model} with something else")
        return found

    def count(self, model: str, domain: Sequence[object]) -> int:
        """How many records there are, archived ones too."""
        context = {"active_test": False}
        return int(self.door.call(model, "search_count", domain=domain, context=context))

    def refuse_others(self) -> None:
        """A DeniedError unless the key is that of an administrator."""
        assert self.door.uid  # a wrong key is told as one
        try:
            self.modules()
        except DeniedError as error:
            raise DeniedError("the user of this key is no administrator", remedy=WHO) from error

    def modules(self) -> frozenset[str]:
        """The names of the installed modules."""
        found = self.rows("ir.module.module", [["state", "=", "installed"]], "name")
        return frozenset(row["name"] for row in found)

    def made(self) -> dict[str, Record]:
        """What a set-up made, by its name; what somebody deleted since is not among it."""
        wanted = [xid.partition(".")[2] for xid in names.LABELS]
        domain = [["module", "=", MODULE], ["name", "in", wanted]]
        found = self.rows("ir.model.data", domain, "name", "model", "res_id")
        records = [Record(row["name"], row["model"], row["res_id"]) for row in found]
        there: dict[str, set[int]] = {}
        for model in {record.model for record in records}:
            ids = [record.id for record in records if record.model == model]
            context = {"active_test": False}
            try:
                kept = self.door.call(model, "search", domain=[["id", "in", ids]], context=context)
            except RefusedError:  # its module is gone
                kept = []
            there[model] = set(kept)
        return {record.name: record for record in records if record.id in there[record.model]}

    def values(self, record: Record, fields: Sequence[str]) -> Mapping[str, Any]:
        """Fields of one record."""
        domain = [["id", "=", record.id]]
        found = self.rows(record.model, domain, *fields)
        return found[0] if found else {}

    def load(self, thing: Thing) -> int:
        """Make a thing, or put it right: record and external id in one transaction."""
        columns = {"id": thing.xid, **thing.cells}
        found = self.door.call(
            thing.model,
            "load",
            fields=list(columns),
            data=[list(columns.values())],
            context={"noupdate": True, "lang": "en_US"},
        )
        ids = found.get("ids") if isinstance(found, dict) else None
        if not ids:
            raise _refused(thing, found)
        return int(ids[0])

    def search(self, model: str, domain: Sequence[object], limit: int) -> list[int]:
        """The ids of so many records, archived ones too."""
        context = {"active_test": False}
        found = self.door.call(model, "search", domain=domain, limit=limit, context=context)
        return [int(one) for one in found]

    def write(self, model: str, ids: Sequence[int], values: Mapping[str, object]) -> None:
        """Change records."""
        self.door.call(model, "write", ids=ids, vals=values, context={"lang": "en_US"})

    def translations(
        self, record: Record, field: str, codes: Sequence[str]
    ) -> Sequence[Mapping[str, Any]]:
        """What a field says in some languages, text by text: `lang`, `source`, `value`."""
        found = self.door.call(
            record.model, "get_field_translations", ids=[record.id], field_name=field,
            langs=list(codes),
        )  # fmt: skip
        if not isinstance(found, list) or not found or not isinstance(found[0], list):
            raise ContractBrokenError(f"Odoo tells translations of {record.model} otherwise")
        return found[0]

    def translate(self, record: Record, field: str, texts: Mapping[str, object]) -> None:
        """Write what a field says in other languages."""
        self.door.call(
            record.model, "update_field_translations", ids=[record.id], field_name=field,
            translations=dict(texts),
        )  # fmt: skip

    def unlink(self, model: str, ids: Sequence[int]) -> None:
        """Remove records; those that are gone already are no trouble."""
        with suppress(GoneError):
            self.door.call(model, "unlink", ids=ids)

    def module(self, name: str, method: str) -> None:
        """Install or uninstall one of Odoo's own modules; it takes a while."""
        (found,) = self.rows("ir.module.module", [["name", "=", name]], "name")
        self.door.call("ir.module.module", method, ids=[found["id"]])

    def user(self, login: str) -> tuple[int, str]:
        """A user's id and name; a ProblemsError when there is none."""
        found = self.rows("res.users", [["login", "=", login]], "name")
        if not found:
            message = f"Odoo has no user with the login '{login}'"
            hint = "make the user first, or name another one with --user"
            raise ProblemsError([Problem(NOWHERE, message, hint)])
        return int(found[0]["id"]), str(found[0]["name"])


def _refused(thing: Thing, found: Any) -> RefusedError:
    """What an import says it did not like; it is an administrator who reads this."""
    messages = found.get("messages") if isinstance(found, dict) else None
    said = "; ".join(str(one.get("message")) for one in messages or [] if isinstance(one, dict))
    return RefusedError(f"Odoo does not take the {thing}: {said}", said=said)
