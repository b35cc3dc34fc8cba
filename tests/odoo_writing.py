"""How records of the stand-in for Odoo are made, changed and removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from tests import odoo_rules as rules
from tests.odoo_env import rpc, rpc_model
from tests.odoo_fields import Field, Row, Value, commands, invalid, stored
from tests.odoo_model import Model
from tests.odoo_reading import NewReads

Values = Mapping[str, Any]
Later = Callable[[int], object]


class Writes(NewReads):
    """What everybody may do to a model they have rights on."""

    # -- made -----------------------------------------------------------------------------------

    @rpc_model
    def create(self, vals_list: Values | Sequence[Values]) -> Model:
        self._right("create")
        given = [vals_list] if isinstance(vals_list, Mapping) else list(vals_list)
        made = self.browse([self._make(values) for values in given])
        assert isinstance(made, Writes)
        made._made(given)
        if not self.env.su:
            made._checked("create")
        rules.after(made, None)
        return made

    def _make(self, values: Values) -> int:
        schema = self._schema
        for name in values:
            if name not in schema:
                raise self._failures.field(name) if self.env.version < 19 else _unknown(self, name)
        store = self.env.store
        row: Row = {name: f.empty() for name, f in schema.items() if f.stored}
        stamp = store.moment().strftime("%Y-%m-%d %H:%M:%S.%f")
        row |= {"create_date": stamp, "write_date": stamp}
        row |= {"create_uid": self.env.uid, "write_uid": self.env.uid}
        later: list[Later] = []
        known = {**self._defaults(), **values}
        for name, value in self._prepared(known).items():
            kept = self._kept(name, schema[name], value, (), later)
            if schema[name].stored:
                row[name] = kept
        self._needs(row)
        number = store.insert(self._name, row)
        for act in later:
            act(number)
        return number

    def _prepared(self, values: Values) -> dict[str, Any]:
        """The values of a new record, with what the model adds."""
        return dict(values)

    def _made(self, given: Sequence[Values]) -> None:
        """What the model does once its records are there."""

    def _needs(self, row: Row) -> None:
        """A ValidationError where something must be and is not."""
        for name, field in self._schema.items():
            if field.need and field.stored and row.get(name) in (False, None, ""):
                raise invalid(self._lacking(name))

    def _lacking(self, name: str) -> str:
        return (
            "The operation cannot be completed:\n- Create/update: a mandatory field is not set."
            f"\n\nModel: {self._words or self._name} ({self._name})\nField: {name} ({name})\n"
        )

    def _kept(
        self, name: str, field: Field, value: Value, have: tuple[int, ...], later: list[Later]
    ) -> Value:
        """A value as it is kept; what must wait for the record itself goes to `later`."""
        if field.kind == "many2one":
            return self._reference(name, field, value)
        if field.kind not in ("one2many", "many2many"):
            return stored(field, self._name, name, value)
        ids, rest = commands(value, have)
        later += [partial(self._command, name, field, each) for each in rest]
        for one in ids:
            self._reference(name, field, one)
        if field.kind == "one2many":
            target = self.env[field.to].browse(ids)
            later.append(lambda number: target.write({field.by: number}))
        return tuple(ids)

    def _reference(self, name: str, field: Field, value: Value) -> int | bool:
        """The id of a record that is there; a foreign key finds those that are not."""
        if not value:
            return False
        if int(value) not in self.env.store.rows[field.to]:
            raise invalid(
                "The operation cannot be completed: another model requires the record being "
                f"deleted.\n\nModel: {self._name}\nConstraint: {name}_fkey\n"
            )
        return int(value)

    def _command(self, name: str, field: Field, each: Sequence[Any], number: int) -> None:
        target = self.env[field.to]
        assert isinstance(target, Writes)
        if each[0] == 0:
            extra = {field.by: number} if field.by else {}
            made = target.create({**each[2], **extra}).ids
            if field.kind == "many2many":
                have = self._value(number, name)
                self.env.store.update(self._name, number, {name: (*have, *made)})
        elif each[0] == 1:
            target.browse(each[1]).write(each[2])
        elif each[0] == 2:
            target.browse(each[1]).unlink()

    # -- changed --------------------------------------------------------------------------------

    @rpc
    def write(self, vals: Values) -> bool:
        schema = self._schema
        self._right("write")
        for name in vals:
            if name not in schema:
                raise self._failures.written(name)
        self._checked("write")
        self._there(self.ids)
        change = rules.before(self, vals)
        for number in self.ids:
            self._change(number, vals)
        self._changed(vals)
        if change is not None:
            rules.after(self, change)
        return True

    def _change(self, number: int, vals: Values) -> None:
        schema, store = self._schema, self.env.store
        later: list[Later] = []
        changed: Row = {}
        for name, value in vals.items():
            field = schema[name]
            have = self._value(number, name) if field.kind in ("one2many", "many2many") else ()
            kept = self._kept(name, field, value, have, later)
            if field.stored:
                changed[name] = kept
        changed["write_date"] = store.moment().strftime("%Y-%m-%d %H:%M:%S.%f")
        changed["write_uid"] = self.env.uid
        store.update(self._name, number, changed)
        self._needs(store.rows[self._name][number])
        for act in later:
            act(number)

    def _changed(self, vals: Values) -> None:
        """What the model does once its records were changed."""

    # -- removed --------------------------------------------------------------------------------

    @rpc
    def unlink(self) -> bool:
        self._right("unlink")
        there = self.exists()
        assert isinstance(there, Writes)
        there._checked("unlink")
        rules.removing(there)
        there._removing()
        for number in there.ids:
            self.env.store.delete(self._name, number)
        return True

    def _removing(self) -> None:
        """What the model does before its records go; it may refuse."""

    # -- put away -------------------------------------------------------------------------------

    @rpc
    def action_archive(self) -> None:
        self.write({"active": False})

    @rpc
    def action_unarchive(self) -> None:
        self.write({"active": True})


def _unknown(model: Model, name: str) -> Exception:
    from tests.odoo_fields import wrong

    return wrong(f"Invalid field '{name}' in '{model._name}'")
