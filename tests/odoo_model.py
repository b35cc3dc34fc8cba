"""Record sets of the stand-in for Odoo: which records, their values, who may, how to find them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from tests.odoo_domains import fields_in, search_for
from tests.odoo_env import Env, Failures
from tests.odoo_fields import (
    DeniedFail,
    Fail,
    Field,
    Fields,
    GoneFail,
    Row,
    Value,
    order_parts,
    wrong,
)


class Model:
    """Records of one model. A subclass has `_name`, `fields` and what is its own."""

    _name: ClassVar[str] = ""
    _words: ClassVar[str] = ""  # what people call it
    fields: ClassVar[Fields] = {}
    _order: ClassVar[str] = "id"
    _title: ClassVar[str] = "name"
    _own_rule: ClassVar[bool] = False  # has rules beyond that of companies

    def __init__(self, env: Env, ids: Iterable[int] = ()) -> None:
        self.env = env
        self.ids = [number for number in ids if number]

    # -- as a set -------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Model]:
        return (self.browse(number) for number in self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def __bool__(self) -> bool:
        return bool(self.ids)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        field = self._schema.get(name)
        if field is None:
            raise Fail("builtins.AttributeError", f"'{self._name}' object has no attribute {name}")
        if not self.ids:
            return self.env[field.to] if field.to else field.empty()
        number = self._single()
        self._there([number])
        value = self._value(number, name)
        if field.kind == "many2one":
            return self.env[field.to].browse(value)
        if value and field.kind in ("date", "datetime"):
            return instant(field.kind, value)
        return self.env[field.to].browse(value) if field.to else value

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    @property
    def id(self) -> int:
        return self._single() if self.ids else 0

    def browse(self, ids: int | Iterable[int] | None = None) -> Model:
        return type(self)(self.env, [ids] if isinstance(ids, int) else ids or ())

    def with_env(self, env: Env) -> Model:
        return type(self)(env, self.ids)

    def sudo(self) -> Model:
        return self.with_env(self.env(su=True))

    def with_user(self, user: int) -> Model:
        return self.with_env(self.env(user=user, su=False))

    def with_context(self, given: Mapping[str, Any] | None = None, **more: Any) -> Model:
        context = {**(self.env.context if given is None else given), **more}
        return self.with_env(self.env(context=context))

    def exists(self) -> Model:
        rows = self._rows()
        return self.browse([number for number in self.ids if number in rows])

    def mapped(self, name: str) -> list[Any]:
        return [getattr(record, name) for record in self]

    def _single(self) -> int:
        if len(self.ids) != 1:
            listed = ", ".join(map(str, self.ids))
            raise wrong(f"Expected singleton: {self._name}({listed})")
        return self.ids[0]

    # -- what there is --------------------------------------------------------------------------

    def _rows(self) -> dict[int, Row]:
        return self.env.store.rows[self._name]

    @property
    def _schema(self) -> dict[str, Field]:
        return self.env.database.schema(self._name)

    @property
    def _fields(self) -> dict[str, Field]:
        """What code in server actions asks for."""
        return self._schema

    @property
    def _failures(self) -> Failures:
        return Failures(self._name, self.env.version)

    def _value(self, number: int, name: str) -> Value:
        """The value of a field as it is kept: ids of relations, text of instants."""
        if name == "id":
            return number
        field = self._schema[name]
        if field.related:
            return self._follow(number, field.related)
        if field.compute:
            return getattr(self, field.compute)(number)
        if field.kind == "one2many":
            return self._behind(number, field)
        value = self._rows()[number].get(name)
        return field.empty() if value is None else value

    def _follow(self, number: int, path: str) -> Value:
        name, _, rest = path.partition(".")
        value = self._value(number, name)
        if not rest:
            return value
        return self.env[self._schema[name].to]._follow(value, rest) if value else False

    def _behind(self, number: int, field: Field) -> tuple[int, ...]:
        store, rows = self.env.store, self.env.store.rows[field.to]
        found = sorted(store.find(field.to, field.by, number))
        if self.env.context.get("active_test", True) and "active" in self.env[field.to]._schema:
            found = [one for one in found if rows[one].get("active", True)]
        return tuple(found)

    def _number(self, number: int) -> int:
        return number

    def _display_name(self, number: int) -> Value:
        return self._label(number)

    def _label(self, number: int) -> str:
        """What people see of a record."""
        return str(self._value(number, self._title) or f"{self._name},{number}")

    def _family(self, value: Any, *, up: bool) -> Iterable[int]:
        """Records with all above or below them."""
        ids = {value} if isinstance(value, int) else set(value)
        while True:
            if up:
                more = {self._value(one, "parent_id") for one in ids} - {False}
            else:
                more = {n for n, row in self._rows().items() if row.get("parent_id") in ids}
            if more <= ids:
                return ids
            ids |= more

    # -- rights ---------------------------------------------------------------------------------

    def _may(self, operation: str) -> bool:
        return self.env.su or self.env.database.allows(self._name, operation, self.env.groups())

    def _right(self, operation: str) -> None:
        """An AccessError unless the user's groups grant it."""
        if not self._may(operation):
            verb = {"read": "access", "write": "modify", "unlink": "delete"}.get(
                operation, "create"
            )
            raise DeniedFail(
                f"You are not allowed to {verb} '{self._words or self._name}' ({self._name}) "
                "records.\n\nThis operation is allowed for the following groups: ..."
            )

    def _rule(self, operation: str, ids: Sequence[int]) -> list[int]:
        """Those that the rules of companies let pass."""
        if "company_id" not in self._schema or self._name == "res.users":
            return list(ids)
        allowed = {*self.env.company_ids, False}
        return [number for number in ids if self._value(number, "company_id") in allowed]

    def _checked(self, operation: str) -> None:
        """An AccessError where a right or a rule is in the way, a MissingError of what is gone."""
        self._right(operation)
        if self.env.su or not self.ids:
            return
        self._there(self.ids)
        passed = set(self._rule(operation, self.ids))
        if not passed.issuperset(self.ids):
            raise DeniedFail(f"{self._name}: no '{operation}' access to some of these records")

    def _there(self, ids: Sequence[int]) -> None:
        gone = [number for number in ids if number not in self._rows()]
        if gone:
            raise GoneFail(self._name, f"({gone[0]},)", self.env.uid)

    # -- searching ------------------------------------------------------------------------------

    def _all_ids(self, domain: Sequence[Any]) -> list[int]:
        """Every record that a domain finds, in no order."""
        found = search_for(self, domain)
        rows = self._rows()
        ids = list(rows) if found.among is None else [n for n in {*found.among} if n in rows]
        seen = "active" in self._schema and self.env.context.get("active_test", True)
        if seen and "active" not in fields_in(domain):
            ids = [number for number in ids if rows[number].get("active", True)]
        return [number for number in ids if found.test(number)]

    def _found(
        self,
        domain: Sequence[Any] | None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[int]:
        self._right("read")
        ids = self._all_ids(domain or [])
        if not self.env.su:
            ids = self._rule("read", ids)
        self._sort(ids, order or self._order)
        return ids[offset : offset + limit] if limit else ids[offset:]

    def _sort(self, ids: list[int], order: str) -> None:
        for name, down in reversed(order_parts(order)):
            field = self._schema.get(name)
            if field is None and name != "id":
                raise self._failures.field(name)
            if field is not None and not field.search:
                if self.env.version < 19:
                    continue
                raise wrong(f"Cannot convert {self._name}.{name} to SQL because it is not stored")
            ids.sort(key=lambda number, name=name: self._rank(number, name), reverse=down)  # type: ignore[misc]

    def _rank(self, number: int, name: str) -> tuple[bool, Any]:
        value = self._value(number, name)
        field = self._schema.get(name)
        if field is not None and field.kind == "many2one" and value:
            value = self.env[field.to]._label(value)
        none = value is False and (field is None or field.kind != "boolean")
        return (none, "" if none else value)


def instant(kind: str, value: str) -> date | datetime:
    """A day or a moment out of a row, as Odoo's own code sees it."""
    if kind == "date":
        return date.fromisoformat(value)
    return datetime.fromisoformat(value[:19])
