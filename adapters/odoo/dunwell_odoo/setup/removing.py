"""How Dunwell is taken out of an Odoo again, and what stays unless it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dunwell.errors import ContractBrokenError
from dunwell_odoo import names
from dunwell_odoo.setup.admin import Admin, Record
from dunwell_odoo.setup.making import Step, registered
from dunwell_odoo.setup.things import AUTOMATION

AT_ONCE = 500

_KINDS = ("automation", "action", "view", "field", "activity", "subtype", "group")
"""What goes first: whatever others hang on goes after them."""


def removing(admin: Admin, *, log: bool) -> list[Step]:
    """What will go, what becomes something of Odoo's own, and what stays."""
    admin.refuse_others()
    made = admin.made()
    steps = [*_holds(admin, made), *_types(admin, made), *_reminders(admin, made)]
    steps += _log(admin, made, log=log)
    last = _module(admin)
    for xid in sorted(names.LABELS, key=_rank):
        if xid == names.GROUP:  # whose comment remembers that the module was installed for us
            steps += last
        record = made.get(xid.partition(".")[2])
        if record is not None and (log or xid != names.SUBTYPE_LOG):
            steps.append(_removal(admin, xid, record))
    return steps


def _rank(xid: str) -> tuple[int, int]:
    """By kind, and within a kind what was made last goes first."""
    kind = xid.partition(".")[2].partition("_")[0]
    return _KINDS.index(kind), -list(names.LABELS).index(xid)


def _removal(admin: Admin, xid: str, record: Record) -> Step:
    what = f"{record.model} '{names.LABELS[xid]}'"
    return Step("remove", what, lambda: admin.unlink(record.model, [record.id]))


def _holds(admin: Admin, made: dict[str, Record]) -> list[Step]:
    if names.FIELD_HOLD.partition(".")[2] not in made:
        return []
    held = admin.count("res.partner", [[names.HOLD, "!=", False]])
    return [Step("end", f"the holds of {held} customers, with the field")] if held else []


def _types(admin: Admin, made: dict[str, Record]) -> list[Step]:
    """Tasks and promises become to-dos of Odoo's own type."""
    steps = []
    for xid, label in names.LABELS.items():
        record = made.get(xid.partition(".")[2])
        if record is None or record.model != "mail.activity.type":
            continue
        domain: list[list[object]] = [["activity_type_id", "=", record.id]]
        count = admin.count("mail.activity", domain)
        if count:
            what = f"{count} activities of the type '{label}' into to-dos"
            steps.append(Step("turn", what, _turner(admin, domain)))
    return steps


def _turner(admin: Admin, domain: list[list[object]]) -> Callable[[], None]:
    def turn() -> None:
        todo = _own(admin, "mail", "mail_activity_data_todo")
        for ids in _batches(admin, "mail.activity", domain):
            admin.write("mail.activity", ids, {"activity_type_id": todo})

    return turn


def _reminders(admin: Admin, made: dict[str, Record]) -> list[Step]:
    """Messages that customers got stay what they are, as ordinary messages."""
    record = made.get(names.SUBTYPE_REMINDER.partition(".")[2])
    domain: list[list[object]] = [["subtype_id", "=", record.id if record else 0]]
    count = admin.count("mail.message", domain)
    if not count:
        return []

    def turn() -> None:
        comment = _own(admin, "mail", "mt_comment")
        for ids in _batches(admin, "mail.message", domain):
            admin.write("mail.message", ids, {"subtype_id": comment})

    return [Step("turn", f"{count} messages to customers into ordinary ones; they stay", turn)]


def _log(admin: Admin, made: dict[str, Record], *, log: bool) -> list[Step]:
    """The log: it stays unless it is asked for, since it is what Dunwell remembers."""
    record = made.get(names.SUBTYPE_LOG.partition(".")[2])
    entries: list[list[object]] = [["subtype_id", "=", record.id if record else 0]]
    mine = [xid.partition(".")[2] for xid in names.LABELS]
    keys: list[list[object]] = [["module", "=", names.MODULE], ["name", "not in", mine]]
    count, kept = admin.count("mail.message", entries), admin.count("ir.model.data", keys)
    if not count and not kept:
        return []
    if not log:
        what = f"{count} entries of the log and {kept} keys ('--log' removes them too)"
        return [Step("leave", what)]
    steps = [(count, "entries of the log", "mail.message", entries)]
    steps += [(kept, "keys of what was done", "ir.model.data", keys)]
    return [
        Step("remove", f"{number} {what}", _remover(admin, model, domain))
        for number, what, model, domain in steps
    ]


def _remover(admin: Admin, model: str, domain: list[list[object]]) -> Callable[[], None]:
    def remove() -> None:
        for ids in _batches(admin, model, domain):
            admin.unlink(model, ids)

    return remove


def _module(admin: Admin) -> list[Step]:
    """The module that was installed for us, unless it serves others by now."""
    if AUTOMATION not in registered(admin).installed:
        return []
    made = admin.made()
    ours = [record.id for record in made.values() if record.model == "base.automation"]
    others = admin.count("base.automation", [["id", "not in", ours]])
    if others:
        return [Step("leave", f"module '{AUTOMATION}': {others} other rules use it")]
    what = f"module '{AUTOMATION}', which the set-up installed"
    return [
        Step("uninstall", what, lambda: admin.module(AUTOMATION, "button_immediate_uninstall"))
    ]


def _own(admin: Admin, module: str, name: str) -> int:
    """The id of a record of Odoo's own."""
    domain = [["module", "=", module], ["name", "=", name]]
    (found,) = admin.rows("ir.model.data", domain, "res_id")
    return int(found["res_id"])


def _batches(admin: Admin, model: str, domain: list[list[object]]) -> Iterator[list[int]]:
    """Records of a domain that the caller takes out of it, until none is left."""
    before: list[int] = []
    while ids := admin.search(model, domain, AT_ONCE):
        if ids == before:
            raise ContractBrokenError(f"Odoo keeps records of {model} that were to go")
        yield ids
        before = ids
