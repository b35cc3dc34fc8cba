"""What the set-up will do, and how: every step says in words what it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dunwell.errors import ConfigurationError
from dunwell_odoo import names
from dunwell_odoo.rights import missing
from dunwell_odoo.setup import translating
from dunwell_odoo.setup.admin import Admin, Record
from dunwell_odoo.setup.register import Register, read, written
from dunwell_odoo.setup.things import AUTOMATION, Thing, things


@dataclass(frozen=True, slots=True)
class Step:
    """One change, or with no `do` a remark on what stays as it is."""

    verb: str
    what: str
    do: Callable[[], object] | None = None

    def __str__(self) -> str:
        return f"{self.verb:<9} {self.what}"


def making(admin: Admin, login: str) -> list[Step]:
    """What there is to do so that everything is there for the engine's user; may be nothing."""
    admin.refuse_others()
    modules = admin.modules()
    if "account" not in modules:
        raise ConfigurationError(missing("account.move"))
    steps: list[Step] = []
    if AUTOMATION not in modules:
        steps.append(_install(admin))
        modules |= {AUTOMATION}
    if "sale" not in modules:
        steps.append(Step("leave out", "the stop of sales orders: the module 'sale' is not there"))
    made = admin.made()
    steps += [
        _step(admin, thing, made) for thing in things(admin.door.version, modules, admin.fields)
    ]
    user, name = admin.user(login)
    codes = translating.languages(admin)
    new = any(step.verb == "make" for step in steps)
    if codes and (new or next(translating.missing(admin, codes), None) is not None):
        what = f"what people see into {', '.join(codes)}"
        steps.append(Step("translate", what, lambda: translating.translate(admin, codes)))
    group = made.get(names.GROUP.partition(".")[2])
    users = admin.values(group, [admin.groups_field]).get(admin.groups_field, []) if group else []
    if user not in users:
        label = names.LABELS[names.GROUP]
        steps.append(Step("add", f"{name} to the group '{label}'", lambda: _add(admin, user)))
    else:
        steps.append(Step("keep", f"{name} in the group '{names.LABELS[names.GROUP]}'"))
    return steps


def _install(admin: Admin) -> Step:
    what = f"module '{AUTOMATION}' (Automation Rules, part of Odoo); Odoo restarts its services"
    return Step("install", what, lambda: admin.module(AUTOMATION, "button_immediate_install"))


def _step(admin: Admin, thing: Thing, made: dict[str, Record]) -> Step:
    record = made.get(thing.name)
    if record is None:
        return Step("make", str(thing), lambda: admin.load(thing))
    found = admin.values(record, thing.firm) if thing.firm else {}
    wrong = [one for one in thing.firm if _plain(found.get(one)) != _plain(thing.cells[one])]
    if wrong:
        what = f"{thing}: {', '.join(wrong)}"
        return Step("correct", what, lambda: admin.load(thing))
    return Step("keep", str(thing))


def _plain(value: object) -> str:
    """A value as text, whatever became of its spaces."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return "".join(str(value).split())


def _add(admin: Admin, user: int) -> None:
    group = admin.made()[names.GROUP.partition(".")[2]]
    admin.write("res.groups", [group.id], {admin.groups_field: [[4, user]]})


def make(admin: Admin, steps: list[Step], told: Callable[[Step], None]) -> None:
    """Do the steps, and write down what is there then; may be broken off and done again."""
    before = registered(admin)
    installed = set(before.installed)
    for step in steps:
        if step.do is not None:
            told(step)
            step.do()
            if step.verb == "install":
                installed.add(AUTOMATION)
                note_down(admin, Register(before.ids, tuple(installed)))
    note_down(admin, Register(before.ids, tuple(installed)))


def registered(admin: Admin) -> Register:
    """What the group's comment says; nothing when there is none."""
    group = admin.made().get(names.GROUP.partition(".")[2])
    comment = admin.values(group, ["comment"]).get("comment") if group else ""
    return read(str(comment or "")) or Register()


def note_down(admin: Admin, register: Register) -> None:
    """Write what is there now into the group's comment, if it is not there already."""
    made = admin.made()
    group = made.get(names.GROUP.partition(".")[2])
    if group is None:
        return
    ids = {f"{names.MODULE}.{record.name}": record.id for record in made.values()}
    text = written(Register(ids, register.installed))
    if admin.values(group, ["comment"]).get("comment") != text:
        admin.write("res.groups", [group.id], {"comment": text})
