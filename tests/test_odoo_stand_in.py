"""How an Odoo answers and refuses: facts of the stand-in and of a live server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.odoo_facts import EXPIRED, WORLDS, World, refused, world
from tests.odoo_rpc import Rpc, Said


@pytest.fixture(scope="module", params=WORLDS)
def odoo(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from world(request.param)


def by_rpc(odoo: World, **changed: Any) -> Rpc:
    """The engine's user over JSON-RPC, whichever the version."""
    own = odoo.engine
    values = {"database": own.database, "login": own.login, "key": own.key, "uid": own.uid}
    return Rpc(own.client, own.base, **{**values, **changed})


class TestTheDoor:
    def test_the_version_is_told_to_anybody(self, odoo: World) -> None:
        told = odoo.engine.service("common", "version")
        assert told["server_version_info"][:2] == [odoo.version, 0]

    def test_only_new_ones_have_a_page_for_it(self, odoo: World) -> None:
        answer = odoo.engine.client.get(f"{odoo.engine.base}/web/version")
        assert answer.status_code == (200 if odoo.new else 404)
        if odoo.new:
            assert answer.json()["version_info"][0] == odoo.version

    def test_a_wrong_key_is_nobody_at_the_login(self, odoo: World) -> None:
        wrong = by_rpc(odoo).service("common", "login", odoo.engine.database, "collector", "wrong")
        assert wrong is False

    def test_a_wrong_key_is_an_access_denied_in_a_call(self, odoo: World) -> None:
        stranger = by_rpc(odoo, key="wrong")
        name = refused(stranger, "res.partner", "search_count", domain=[])
        assert name == "odoo.exceptions.AccessDenied"

    def test_a_database_that_is_not_there(self, odoo: World) -> None:
        lost = by_rpc(odoo, database="nobody-has-it")
        assert refused(lost, "res.partner", "search_count", domain=[]) == (
            "psycopg2.OperationalError"
        )
        assert lost.service("db", "db_exist", "nobody-has-it") is False
        assert lost.service("db", "db_exist", odoo.engine.database) is True

    def test_errors_over_json_rpc_come_with_status_200(self, odoo: World) -> None:
        own = odoo.engine
        params = {"service": "object", "method": "execute_kw", "args": [
            own.database, own.uid, own.key, "res.partner", "write", [[999_999], {"name": "x"}],
        ]}  # fmt: skip
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 7}
        answer = own.client.post(f"{own.base}/jsonrpc", json=body)
        error = answer.json()["error"]
        assert answer.status_code == 200
        assert error["code"] == (0 if odoo.new else 200)
        assert {"name", "message", "arguments", "context", "debug"} <= set(error["data"])

    def test_json2_tells_by_status_and_name(self, odoo: World) -> None:
        if not odoo.new:
            pytest.skip("Odoo speaks JSON-2 since 19")
        own = odoo.engine

        def told(model: str, method: str, key: str = own.key, **kwargs: Any) -> tuple[int, str]:
            asked = Rpc(own.client, own.base, own.database, "", key, json2=True)
            try:
                asked(model, method, **kwargs)
            except Said as said:
                return said.status, said.name
            return 200, ""

        domain: list[Any] = []
        assert told("res.partner", "search_count", domain=domain) == (200, "")
        unknown = (401, "werkzeug.exceptions.Unauthorized")
        assert told("res.partner", "search_count", key="wrong", domain=domain) == unknown
        gone = (404, "odoo.exceptions.MissingError")
        assert told("res.partner", "write", ids=[999_999], vals={"name": "x"}) == gone
        nowhere = (404, "werkzeug.exceptions.NotFound")
        assert told("no.model", "read", ids=[1]) == nowhere
        assert told("res.partner", "no_method") == nowhere
        private = (403, "odoo.exceptions.AccessError")
        assert told("res.partner", "_compute_display_name") == private
        assert told("ir.model.data", "search_read", domain=[]) == private
        strange = (422, "werkzeug.exceptions.UnprocessableEntity")
        assert told("res.partner", "search_count") == strange
        assert told("res.partner", "search_count", ids=[1], domain=domain) == strange
        assert told("res.partner", "create", vals={"name": "x"}) == strange
        assert told("res.partner", "create", vals_list=[{}])[0] == 422
        assert told("res.partner", "search_read", domain=[["no_field", "=", 1]])[0] == 500

    def test_json2_of_another_database_is_a_page(self, odoo: World) -> None:
        if not odoo.new:
            pytest.skip("Odoo speaks JSON-2 since 19")
        own = odoo.engine
        for database in ("nobody-has-it", ""):
            other = Rpc(own.client, own.base, database, "", own.key, json2=True)
            with pytest.raises(Said) as caught:
                other("res.partner", "search_count", domain=[])
            assert (caught.value.status, caught.value.name) == (404, "")

    def test_an_expired_key_is_nobodys(self, odoo: World) -> None:
        if odoo.service is None:
            pytest.skip("keys of a live server are its own")
        own = by_rpc(odoo)
        login = own.service("common", "login", own.database, own.login, EXPIRED)
        assert login is False


class TestRefusals:
    def test_unknown_models_and_methods(self, odoo: World) -> None:
        asked = by_rpc(odoo)
        assert refused(asked, "no.model", "search", domain=[]) == "odoo.exceptions.UserError"
        assert refused(asked, "res.partner", "no_method") == "builtins.AttributeError"
        assert refused(asked, "res.partner", "_compute_display_name") == (
            "odoo.exceptions.AccessError"
        )

    def test_unknown_fields_and_arguments(self, odoo: World) -> None:
        asked = by_rpc(odoo)
        wrong = "builtins.ValueError"
        assert refused(asked, "res.partner", "search", domain=[["no_field", "=", 1]]) == wrong
        assert refused(asked, "res.partner", "search", domain=[["name", "=?x", 1]]) == wrong
        assert refused(asked, "res.partner", "search", domain=["|", ["id", "=", 1]]) == wrong
        assert refused(asked, "res.partner", "read", [1], fields=["no_field"]) == wrong
        one: Any = {"domain": [["id", "=", 1]], "fields": ["name"], "nonsense": 1}
        assert refused(asked, "res.partner", "search_read", **one) == "builtins.TypeError"
        assert refused(asked, "res.partner", "search", domain=[], nonsense=1) == (
            "builtins.TypeError"
        )
        spec: Any = {"country_id": {"fields": {"no_field": {}}}}
        assert refused(asked, "res.partner", "web_search_read", domain=[], specification=spec) in (
            wrong,
            "builtins.KeyError",
        )
        assert refused(asked, "res.partner", "create", vals_list=[{"no_field": 1}]) == wrong
        assert refused(asked, "res.partner", "write", [1], vals={"no_field": 1}) == (
            "builtins.KeyError" if odoo.new else wrong
        )

    def test_an_order_is_a_list_of_fields(self, odoo: World) -> None:
        asked = by_rpc(odoo)
        assert refused(asked, "res.partner", "search", domain=[], order="name;drop") == (
            "odoo.exceptions.UserError"
        )
        assert refused(asked, "res.partner", "search", domain=[], order="no_field") == (
            "builtins.ValueError"
        )

    def test_what_must_be_filled(self, odoo: World) -> None:
        assert refused(odoo.engine, "res.partner", "create", vals_list=[{}]) == (
            "odoo.exceptions.ValidationError"
        )

    def test_a_record_that_is_gone(self, odoo: World) -> None:
        asked = odoo.engine
        assert asked("res.partner", "read", [999_999], fields=["name"]) == []
        gone = "odoo.exceptions.MissingError"
        assert refused(asked, "res.partner", "write", [999_999], vals={"name": "x"}) == gone
        assert refused(asked, "res.partner", "message_post", [999_999], body="x") == gone
        assert refused(asked, "mail.activity", "action_feedback", [999_999]) == gone

    def test_a_relation_to_nothing(self, odoo: World) -> None:
        partner = odoo.partner()
        assert refused(
            odoo.engine, "res.partner", "write", [partner], vals={"category_id": [[4, 999_999]]}
        ) == "odoo.exceptions.ValidationError"  # fmt: skip

    @pytest.mark.parametrize(
        "model",
        ["ir.model", "ir.model.data", "ir.config_parameter", "mail.mail", "ir.ui.view",
         "ir.actions.server", "ir.module.module"],
    )  # fmt: skip
    def test_least_rights_do_not_read_what_odoo_is_made_of(self, odoo: World, model: str) -> None:
        assert refused(odoo.engine, model, "search", domain=[]) == "odoo.exceptions.AccessError"

    def test_least_rights_do_not_write_books(self, odoo: World) -> None:
        move = odoo.invoice(odoo.partner())
        denied = "odoo.exceptions.AccessError"
        assert refused(odoo.engine, "account.move", "write", [move], vals={"ref": "x"}) == denied
        assert refused(odoo.engine, "account.move", "unlink", [move]) == denied
        made = [{"move_type": "out_invoice"}]
        assert refused(odoo.engine, "account.move", "create", vals_list=made) == denied

    def test_an_employee_sees_customers_but_no_invoices(self, odoo: World) -> None:
        plain = odoo.person("base.group_user")
        partner = odoo.partner()
        odoo.invoice(partner)
        assert plain("res.partner", "read", [partner], fields=["name"])
        denied = "odoo.exceptions.AccessError"
        assert refused(plain, "account.move", "search", domain=[]) == denied
        assert refused(plain, "res.partner", "write", [partner], vals={"name": "x"}) == denied

    def test_rights_can_be_asked(self, odoo: World) -> None:
        def may(model: str, right: str) -> bool:
            asked = by_rpc(odoo)
            if odoo.new:
                return bool(asked(model, "has_access", [], operation=right))
            found = asked(model, "check_access_rights", operation=right, raise_exception=False)
            return bool(found)

        assert may("account.move", "read")
        assert not may("account.move", "write")
        assert may("res.partner", "write")
        assert may("mail.message", "create")
        assert not may("mail.mail", "read")
