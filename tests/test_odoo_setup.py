"""`dunwell odoo setup`: made once, put right, taken away without a trace; and what it made works.

On the stand-ins, and on a live Odoo where DUNWELL_ODOO_SCRATCH says that it may be changed.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dunwell.cli import main
from dunwell.errors import DeniedError, ProblemsError
from dunwell.message import Templates
from dunwell.port import Capability
from dunwell_odoo import cli, names
from dunwell_odoo.connecting import door_of
from dunwell_odoo.door import Door, Line, RefusedError
from dunwell_odoo.inside import run
from dunwell_odoo.installed import find
from dunwell_odoo.setup.admin import Admin
from dunwell_odoo.setup.making import make, making, note_down
from dunwell_odoo.setup.register import Register
from dunwell_odoo.setup.removing import removing
from dunwell_odoo.setup.things import AUTOMATION
from dunwell_odoo.setup.translating import WORDS
from dunwell_odoo.survey import capabilities, survey

from tests.odoo_facts import WORLDS, World, world
from tests.odoo_rpc import Rpc

SCRATCH = "DUNWELL_ODOO_SCRATCH"


@pytest.fixture(scope="module", params=WORLDS)
def odoo(request: pytest.FixtureRequest) -> Iterator[World]:
    """An Odoo that may be changed at will."""
    if request.param == "live" and not os.environ.get(SCRATCH):
        pytest.skip(f"{SCRATCH} does not say that the Odoo of the environment may be changed")
    yield from world(request.param)


def door(who: Rpc, key: str = "") -> Door:
    return Door(
        Line(who.base),
        database=who.database,
        login=who.login,
        key=key or who.key,
        client=who.client,
        sleep=lambda seconds: None,
    )


@pytest.fixture
def admin(odoo: World) -> Admin:
    """The administrator; automation rules are there, as installing them takes long."""
    one = Admin(door(odoo.admin))
    if AUTOMATION not in one.modules():
        one.module(AUTOMATION, "button_immediate_install")
    return one


@pytest.fixture
def engine(odoo: World) -> Door:
    return door(odoo.engine)


@pytest.fixture
def ready(admin: Admin, engine: Door) -> int:
    """The set-up was run; the id of the server action."""
    make(admin, making(admin, engine.login), lambda step: None)
    return find(engine).action


def verbs(admin: Admin, engine: Door) -> Counter[str]:
    return Counter(step.verb for step in making(admin, engine.login))


def record(admin: Admin, xid: str) -> int:
    return admin.made()[xid.partition(".")[2]].id


def remains(admin: Admin) -> dict[str, int]:
    """What can be seen of us, by anybody who looks."""
    labels = list(names.LABELS.values())
    looked: dict[str, list[object]] = {
        "ir.model.data": [["module", "=", names.MODULE]],
        "res.groups": [["name", "in", labels]],
        "mail.message.subtype": [["name", "in", labels]],
        "mail.activity.type": [["name", "in", labels]],
        "ir.actions.server": [["code", "like", "unwell"]],
        "ir.model.fields": [["name", "like", "x_dunwell"]],
        "ir.ui.view": [["name", "in", labels]],
    }
    found = {model: admin.count(model, domain) for model, domain in looked.items()}
    return found | {"modules": len(admin.modules())}


Command = Callable[..., Result]


@pytest.fixture
def dunwell(odoo: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`dunwell odoo setup` with some options, by the administrator."""
    (tmp_path / "dunwell.toml").write_text(
        f'[erp]\nadapter = "odoo"\nurl = "{odoo.admin.base}"\nallow_http = true\n'
        f'database = "{odoo.admin.database}"\nlogin = "{odoo.engine.login}"\n'
    )
    config = str(tmp_path / "dunwell.toml")
    monkeypatch.setenv("DUNWELL_ODOO_ADMIN_LOGIN", odoo.admin.login)
    monkeypatch.setenv("DUNWELL_ODOO_ADMIN_API_KEY", odoo.admin.key)
    monkeypatch.setattr(cli, "door_of", partial(door_of, client=odoo.admin.client))
    call = ["--config", config, "odoo", "setup"]
    return lambda *args, **more: CliRunner().invoke(main, [*call, *args], **more)


class TestMaking:
    """Made once, whatever was there before."""

    def test_a_second_time_nothing_is_to_be_done(
        self, admin: Admin, engine: Door, ready: int
    ) -> None:
        steps = making(admin, engine.login)
        assert {step.verb for step in steps} <= {"keep", "leave out"}
        assert all(step.do is None for step in steps)

    def test_what_is_made_by_hand_afterwards_stays(
        self, admin: Admin, engine: Door, ready: int
    ) -> None:
        kind = record(admin, names.ACTIVITY_TASK)
        admin.write("mail.activity.type", [kind], {"name": "Relance"})
        assert verbs(admin, engine)["correct"] == 0
        make(admin, making(admin, engine.login), lambda step: None)
        (row,) = admin.rows("mail.activity.type", [["id", "=", kind]], "name")
        assert row["name"] == "Relance"
        admin.write("mail.activity.type", [kind], {"name": names.LABELS[names.ACTIVITY_TASK]})

    def test_what_would_not_work_any_more_is_put_right(
        self, admin: Admin, engine: Door, ready: int
    ) -> None:
        action = record(admin, names.ACTION)
        subtype = record(admin, names.SUBTYPE_REMINDER)
        admin.write("ir.actions.server", [action], {"code": "action = {}"})
        admin.write("mail.message.subtype", [subtype], {"default": True})
        steps = [step for step in making(admin, engine.login) if step.verb == "correct"]
        assert [str(step).rpartition(": ")[2] for step in steps] == ["default", "code"]
        make(admin, steps, lambda step: None)
        assert verbs(admin, engine)["correct"] == 0
        assert record(admin, names.ACTION) == action

    def test_what_somebody_deleted_is_made_again_and_found(
        self, admin: Admin, engine: Door, ready: int
    ) -> None:
        admin.unlink("mail.message.subtype", [record(admin, names.SUBTYPE_REMINDER)])
        admin.unlink("ir.actions.server", [record(admin, names.ACTION)])
        assert verbs(admin, engine)["make"] == 2
        make(admin, making(admin, engine.login), lambda step: None)
        found = find(engine)
        assert found.action == record(admin, names.ACTION) != ready
        assert found.id(names.SUBTYPE_REMINDER) == record(admin, names.SUBTYPE_REMINDER)

    def test_broken_off_anywhere_it_goes_on_without_doubles(
        self, admin: Admin, engine: Door
    ) -> None:
        for step in removing(admin, log=True):
            if step.do is not None:
                step.do()
        clean = remains(admin)
        for broken_off in (1, 3, 6):
            steps = [step for step in making(admin, engine.login) if step.do is not None]
            for step in steps[:broken_off]:
                assert step.do is not None
                step.do()
        make(admin, making(admin, engine.login), lambda step: None)
        once = remains(admin)
        assert verbs(admin, engine).keys() <= {"keep", "leave out"}
        assert once["res.groups"] == 1
        assert once["mail.message.subtype"] == 2
        assert once["ir.model.data"] == len(admin.made())
        assert clean["res.groups"] == 0

    def test_who_is_no_administrator_is_told_so(self, engine: Door) -> None:
        with pytest.raises(DeniedError, match="no administrator"):
            making(Admin(engine), engine.login)

    def test_a_user_that_is_not_there_is_told_by_name(
        self, admin: Admin, engine: Door, ready: int
    ) -> None:
        with pytest.raises(ProblemsError, match="'nobody'"):
            making(admin, "nobody")


class TestRemoving:
    """Taken away: what is ours goes, what is people's stays."""

    def test_it_leaves_no_trace(self, admin: Admin, ready: int, dunwell: Command) -> None:
        note_down(admin, Register(installed=(AUTOMATION,)))  # as if it had been our doing
        before = remains(admin)
        done = dunwell("--remove", "--log", "--yes")
        assert done.exit_code == 0, done.output
        after = remains(admin)
        assert after == dict.fromkeys(before, 0) | {"modules": before["modules"] - 1}
        assert "nothing of Dunwell" in dunwell("--remove", "--log", "--yes").output

    def test_without_asking_for_it_the_log_stays_and_is_found_again(
        self, admin: Admin, engine: Door, ready: int
    ) -> None:
        name, partner = f"log_0_{uuid.uuid4().hex}", partner_of(engine)
        append(engine, ready, name, partner)
        for step in removing(admin, log=False):
            if step.do is not None:
                step.do()
        assert "subtype_log" in admin.made()
        make(admin, making(admin, engine.login), lambda step: None)
        again = append(engine, find(engine).action, name, partner)
        assert again["state"] == "lost"

    def test_open_tasks_become_to_dos(self, admin: Admin, engine: Door, ready: int) -> None:
        key = uuid.uuid4().hex
        done = execute(engine, ready, activity(engine, find(engine).tasks, f"effect_{key}", key))
        for step in removing(admin, log=False):
            if step.do is not None:
                step.do()
        (row,) = admin.rows(
            "mail.activity", [["id", "=", done["result"]]], "activity_type_id", "summary"
        )
        assert row["summary"] == key
        assert row["activity_type_id"]


class TestCommandLine:
    """What the administrator sees."""

    def test_it_shows_asks_and_does(self, dunwell: Command, admin: Admin, ready: int) -> None:
        admin.unlink("mail.message.subtype", [record(admin, names.SUBTYPE_REMINDER)])
        refused = dunwell()
        assert "make      message subtype 'Payment reminder'" in refused.output
        assert refused.exit_code != 0
        done = dunwell("--yes")
        assert "done; 'dunwell doctor' says what works now" in done.output
        assert "everything is there" in dunwell("--yes").output

    def test_who_says_no_is_told_that_nothing_was_changed(
        self, dunwell: Command, admin: Admin, ready: int
    ) -> None:
        before = remains(admin)
        told = dunwell("--remove", input="n\n")
        assert told.output.endswith("nothing was changed\n")
        assert told.exit_code == 0
        assert remains(admin) == before

    def test_the_wrong_key_ends_with_4_and_shows_no_key(
        self, dunwell: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DUNWELL_ODOO_ADMIN_API_KEY", "f" * 40)
        done = dunwell("--yes")
        assert done.exit_code == 4
        assert "expired" in done.output
        assert "f" * 40 not in done.output

    def test_the_key_of_the_engine_is_not_enough(
        self, dunwell: Command, odoo: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DUNWELL_ODOO_ADMIN_API_KEY", odoo.engine.key)
        done = dunwell("--yes", "--login", odoo.engine.login)
        assert done.exit_code == 4
        assert "no administrator" in done.output

    def test_log_alone_is_no_order(self, dunwell: Command) -> None:
        assert dunwell("--log").exit_code == 2


# -- the server action ----------------------------------------------------------------------------


def partner_of(engine: Door) -> int:
    (partner,) = engine.call("res.partner", "search", domain=[], limit=1)
    return int(partner)


def entry(engine: Door, name: str, partner: int, after: str = "") -> dict[str, Any]:
    values = {
        "model": "res.partner",
        "res_id": partner,
        "body": f'<p>said <span title="{name}">.</span></p>',
        "message_id": names.message_id(name),
        "subtype_id": find(engine).log,
    }
    return {"name": name, "after": after, "values": values}


def append(engine: Door, action: int, name: str, partner: int, after: str = "") -> dict[str, Any]:
    rows = [entry(engine, name, partner, after)]
    ((answer,),) = run(engine, action, [{"do": "append", "rows": rows}])
    return dict(answer)


def execute(engine: Door, action: int, *rows: dict[str, Any]) -> dict[str, Any]:
    (answers,) = run(engine, action, [{"do": "execute", "rows": rows}])
    return dict(answers[-1])


def effect(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "claim": "log_0_0", "until": "2999-01-01 00:00:00", **more}


def activity(engine: Door, kind: int, name: str, summary: str) -> dict[str, Any]:
    values = {
        "res_model": "res.partner", "res_id": partner_of(engine), "summary": summary,
        "activity_type_id": kind, "date_deadline": "2030-01-01", "user_id": engine.uid,
    }  # fmt: skip
    return effect(name, kind="activity", values=values)


class TestAction:
    """Claims, effects and outcomes in one transaction."""

    @pytest.fixture
    def key(self) -> str:
        return uuid.uuid4().hex

    def test_a_position_is_taken_once_and_the_winner_is_seen(
        self, engine: Door, ready: int, key: str
    ) -> None:
        partner = partner_of(engine)
        assert append(engine, ready, f"log_{key}_1", partner)["state"] == "won"
        lost = append(engine, ready, f"log_{key}_1", partner)
        assert lost["state"] == "lost"
        assert f'title="log_{key}_1"' in lost["body"]

    def test_a_gap_is_refused_and_the_next_one_is_not(
        self, engine: Door, ready: int, key: str
    ) -> None:
        partner = partner_of(engine)
        rows = [
            entry(engine, f"log_{key}_3", partner, f"log_{key}_2"),
            entry(engine, f"log_{key}_1", partner),
            entry(engine, f"log_{key}_2", partner, f"log_{key}_1"),
            entry(engine, f"log_{key}_2", partner, f"log_{key}_1"),
        ]
        (answers,) = run(engine, ready, [{"do": "append", "rows": rows}])
        assert [answer["state"] for answer in answers] == ["gap", "won", "won", "lost"]

    def test_of_many_writers_one_wins_each_position(
        self, odoo: World, ready: int, key: str
    ) -> None:
        def write(worker: int) -> list[str]:
            mine = door(odoo.engine)
            partner = partner_of(mine)
            return [append(mine, ready, f"log_{key}_{n}", partner)["state"] for n in range(1, 9)]

        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(write, range(4)))
        assert all(column.count("won") == 1 for column in zip(*found, strict=True))

    def test_an_effect_is_done_once_whatever_becomes_of_what_people_see(
        self, engine: Door, admin: Admin, ready: int, key: str
    ) -> None:
        row = activity(engine, find(engine).tasks, f"effect_{key}", "call")
        first = execute(engine, ready, row)
        assert first["state"] == "done"
        admin.unlink("mail.activity", [first["result"]])
        assert execute(engine, ready, row)["state"] == "already"

    def test_two_activities_on_one_record_go_in_one_batch(
        self, engine: Door, ready: int, key: str
    ) -> None:
        kind = find(engine).tasks
        rows = [activity(engine, kind, f"effect_{key}-{n}", "call") for n in range(4)]
        (answers,) = run(engine, ready, [{"do": "execute", "rows": rows}])
        assert len({answer["result"] for answer in answers}) == 4

    def test_a_poisoned_effect_does_not_sink_the_others_and_keeps_no_key(
        self, engine: Door, ready: int, key: str
    ) -> None:
        partner = partner_of(engine)
        good = {"kind": "write", "model": "res.partner", "ids": [partner], "values": {"ref": key}}
        rows = [
            effect(f"effect_{key}-1", **good),
            effect(f"effect_{key}-2", **{**good, "model": "res.company"}),
            effect(f"effect_{key}-3", **{**good, "values": {"no_such_field": 1}}),
            effect(f"effect_{key}-4", **{**good, "ids": [2**30]}),
            effect(f"effect_{key}-5", **good),
        ]
        (answers,) = run(engine, ready, [{"do": "execute", "rows": rows}])
        states = [answer["state"] for answer in answers]
        assert states == ["done", "failed", "failed", "failed", "done"]
        looked = [{"name": row["name"], "claim": row["claim"]} for row in rows]
        (seen,) = run(engine, ready, [{"do": "look", "rows": looked}])
        assert [one["state"] for one in seen] == [
            "present", "absent", "absent", "absent", "present",
        ]  # fmt: skip

    def test_past_its_time_nothing_begins(self, engine: Door, ready: int, key: str) -> None:
        row = activity(engine, find(engine).tasks, f"effect_{key}", "late")
        late = execute(engine, ready, {**row, "until": "2020-01-01 00:00:00"})
        assert late == {"state": "late"}

    def test_what_is_buried_never_happens(self, engine: Door, ready: int, key: str) -> None:
        row = activity(engine, find(engine).tasks, f"effect_{key}", "never")
        look = {"do": "look", "rows": [{**row, "bury": True}]}
        assert run(engine, ready, [look])[0][0]["state"] == "buried"
        assert execute(engine, ready, row)["state"] == "late"
        assert run(engine, ready, [look])[0][0]["state"] == "buried"

    def test_steps_are_one_transaction(self, engine: Door, ready: int, key: str) -> None:
        rows = [entry(engine, f"log_{key}_1", partner_of(engine))]
        with pytest.raises(RefusedError):
            run(engine, ready, [{"do": "append", "rows": rows}, {"do": "no such step"}])
        assert append(engine, ready, f"log_{key}_1", partner_of(engine))["state"] == "won"

    def test_it_can_do_no_more_than_its_user(self, engine: Door, ready: int, key: str) -> None:
        row = {"kind": "write", "model": "res.users", "ids": [2], "values": {"login": "me"}}
        assert execute(engine, ready, effect(f"effect_{key}", **row))["state"] == "failed"


# -- holds ----------------------------------------------------------------------------------------


class TestHold:
    """An order of a held customer stays a quotation."""

    def order(self, admin: Admin, partner: int) -> int:
        (made,) = admin.door.call("sale.order", "create", vals_list=[{"partner_id": partner}])
        return int(made)

    def state(self, admin: Admin, order: int) -> str:
        (row,) = admin.rows("sale.order", [["id", "=", order]], "state")
        return str(row["state"])

    def test_it_is_refused_with_the_reason_also_for_a_contact_of_the_customer(
        self, admin: Admin, ready: int
    ) -> None:
        (company,) = admin.door.call(
            "res.partner", "create", vals_list=[{"name": "Held <b>SA</b>", "is_company": True}]
        )
        (contact,) = admin.door.call(
            "res.partner", "create", vals_list=[{"name": "Jo", "parent_id": company}]
        )
        admin.write("res.partner", [company], {names.HOLD: "3 invoices overdue [k1]"})
        orders = [self.order(admin, partner) for partner in (company, contact)]
        for order in orders:
            with pytest.raises(RefusedError) as caught:
                admin.door.call("sale.order", "action_confirm", ids=[order])
            assert "3 invoices overdue" in caught.value.said
            assert self.state(admin, order) == "draft"
            (row,) = admin.rows("sale.order", [["id", "=", order]], names.HOLD)
            assert row[names.HOLD] == "3 invoices overdue [k1]"
        admin.write("res.partner", [company], {names.HOLD: False})
        for order in orders:
            admin.door.call("sale.order", "action_confirm", ids=[order])
            assert self.state(admin, order) == "sale"

    def test_it_is_told_in_the_language_of_who_confirms(self, admin: Admin, ready: int) -> None:
        held = {"name": "Held", names.HOLD: "dunwell:k1 · 3 invoices overdue"}
        (partner,) = admin.door.call("res.partner", "create", vals_list=[held])
        order = self.order(admin, partner)
        for language, words in (("en_US", "is on hold: 3 inv"), ("es_ES", "bloqueado: 3 inv")):
            with pytest.raises(RefusedError) as caught:
                admin.door.call(
                    "sale.order", "action_confirm", ids=[order], context={"lang": language}
                )
            assert words in caught.value.said

    def test_an_order_that_is_paid_already_passes(
        self, odoo: World, admin: Admin, ready: int
    ) -> None:
        if odoo.service is not None:
            pytest.skip("the stand-in takes no payments online")
        call = admin.door.call
        (partner,) = call("res.partner", "create", vals_list=[{"name": "Buyer", names.HOLD: "k"}])
        (product,) = call("product.product", "create", vals_list=[{"name": "Thing"}])
        line = {"product_id": product, "product_uom_qty": 1, "price_unit": 33.33}
        (order,) = call(
            "sale.order",
            "create",
            vals_list=[{"partner_id": partner, "order_line": [[0, 0, line]]}],
        )
        with pytest.raises(RefusedError):
            call("sale.order", "action_confirm", ids=[order])
        (owed,) = admin.rows("sale.order", [["id", "=", order]], "amount_total", "currency_id")
        payment = {
            "provider_id": admin.search("payment.provider", [], 1)[0],
            "payment_method_id": admin.search("payment.method", [], 1)[0],
            "reference": uuid.uuid4().hex, "amount": owed["amount_total"], "state": "done",
            "currency_id": owed["currency_id"], "partner_id": partner,
            "sale_order_ids": [[6, 0, [order]]],
        }  # fmt: skip
        call("payment.transaction", "create", vals_list=[payment])
        call("sale.order", "action_confirm", ids=[order])
        assert self.state(admin, order) == "sale"

    def test_a_confirmed_order_can_still_be_worked_on(self, admin: Admin, ready: int) -> None:
        (partner,) = admin.door.call("res.partner", "create", vals_list=[{"name": "Later"}])
        order = self.order(admin, partner)
        admin.door.call("sale.order", "action_confirm", ids=[order])
        admin.write("res.partner", [partner], {names.HOLD: "overdue"})
        admin.write("sale.order", [order], {"user_id": admin.door.uid})
        assert self.state(admin, order) == "sale"

    def test_what_is_declared_follows_what_is_there(
        self, admin: Admin, engine: Door, ready: int
    ) -> None:
        def level() -> str:
            found = survey(engine, find(engine), native=True)
            return capabilities(found)[Capability.HOLD].level

        assert level() == "enforced"
        admin.write("base.automation", [record(admin, names.AUTOMATION_HOLD)], {"active": False})
        assert level() == "advisory"
        steps = making(admin, engine.login)
        assert "active" in next(str(step) for step in steps if step.verb == "correct")
        make(admin, steps, lambda step: None)
        assert level() == "enforced"


class TestWords:
    """What people see, in the languages of their Odoo that the shipped templates have."""

    def test_everybody_reads_it_in_their_language(self, odoo: World, admin: Admin) -> None:
        make(admin, making(admin, "collector"), lambda step: None)
        for xid, field, english, spanish in (
            (names.SUBTYPE_REMINDER, "name", "Payment reminder", "Recordatorio de pago"),
            (names.ACTIVITY_PROMISE, "name", "Promise to pay", "Promesa de pago"),
            (names.FIELD_HOLD, "field_description", "Collections hold", "Bloqueo de cobros"),
            (names.VIEW_HOLD, "arch_db", names.BANNER, "Bloqueado por cobros"),
            (names.VIEW_HOLD, "arch_db", names.EMPTY, "vacío"),
        ):
            record = admin.made()[xid.partition(".")[2]]
            told = admin.translations(record, field, ["es_ES"])
            (value,) = [one["value"] for one in told if one["source"] == english]
            assert value.startswith(spanish)
            if odoo.service is None:
                context = {"lang": "es_ES"}
                (row,) = odoo.admin(
                    record.model, "read", [record.id], fields=[field], context=context
                )
                assert value in row[field]

    def test_what_an_administrator_translated_stays_so(self, odoo: World, admin: Admin) -> None:
        make(admin, making(admin, "collector"), lambda step: None)
        kind = admin.made()[names.ACTIVITY_PROMISE.partition(".")[2]]
        admin.translate(kind, "name", {"es_ES": "Compromiso"})
        assert not [step for step in making(admin, "collector") if step.verb == "translate"]
        make(admin, making(admin, "collector"), lambda step: None)
        (told,) = admin.translations(kind, "name", ["es_ES"])
        assert told["value"] == "Compromiso"

    def test_a_language_that_came_later_is_made_up_for(self, odoo: World, admin: Admin) -> None:
        make(admin, making(admin, "collector"), lambda step: None)
        kind = admin.made()[names.ACTIVITY_PROMISE.partition(".")[2]]
        admin.translate(kind, "name", {"es_ES": "Promise to pay"})
        steps = making(admin, "collector")
        assert [str(step) for step in steps if step.do] == ["translate what people see into es_ES"]
        make(admin, steps, lambda step: None)
        (told,) = admin.translations(kind, "name", ["es_ES"])
        assert told["value"] == "Promesa de pago"

    def test_every_language_has_every_word(self) -> None:
        shipped = {source.language for source in Templates().sources()} - {"en"}
        seen = {names.LABELS[x] for x in names.LABELS if "activity" in x or "subtype" in x}
        seen |= {names.LABELS[names.FIELD_HOLD], names.LABELS[names.FIELD_ORDER]}
        seen |= {names.BANNER, names.EMPTY, names.HELP}
        assert shipped == set(WORDS)
        for words in WORDS.values():
            assert set(words) == seen
