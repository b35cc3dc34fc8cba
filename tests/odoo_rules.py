"""Automation rules: what Odoo runs by itself when records are made, changed or removed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.odoo_domains import search_for

if TYPE_CHECKING:
    from tests.odoo_model import Model

AUTOMATION = "base.automation"


@dataclass
class Change:
    """How records stood before they were changed; `passed` are those before each rule."""

    old: dict[int, dict[str, Any]] = field(default_factory=dict)
    passed: dict[int, set[int]] = field(default_factory=dict)


def rules_of(records: Model, *triggers: str) -> dict[int, Mapping[str, Any]]:
    """The active rules for a model."""
    env = records.env
    if AUTOMATION not in env.database.models or env.context.get("in_rule"):
        return {}
    models = env.store.rows["ir.model"]
    return {
        number: row
        for number, row in sorted(env.store.rows[AUTOMATION].items())
        if row["active"] and row["trigger"] in triggers
        and models[row["model_id"]]["model"] == records._name
    }  # fmt: skip


def before(records: Model, values: Mapping[str, Any]) -> Change | None:
    """Look at records that are about to be changed."""
    rules = rules_of(records, "on_create_or_write", "on_write")
    if not rules:
        return None
    names = [name for name in values if name in records._schema]
    found = Change()
    for record in records:
        found.old[record.id] = {name: getattr(record, name) for name in names}
    for number, row in rules.items():
        test = search_for(records.sudo(), _domain(row["filter_pre_domain"])).test
        found.passed[number] = {one for one in records.ids if test(one)}
    return found


def after(records: Model, change: Change | None) -> None:
    """Run the rules whose condition holds now; `change` None: they were just made."""
    when = "on_write" if change else "on_create"
    for number, row in rules_of(records, "on_create_or_write", when).items():
        test = search_for(records.sudo(), _domain(row["filter_domain"])).test
        known = change.passed.get(number, set()) if change else set(records.ids)
        ids = [one for one in records.ids if one in known and test(one)]
        if change:
            ids = [one for one in ids if _touched(records, row, one, change)]
        if ids:
            _run(records.browse(ids), row, change.old if change else {})


def removing(records: Model) -> None:
    """Run the rules for what is about to go."""
    for row in rules_of(records, "on_unlink").values():
        test = search_for(records.sudo(), _domain(row["filter_domain"])).test
        ids = [one for one in records.ids if test(one)]
        if ids:
            _run(records.browse(ids), row, {})


def _touched(records: Model, row: Mapping[str, Any], number: int, change: Change) -> bool:
    """Whether one of the fields that the rule looks at is another one now."""
    fields = records.env.store.rows["ir.model.fields"]
    names = [fields[one]["name"] for one in row["trigger_field_ids"]]
    if not names:
        return True
    record, old = records.browse(number), change.old.get(number, {})
    return any(name in old and old[name] != getattr(record, name) for name in names)


def _run(records: Model, row: Mapping[str, Any], old: Mapping[int, Any]) -> None:
    from tests.odoo_actions import evaluated

    seen = records.with_context(old_values=old, in_rule=True)
    for action in row["action_server_ids"]:
        code = records.env.store.rows["ir.actions.server"][action]["code"]
        evaluated(seen.env, code, seen)


def _domain(text: Any) -> list[Any]:
    return list(ast.literal_eval(text)) if text else []
