"""What the set-up makes, as rows that Odoo's own import takes: with external ids, so made once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from dunwell_odoo import names
from dunwell_odoo.inside import source
from dunwell_odoo.names import BANNER, EMPTY, HELP, LABELS

AUTOMATION = "base_automation"
"""Odoo's own module of automation rules, without which nothing stops an order."""

ORDERS = ("sale", AUTOMATION)


@dataclass(frozen=True, slots=True)
class Thing:
    """One record. `cells` are columns of an import: `model_id/id` names a record by external id.

    `firm` are the columns that a further set-up puts right again; all others are the
    administrator's once they are made, such as names. `needs` are modules without which there is
    none of it.
    """

    xid: str
    model: str
    what: str
    cells: Mapping[str, str]
    firm: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The external id without its module."""
        return self.xid.partition(".")[2]

    def __str__(self) -> str:
        return f"{self.what} '{LABELS[self.xid]}'"


def things(
    version: tuple[int, int], modules: Collection[str], fields: Callable[[str], Collection[str]]
) -> list[Thing]:
    """Everything in the order in which it is made, for the modules that are (to be) there.

    `fields` has the names of a model's fields: some have changed.
    """
    keeps = "keep_done" in fields("mail.activity.type")
    groups = "group_ids" if "group_ids" in fields("ir.actions.server") else "groups_id"
    listed = [_group(), *_subtypes(), *_activity_types(keeps=keeps), _engine(groups)]
    listed += _hold(version)
    listed += [*_noted(version, gone=False), *_noted(version, gone=True)]
    return [thing for thing in listed if set(thing.needs) <= set(modules)]


def _group() -> Thing:
    return Thing(names.GROUP, "res.groups", "group", {"name": LABELS[names.GROUP]})


def _subtypes() -> list[Thing]:
    return [
        Thing(
            names.SUBTYPE_REMINDER,
            "mail.message.subtype",
            "message subtype",
            {
                "name": LABELS[names.SUBTYPE_REMINDER],
                "default": "0", "internal": "0", "hidden": "1", "sequence": "90",
            },
            ("default", "internal"),
        ),
        Thing(
            names.SUBTYPE_LOG,
            "mail.message.subtype",
            "message subtype",
            {
                "name": LABELS[names.SUBTYPE_LOG],
                "default": "0", "internal": "1", "hidden": "1", "sequence": "91",
            },
            ("default", "internal"),
        ),
    ]  # fmt: skip


def _activity_types(*, keeps: bool) -> list[Thing]:
    kept = {"keep_done": "1"} if keeps else {}  # later ones keep what is done without being told
    return [
        Thing(
            xid,
            "mail.activity.type",
            "activity type",
            {"name": LABELS[xid], "icon": icon, "delay_count": "0", **kept},
            tuple(kept),
        )
        for xid, icon in (
            (names.ACTIVITY_TASK, "fa-money"),
            (names.ACTIVITY_PROMISE, "fa-handshake-o"),
            (names.ACTIVITY_DISPUTE, "fa-gavel"),
            (names.ACTIVITY_EXCLUSION, "fa-ban"),
        )
    ]


def _engine(groups: str) -> Thing:
    return Thing(
        names.ACTION,
        "ir.actions.server",
        "server action",
        {
            "name": LABELS[names.ACTION],
            "model_id/id": "base.model_res_partner",
            "state": "code",
            "code": source("engine"),
            f"{groups}/id": names.GROUP,
        },
        ("code", "state"),
    )


def _hold(version: tuple[int, int]) -> list[Thing]:
    return [
        Thing(
            names.FIELD_HOLD,
            "ir.model.fields",
            "field on the customer",
            {
                "name": names.HOLD,
                "field_description": LABELS[names.FIELD_HOLD],
                "model_id/id": "base.model_res_partner",
                "ttype": "char",
                "state": "manual",
                "copied": "0",
                "help": HELP,
            },
        ),
        _view(names.VIEW_HOLD, "res.partner", "base.view_partner_form", _partner_arch(version)),
        Thing(
            names.FIELD_ORDER,
            "ir.model.fields",
            "field on the sales order",
            {
                "name": names.HOLD,
                "field_description": LABELS[names.FIELD_ORDER],
                "model_id/id": "sale.model_sale_order",
                "ttype": "char",
                "state": "manual",
                "related": f"partner_id.commercial_partner_id.{names.HOLD}",
                "store": "0",
                "copied": "0",
                "readonly": "1",
            },
            needs=("sale",),
        ),
        _view(
            names.VIEW_ORDER,
            "sale.order",
            "sale.view_order_form",
            f'<data><xpath expr="//sheet" position="before">{_banner(version)}</xpath></data>',
            needs=("sale",),
        ),
        *_automation(version),
    ]


def _view(
    xid: str, model: str, inherited: str, arch: str, *, needs: tuple[str, ...] = ()
) -> Thing:
    cells = {
        "name": LABELS[xid],
        "model": model,
        "inherit_id/id": inherited,
        "mode": "extension",
        "arch_base": arch,
        "priority": "99",
        "active": "1",
    }
    what = f"view on the form of {model}"
    return Thing(xid, "ir.ui.view", what, cells, ("arch_base", "active"), needs)


def _banner(version: tuple[int, int]) -> str:
    hide = _unless(version, names.HOLD)
    return (
        f'<div class="alert alert-warning mb-0" role="alert" {hide}>{BANNER} '
        f'<field name="{names.HOLD}" readonly="1" nolabel="1"/></div>'
    )


def _partner_arch(version: tuple[int, int]) -> str:
    """A banner for everybody; the field itself for those who invoice."""
    return (
        f'<data><xpath expr="//sheet" position="before">{_banner(version)}</xpath>'
        '<field name="category_id" position="after">'
        f'<field name="{names.HOLD}" groups="account.group_account_invoice" '
        f'placeholder="{EMPTY}"/></field></data>'
    )


def _unless(version: tuple[int, int], name: str) -> str:
    """How a form says that something is only there with a value."""
    if version < (17, 0):
        return f"attrs=\"{{'invisible': [('{name}', '=', False)]}}\""
    return f'invisible="not {name}"'


def _automation(version: tuple[int, int]) -> list[Thing]:
    """Refuses the step to a confirmed order, whoever makes it and by whatever way."""
    cells = {
        "name": LABELS[names.AUTOMATION_HOLD],
        "model_id/id": "sale.model_sale_order",
        "trigger": "on_create_or_write",
        "filter_pre_domain": "[('state', 'not in', ['sale', 'done'])]",
        "filter_domain": "[('state', 'in', ['sale', 'done'])]",
        "trigger_field_ids/id": "sale.field_sale_order__state",
        "active": "1",
    }
    code = {"state": "code", "code": source("hold")}
    firm = ("filter_pre_domain", "filter_domain", "trigger", "active")
    rule = "automation rule"
    if version < (17, 0):  # rule and action are one record
        return [
            Thing(
                names.AUTOMATION_HOLD, "base.automation", rule, {**cells, **code},
                (*firm, "code"), ORDERS,
            )
        ]  # fmt: skip
    cells["action_server_ids/id"] = names.ACTION_HOLD
    model = {"model_id/id": "sale.model_sale_order", "usage": "base_automation"}
    return [
        Thing(
            names.ACTION_HOLD,
            "ir.actions.server",
            "server action",
            {"name": LABELS[names.ACTION_HOLD], **model, **code},
            ("code",),
            ORDERS,
        ),
        Thing(names.AUTOMATION_HOLD, "base.automation", rule, cells, firm, ORDERS),
    ]


def _noted(version: tuple[int, int], *, gone: bool) -> list[Thing]:
    """Tells of our activities that are moved or thrown away: Odoo itself keeps neither."""
    rule, action = names.AUTOMATION_MOVED, names.ACTION_MOVED
    cells = {
        "model_id/id": "mail.model_mail_activity",
        "trigger": "on_write",  # not when one is made: Odoo runs it for each of many
        "trigger_field_ids/id": "mail.field_mail_activity__date_deadline",
        "active": "1",
    }
    if gone:
        rule, action = names.AUTOMATION_GONE, names.ACTION_GONE
        cells["trigger"] = "on_unlink"
        del cells["trigger_field_ids/id"]
    cells["name"] = LABELS[rule]
    code = {"state": "code", "code": f"gone = {gone}\n{source('noted')}"}
    what, firm, needs = "automation rule", ("trigger", "active"), (AUTOMATION,)
    if version < (17, 0):  # rule and action are one record
        return [Thing(rule, "base.automation", what, {**cells, **code}, (*firm, "code"), needs)]
    model = {"model_id/id": cells["model_id/id"], "usage": "base_automation"}
    cells["action_server_ids/id"] = action
    return [
        Thing(
            action, "ir.actions.server", "server action",
            {"name": LABELS[action], **model, **code}, ("code",), needs,
        ),
        Thing(rule, "base.automation", what, cells, firm, needs),
    ]  # fmt: skip
