"""The settings of `[erp]` for Odoo: every mistake at once, and secrets from elsewhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from dunwell.errors import ConfigurationError
from dunwell.hooks import Settings
from dunwell_odoo import plugin
from dunwell_odoo.connecting import door_of
from dunwell_odoo.options import Options, read_options
from dunwell_odoo.rights import grant, reads, who_grants
from dunwell_odoo.setup.register import Register, read, written

GOOD = {"url": "https://odoo.example", "database": "books", "login": "dunwell@example.com"}


def wrong(values: Mapping[str, object]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_options(values, Path("/nowhere"))
    return str(caught.value)


class TestOptions:
    """What may be written, and what is said of the rest."""

    def test_three_settings_are_enough(self) -> None:
        options = read_options({"adapter": "odoo", **GOOD}, Path())
        assert options == Options("https://odoo.example", "books", "dunwell@example.com")
        assert (options.timeout, options.connect_timeout) == (120.0, 10.0)

    def test_everything_may_be_said(self, tmp_path: Path) -> None:
        (tmp_path / "ca.pem").write_text("...")
        options = read_options(
            {
                **GOOD, "companies": ["First", 2], "protocol": "jsonrpc", "timeout": 300,
                "connect_timeout": 2.5, "ca": "ca.pem", "proxy": "http://proxy:3128",
                "remind": "channel", "payment_links": False, "timezone": "Europe/Madrid",
                "history_months": 12,
            },
            tmp_path,
        )  # fmt: skip
        assert options.companies == ("First", 2)
        assert options.ca == tmp_path / "ca.pem"
        line = options.line()
        assert (line.read, line.connect, line.proxy) == (300, 2.5, "http://proxy:3128")

    def test_all_mistakes_are_told_at_once_with_what_to_write(self) -> None:
        said = wrong(
            {
                "url": "http://odoo.example", "databse": "x", "login": 3, "companies": "First",
                "protocol": "xmlrpc", "timeout": -1, "ca": "missing.pem", "proxy": "socks://p",
                "remind": "sms", "payment_links": "yes", "timezone": "Mars", "history_months": 0,
            }
        )  # fmt: skip
        for told in (
            "'url' in [erp] cannot be 'http://odoo.example' (the key would travel in clear",
            "'databse' in [erp] is not a setting (did you mean 'database'?)",
            "'database' in [erp] is missing (write database = \"production\")",
            "'login' in [erp] is a text, not 3",
            "'companies' in [erp] cannot be 'First' (write [\"First company\", 2])",
            "'protocol' in [erp] cannot be 'xmlrpc' (write 'json2' or 'jsonrpc')",
            "'timeout' in [erp] cannot be -1",
            "'ca' in [erp] names no file: /nowhere/missing.pem",
            "'proxy' in [erp] cannot be 'socks://p'",
            "'remind' in [erp] cannot be 'sms' (write 'odoo' or 'channel')",
            "'payment_links' in [erp] cannot be 'yes' (write true or false)",
            "'timezone' in [erp] cannot be 'Mars'",
            "'history_months' in [erp] cannot be 0",
        ):
            assert told in said

    @pytest.mark.parametrize(
        ("url", "base"),
        [
            ("https://odoo.example/", "https://odoo.example"),
            ("https://odoo.example/web", "https://odoo.example"),
            ("https://host:8443/erp/", "https://host:8443/erp"),
            ("http://localhost:8069", "http://localhost:8069"),
            ("http://127.0.0.1:8069", "http://127.0.0.1:8069"),
            ("http://[::1]:8069", "http://[::1]:8069"),
        ],
    )
    def test_addresses_are_taken_as_people_copy_them(self, url: str, base: str) -> None:
        assert read_options({**GOOD, "url": url}, Path()).url == base

    @pytest.mark.parametrize(
        "url", ["odoo.example", "ftp://x", "https://", "https://x:0x", "https://x/?db=books"]
    )
    def test_other_addresses_are_refused(self, url: str) -> None:
        assert "'url' in [erp] cannot be" in wrong({**GOOD, "url": url})

    @pytest.mark.parametrize("key", ["url", "proxy"])
    def test_a_password_in_an_address_is_refused_and_not_repeated(self, key: str) -> None:
        said = wrong({**GOOD, key: "https://me:pa55@odoo.example"})
        assert "holds a user" in said
        assert "pa55" not in said

    def test_plain_http_is_possible_for_who_says_so(self) -> None:
        values = {**GOOD, "url": "http://odoo:8069", "allow_http": True}
        assert read_options(values, Path()).url == "http://odoo:8069"


class TestSecrets:
    """The key, and a proxy that needs a password."""

    def test_without_a_key_it_is_said_where_to_put_one(self) -> None:
        options = read_options(GOOD, Path())
        with pytest.raises(ConfigurationError, match="DUNWELL_ODOO_API_KEY"):
            door_of(options, Settings({}, Path()))

    def test_a_proxy_with_a_password_comes_from_the_environment(self) -> None:
        options = read_options({**GOOD, "proxy": "http://proxy:1"}, Path())
        secrets = {"api_key": "k", "proxy": "http://me:pa55@proxy:2"}
        door = door_of(options, Settings({}, Path(), secrets.get))
        assert door.line.proxy == "http://me:pa55@proxy:2"
        assert "pa55" not in repr(door) + repr(door.line) + repr(options)
        door.close()

    def test_a_plugin_without_its_library_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delitem(sys.modules, "dunwell_odoo.opening", raising=False)

        class Nowhere:
            def find_spec(self, name: str, path: object = None, target: object = None) -> None:
                if name == "dunwell_odoo.opening":  # which imports it
                    raise ModuleNotFoundError("No module named 'httpx'", name="httpx")

        monkeypatch.setattr(sys, "meta_path", [Nowhere(), *sys.meta_path])
        with pytest.raises(ConfigurationError, match=r"install 'dunwell\[odoo\]'"):
            plugin.open_adapter(Settings(GOOD, Path()))

    def test_help_stays_fast_the_client_is_not_even_imported(self) -> None:
        code = (
            "import sys; from dunwell.hooks import load_plugins; load_plugins(); "
            "print([m for m in ('httpx', 'odoolib', 'msgspec', 'polars') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert b"httpx" not in done.stdout
        assert b"odoolib" not in done.stdout


class TestKnowledge:
    """What is known of rights and of what was made."""

    def test_whatever_is_not_known_to_change_nothing_counts_as_a_write(self) -> None:
        assert reads("search_read")
        assert reads("has_access")
        assert not reads("message_post")
        assert not reads("get_portal_url_or_anything_else")

    def test_who_grants_what_names_a_group_or_the_set_up(self) -> None:
        assert "account.group_account_readonly" in who_grants("account.journal", "read")
        assert "base.group_partner_manager" in who_grants("res.partner", "write")
        assert "setup" in who_grants("ir.actions.server", "run")
        assert grant("'X'") == "an administrator gives the user the group 'X'"

    def test_what_was_made_is_found_in_the_comment_and_nothing_else_is(self) -> None:
        register = Register({"__dunwell__.action_engine": 41}, ("base_automation",))
        assert read(written(register)) == register
        assert read("a group of ours") is None
        assert read("dunwell-setup 2 action_engine=41") is None
        assert read("dunwell-setup 1 action_engine=x unknown=3 =") == Register()
