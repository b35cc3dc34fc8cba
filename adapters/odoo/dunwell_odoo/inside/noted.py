"""What runs inside Odoo when one of our activities is moved to another day or thrown away."""

from __future__ import annotations

from typing import Any

env: Any = None
records: Any = ()
gone: Any = False
# -- what Odoo evaluates --------------------------------------------------------------------------
# Dunwell: promises that are moved, and activities that are cancelled, are told in the chatter.
# Made by 'dunwell odoo setup'.
SAYS = {
    "en": ("%s cancelled: %s", "%s moved from %s to %s: %s"),
    "es": ("%s cancelada: %s", "%s aplazada del %s al %s: %s"),
}
language = (env.context.get("lang") or env.user.lang or "en")[:2]
cancelled, delayed = SAYS.get(language) or SAYS["en"]
before = env.context.get("old_values") or {}
kinds = []
for name in ("task", "promise", "dispute", "exclusion"):
    kind = env.ref("__dunwell__.activity_" + name, raise_if_not_found=False)
    if kind:
        kinds.append(kind.id)
for activity in records.sudo():
    kind = activity.activity_type_id
    ours = kind.id in kinds and activity.res_model in ("res.partner", "account.move")
    old = before.get(activity.id, {}).get("date_deadline")
    if not ours or not activity.active or (not gone and old in (None, activity.date_deadline)):
        continue
    day = activity.date_deadline
    key = str(activity.note or "").partition('id="dunwell-')[2].partition('"')[0] or "-"
    said = activity.summary or ""
    if gone:
        made = activity.create_date.strftime("%Y-%m-%dT%H:%M:%S")
        told = cancelled % (kind.name, said)
        told += f" [dunwell-gone {activity.id} {made} {day} {key}]"
    else:
        moved = f"[dunwell-moved {activity.id} {old} {day}]"
        told = delayed % (kind.name, old, day, said) + f" {moved}"
    env[activity.res_model].sudo().browse(activity.res_id).message_post(
        body=told,
        message_type="notification",
        subtype_xmlid="mail.mt_note",
        mail_activity_type_id=kind.id,
    )
