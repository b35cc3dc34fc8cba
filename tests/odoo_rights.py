"""Which group may do what in the stand-in for Odoo; groups imply others."""

from __future__ import annotations

from collections.abc import Collection, Iterable

USER = "base.group_user"
PARTNERS = "base.group_partner_manager"
RIGHTS = "base.group_erp_manager"
SYSTEM = "base.group_system"
READONLY = "account.group_account_readonly"
INVOICING = "account.group_account_invoice"
ACCOUNTS = "account.group_account_manager"
SALES = "sales_team.group_sale_salesman"

GROUPS = (USER, PARTNERS, RIGHTS, SYSTEM, READONLY, INVOICING, ACCOUNTS, SALES)
IMPLIED = {
    SYSTEM: (RIGHTS,),
    RIGHTS: (USER,),
    ACCOUNTS: (INVOICING,),
    INVOICING: (READONLY,),
    READONLY: (USER,),
    PARTNERS: (USER,),
    SALES: (USER,),
}

_ALL = "rwcd"
_LETTER = {"read": "r", "write": "w", "create": "c", "unlink": "d"}
_OPEN = {USER: "r", SYSTEM: _ALL}
_ADMIN = {SYSTEM: _ALL}
_LEDGER = {READONLY: "r", INVOICING: _ALL}

RULES: dict[str, dict[str, str]] = {
    "res.partner": {USER: "r", PARTNERS: _ALL},
    "res.partner.category": {USER: "r", PARTNERS: _ALL},
    "res.users": {USER: "r", RIGHTS: _ALL},
    "res.users.apikeys": {USER: "r", SYSTEM: _ALL},
    "res.company": {USER: "r", RIGHTS: _ALL},
    "res.groups": {USER: "r", RIGHTS: _ALL},
    "res.currency": {USER: "r", SYSTEM: _ALL, ACCOUNTS: _ALL},
    "res.currency.rate": {USER: "r", SYSTEM: _ALL, ACCOUNTS: _ALL},
    "res.country": _OPEN,
    "res.lang": _OPEN,
    "ir.model": {RIGHTS: _ALL},
    "ir.model.fields": {RIGHTS: _ALL},
    "ir.model.data": {RIGHTS: _ALL},
    "ir.module.module": _ADMIN,
    "ir.ui.view": _ADMIN,
    "ir.config_parameter": _ADMIN,
    "ir.mail_server": _ADMIN,
    "ir.cron": _ADMIN,
    "iap.account": _ADMIN,
    "sms.sms": _ADMIN,
    "ir.actions.server": _ADMIN,
    "base.automation": _ADMIN,
    "account.account": _LEDGER,
    "account.journal": _LEDGER,
    "account.move": {**_LEDGER, SALES: "r"},
    "account.move.line": {**_LEDGER, SALES: "r"},
    "account.partial.reconcile": _LEDGER,
    "account.payment": _LEDGER,
    "account.bank.statement.line": _LEDGER,
    "account.payment.term": {USER: "r", ACCOUNTS: _ALL},
    "account.payment.term.line": {USER: "r", ACCOUNTS: _ALL},
    "sale.order": {SALES: _ALL, READONLY: "r", INVOICING: "rw"},
    "mail.message": {USER: _ALL},
    "mail.message.subtype": _OPEN,
    "mail.notification": {USER: "rwc", SYSTEM: _ALL},
    "mail.mail": _ADMIN,
    "mail.followers": {USER: "r", SYSTEM: _ALL},
    "mail.activity": {USER: _ALL},
    "mail.activity.type": _OPEN,
}


def closure(groups: Iterable[str]) -> frozenset[str]:
    """Groups with all that they imply."""
    found: set[str] = set()
    todo = list(groups)
    while todo:
        group = todo.pop()
        if group not in found:
            found.add(group)
            todo += IMPLIED.get(group, ())
    return frozenset(found)


def granted(model: str, operation: str, groups: Collection[str]) -> bool:
    """Whether any of the groups grants an operation on a model."""
    rule = RULES.get(model, {})
    return any(_LETTER[operation] in rule.get(group, "") for group in groups)
