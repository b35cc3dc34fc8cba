"""How an Odoo gives tasks to people, runs code of an administrator's, and stops orders: facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.odoo_facts import WORLDS, World, refused, world
from tests.odoo_rpc import Said

QUICK = {"default_res_model": "res.partner", "mail_activity_quick_update": True}
FEEDBACK = 'Paid <b>"today"</b> & more'


@pytest.fixture(scope="module", params=WORLDS)
def odoo(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from world(request.param)


def kind(odoo: World) -> int:
    """A type of activities that are kept."""
    if "kind" not in odoo.made:
        kept: Any = {} if odoo.new else {"keep_done": True}
        odoo.made["kind"] = odoo.admin.create("mail.activity.type", name="Fact", **kept)
    return odoo.made["kind"]


def given(odoo: World, partner: int, **values: Any) -> int:
    return odoo.engine.create("mail.activity", context=QUICK, **{
        "activity_type_id": kind(odoo), "res_id": partner, "user_id": odoo.admin.uid,
        "summary": "Call", "date_deadline": "2099-12-01",
        "note": '<div id="dunwell-key-1"><p>told</p></div>', **values,
    })  # fmt: skip


def told(odoo: World, partner: int) -> list[str]:
    """What messages on a customer say of activities that ended."""
    domain = [["model", "=", "res.partner"], ["res_id", "=", partner],
              ["mail_activity_type_id", "!=", False]]  # fmt: skip
    return [row["body"] for row in odoo.engine.find("mail.message", domain, "body")]


class TestActivities:
    def test_it_is_read_as_it_was_given(self, odoo: World) -> None:
        partner = odoo.partner()
        number = given(odoo, partner)
        fields = ("res_model", "res_id", "summary", "note", "date_deadline", "user_id", "active",
                  "date_done", "state", "create_uid")  # fmt: skip
        (row,) = odoo.engine.find("mail.activity", [["id", "=", number]], *fields)
        assert row == {
            "id": number, "res_model": "res.partner", "res_id": partner, "summary": "Call",
            "note": '<div id="dunwell-key-1"><p>told</p></div>', "date_deadline": "2099-12-01",
            "user_id": odoo.admin.uid, "active": True, "date_done": False, "state": "planned",
            "create_uid": odoo.engine.uid,
        }  # fmt: skip

    def test_done_it_is_kept_and_a_message_says_how(self, odoo: World) -> None:
        partner = odoo.partner()
        number = given(odoo, partner)
        odoo.admin("mail.activity", "action_feedback", [number], feedback=FEEDBACK)
        assert odoo.engine("mail.activity", "search", domain=[["id", "=", number]]) == []
        (row,) = odoo.engine.find(
            "mail.activity", [["id", "=", number], ["active", "=", False]], "state", "date_done"
        )
        assert row["state"] == "done"
        assert row["date_done"]
        (body,) = told(odoo, partner)
        assert '<div id="dunwell-key-1"><p>told</p></div>' in body
        assert 'Paid &lt;b&gt;"today"&lt;/b&gt; &amp; more' in body
        assert body.index("Paid" if not odoo.new else "dunwell-key-1") < body.index(
            "dunwell-key-1" if not odoo.new else "Paid"
        )

    def test_the_feedback_is_kept_by_new_ones(self, odoo: World) -> None:
        if not odoo.new:
            domain = [["feedback", "=", "x"]]
            assert refused(odoo.engine, "mail.activity", "search", domain=domain) == (
                "builtins.ValueError"
            )
            return
        number = given(odoo, odoo.partner())
        odoo.admin("mail.activity", "action_feedback", [number], feedback=FEEDBACK)
        (row,) = odoo.engine.find(
            "mail.activity", [["id", "=", number], ["active", "=", False]], "feedback"
        )
        assert row["feedback"] == FEEDBACK

    def test_of_a_type_that_keeps_none_old_ones_lose_it(self, odoo: World) -> None:
        number = given(
            odoo, odoo.partner(), activity_type_id=odoo.admin.xid("mail.mail_activity_data_todo")
        )
        odoo.admin("mail.activity", "action_feedback", [number])
        domain = [["id", "=", number], ["active", "in", [True, False]]]
        left = odoo.engine("mail.activity", "search", domain=domain)
        assert left == ([number] if odoo.new else [])

    def test_thrown_away_it_leaves_no_trace(self, odoo: World) -> None:
        partner = odoo.partner()
        number = given(odoo, partner)
        odoo.admin("mail.activity", "unlink", [number])
        assert told(odoo, partner) == []
        assert refused(odoo.engine, "mail.activity", "action_feedback", [number]) == (
            "odoo.exceptions.MissingError"
        )

    def test_it_needs_a_record_a_user_and_rights_on_it(self, odoo: World) -> None:
        partner = odoo.partner()
        nowhere = [{"activity_type_id": kind(odoo), "res_id": partner}]
        assert refused(odoo.engine, "mail.activity", "create", vals_list=nowhere) == (
            "odoo.exceptions.ValidationError"
        )
        move = odoo.invoice(partner)
        plain = odoo.person("base.group_user")
        for rpc, model, record in ((odoo.engine, "account.move", move),
                                   (plain, "res.partner", partner)):  # fmt: skip
            row = {"activity_type_id": kind(odoo), "res_id": record, "user_id": odoo.admin.uid}
            assert refused(
                rpc, "mail.activity", "create", vals_list=[row],
                context={**QUICK, "default_res_model": model},
            ) == "odoo.exceptions.AccessError"  # fmt: skip
        row = {"activity_type_id": kind(odoo), "res_id": partner, "user_id": 999_999}
        assert refused(
            odoo.engine, "mail.activity", "create", vals_list=[row], context=QUICK
        ) == "odoo.exceptions.ValidationError"  # fmt: skip

    def test_two_for_one_user_on_one_record_at_once(self, odoo: World) -> None:
        partner = odoo.partner()
        user = odoo.person("base.group_user", "base.group_partner_manager").uid
        rows = [
            {"activity_type_id": kind(odoo), "res_id": partner, "user_id": user} for _ in range(2)
        ]
        if odoo.new:
            made = odoo.engine("mail.activity", "create", vals_list=rows, context=QUICK)
            assert len(made) == 2
        else:
            assert refused(
                odoo.engine, "mail.activity", "create", vals_list=rows, context=QUICK
            ) == "odoo.exceptions.ValidationError"  # fmt: skip

    def test_who_it_is_for_may_end_it(self, odoo: World) -> None:
        seller = odoo.person("base.group_user")
        number = given(odoo, odoo.partner(), user_id=seller.uid)
        seller("mail.activity", "action_feedback", [number], feedback="x")
        domain = [["id", "=", number]]
        assert odoo.engine("mail.activity", "search", domain=domain) == []


def action(odoo: World, code: str) -> int:
    model = odoo.admin.xid("base.model_res_partner")
    return odoo.admin.create(
        "ir.actions.server", name="Fact", model_id=model, state="code", code=code
    )


def run(odoo: World, code: str, **context: Any) -> Any:
    return odoo.engine("ir.actions.server", "run", [action(odoo, code)], context=context)


class TestCode:
    def test_what_is_in_action_comes_back(self, odoo: World) -> None:
        code = (
            "action = {'type': 'ir.actions.act_window_close', 'uid': env.uid,\n"
            "  'sum': [n + 1 for n in env.context['given']], 'day': str(datetime.date.min)}"
        )
        found = run(odoo, code, given=[1, 2])
        assert found["uid"] == odoo.engine.uid, "it runs as who asks"
        assert (found["sum"], found["day"]) == ([2, 3], "0001-01-01")

    @pytest.mark.parametrize(
        ("code", "name"),
        [
            ("import os", "odoo.exceptions.ValidationError"),
            ("with env.cr.savepoint():\n    pass", "odoo.exceptions.ValidationError"),
            ("assert False", "odoo.exceptions.ValidationError"),
            ("class A: pass", "odoo.exceptions.ValidationError"),
            ("env.user.name = 'x'", "odoo.exceptions.ValidationError"),
            ("x = env.__class__", "builtins.NameError"),
            ("def f():\n    y = 1\n    def g():\n        return y\n    return g",
             "odoo.exceptions.ValidationError"),
            ("this is no code", "odoo.exceptions.ValidationError"),
        ],
    )  # fmt: skip
    def test_what_is_not_evaluated_is_not_even_kept(
        self, odoo: World, code: str, name: str
    ) -> None:
        with pytest.raises(Said) as caught:
            action(odoo, code)
        assert caught.value.name == name

    @pytest.mark.parametrize(
        ("code", "name"),
        [
            ("raise UserError('no')", "odoo.exceptions.UserError"),
            ("env['ir.model'].search([])", "odoo.exceptions.AccessError"),
            ("env['res.partner'].browse(999999).name", "odoo.exceptions.MissingError"),
            ("env['no.model']", "builtins.ValueError"),
            ("{}['x']", "builtins.ValueError"),
            ("1 / 0", "builtins.ZeroDivisionError"),
        ],
    )
    def test_what_it_raises(self, odoo: World, code: str, name: str) -> None:
        number = action(odoo, code)
        assert refused(odoo.engine, "ir.actions.server", "run", [number]) == name

    def test_all_of_it_or_nothing(self, odoo: World) -> None:
        partner = odoo.partner("Before")
        number = action(odoo, "env['res.partner'].browse(env.context['p']).write({'name': 'x'})\n"
                              "raise UserError('no')")  # fmt: skip
        refused(odoo.engine, "ir.actions.server", "run", [number], context={"p": partner})
        (row,) = odoo.engine("res.partner", "read", [partner], fields=["name"])
        assert row["name"] == "Before"

    def test_a_savepoint_takes_back_its_part(self, odoo: World) -> None:
        partner = odoo.partner("Before")
        code = (
            "record = env['res.partner'].browse(env.context['p'])\n"
            "point = env.cr.savepoint()\n"
            "record.write({'name': 'x'})\n"
            "point.close(rollback=True)\n"
            "point = env.cr.savepoint()\n"
            "record.write({'ref': 'y'})\n"
            "point.close(rollback=False)\n"
        )
        assert run(odoo, code, p=partner) is False
        (row,) = odoo.engine("res.partner", "read", [partner], fields=["name", "ref"])
        assert (row["name"], row["ref"]) == ("Before", "y")

    def test_its_own_reads_have_days_and_moments(self, odoo: World) -> None:
        number = given(odoo, odoo.partner())
        code = (
            "row = env['mail.activity'].browse(env.context['a']).read("
            "['date_deadline', 'create_date', 'user_id'], load=None)[0]\n"
            "action = {'day': row['date_deadline'].isoformat(), 'user': row['user_id'],\n"
            "  'plain': isinstance(row['create_date'], str)}"
        )
        found = run(odoo, code, a=number)
        assert found == {"day": "2099-12-01", "user": odoo.admin.uid, "plain": False}

    def test_only_members_of_its_groups_run_it(self, odoo: World) -> None:
        number = action(odoo, "action = {}")
        assert odoo.engine("ir.actions.server", "run", [number]) in ({}, False)
        group = odoo.admin.create("res.groups", name="Fact group")
        field = "group_ids" if odoo.new else "groups_id"
        odoo.admin("ir.actions.server", "write", [number], vals={field: [[6, 0, [group]]]})
        denied = "odoo.exceptions.AccessError"
        assert refused(odoo.engine, "ir.actions.server", "run", [number]) == denied
        users = "user_ids" if odoo.new else "users"
        odoo.admin("res.groups", "write", [group], vals={users: [[4, odoo.engine.uid]]})
        assert odoo.engine("ir.actions.server", "run", [number]) in ({}, False)
        assert odoo.engine("res.groups", "read", [group], fields=["name"])

    def test_mails_of_code_wait_for_the_queue(self, odoo: World) -> None:
        partner, subtype = odoo.partner(), odoo.subtype(internal=False)
        code = (
            "record = env['res.partner'].browse(env.context['p'])\n"
            "told = record.message_post(body='x', partner_ids=[record.id],"
            " subtype_id=env.context['s'], message_type='comment')\n"
            "action = {'id': told.id}"
        )
        made = run(odoo, code, p=partner, s=subtype)["id"]
        domain = [["mail_message_id", "=", made]]
        (found,) = odoo.engine.find("mail.notification", domain, "notification_status")
        assert found["notification_status"] == "ready"
        odoo.admin("mail.mail", "process_email_queue")
        (found,) = odoo.engine.find("mail.notification", domain, "notification_status")
        assert found["notification_status"] == "sent"


class TestOrders:
    def test_a_seller_confirms_an_order(self, odoo: World) -> None:
        seller = odoo.person("base.group_user", "sales_team.group_sale_salesman")
        order = seller.create("sale.order", partner_id=odoo.partner())
        seller("sale.order", "action_confirm", [order])
        (row,) = odoo.admin.find("sale.order", [["id", "=", order]], "state")
        assert row["state"] == "sale"

    def test_a_warning_stops_nobody(self, odoo: World) -> None:
        warning = {} if odoo.new else {"sale_warn": "block"}
        partner = odoo.partner(sale_warn_msg="no", **warning)
        order = odoo.admin.create("sale.order", partner_id=partner)
        odoo.admin("sale.order", "action_confirm", [order])
        (row,) = odoo.admin.find("sale.order", [["id", "=", order]], "state")
        assert row["state"] == "sale"
