"""What the server action runs inside Odoo: claims, effects and outcomes in one transaction.

Odoo evaluates the part below the line with names of its own and without imports, closures or
private names, so none are used. It is read as text and never imported by Dunwell.
"""

from __future__ import annotations

from typing import Any

env: Any = None
datetime: Any = None
UserError: Any = Exception
# -- what Odoo evaluates --------------------------------------------------------------------------
# Dunwell: claims, effects and outcomes of collections in one transaction.
# Made by 'dunwell odoo setup', taken away by 'dunwell odoo setup --remove'. Do not edit.
# Only members of the group 'Dunwell engine' may run it. Messages, activities and holds are made
# with the rights of that user; only keys and log entries are written beyond them.

MODULE = "__dunwell__"
PROTOCOL = 1
CODE = ""
asked = env.context.get("dunwell") or {}
env = env(context={"lang": asked.get("lang") or "en_US", "mail_notify_force_send": False})
cr = env.cr


def clock():
    """The time of the database at this very moment, in UTC."""
    cr.execute("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')")
    return cr.fetchone()[0]


def known(names):
    """What is kept under names: the record, and False as flag where the name was buried."""
    cr.execute(
        "SELECT name, res_id, noupdate FROM ir_model_data WHERE module = %s AND name = ANY(%s)",
        [MODULE, list(names)],
    )
    found = {}
    for name, record, kept in cr.fetchall():
        found[name] = (record, kept)
    return found


def take(rows, kept=True):
    """Keep names that nobody has, each with its record; waits for others who are about to."""
    wanted = {}
    for name, record in rows:
        wanted[name] = record
    names = sorted(wanted)
    records = []
    for name in names:
        records.append(wanted[name])
    cr.execute(
        "INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, write_uid,"
        " create_date, write_date) SELECT %s, wanted.name, 'mail.message', wanted.record, %s, %s,"
        " %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'"
        " FROM unnest(%s::varchar[], %s::integer[]) AS wanted(name, record)"
        " ORDER BY wanted.name ON CONFLICT (module, name) DO NOTHING RETURNING name",
        [MODULE, kept, env.uid, env.uid, names, records],
    )
    taken = set()
    for row in cr.fetchall():
        taken.add(row[0])
    return taken


def free(names):
    """Give names back."""
    cr.execute(
        "DELETE FROM ir_model_data WHERE module = %s AND name = ANY(%s)", [MODULE, list(names)]
    )


def append(rows):
    """Write entries of the log, each if its name is free and the one before it is there.

    Notes are written so too: those say until when.
    """
    now = clock()
    names = []
    for row in rows:
        names.append(row["name"])
        names.append(row.get("after") or row["name"])
    before = set(known(names))
    wanted = []
    for row in rows:
        late = row.get("until") and row["until"] <= now
        if not late and (not row.get("after") or row["after"] in before):
            if row["name"] not in before:
                wanted.append((row["name"], 0))
            before.add(row["name"])
    taken = take(wanted)
    user = env.user
    mine = {}
    values = []
    for row in rows:
        if row["name"] in taken and row["name"] not in mine:
            mine[row["name"]] = len(values)
            value = {
                "message_type": "comment", "is_internal": True, "author_id": user.partner_id.id,
                "email_from": user.email_formatted, "reply_to": user.email_formatted,
                "record_name": "", "date": now[:19],
            }  # fmt: skip
            value.update(row["values"])
            values.append(value)
    written = env["mail.message"].sudo().create(values).ids
    cr.execute(
        "UPDATE ir_model_data SET res_id = mine.record"
        " FROM unnest(%s::varchar[], %s::integer[]) AS mine(name, record)"
        " WHERE module = %s AND ir_model_data.name = mine.name",
        [list(mine), written, MODULE],
    )
    answers = []
    lost = known(names) if len(mine) < len(rows) else {}
    seen = set()
    for row in rows:
        name = row["name"]
        if name in mine and name not in seen:
            seen.add(name)
            answers.append({"state": "won", "id": written[mine[name]]})
        elif row.get("until") and (name not in lost or not lost[name][1]):
            answers.append({"state": "late"})
        elif name in lost:
            winner = env["mail.message"].sudo().browse(lost[name][0]).exists()
            answers.append({"state": "lost", "body": winner.body or ""})
        else:
            answers.append({"state": "gap"})
    return answers


def passing(error):
    """Whether PostgreSQL stopped us only because of others: then Odoo begins all of it again."""
    try:
        return error.pgcode in ("40001", "40P01", "55P03")
    except Exception:
        return False


def do(row):
    """One effect, with the rights of the user."""
    records = env[row["model"]].with_context(**(row.get("context") or {}))
    if row["kind"] == "post":
        given = dict(row["kwargs"])
        for number in row["links"]:  # pages of invoices that have no token yet
            page = "/my/invoices/%s?access_token=" % number
            token = env["account.move"].sudo().browse(number)._portal_ensure_token()
            given["body"] = given["body"].replace(page, page + token)
        return records.browse(row["id"]).message_post(**given).id
    if row["kind"] == "write":
        for record in records.browse(row["ids"]):
            for field in row.get("expect") or []:
                if (record[field] or "") != row["expect"][field]:
                    return False
        records.browse(row["ids"]).write(row["values"])
        return True
    raise UserError("Dunwell: there is no effect of the kind %s" % row["kind"])


def activities(rows):
    """Activities together; None where one of them is refused."""
    values = []
    for row in rows:
        value = dict(row["values"])
        model = value.pop("res_model")
        value["res_model_id"] = env["ir.model"].sudo().search([("model", "=", model)], limit=1).id
        values.append(value)
    quick = env["mail.activity"].with_context(mail_activity_quick_update=True)
    point = cr.savepoint()
    try:
        made = quick.create(values).ids
        point.close(rollback=False)
    except Exception as error:
        point.close(rollback=True)
        if passing(error):
            raise
        return None
    return made


def give(rows, together, answers):
    """Answer for the activities among the rows; the names of those that were refused."""
    undone = []
    # Odoo 17 falls over two activities on one record in a batch: those wait for the next one
    while together:
        batch, later, records = [], [], set()
        for place in together:
            value = rows[place]["values"]
            record = (value["res_model"], value["res_id"])
            (later if record in records else batch).append(place)
            records.add(record)
        chosen = []
        for place in batch:
            chosen.append(rows[place])
        made = activities(chosen)
        for order, place in enumerate(batch):
            one = [made[order]] if made else activities([rows[place]])
            if one:
                answers[place] = {"state": "done", "result": one[0]}
            else:
                answers[place] = {"state": "failed", "said": "Odoo refuses the activity"}
                undone.append(rows[place]["name"])
        together = later
    return undone


def execute(rows):
    """Do each effect once under its key, never after its time; one answer each."""
    claims = []
    for row in rows:
        claims.append(row["claim"])
    claims = known(claims)
    wanted = []
    for row in rows:
        wanted.append((row["name"], claims.get(row["claim"], (0, True))[0]))
    taken = take(wanted)
    now = clock()
    answers = [None] * len(rows)
    undone, together, seen = [], [], set()
    names = []
    for row in rows:
        names.append(row["name"])
    had = known(names) if len(taken) < len(rows) else {}
    for place, row in enumerate(rows):
        name = row["name"]
        if name not in taken or name in seen:
            buried = name in had and not had[name][1]
            answers[place] = {"state": "late" if buried else "already"}
            continue
        seen.add(name)
        if row["until"] <= now:
            answers[place] = {"state": "late"}
            undone.append(name)
        elif row["kind"] == "activity":
            together.append(place)
        else:
            point = cr.savepoint()
            try:
                answers[place] = {"state": "done", "result": do(row)}
                point.close(rollback=False)
            except Exception as error:
                point.close(rollback=True)
                if passing(error):
                    raise
                answers[place] = {"state": "failed", "said": str(error)}
                undone.append(name)
    undone += give(rows, together, answers)
    if undone:
        free(undone)
    queues = set()
    for row in rows:
        if row["kind"] == "post":
            texts = row["kwargs"]["message_type"] == "sms"
            queues.add("sms.ir_cron_sms_scheduler_action" if texts
                       else "mail.ir_cron_mail_scheduler_action")  # fmt: skip
    for name in queues:
        queue = env.ref(name, raise_if_not_found=False)
        if queue:
            queue.sudo()._trigger()
    return answers


def look(rows):
    """Whether effects are there; those to be buried can never be done any more."""
    names, wanted = [], []
    for row in rows:
        names.append(row["name"])
        names.append(row["claim"])
    found = known(names)
    for row in rows:
        if row.get("bury"):
            wanted.append((row["name"], found.get(row["claim"], (0, True))[0]))
    buried = take(wanted, kept=False) if wanted else set()
    found = known(names)
    answers = []
    for row in rows:
        name = row["name"]
        if name in found and found[name][1]:
            answers.append({"state": "present"})
        else:
            answers.append({"state": "buried" if name in buried or name in found else "absent"})
    return answers


def may(records, right):
    """Whether the user has a right; before Odoo 18 that was asked in another way."""
    try:
        return records.has_access(right)
    except Exception:
        return records.check_access_rights(right, False)


def describe(models, fields):
    """Who asks and what is here; nothing is changed."""
    rights = {}
    for model in models:
        rights[model] = {}
        for right in ("read", "write", "create"):
            rights[model][right] = model in env and may(env[model], right)
    modules = env["ir.module.module"].sudo().search([("state", "=", "installed")]).mapped("name")
    rule = env.ref(MODULE + ".automation_hold", raise_if_not_found=False)
    field = env["ir.model.fields"].sudo().search([("name", "=", "x_dunwell_hold")], limit=1)
    texts = "iap.account" in env and env["iap.account"].sudo().search_count(
        [("service_name", "=", "sms")]
    )
    gateway = env["ir.config_parameter"].sudo().get_param("sms.endpoint")
    servers = env["ir.mail_server"].sudo().search_count([])
    return {
        "protocol": PROTOCOL,
        "code": CODE,
        "now": clock(),
        "uuid": env["ir.config_parameter"].sudo().get_param("database.uuid"),
        "uid": env.uid,
        "email": env.user.email or "",
        "rights": rights,
        "modules": modules,
        "hold": {"field": bool(field), "automation": bool(rule and rule.sudo().active)},
        "mail_servers": servers,
        "sms": bool(texts or gateway),
        "note": env.ref("mail.mt_note").id,
        "portal": env.user.company_id.get_base_url(),
        "fields": list(env["res.partner"].fields_get(fields)),
    }


def deep(records, spec):
    """Fields of records, and of the records behind them: as `web_read`, in half its time."""
    rows = records.read(list(spec), load=None)
    for name in spec:
        if "fields" not in spec[name]:
            continue
        numbers = set()
        for row in rows:
            value = row[name] or []
            numbers.update(value if isinstance(value, (list, tuple)) else [value])
        behind = {}
        comodel = env[records._fields[name].comodel_name].with_context(**records.env.context)
        for row in deep(comodel.browse(sorted(numbers)), spec[name]["fields"]):
            behind[row["id"]] = row
        for row in rows:
            value = row[name]
            if isinstance(value, (list, tuple)):
                found = []
                for number in value:
                    found.append(behind[number])
                row[name] = found
            elif value:
                row[name] = behind[value]
    return rows


def joined(values):
    """A column in one text where it has no texts: Odoo looks at each value of an answer anew."""
    texts = []
    for value in values:
        if isinstance(value, (str, list, tuple, dict)):
            return values
        texts.append(str(value or 0) if value is not False and value is not None else "")
    return "\n".join(texts)


def packed(rows, spec):
    """Rows as columns; of records behind them again columns."""
    told = {}
    for name in ["id", *spec]:
        values, single = [], "fields" in spec.get(name, {})
        for row in rows:
            value = row.get(name)
            values.append(value)
            if isinstance(value, (list, tuple)):
                single = False
        if single:
            behind = []
            for value in values:
                behind.append(value or {})
            told[name] = packed(behind, spec[name]["fields"])
        else:
            told[name] = joined(values)
    return told


def read(step):
    """Records in columns, with the rights of the user."""
    records = env[step["model"]].with_context(**step["context"])
    found = records.search(step["domain"], limit=step["limit"], order=step["order"])
    spec = step["specification"]
    return {"count": len(found), "columns": packed(deep(found, spec), spec)}


def heads(step):
    """Entries of the log beyond one: of each customer the newest outcome and all after it."""
    cr.execute(
        "WITH newest AS (SELECT res_id, max(id) FILTER (WHERE subject = %(outcome)s) AS outcome"
        " FROM mail_message WHERE model = 'res.partner' AND subtype_id = %(subtype)s"
        " AND (%(all)s OR res_id = ANY(%(partners)s)) GROUP BY res_id)"
        " SELECT entry.id, entry.res_id, to_char(entry.date, 'YYYY-MM-DD HH24:MI:SS'), entry.body"
        " FROM mail_message entry JOIN newest ON newest.res_id = entry.res_id"
        " WHERE entry.model = 'res.partner' AND entry.subtype_id = %(subtype)s"
        " AND entry.id >= coalesce(newest.outcome, 0) AND entry.id > %(last)s"
        " ORDER BY entry.id LIMIT %(limit)s",
        step,
    )
    found = []
    for number, partner, date, body in cr.fetchall():
        found.append({"id": number, "res_id": partner, "date": date, "body": body})
    return found


answers = []
for step in asked.get("steps") or []:
    if step["do"] == "append":
        answers.append(append(step["rows"]))
    elif step["do"] == "execute":
        answers.append(execute(step["rows"]))
    elif step["do"] == "read":
        answers.append(read(step))
    elif step["do"] == "heads":
        answers.append(heads(step))
    elif step["do"] == "clock":
        answers.append(clock())
    elif step["do"] == "look":
        answers.append(look(step["rows"]))
    elif step["do"] == "describe":
        answers.append(describe(step["models"], step.get("fields") or ["name"]))
    else:
        raise UserError("Dunwell: there is no step %s" % step["do"])
action = {"type": "ir.actions.act_window_close", "dunwell": answers}
