"""What works in an Odoo as it is: each capability with its reason, and who can grant more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dunwell.errors import AdapterError, DeniedError
from dunwell.port import Capabilities, Capability, Strength
from dunwell_odoo import names
from dunwell_odoo.door import Door, RefusedError
from dunwell_odoo.inside import current
from dunwell_odoo.installed import Installed
from dunwell_odoo.partners import TEXTS
from dunwell_odoo.rights import PARTNERS, SETUP, SURVEYED, grant, missing

PROVEN = ((17, 0), (19, 0))
SOON = timedelta(days=14)

_PROTOCOLS = {"json2": "JSON-2", "jsonrpc": "JSON-RPC"}


@dataclass(frozen=True, slots=True)
class Survey:
    """What the user may do, by model and right, and what `doctor` has to say."""

    installed: Installed
    native: bool
    may: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def missing(self, *wanted: tuple[str, str]) -> str:
        """Who grants the first of these rights that the user has not; empty when it has all."""
        lacking = [right for right in wanted if not self.may.get(right, False)]
        return grant(SURVEYED[lacking[0]]) if lacking else ""


def survey(door: Door, installed: Installed, *, native: bool) -> Survey:
    """Ask what the user may do and what else a person should know; a few calls.

    `native`: Odoo sends the reminders itself.
    """
    remarks = [*_who(door), *_keys(door), *_setup(installed, installed.says)]
    return replace(rights(door, installed, native=native), remarks=tuple(remarks))


def rights(door: Door, installed: Installed, *, native: bool) -> Survey:
    """What the user may do; no call where the server action has told it already."""
    told = installed.says.get("rights")
    if told:
        may = {(model, right): bool(told[model][right]) for model, right in SURVEYED}
    else:
        may = {(model, right): _may(door, model, right) for model, right in SURVEYED}
    return Survey(installed, native, may)


def _may(door: Door, model: str, right: str) -> bool:
    """Whether the user has a right; a model that is not there grants none."""
    try:
        return door.may(model, right)
    except (DeniedError, RefusedError):
        return False


# -- capabilities ---------------------------------------------------------------------------------


def capabilities(found: Survey) -> Capabilities:
    """What an adapter declares."""
    return Capabilities(
        strengths={
            Capability.APPEND: _append(found),
            Capability.EFFECT: _effect(found),
            Capability.REMIND: _remind(found),
            Capability.TASK: _task(found),
            Capability.HOLD: _hold(found),
            Capability.TAG: _on_customers(found, "tags are Odoo's own contact tags"),
            Capability.NOTE: _on_customers(found, "in the customer's chatter"),
            Capability.REFRESH: Strength("native"),
        },
        hold_kinds=("orders",),
        hold_scope="customer",
        carries={"sms": _text(found)},
    )


def _append(found: Survey) -> Strength:
    lacking = found.missing(("mail.message", "create"), ("res.partner", "read"))
    if lacking:
        return Strength("none", "the user may not write into the chatter of customers", lacking)
    return Strength("exclusive", "a position is an external id, which can be taken once")


def _effect(found: Survey) -> Strength:
    if found.installed.action:
        return Strength("atomic", "key and effect are one transaction of the server action")
    return Strength("looked_up", "by Message-Id and external id", _setup_or_group(found))


def _remind(found: Survey) -> Strength:
    if not found.native:
        return Strength("none", "channels send", 'set remind = "odoo" in [erp]')
    if not found.installed.id(names.SUBTYPE_REMINDER):
        why = "without a message type of its own a reminder would reach followers too"
        return Strength("none", why, SETUP)
    lacking = found.missing(("account.move.line", "read"))
    if lacking:
        return Strength("none", "the user may not read invoices", lacking)
    return Strength("native", "from the invoice's chatter, to the customer only")


def _text(found: Survey) -> Strength:
    remind, installed = _remind(found), found.installed
    if not remind.there:
        return remind
    if TEXTS not in installed.fields:
        return Strength("none", "Odoo's module 'sms' is not installed", missing("sms.sms"))
    if not installed.action:
        why = "only through Odoo's queue, which the server action fills, is each sent once"
        return Strength("none", why, _setup_or_group(found))
    if not installed.texts:
        why = "Odoo knows no account for text messages (IAP, service 'sms')"
        return Strength("none", why, "an administrator makes one: Settings, 'Send SMS'")
    return Strength("native", "from the invoice's chatter; only Odoo knows its credit")


def _task(found: Survey) -> Strength:
    lacking = found.missing(("res.partner", "write"), ("mail.activity", "create"))
    if lacking:
        return Strength("none", "the user may not put activities on customers", lacking)
    if not found.installed.tasks:
        why = "as to-dos; before Odoo 18 those vanish when they are done"
        return Strength("native", why, SETUP)
    return Strength("native", "activities on the customer")


def _hold(found: Survey) -> Strength:
    installed = found.installed
    if not installed.holds:
        return Strength("none", "there is no field that people would see", SETUP)
    lacking = found.missing(("res.partner", "write"))
    if lacking:
        return Strength("none", "the user may not write on customers", lacking)
    if installed.enforced:
        return Strength("enforced", "no sales order of a held customer is confirmed")
    if not installed.action:
        why = "it cannot be seen whether anything stops orders"
        return Strength("advisory", why, _setup_or_group(found))
    why = "the customer's form shows it; no automation rule stops orders"
    return Strength("advisory", why, f"{SETUP}, with the module 'sale' installed")


def _on_customers(found: Survey, how: str) -> Strength:
    if found.missing(("res.partner", "write")):
        return Strength("none", "the user may not write on customers", grant(PARTNERS))
    return Strength("native", how)


def _setup_or_group(found: Survey) -> str:
    """What is missing when the server action cannot be run."""
    if names.ACTION in found.installed.ids:
        return f"{SETUP}: the user is not in the group '{names.LABELS[names.GROUP]}'"
    return SETUP


# -- remarks --------------------------------------------------------------------------------------


def _who(door: Door) -> Iterator[str]:
    """Version, protocol, user."""
    number = ".".join(str(part) for part in door.version)
    edition = " Enterprise" if door.enterprise else ""
    tried = (
        "tried on live servers"
        if door.version in PROVEN and not door.enterprise
        else "supported from its documentation, not tried by us"
    )
    yield f"Odoo {number}{edition} over {_PROTOCOLS[door.protocol]}: {tried}"
    rows = door.call("res.users", "read", ids=[door.uid], fields=["login", "email"], load=False)
    user = rows[0] if rows else {}
    if user.get("login") != door.login:
        yield f"the key is that of '{user.get('login')}', not of '{door.login}' as [erp] says"
    if not user.get("email"):
        yield "the user has no e-mail address: from Odoo 19 on its messages cannot leave"


def _keys(door: Door) -> Iterator[str]:
    """When keys of the user expire. Which of them is in use is not told."""
    try:
        rows = door.call(
            "res.users.apikeys",
            "search_read",
            domain=[["user_id", "=", door.uid]],
            fields=["name", "expiration_date"],
        )
    except AdapterError:  # before 18 they never expire
        return
    now = datetime.now(UTC)
    for row in rows:
        ends = row.get("expiration_date")
        if not ends:
            continue
        at = datetime.fromisoformat(ends).replace(tzinfo=UTC)
        if now < at:
            soon = "soon, " if at - now < SOON else ""
            yield f"the key '{row['name']}' expires {soon}on {at:%Y-%m-%d}"


def _setup(installed: Installed, says: Mapping[str, Any]) -> Iterator[str]:
    if not installed.ids:
        yield f"the set-up was not run: {SETUP}"
        return
    if not installed.action:
        yield (
            "the user may not run the server action, or it is of another version of Dunwell: "
            f"{SETUP} with --user"
        )
        return
    if not current(says.get("code")):
        yield f"the server action is that of another version of Dunwell: {SETUP}"
    if not says.get("mail_servers"):
        yield "no outgoing mail server is set up in Odoo: only one of its own file could send"
    modules = set(says.get("modules") or ())
    for module, what in (("sale", "no orders to stop"), ("sms", "no text messages")):
        if module not in modules:
            yield f"the module '{module}' is not installed: {what}"
