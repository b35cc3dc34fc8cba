"""Which of Odoo's groups grants what, known from its own access rules and not from its texts."""

from __future__ import annotations

READ_ONLY = "'Show Accounting Features - Readonly' (account.group_account_readonly)"
INVOICING = "'Accounting / Invoicing' (account.group_account_invoice)"
PARTNERS = "'Contact Creation' (base.group_partner_manager)"
EMPLOYEE = "'User types / Internal User' (base.group_user)"
SETTINGS = "'Administration / Settings' (base.group_system)"
SETUP = "run 'dunwell odoo setup' as an administrator"

SURVEYED = {
    ("account.move.line", "read"): READ_ONLY,
    ("account.partial.reconcile", "read"): READ_ONLY,
    ("res.partner", "read"): EMPLOYEE,
    ("res.partner", "write"): PARTNERS,
    ("res.partner.category", "create"): PARTNERS,
    ("mail.message", "create"): EMPLOYEE,
    ("mail.activity", "create"): EMPLOYEE,
}
"""The rights that a run uses, each with the group that grants it."""

RIGHTS = ("check_access_rights", "has_access")
"""How it is asked what the user may do."""

MODULES = {"account": "'Invoicing' (account)", "sale": "'Sales' (sale)", "sms": "'SMS' (sms)"}
"""Odoo's modules by the first word of their models."""

_ACCOUNTING = (
    "account.move",
    "account.move.line",
    "account.partial.reconcile",
    "account.full.reconcile",
    "account.payment",
    "account.payment.term",
    "account.payment.term.line",
    "account.account",
    "account.journal",
)
_READS = (
    "search_read", "read", "search", "search_count", "read_group", "formatted_read_group",
    "fields_get", "name_search", "export_data", "check_access_rights", "has_access", "has_group",
    "check_object_reference", "get_external_id", "context_get", "default_get", "get_param",
    "search_fetch", "web_search_read", "web_read", "name_get",
)  # fmt: skip
_CONVERSES = ("message_post", "get_portal_url", "message_subscribe")


def reads(method: str) -> bool:
    """Whether a method changes nothing, so that it may be asked again."""
    return method in _READS


def who_grants(model: str, method: str) -> str:
    """The remedy for a call that was denied."""
    if model in _ACCOUNTING:
        return grant(READ_ONLY if reads(method) or method in _CONVERSES else INVOICING)
    if model in ("res.partner", "res.partner.category") and not reads(method):
        return grant(PARTNERS)
    if model == "mail.activity":
        return grant(PARTNERS)
    if model == "ir.actions.server":
        return SETUP
    if model.startswith(("ir.", "base.", "mail.mail", "sms.sms")):
        return f"an administrator with the group {SETTINGS} must do this"
    return grant(EMPLOYEE)


def missing(model: str) -> str:
    """What to do when there is no such model."""
    first = model.partition(".")[0]
    module = MODULES.get(first, f"that brings '{model}'")
    return f"this Odoo has no '{model}' (an administrator installs the module {module})"


def grant(group: str) -> str:
    """Who does what so that the user has a group."""
    return f"an administrator gives the user the group {group}"
