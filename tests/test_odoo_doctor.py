"""`dunwell doctor` on an Odoo: what works, why not better, who can grant it, and what to know."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dunwell.cli import main
from dunwell_odoo import names
from dunwell_odoo.door import Door, Line
from dunwell_odoo.setup.admin import Admin
from dunwell_odoo.setup.making import make, making

from tests.loopback import served
from tests.odoo_facts import World, stand_in
from tests.odoo_world import EXPIRED

Doctor = Callable[[], dict[str, Any]]


@pytest.fixture(params=[17, 19])
def odoo(request: pytest.FixtureRequest) -> World:
    return stand_in(request.param)


@pytest.fixture
def admin(odoo: World) -> Admin:
    who = odoo.admin
    line = Line(who.base)
    return Admin(
        Door(line, database=who.database, login=who.login, key=who.key, client=who.client)
    )


@pytest.fixture
def doctor(odoo: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doctor]:
    """What `dunwell doctor` says, as a program reads it; `exit` is how it ended."""
    assert odoo.service is not None
    monkeypatch.setenv("DUNWELL_ODOO_API_KEY", odoo.engine.key)
    policies = tmp_path / "policies"
    policies.mkdir()
    with served(odoo.service) as url:
        (tmp_path / "dunwell.toml").write_text(
            'policies = ["policies"]\n[erp]\nadapter = "odoo"\n'
            f'url = "{url}"\ndatabase = "kit"\nlogin = "collector"\n'
        )

        def ask() -> dict[str, Any]:
            config = str(tmp_path / "dunwell.toml")
            done = CliRunner().invoke(main, ["--config", config, "doctor", "--format", "json"])
            return {**json.loads(done.stdout), "exit": done.exit_code}

        yield ask


def set_up(admin: Admin) -> None:
    make(admin, making(admin, "collector"), lambda step: None)


def told(found: dict[str, Any]) -> str:
    return "\n".join(found["notes"])


class TestDoctor:
    """Before the set-up, after it, and when something has changed since."""

    def test_before_the_set_up_it_says_what_is_weaker_and_who_changes_that(
        self, doctor: Doctor
    ) -> None:
        found = doctor()
        able = found["capabilities"]
        assert found["able"] is True
        assert able["append"]["strength"] == "exclusive"
        assert able["effect"]["strength"] == "looked_up"
        assert able["remind"]["strength"] == able["hold"]["strength"] == "none"
        for name in ("effect", "remind", "hold", "task", "sms"):
            assert "dunwell odoo setup" in able[name]["remedy"]
        assert "the set-up was not run" in told(found)

    def test_after_it_everything_works(self, doctor: Doctor, admin: Admin) -> None:
        set_up(admin)
        able = doctor()["capabilities"]
        levels = {name: strength["strength"] for name, strength in able.items()}
        assert levels == {
            "append": "exclusive", "effect": "atomic", "remind": "native", "task": "native",
            "hold": "enforced", "tag": "native", "note": "native", "refresh": "native",
            "sms": "native",
        }  # fmt: skip
        assert not any(strength["remedy"] for strength in able.values())

    def test_text_messages_need_odoos_module_and_an_account(
        self, doctor: Doctor, odoo: World, admin: Admin
    ) -> None:
        set_up(admin)
        account = odoo.admin("iap.account", "search", domain=[])
        odoo.admin("iap.account", "unlink", account)
        texts = doctor()["capabilities"]["sms"]
        assert texts["strength"] == "none"
        assert "no account" in texts["reason"]
        assert "Send SMS" in texts["remedy"]
        module = odoo.admin("ir.module.module", "search", domain=[["name", "=", "sms"]])
        odoo.admin("ir.module.module", "button_immediate_uninstall", module)
        texts = doctor()["capabilities"]["sms"]
        assert texts["strength"] == "none"
        assert "'sms' is not installed" in texts["reason"]

    def test_it_names_version_protocol_and_companies(self, doctor: Doctor, odoo: World) -> None:
        protocol = "JSON-2" if odoo.new else "JSON-RPC"
        said = told(doctor())
        assert f"Odoo {odoo.version}.0 over {protocol}: tried on live servers" in said
        assert "works for " in said
        assert "(EUR)" in said

    def test_a_version_that_nobody_tried_is_told_as_such(
        self, doctor: Doctor, odoo: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("dunwell_odoo.survey.PROVEN", ())
        assert f"Odoo {odoo.version}.0" in told(doctor())
        assert "supported from its documentation, not tried by us" in told(doctor())

    def test_it_says_when_keys_end(self, doctor: Doctor, odoo: World) -> None:
        if not odoo.new:
            pytest.skip("before 18 keys do not expire")
        days = (("old", "2020-01-01"), ("new", "2999-12-31"), ("other", None))
        for name, day in days:
            odoo.admin.create(
                "res.users.apikeys", name=name, user_id=odoo.engine.uid, scope="rpc",
                expiration_date=f"{day} 00:00:00" if day else False,
            )  # fmt: skip
        said = told(doctor())
        assert "the key 'new' expires on 2999-12-31" in said
        assert "'old'" not in said
        assert "'other'" not in said

    def test_an_expired_key_ends_it_with_4(
        self, doctor: Doctor, odoo: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not odoo.new:
            pytest.skip("before 18 keys do not expire")
        monkeypatch.setenv("DUNWELL_ODOO_API_KEY", EXPIRED)
        found = doctor()
        assert found["exit"] == 4
        assert "expired" in found["problems"][0]["message"]
        assert "New API Key" in found["problems"][0]["hint"]

    def test_a_rule_that_was_switched_off_makes_holds_advisory(
        self, doctor: Doctor, admin: Admin
    ) -> None:
        set_up(admin)
        rule = admin.made()[names.AUTOMATION_HOLD.partition(".")[2]]
        admin.write("base.automation", [rule.id], {"active": False})
        hold = doctor()["capabilities"]["hold"]
        assert hold["strength"] == "advisory"
        assert "dunwell odoo setup" in hold["remedy"]

    def test_an_action_of_another_version_is_told(self, doctor: Doctor, admin: Admin) -> None:
        set_up(admin)
        action = admin.made()[names.ACTION.partition(".")[2]]
        code = str(admin.values(action, ["code"])["code"])
        admin.write("ir.actions.server", [action.id], {"code": f"{code}\n# older"})
        assert "another version" not in told(doctor())  # it tells its code, and that is ours
        marked = code.replace('CODE = "', 'CODE = "x')
        admin.write("ir.actions.server", [action.id], {"code": marked})
        assert "the server action is that of another version" in told(doctor())

    def test_an_action_that_speaks_otherwise_is_not_used(
        self, doctor: Doctor, admin: Admin
    ) -> None:
        set_up(admin)
        action = admin.made()[names.ACTION.partition(".")[2]]
        code = str(admin.values(action, ["code"])["code"])
        other = code.replace("PROTOCOL = ", "PROTOCOL = 9")
        admin.write("ir.actions.server", [action.id], {"code": other})
        found = doctor()
        assert found["able"] is True
        assert found["capabilities"]["effect"]["strength"] == "looked_up"
        assert "another version" in told(found)

    def test_a_user_of_somebody_else_is_told(self, doctor: Doctor, admin: Admin) -> None:
        user, _ = admin.user("collector")
        admin.write("res.users", [user], {"email": False})
        if admin.door.version >= (19, 0):  # only there a key says whose it is
            admin.write("res.users", [user], {"login": "renamed"})
            assert "the key is that of 'renamed', not of 'collector'" in told(doctor())
        assert "no e-mail address" in told(doctor())
