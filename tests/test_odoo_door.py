"""The door to Odoo: both protocols, every way to answer badly, and what never gets out."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
import trustme

from dunwell.errors import (
    AdapterError,
    ConfigurationError,
    ContractBrokenError,
    DeniedError,
    UnansweredError,
    UnavailableError,
)
from dunwell_odoo.door import BrokenError, BusyError, Door, GoneError, Line, RefusedError

from tests.odoo_wire import (
    KEY,
    Answer,
    Odoo,
    Request,
    data,
    door_to,
    failure,
    page,
    serving,
)

VERSIONS = (17, 19)


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def odoo(version: int) -> Iterator[Odoo]:
    with serving(Odoo(version)) as served:
        yield served


class TestCalls:
    """What crosses the wire."""

    def test_the_version_chooses_the_protocol_and_is_asked_once(
        self, odoo: Odoo, version: int
    ) -> None:
        with door_to(odoo) as door:
            assert door.version == (version, 0)
            assert door.protocol == ("json2" if version == 19 else "jsonrpc")
            for _ in range(3):
                door.call("res.partner", "search", domain=[])
            assert door.uid == 7
            hello = 2 if version == 19 else 3
            assert door.calls == len(odoo.seen) == hello + 3

    def test_json2_has_names_and_a_bearer(self) -> None:
        with serving(Odoo(19)) as odoo, door_to(odoo) as door:
            door.call("res.partner", "write", ids=[3], vals={"ref": "x"}, context={"lang": "fr"})
        request = odoo.seen[-1]
        assert request.path == "/json/2/res.partner/write"
        assert request.body == {"ids": [3], "vals": {"ref": "x"}, "context": {"lang": "fr"}}
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert request.headers["X-Odoo-Database"] == "books"

    @pytest.mark.parametrize(
        ("method", "given", "args", "kwargs"),
        [
            ("write", {"ids": [3], "vals": {"ref": "x"}}, [[3], {"ref": "x"}], {}),
            ("create", {"vals_list": [{"ref": "x"}]}, [[{"ref": "x"}]], {}),
            ("read", {"ids": [3], "fields": ["ref"]}, [[3]], {"fields": ["ref"]}),
            ("search", {"domain": []}, [], {"domain": []}),
        ],
    )
    def test_json_rpc_has_values_by_place_as_overriding_methods_rename_them(
        self, method: str, given: dict[str, object], args: object, kwargs: object
    ) -> None:
        with serving(Odoo(17)) as odoo, door_to(odoo) as door:
            door.call("res.partner", method, **given)  # type: ignore[arg-type]
        assert odoo.seen[-1].body["params"]["args"] == [
            "books", 7, KEY, "res.partner", method, args, kwargs,
        ]  # fmt: skip

    def test_search_read_is_the_servers_own_in_one_call(self, odoo: Odoo) -> None:
        odoo.reply = lambda request: [{"id": 1}]
        with door_to(odoo) as door:
            rows = door.call("res.partner", "search_read", domain=[], fields=["id"], load=False)
        assert rows == [{"id": 1}]
        assert odoo.calls == ["res.partner.search_read"]

    def test_amounts_are_exact(self, odoo: Odoo) -> None:
        odoo.reply = lambda request: Answer(
            b'{"jsonrpc": "2.0", "result": 0.1}' if "jsonrpc" in request.path else b"0.1"
        )
        with door_to(odoo) as door:
            found = door.call("x", "y", amount=Decimal("12345678901234.567"))
        assert found == Decimal("0.1")
        sent = odoo.seen[-1].body
        sent = sent["params"]["args"][6] if "params" in sent else sent
        assert sent == {"amount": 12345678901234.567}

    def test_an_address_may_have_a_prefix(self, odoo: Odoo) -> None:
        with door_to(odoo, "/erp") as door:
            door.call("res.partner", "search", domain=[])
        assert {request.path.split("/")[1] for request in odoo.seen} == {"erp"}

    def test_many_threads_share_it(self, odoo: Odoo) -> None:
        odoo.reply = lambda request: request.call
        with door_to(odoo) as door, ThreadPoolExecutor(8) as pool:
            asked = [f"m{n}" for n in range(80)]
            found = list(pool.map(lambda model: door.call(model, "search"), asked))
        assert found == [f"{model}.search" for model in asked]
        logins = [r for r in odoo.seen if r.call in ("login", "res.users.context_get")]
        assert len(logins) == 1

    @pytest.mark.parametrize(
        ("info", "version", "enterprise"),
        [
            ([17, 0, 0, "final", 0, "e"], (17, 0), True),
            (["saas~18", 2, 0, "final", 0, ""], (18, 2), False),
        ],
    )
    def test_odd_versions_are_understood(
        self, info: list[object], version: tuple[int, int], enterprise: bool
    ) -> None:
        with serving(Odoo(19)) as odoo, door_to(odoo) as door:
            odoo.answer = lambda request: data({"version_info": info})  # type: ignore[method-assign]
            assert door.version == version
            assert door.enterprise is enterprise

    def test_who_speaks_another_protocol_can_be_told(self) -> None:
        with serving(Odoo(19)) as odoo:
            line = Line(odoo.url)
            door = Door(line, database="books", login="c", key=KEY, protocol="jsonrpc")
            door.call("res.partner", "search", domain=[])
            door.close()
        assert [request.path for request in odoo.seen] == ["/jsonrpc", "/jsonrpc"]


class TestRefusals:
    """Odoo's own errors, by name and never by text."""

    @pytest.mark.parametrize(
        ("name", "status", "method", "expected"),
        [
            ("odoo.exceptions.AccessError", 403, "search", DeniedError),
            ("odoo.exceptions.AccessDenied", 403, "search", DeniedError),
            ("odoo.exceptions.MissingError", 404, "write", GoneError),
            ("odoo.exceptions.UserError", 422, "message_post", RefusedError),
            ("odoo.exceptions.ValidationError", 422, "create", RefusedError),
            ("builtins.ValueError", 500, "search_read", RefusedError),
            ("werkzeug.exceptions.NotFound", 404, "search", RefusedError),
            ("psycopg2.errors.SerializationFailure", 500, "write", BusyError),
            ("psycopg2.errors.DeadlockDetected", 500, "write", BusyError),
            ("psycopg2.errors.SerializationFailure", 500, "message_post", BrokenError),
            ("psycopg2.OperationalError", 500, "write", BrokenError),
            ("psycopg2.OperationalError", 500, "search", UnavailableError),
            ("psycopg2.pool.PoolError", 500, "message_post", BrokenError),
        ],
    )
    def test_names_decide(
        self, odoo: Odoo, version: int, name: str, status: int, method: str, expected: type
    ) -> None:
        refusal = failure(version, name, status)
        odoo.reply = lambda request: refusal if request.call.endswith(f".{method}") else True
        with door_to(odoo) as door, pytest.raises(AdapterError) as caught:
            door.call("res.partner", method, ids=[1])
        assert type(caught.value) is expected
        assert "Jansen" not in str(caught.value)

    def test_what_the_text_says_is_kept_for_those_who_may_read_it(
        self, odoo: Odoo, version: int
    ) -> None:
        odoo.reply = lambda request: failure(version, "odoo.exceptions.UserError")
        with door_to(odoo) as door, pytest.raises(RefusedError) as caught:
            door.call("sale.order", "action_confirm", ids=[1])
        assert caught.value.said == "niet toegestaan: Jansen BV"
        assert caught.value.name == "odoo.exceptions.UserError"
        assert str(caught.value) == "Odoo refused sale.order.action_confirm: UserError"

    @pytest.mark.parametrize(
        ("model", "method", "group"),
        [
            ("account.move.line", "search_read", "account.group_account_readonly"),
            ("account.move", "message_post", "account.group_account_readonly"),
            ("account.move", "write", "account.group_account_invoice"),
            ("res.partner", "write", "base.group_partner_manager"),
            ("mail.activity", "create", "base.group_partner_manager"),
            ("ir.actions.server", "run", "dunwell odoo setup"),
            ("ir.model.data", "search", "base.group_system"),
            ("res.users", "read", "base.group_user"),
        ],
    )
    def test_a_missing_right_names_the_group_that_grants_it(
        self, odoo: Odoo, version: int, model: str, method: str, group: str
    ) -> None:
        odoo.reply = lambda request: failure(version, "odoo.exceptions.AccessError", 403)
        with door_to(odoo) as door, pytest.raises(DeniedError) as caught:
            door.call(model, method)
        assert group in caught.value.remedy

    def test_a_model_that_is_not_there_names_the_module_that_brings_it(
        self, odoo: Odoo, version: int
    ) -> None:
        name = "werkzeug.exceptions.NotFound" if version >= 19 else "odoo.exceptions.UserError"
        odoo.reply = lambda request: failure(version, name, 404)
        with door_to(odoo) as door, pytest.raises(ConfigurationError, match=r"'Invoicing' \(acc"):
            door.call("account.move.line", "search_read", domain=[])

    def test_a_conflict_is_not_tried_again_by_the_door(self, odoo: Odoo, version: int) -> None:
        name = "psycopg2.errors.SerializationFailure"
        odoo.reply = lambda request: failure(version, name, 500)
        with door_to(odoo) as door, pytest.raises(BusyError):
            door.call("res.partner", "write", ids=[1], vals={})
        assert len(odoo.calls) == 1

    def test_an_answer_without_sense_breaks_the_contract(self) -> None:
        with (
            serving(Odoo(17, lambda request: data([1]))) as odoo,
            door_to(odoo) as door,
            pytest.raises(ContractBrokenError),
        ):
            door.call("res.partner", "search")


class TestEntering:
    """Keys, databases, and addresses that are wrong."""

    def test_a_wrong_or_expired_key_says_how_to_make_one(self) -> None:
        def refuse(request: Request) -> Answer:
            if request.call.endswith("version"):
                return data({"version_info": [19, 0]})
            return failure(19, "werkzeug.exceptions.Unauthorized", 401, "Invalid apikey")

        with serving(Odoo(19)) as odoo, door_to(odoo) as door:
            odoo.answer = refuse  # type: ignore[method-assign]
            with pytest.raises(DeniedError) as caught:
                door.call("res.partner", "search")
        assert "expired" in str(caught.value)
        assert "DUNWELL_ODOO_API_KEY" in caught.value.remedy

    def test_a_login_that_json_rpc_does_not_know_is_said_by_name(self) -> None:
        with serving(Odoo(17)) as odoo, door_to(odoo) as door:
            known = odoo.answer
            odoo.answer = lambda request: (  # type: ignore[method-assign]
                data({"result": False}) if request.call == "login" else known(request)
            )
            with pytest.raises(DeniedError, match="'collector'"):
                assert door.uid

    def test_a_database_that_is_gone_is_a_wrong_setting(self, version: int) -> None:
        def gone(request: Request) -> Answer:
            if request.call == "login":
                return failure(17, "psycopg2.OperationalError")
            if request.call == "db_exist":
                return data({"result": False})
            return page(404)

        with serving(Odoo(version)) as odoo, door_to(odoo) as door:
            known = odoo.answer
            odoo.answer = lambda request: (  # type: ignore[method-assign]
                known(request) if request.call.endswith("version") else gone(request)
            )
            with pytest.raises(ConfigurationError, match="no database 'books'"):
                door.call("res.partner", "search")

    def test_a_database_that_goes_meanwhile_is_told_by_name_under_json2(self) -> None:
        with serving(Odoo(19, lambda request: page(404))) as odoo, door_to(odoo) as door:
            assert door.uid == 7
            with pytest.raises(ConfigurationError, match="no database 'books'"):
                door.call("res.partner", "write", ids=[1], vals={})

    def test_where_no_odoo_is_the_address_is_wrong(self) -> None:
        with serving(Odoo(19)) as odoo, door_to(odoo) as door:
            odoo.answer = lambda request: page(404)  # type: ignore[method-assign]
            with pytest.raises(ConfigurationError, match="correct 'url'"):
                assert door.version

    def test_what_is_no_odoo_but_speaks_json_is_found_out(self) -> None:
        with serving(Odoo(19)) as odoo, door_to(odoo) as door:
            odoo.answer = lambda request: data({"ok": True})  # type: ignore[method-assign]
            with pytest.raises(ConfigurationError, match="is it an Odoo"):
                assert door.version

    def test_an_odoo_before_16_is_refused(self) -> None:
        with serving(Odoo(15)) as odoo, door_to(odoo) as door:
            with pytest.raises(ConfigurationError, match="is Odoo 15"):
                assert door.uid
            assert odoo.calls == []

    def test_a_redirect_is_told_and_never_followed(self) -> None:
        with serving(Odoo(19)) as elsewhere, serving(Odoo(19)) as odoo, door_to(odoo) as door:
            location = f"{elsewhere.url}/web/database/selector?token=abc"
            odoo.reply = lambda request: Answer(b"", 307, {"Location": location})
            with pytest.raises(ConfigurationError) as caught:
                door.call("res.partner", "write", ids=[1], vals={})
            assert elsewhere.seen == []
        assert "/web/database/selector" in str(caught.value)
        assert "token" not in str(caught.value)


class TestBadLines:
    """What stands between us and Odoo, and what may have happened behind it."""

    @pytest.mark.parametrize(
        ("answer", "of_read", "of_write"),
        [
            (page(200), UnavailableError, BrokenError),
            (page(500), UnavailableError, BrokenError),
            (page(502), UnavailableError, BrokenError),
            (page(504), UnavailableError, BrokenError),
            (Answer(b'{"cut', 200), UnavailableError, BrokenError),
            (Answer(b"", 200), UnavailableError, BrokenError),
            (Answer(cut=True), UnavailableError, BrokenError),
            (page(429), UnavailableError, UnavailableError),
            (page(413), ConfigurationError, ConfigurationError),
            (page(401), DeniedError, DeniedError),
            (page(403), DeniedError, DeniedError),
        ],
    )
    def test_a_read_may_be_repeated_and_a_write_is_in_doubt(
        self, odoo: Odoo, answer: Answer, of_read: type, of_write: type
    ) -> None:
        odoo.reply = lambda request: answer
        with door_to(odoo) as door:
            with pytest.raises(AdapterError) as caught:
                door.call("res.partner", "search_read", domain=[])
            assert type(caught.value) is of_read
            with pytest.raises(AdapterError) as caught:
                door.call("res.partner", "message_post", ids=[1], body="x")
            assert type(caught.value) is of_write
        writes = [call for call in odoo.calls if call.endswith("message_post")]
        assert len(writes) == 1 or of_write is UnavailableError

    def test_a_read_outlives_a_restart_of_odoo(self, odoo: Odoo) -> None:
        left = iter([page(502), Answer(cut=True), page(503)])
        odoo.reply = lambda request: next(left, [4])
        with door_to(odoo) as door:
            assert door.call("res.partner", "search", domain=[]) == [4]

    def test_a_server_that_never_answered_is_not_waited_for(self) -> None:
        waits: list[float] = []
        line = Line("http://127.0.0.1:9", connect=5)
        door = Door(line, database="b", login="c", key=KEY, sleep=waits.append)
        with pytest.raises(UnavailableError, match="cannot be reached"):
            assert door.version
        assert (door.calls, waits) == (1, [])

    def test_an_answer_too_late_leaves_a_write_in_doubt_and_the_server_commits(
        self, odoo: Odoo
    ) -> None:
        committed, go_on = [], threading.Event()

        def slow(request: Request) -> object:
            assert go_on.wait(30)
            committed.append(request.call)
            return True

        odoo.reply = slow
        with door_to(odoo, read=0.2) as door:
            with pytest.raises(UnansweredError, match="in time"):
                door.call("res.partner", "write", ids=[1], vals={})
            go_on.set()
            odoo.reply = lambda request: True
            door.call("res.partner", "search", domain=[])
        assert len(odoo.calls) == 2
        for _ in range(100):
            if committed:
                break
            threading.Event().wait(0.05)
        assert committed == ["res.partner.write"]


class TestTls:
    """https, a private authority, proxies."""

    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def secure(self, authority: trustme.CA) -> Iterator[Odoo]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        with serving(Odoo(19), context) as odoo:
            yield odoo

    @pytest.fixture
    def ca(self, authority: trustme.CA, tmp_path: Path) -> Path:
        file = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(file))
        return file

    def test_a_private_authority_is_trusted_when_it_is_named(self, secure: Odoo, ca: Path) -> None:
        with door_to(secure, ca=ca) as door:
            assert door.call("res.partner", "search", domain=[]) is True

    def test_without_it_nothing_is_sent(self, secure: Odoo) -> None:
        with door_to(secure) as door, pytest.raises(ConfigurationError, match="'ca' in"):
            door.call("res.partner", "search", domain=[])
        assert secure.seen == []

    def test_a_certificate_for_another_host_is_refused(self, secure: Odoo, ca: Path) -> None:
        secure.url = secure.url.replace("localhost", "127.0.0.1")
        with door_to(secure, ca=ca) as door, pytest.raises(ConfigurationError):
            door.call("res.partner", "search", domain=[])
        assert secure.seen == []

    def test_a_file_without_certificates_is_a_wrong_setting(self, tmp_path: Path) -> None:
        file = tmp_path / "ca.pem"
        file.write_text("none")
        with pytest.raises(ConfigurationError, match="cannot be read"):
            Line("https://odoo.example", ca=file).client()

    def test_a_proxy_carries_it_and_sees_no_key(self, secure: Odoo, ca: Path) -> None:
        with (
            serving(Odoo(19, lambda request: None)) as proxy,
            door_to(secure, ca=ca, proxy=proxy.url) as door,
        ):
            assert door.call("res.partner", "search", domain=[]) is True
        assert proxy.seen
        assert {request.method for request in proxy.seen} == {"CONNECT"}
        assert KEY not in repr(proxy.seen)

    def test_a_proxy_that_refuses_leaves_nothing_sent(self, secure: Odoo, ca: Path) -> None:
        with (
            serving(Odoo(19, lambda request: page(407))) as proxy,
            door_to(secure, ca=ca, proxy=proxy.url) as door,
            pytest.raises(UnavailableError, match="proxy"),
        ):
            door.call("res.partner", "write", ids=[1], vals={})
        assert secure.seen == []

    def test_a_proxy_carries_plain_http_too(self, odoo: Odoo) -> None:
        asked = Odoo(odoo.version)
        asked.url = "http://odoo.invalid"
        with door_to(asked, proxy=odoo.url) as door:
            door.call("res.partner", "search", domain=[])
        assert all(request.path.startswith("http://odoo.invalid/") for request in odoo.seen)


class TestSecrets:
    """The key is in no text that leaves."""

    def test_no_log_has_the_key_or_the_proxys_password(
        self, odoo: Odoo, version: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        line = Line(odoo.url, proxy="")
        shown = [repr(Line("http://x", proxy="http://u:pa55@p"))]
        odoo.reply = lambda request: failure(version, "odoo.exceptions.UserError")
        with door_to(odoo) as door:
            for method in ("search", "message_post"):
                with pytest.raises(AdapterError) as caught:
                    door.call("res.partner", method, ids=[1], body="Jansen BV owes 450")
                shown += [str(caught.value), repr(caught.value)]
            shown += [repr(door), repr(line), str(vars(door).keys())]
        assert KEY not in caplog.text + "".join(shown)
        assert "Jansen" not in caplog.text + "".join(shown)
        assert "pa55" not in "".join(shown)
