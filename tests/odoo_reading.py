"""How records of the stand-in for Odoo are read from outside: search, read, group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby as runs
from typing import Any

from tests.odoo_env import rpc, rpc_model
from tests.odoo_fields import Fail, Field, Value, wrong
from tests.odoo_model import Model, instant

Spec = Mapping[str, Mapping[str, Any]]
_CLASSIC = "_classic_read"


class Reads(Model):
    """What everybody may ask of a model they can read."""

    # -- values on their way out ----------------------------------------------------------------

    def _out(self, field: Field, value: Value, load: object) -> Value:
        if value and field.kind in ("date", "datetime"):
            return instant(field.kind, value)
        if field.kind == "many2one":
            if not value or load != _CLASSIC:
                return value
            return [value, self.env[field.to].sudo()._label(value)]
        return list(value) if field.kind in ("one2many", "many2many") else value

    def _known(self, names: Iterable[str]) -> dict[str, Field]:
        found: dict[str, Field] = {}
        for name in names:
            field = self._schema.get(name)
            if field is None and name != "id":
                raise self._failures.field(name)
            if field is not None:
                if field.groups and not self.env.su and field.groups not in self.env.groups():
                    self._forbid(name)
                found[name] = field
        return found

    def _forbid(self, name: str) -> None:
        from tests.odoo_fields import DeniedFail

        raise DeniedFail(f"You do not have enough rights to access the field '{name}'")

    def _shown(self, names: Sequence[str] | None, load: object) -> list[dict[str, Any]]:
        fields = self._known(names or self._schema)
        return [
            {"id": one} | {n: self._out(f, self._value(one, n), load) for n, f in fields.items()}
            for one in self.ids
        ]

    # -- asked ----------------------------------------------------------------------------------

    @rpc_model
    def search(
        self,
        domain: Sequence[Any],
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> Model:
        return self.browse(self._found(domain, offset, limit, order))

    @rpc_model
    def search_count(self, domain: Sequence[Any], limit: int | None = None) -> int:
        return len(self._found(domain, 0, limit))

    @rpc
    def read(
        self, fields: Sequence[str] | None = None, load: object = _CLASSIC
    ) -> list[dict[str, Any]]:
        there = self.exists()
        assert isinstance(there, Reads)
        there._right("read")
        there._checked("read")
        return there._shown(fields, load)

    @rpc_model
    def search_read(
        self,
        domain: Sequence[Any] | None = None,
        fields: Sequence[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        **read_kwargs: Any,
    ) -> list[dict[str, Any]]:
        strange = set(read_kwargs) - {"load"}
        if strange:
            raise Fail(
                "builtins.TypeError",
                f"BaseModel._read_format() got an unexpected keyword argument '{min(strange)}'",
            )
        found = self.browse(self._found(domain, offset, limit, order))
        assert isinstance(found, Reads)
        return found._shown(fields, read_kwargs.get("load", _CLASSIC))

    @rpc_model
    def web_search_read(
        self,
        domain: Sequence[Any],
        specification: Spec,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        count_limit: int | None = None,
    ) -> dict[str, Any]:
        ids = self._found(domain, 0, None, order)
        page = self.browse(ids[offset : offset + limit] if limit else ids[offset:])
        assert isinstance(page, Reads)
        return {"length": len(ids), "records": page._web(specification)}

    @rpc
    def web_read(self, specification: Spec) -> list[dict[str, Any]]:
        self._checked("read")
        return self._web(specification)

    def _web(self, specification: Spec) -> list[dict[str, Any]]:
        fields = self._known(specification)
        behind = {
            name: self.env[field.to]._known(specification[name]["fields"])
            for name, field in fields.items()
            if field.to and "fields" in specification[name]
        }
        rows = []
        for number in self.ids:
            row: dict[str, Any] = {"id": number}
            for name, field in fields.items():
                value = self._out(field, self._value(number, name), None)
                if name in behind and value:
                    value = self._nested(field, value, specification[name]["fields"])
                row[name] = value
            rows.append(row)
        return rows

    def _nested(self, field: Field, value: Any, spec: Spec) -> Any:
        """Records behind a relation; what the user may not see of a list is left out."""
        target = self.env[field.to]
        assert isinstance(target, Reads)
        if field.kind == "many2one":
            reader = target.browse(value)
            assert isinstance(reader, Reads)
            if set(spec) - {"display_name"}:
                reader._checked("read")
            return reader._web(spec)[0]
        seen = target.browse(value if self.env.su else target._rule("read", value))
        assert isinstance(seen, Reads)
        seen._right("read")
        return seen._web(spec)

    @rpc_model
    def fields_get(
        self, allfields: Sequence[str] | None = None, attributes: Sequence[str] | None = None
    ) -> dict[str, dict[str, Any]]:
        found = {}
        for name, field in self._schema.items():
            if allfields and name not in allfields:
                continue
            words = field.label or name.replace("_", " ").title()
            told: dict[str, Any] = {
                "type": field.kind, "string": words, "required": field.need, "name": name,
                "store": field.stored, "readonly": not field.stored and field.kind != "one2many",
            }  # fmt: skip
            if field.to:
                told["relation"] = field.to
            if field.choices:
                told["selection"] = [[one, one] for one in field.choices]
            wanted = told if not attributes else {k: v for k, v in told.items() if k in attributes}
            found[name] = wanted
        return found

    @rpc_model
    def default_get(self, fields: Sequence[str]) -> dict[str, Any]:
        found = self._defaults()
        return {name: found[name] for name in fields if name in found}

    def _defaults(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field in self._schema.items():
            value = self.env.context.get(f"default_{name}")
            if value is None:
                value = field.default(self.env) if callable(field.default) else field.default
            if value is not None:
                found[name] = value
        return found

    @rpc_model
    def check_access_rights(self, operation: str, raise_exception: bool = True) -> bool:
        if raise_exception:
            self._right(operation)
        return self._may(operation)

    @rpc
    def has_access(self, operation: str) -> bool:
        return self._may(operation)

    @rpc
    def get_external_id(self) -> dict[int, str]:
        store = self.env.store
        found = {number: store.names_of(self._name, number) for number in self.ids}
        return {number: ".".join(names[0]) if names else "" for number, names in found.items()}

    # -- groups ---------------------------------------------------------------------------------

    @rpc_model
    def read_group(
        self,
        domain: Sequence[Any],
        fields: Sequence[str],
        groupby: Sequence[str] | str,
        offset: int = 0,
        limit: int | None = None,
        orderby: str | bool = False,
        lazy: bool = True,
    ) -> list[dict[str, Any]]:
        names = [groupby] if isinstance(groupby, str) else list(groupby)
        if lazy:
            names = names[:1]
        asked = [_aggregate(one) for one in fields]
        rows = []
        for key, ids in self._grouped(domain, names):
            row: dict[str, Any] = dict(zip(names, key, strict=True))
            row[f"{names[0]}_count" if lazy else "__count"] = len(ids)
            row |= {name: self._sum(ids, name, how) for name, how in asked if name not in names}
            row["__domain"] = ["&", [names[0], "=", key[0]], *domain]
            rows.append(row)
        return rows[offset : offset + limit] if limit else rows[offset:]

    def _grouped(
        self, domain: Sequence[Any], names: Sequence[str]
    ) -> Iterable[tuple[tuple[Any, ...], list[int]]]:
        fields = self._known(names)
        ids = self._found(domain, order="id")

        def key(number: int) -> tuple[Any, ...]:
            return tuple(self._value(number, name) for name in names)

        def shown(values: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(
                self._out(fields[n], v, _CLASSIC) for n, v in zip(names, values, strict=True)
            )

        for values, members in runs(sorted(ids, key=lambda n: str(key(n))), key):
            yield shown(values), list(members)

    def _sum(self, ids: Sequence[int], name: str, how: str) -> Any:
        values = [value for value in (self._value(one, name) for one in ids) if value is not False]
        if how == "count_distinct":
            return len(set(values))
        if how == "array_agg":
            return values
        whole = sum if how == "sum" else max if how == "max" else min
        return whole(values) if values else False


class NewReads(Reads):
    """What later versions read, too."""

    @rpc_model
    def formatted_read_group(
        self,
        domain: Sequence[Any],
        groupby: Sequence[str] = (),
        aggregates: Sequence[str] = (),
        having: Sequence[Any] = (),
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[dict[str, Any]]:
        if self.env.version < 19:
            raise Fail("builtins.AttributeError", "formatted_read_group")
        rows = []
        for key, ids in self._grouped(domain, groupby):
            row: dict[str, Any] = dict(zip(groupby, key, strict=True))
            row["__extra_domain"] = [[n, "=", v] for n, v in zip(groupby, key, strict=True)]
            for one in aggregates:
                name, how = _aggregate(one)
                row[one] = len(ids) if one == "__count" else self._sum(ids, name, how)
            rows.append(row)
        return rows[offset : offset + limit] if limit else rows[offset:]


def _aggregate(asked: str) -> tuple[str, str]:
    name, _, how = asked.partition(":")
    if how not in ("", "sum", "max", "min", "count_distinct", "array_agg"):
        raise wrong(f"Invalid aggregate {asked!r}")
    return name, how or "sum"
