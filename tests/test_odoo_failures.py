"""What goes wrong between Dunwell and an Odoo, each with its message and the right outcome.

On the stand-ins, and on a live Odoo where DUNWELL_ODOO_SCRATCH says that it may be changed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dunwell.errors import ConfigurationError, DeniedError, UnavailableError
from dunwell.port import Capability
from dunwell.testing.contract.deeds import do, hold, prepare, reminder, rows, statuses, task
from dunwell_odoo.adapter import OdooAdapter
from dunwell_odoo.door import BrokenError, BusyError, Door, GoneError, Line
from dunwell_odoo.options import Options
from dunwell_odoo.setup.admin import Admin
from dunwell_odoo.setup.making import make, making

from tests.odoo_facts import EXPIRED, WORLDS, World, world
from tests.odoo_rpc import Rpc
from tests.odoo_troubles import Trouble

SCRATCH = "DUNWELL_ODOO_SCRATCH"
DOING = r"""['"]do['"]: ?['"]execute"""
LIVE = "only a live Odoo has a PostgreSQL, a mail server and limits of its own"


@pytest.fixture(scope="module", params=WORLDS)
def odoo(request: pytest.FixtureRequest) -> Iterator[World]:
    """An Odoo that may be changed at will, with the set-up."""
    if request.param == "live" and not os.environ.get(SCRATCH):
        pytest.skip(f"{SCRATCH} does not say that the Odoo of the environment may be changed")
    for one in world(request.param):
        make(
            Admin(door(one.admin)),
            making(Admin(door(one.admin)), one.engine.login),
            lambda s: None,
        )
        yield one


@pytest.fixture
def alive(odoo: World) -> World:
    if odoo.service is not None:
        pytest.skip(LIVE)
    return odoo


def door(
    who: Rpc, *, key: str = "", database: str = "", password: bool = False, **line: Any
) -> Door:
    """A door; JSON-2 takes no password."""
    return Door(
        Line(who.base, **line),
        database=database or who.database,
        login=who.login,
        key=key or who.key,
        protocol="jsonrpc" if password else None,
        client=None if line else who.client,
        sleep=lambda seconds: None,
    )


def adapter(who: Rpc, **more: Any) -> OdooAdapter:
    options = Options(url=who.base, database=who.database, login=who.login, timezone="UTC")
    return OdooAdapter(door(who, **more), options)


class TestKeys:
    """Who may come in."""

    @pytest.mark.parametrize("key", ["f" * 40, "wrong", "clé", "line\n"])
    def test_a_wrong_key_is_denied_and_says_how_to_make_one(self, odoo: World, key: str) -> None:
        with pytest.raises(DeniedError) as caught:
            adapter(odoo.engine, key=key).describe()
        assert "New API Key" in caught.value.remedy
        assert key not in str(caught.value)

    def test_an_expired_key_is_denied_the_same_way(self, odoo: World) -> None:
        if not odoo.new:
            pytest.skip("before 18 keys do not expire")
        with pytest.raises(DeniedError, match="expired"):
            adapter(odoo.engine, key=EXPIRED).describe()

    def test_a_database_that_is_gone_is_told_by_name(self, odoo: World) -> None:
        with pytest.raises(ConfigurationError, match="no database 'gone'"):
            adapter(odoo.engine, database="gone").describe()


class TestRights:
    """What the user may not do, and who grants it."""

    def test_without_accounting_nothing_can_be_read_and_the_group_is_told(
        self, odoo: World
    ) -> None:
        lacking = adapter(odoo.person("base.group_user"), password=True)
        with pytest.raises(DeniedError) as caught:
            rows(lacking, "items")
        assert "account.group_account_readonly" in caught.value.remedy

    def test_without_contact_creation_the_capabilities_say_so(self, odoo: World) -> None:
        groups = ("base.group_user", "account.group_account_readonly")
        lacking = adapter(odoo.person(*groups), password=True)
        able = lacking.capabilities()
        for capability in (Capability.TASK, Capability.HOLD, Capability.NOTE, Capability.TAG):
            assert able[capability].level == "none"
            assert "base.group_partner_manager" in able[capability].remedy
        assert able[Capability.REMIND].there

    def test_who_is_not_in_the_group_works_without_the_server_action(self, odoo: World) -> None:
        groups = (
            "base.group_user",
            "account.group_account_readonly",
            "base.group_partner_manager",
        )
        able = adapter(odoo.person(*groups), password=True).capabilities()
        assert able[Capability.EFFECT].level == "looked_up"
        assert "Dunwell engine" in able[Capability.EFFECT].remedy

    def test_a_module_that_is_missing_is_told(self, odoo: World) -> None:
        with pytest.raises(ConfigurationError, match=r"no 'helpdesk\.ticket'"):
            door(odoo.engine).call("helpdesk.ticket", "search_read", domain=[])


class TestRecords:
    """What others do meanwhile."""

    def test_a_record_that_was_deleted_is_gone(self, odoo: World) -> None:
        partner = odoo.partner()
        odoo.admin("res.partner", "unlink", [partner])
        with pytest.raises(GoneError):
            door(odoo.engine).call("res.partner", "write", ids=[partner], vals={"ref": "x"})

    def test_a_customer_that_is_deleted_meanwhile_is_rejected(self, odoo: World) -> None:
        engine, partner = adapter(odoo.engine), odoo.partner()
        effects = prepare(engine, str(partner), task("call"), hold("orders"))
        odoo.admin("res.partner", "unlink", [partner])
        assert statuses(engine.execute(effects)) == ["rejected", "rejected"]

    def test_a_customer_without_an_address_has_none(self, odoo: World) -> None:
        partner = odoo.partner(email=False)
        odoo.invoice(partner)
        (row,) = rows(adapter(odoo.engine), "customers", debtors=[str(partner)])
        assert row["email"] is None

    def test_an_address_that_changed_meanwhile_gets_no_message(self, odoo: World) -> None:
        engine, partner = adapter(odoo.engine), odoo.partner()
        odoo.invoice(partner)
        effects = prepare(engine, str(partner), reminder())
        odoo.admin("res.partner", "write", [partner], vals={"email": "new@acme.example"})
        assert statuses(engine.execute(effects)) == ["skipped"]


class TestLines:
    """What stands between, on the stand-ins: the door's own tests try every answer."""

    @pytest.fixture
    def odoo(self, odoo: World) -> Iterator[World]:
        if odoo.service is None:
            pytest.skip("a live Odoo breaks no lines on demand")
        yield odoo
        odoo.service.troubles.clear()

    def trouble(self, odoo: World, what: str, match: str, times: int = 1) -> None:
        assert odoo.service is not None
        odoo.service.troubles.append(Trouble(what, match, times=times))

    @pytest.mark.parametrize("what", ["page", "reset", "truncated", "empty", "502", "429"])
    def test_a_read_is_asked_again(self, odoo: World, what: str) -> None:
        engine = adapter(odoo.engine)
        engine.describe()
        self.trouble(odoo, what, "run|search_read")
        assert rows(engine, "companies")

    @pytest.mark.parametrize("what", ["page", "reset", "truncated", "empty"])
    def test_a_write_whose_answer_is_no_answer_is_looked_up_and_not_repeated(
        self, odoo: World, what: str
    ) -> None:
        engine, partner = adapter(odoo.engine), odoo.partner()
        effects = prepare(engine, str(partner), task("once"))
        self.trouble(odoo, what, DOING)
        with pytest.raises(BrokenError):
            engine.execute(effects)
        assert statuses(engine.execute(effects)) == ["already_done"]
        domain = [["res_model", "=", "res.partner"], ["res_id", "=", partner]]
        assert odoo.admin("mail.activity", "search_count", domain=domain) == 1

    def test_a_conflict_was_not_done_and_may_be_tried_again(self, odoo: World) -> None:
        engine, partner = adapter(odoo.engine), odoo.partner()
        effects = prepare(engine, str(partner), task("busy"))
        self.trouble(odoo, "conflict", DOING, times=9)
        with pytest.raises(UnavailableError):
            engine.execute(effects)
        assert odoo.service is not None
        odoo.service.troubles.clear()
        assert statuses(engine.execute(effects)) == ["done"]


class TestALiveServer:
    """Timeouts, conflicts and mail servers as they really are."""

    def action(self, odoo: World, code: str) -> int:
        """A server action of an administrator's."""
        model = odoo.admin.xid("base.model_res_partner")
        values: dict[str, Any] = {
            "name": "trial",
            "model_id": model,
            "state": "code",
            "code": code,
        }
        return odoo.admin.create("ir.actions.server", **values)

    def test_a_client_that_gives_up_does_not_stop_the_server(self, alive: World) -> None:
        partner = alive.partner()
        slow = self.action(
            alive,
            f"env.cr.execute('select pg_sleep(6)')\n"
            f"env['res.partner'].browse({partner}).write({{'ref': 'late'}})",
        )
        impatient = door(alive.admin, read=3.0)
        assert impatient.uid
        with pytest.raises(BrokenError, match="in time"):
            impatient.call("ir.actions.server", "run", ids=[slow])
        impatient.close()
        for _ in range(100):
            (row,) = alive.admin.find("res.partner", [["id", "=", partner]], "ref")
            if row["ref"]:
                break
            time.sleep(0.2)
        assert row["ref"] == "late"

    def test_longer_than_the_five_seconds_of_the_library_is_waited(self, alive: World) -> None:
        slow = self.action(alive, "env.cr.execute('select pg_sleep(6)')")
        patient = door(alive.admin, read=120.0)
        assert patient.call("ir.actions.server", "run", ids=[slow]) is False
        patient.close()

    def test_a_conflict_that_lasts_is_told_as_one(self, alive: World) -> None:
        code = (
            "env.cr.execute(\"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$\")"
        )
        with pytest.raises(BusyError):
            door(alive.admin).call("ir.actions.server", "run", ids=[self.action(alive, code)])

    def test_an_odoo_whose_mail_server_is_away_says_so_afterwards(self, alive: World) -> None:
        engine, partner = adapter(alive.engine), alive.partner()
        alive.invoice(partner)
        servers = alive.admin.find("ir.mail_server", [], "smtp_port")
        ids = [row["id"] for row in servers]
        alive.admin("ir.mail_server", "write", ids, vals={"smtp_port": 9})
        try:
            (result,) = do(engine, str(partner), reminder())
            assert (result.status, result.delivery) == ("done", "accepted")
            alive.admin("mail.mail", "process_email_queue")
        finally:
            for row in servers:
                alive.admin(
                    "ir.mail_server", "write", [row["id"]], vals={"smtp_port": row["smtp_port"]}
                )
        found = {one.key: one for one in engine.outcomes(since=engine.describe().on)}
        assert found[result.key].delivery == "refused"
        assert found[result.key].address_hash == ""  # the address is not to blame

    def test_a_line_to_nowhere_is_told_at_once(self, alive: World) -> None:
        host = httpx.URL(alive.engine.base).host
        nowhere = Rpc(alive.engine.client, f"http://{host}:9", "kit", "collector", "x")
        with pytest.raises(UnavailableError, match="cannot be reached"):
            adapter(nowhere, connect=5.0).describe()
