"""What Dunwell's own things in an Odoo are called: one list for the set-up and for the runs."""

from __future__ import annotations

MODULE = "__dunwell__"
"""The module part of every external id of ours; no Odoo module can have this name."""

# -- what `dunwell odoo setup` makes, each by its external id -------------------------------------

GROUP = f"{MODULE}.group_engine"
"""res.groups: whose members may run the server action."""

SUBTYPE_REMINDER = f"{MODULE}.subtype_reminder"
"""mail.message.subtype of messages to customers: nobody but the addressed gets them."""

SUBTYPE_LOG = f"{MODULE}.subtype_log"
"""mail.message.subtype of the entries of the log: internal, no default, so mailed to nobody."""

ACTIVITY_TASK = f"{MODULE}.activity_task"
"""mail.activity.type of collection tasks; on 17 done ones are kept."""

ACTIVITY_PROMISE = f"{MODULE}.activity_promise"
"""mail.activity.type of promises to pay that people note."""

ACTIVITY_DISPUTE = f"{MODULE}.activity_dispute"
"""mail.activity.type of disputes that people note, on an invoice or a customer."""

ACTIVITY_EXCLUSION = f"{MODULE}.activity_exclusion"
"""mail.activity.type by which people say: do not contact, until its day."""

ACTION = f"{MODULE}.action_engine"
"""ir.actions.server: claims, effects and outcomes in one transaction (see `inside`)."""

FIELD_HOLD = f"{MODULE}.field_hold"
"""ir.model.fields: the hold field on res.partner."""

VIEW_HOLD = f"{MODULE}.view_hold"
"""ir.ui.view: the hold field on the customer's form."""

AUTOMATION_HOLD = f"{MODULE}.automation_hold"
"""base.automation: refuses a sales order of a held customer."""

ACTION_HOLD = f"{MODULE}.action_hold"
"""ir.actions.server: what that automation runs."""

AUTOMATION_MOVED = f"{MODULE}.automation_moved"
"""base.automation: tells in the chatter that an activity of ours was moved to another day."""

ACTION_MOVED = f"{MODULE}.action_moved"
"""ir.actions.server: what that automation runs."""

AUTOMATION_GONE = f"{MODULE}.automation_gone"
"""base.automation: tells in the chatter that an activity of ours was thrown away."""

ACTION_GONE = f"{MODULE}.action_gone"
"""ir.actions.server: what that automation runs."""

FIELD_ORDER = f"{MODULE}.field_order_hold"
"""ir.model.fields: the same on sale.order, so that its form can show it."""

VIEW_ORDER = f"{MODULE}.view_order_hold"
"""ir.ui.view: says on the form of a sales order that its customer is on hold."""

HOLD = "x_dunwell_hold"
"""The field on res.partner: empty, or the mark of the hold and why, on the commercial partner."""

# -- names that people see ------------------------------------------------------------------------

LABELS = {
    GROUP: "Dunwell engine",
    SUBTYPE_REMINDER: "Payment reminder",
    SUBTYPE_LOG: "Collections log",
    ACTIVITY_TASK: "Collection task",
    ACTIVITY_PROMISE: "Promise to pay",
    ACTIVITY_DISPUTE: "Dispute",
    ACTIVITY_EXCLUSION: "Do not contact",
    ACTION: "Dunwell: engine",
    FIELD_HOLD: "Collections hold",
    VIEW_HOLD: "dunwell.partner.hold",
    FIELD_ORDER: "Collections hold of the customer",
    VIEW_ORDER: "dunwell.order.hold",
    AUTOMATION_HOLD: "Dunwell: stop sales orders of held customers",
    ACTION_HOLD: "Dunwell: refuse the order of a held customer",
    AUTOMATION_MOVED: "Dunwell: tell of promises that are moved",
    ACTION_MOVED: "Dunwell: tell of a promise that is moved",
    AUTOMATION_GONE: "Dunwell: tell of promises and tasks that are cancelled",
    ACTION_GONE: "Dunwell: tell of a promise or task that is cancelled",
}

BANNER = "On hold by collections, no sales order can be confirmed:"
EMPTY = "empty: sales orders can be confirmed"
HELP = (
    "Written by collections. While it is not empty, no sales order of this customer is confirmed. "
    "Empty it to let orders pass."
)

# -- what runs write ------------------------------------------------------------------------------

REGISTER = "dunwell-setup"
"""The first word of the line in the group's comment that has the database ids of all the above."""

MESSAGE_HOST = "dunwell"
"""The right side of every Message-Id of ours."""

PARAMETER = "dunwell"
"""The key of the context under which the server action gets what it is to do."""


def message_id(key: str) -> str:
    """The Message-Id of what is written under a key.

    >>> message_id("betc364bsyhzfrupj4cq-1")
    '<betc364bsyhzfrupj4cq-1@dunwell>'
    """
    return f"<{key}@{MESSAGE_HOST}>"


def key_of(message: str) -> str | None:
    """The key in a Message-Id of ours; None in anybody else's.

    >>> key_of("<betc364bsyhzfrupj4cq-1@dunwell>"), key_of("<1@mail.example>")
    ('betc364bsyhzfrupj4cq-1', None)
    """
    left, _, host = message.strip().removeprefix("<").removesuffix(">").rpartition("@")
    return left if left and host == MESSAGE_HOST else None


def entry_id(debtor: str, position: int) -> str:
    """The external id of the entry at a position of a log: it can exist once.

    >>> entry_id("42", 7)
    '__dunwell__.log_42_7'
    """
    return f"{MODULE}.log_{debtor}_{position}"


def effect_id(key: str) -> str:
    """The external id of what was done under a key.

    >>> effect_id("betc364bsyhzfrupj4cq-1")
    '__dunwell__.effect_betc364bsyhzfrupj4cq-1'
    """
    return f"{MODULE}.effect_{key}"
