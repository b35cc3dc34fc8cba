"""How an Odoo finds and reads records: facts of the stand-in and of a live server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.odoo_facts import WORLDS, World, names, refused, world


@pytest.fixture(scope="module", params=WORLDS)
def odoo(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from world(request.param)


class TestReading:
    def test_relations_are_pairs_or_bare_numbers(self, odoo: World) -> None:
        (country,) = odoo.admin.find("res.country", [["code", "=", "FR"]], "name")
        partner = odoo.partner(country_id=country["id"])
        asked: Any = {"domain": [["id", "=", partner]], "fields": ["country_id", "user_id"]}
        (named,) = odoo.engine("res.partner", "search_read", **asked)
        (bare,) = odoo.engine("res.partner", "search_read", **asked, load=None)
        assert named["country_id"] == [country["id"], country["name"]]
        assert bare == {"id": partner, "country_id": country["id"], "user_id": False}

    def test_a_specification_reads_what_is_behind_relations(self, odoo: World) -> None:
        (country,) = odoo.admin.find("res.country", [["code", "=", "FR"]], "name")
        tag = odoo.admin.create("res.partner.category", name="Fact")
        partner = odoo.partner(country_id=country["id"], category_id=[[6, 0, [tag]]])
        spec: Any = {
            "name": {}, "parent_id": {}, "user_id": {"fields": {"name": {}}},
            "country_id": {"fields": {"code": {}}}, "category_id": {"fields": {"name": {}}},
        }  # fmt: skip
        found = odoo.engine(
            "res.partner", "web_search_read", domain=[["id", "=", partner]], specification=spec,
            limit=10, order="id", count_limit=1,
        )  # fmt: skip
        assert found["records"] == [
            {
                "id": partner,
                "name": "Acme",
                "parent_id": False,
                "user_id": False,
                "country_id": {"id": country["id"], "code": "FR"},
                "category_id": [{"id": tag, "name": "Fact"}],
            }
        ]

    def test_pages_beyond_the_last_number(self, odoo: World) -> None:
        three = [odoo.partner(f"Paged {n}") for n in range(3)]
        domain: list[Any] = [["id", "in", three]]
        asked: Any = {"specification": {"name": {}}, "limit": 2, "order": "id"}
        first = odoo.engine("res.partner", "web_search_read", domain=domain, **asked)["records"]
        last = first[-1]["id"]
        rest = odoo.engine(
            "res.partner", "web_search_read", domain=[*domain, ["id", ">", last]], **asked
        )["records"]
        assert names(first) + names(rest) == ["Paged 0", "Paged 1", "Paged 2"]

    def test_domains(self, odoo: World) -> None:
        (france,) = odoo.admin.find("res.country", [["code", "=", "FR"]], "code")
        a = odoo.partner("Dom A", phone="1", country_id=france["id"])
        b = odoo.partner("Dom B", email=False)
        child = odoo.admin.create("res.partner", name="Dom C", parent_id=a)
        mine: list[Any] = [["id", "in", [a, b, child]]]

        def found(*terms: Any) -> list[int]:
            return list(odoo.engine("res.partner", "search", domain=[*mine, *terms], order="id"))

        assert found(["country_id.code", "=", "FR"]) == [a, child], "a contact shares the address"
        assert found(["parent_id", "=", a]) == [child]
        assert found(["parent_id", "=", False]) == [a, b]
        assert found(["parent_id.name", "ilike", "dom a"]) == [child]
        assert found(["email", "=", False]) == [b, child]
        assert found(["phone", "!=", "1"]) == [b, child]
        assert found(["phone", "not in", ["1"]]) == [b, child]
        assert found("|", ["phone", "=", "1"], ["email", "=", False]) == [a, b, child]
        assert found("!", ["phone", "=", "1"]) == [b, child]
        assert found(["name", "=like", "Dom %"], ["name", "not like", "B"]) == [a, child]
        assert found(["commercial_partner_id", "=", a]) == [a, child]
        assert found(["child_ids", "!=", False]) == [a]
        assert found(["name", "in", []]) == []

    def test_what_is_put_away_is_found_when_asked_for(self, odoo: World) -> None:
        partner = odoo.partner("Put Away")
        odoo.admin("res.partner", "action_archive", [partner])
        domain = [["id", "=", partner]]
        assert odoo.engine("res.partner", "search", domain=domain) == []
        assert odoo.engine(
            "res.partner", "search", domain=domain, context={"active_test": False}
        ) == [partner]  # fmt: skip
        archived = [*domain, ["active", "=", False]]
        assert odoo.engine("res.partner", "search", domain=archived) == [partner]
        assert odoo.engine("res.partner", "read", [partner], fields=["active"])

    def test_groups(self, odoo: World) -> None:
        kind, partner = odoo.subtype(internal=True), odoo.partner()
        for subject in ("a", "a", "b"):
            odoo.engine.create(
                "mail.message", model="res.partner", res_id=partner, subject=subject,
                subtype_id=kind, body="x", message_type="comment",
            )  # fmt: skip
        domain = [["subtype_id", "=", kind], ["res_id", "=", partner]]
        by = ["res_id", "subject"]
        if odoo.new:
            rows = odoo.engine(
                "mail.message", "formatted_read_group", domain=domain, groupby=by,
                aggregates=["id:max", "__count"],
            )  # fmt: skip
            newest = {row["subject"]: row["id:max"] for row in rows}
        else:
            rows = odoo.engine(
                "mail.message", "read_group", domain=domain, fields=["id:max"], groupby=by,
                lazy=False,
            )  # fmt: skip
            newest = {row["subject"]: row["id"] for row in rows}
        assert {row["subject"]: row["__count"] for row in rows} == {"a": 2, "b": 1}
        assert {row["res_id"] for row in rows} == {partner}
        assert newest["b"] > newest["a"]

    def test_fields_can_be_asked(self, odoo: World) -> None:
        found = odoo.engine(
            "res.partner", "fields_get", allfields=["country_id", "no_field", "mobile"],
            attributes=["type", "relation"],
        )  # fmt: skip
        assert found["country_id"] == {"type": "many2one", "relation": "res.country"}
        assert "no_field" not in found
        assert ("mobile" in found) == (not odoo.new)

    def test_the_clock_is_the_default_of_a_message(self, odoo: World) -> None:
        told = odoo.engine("mail.message", "default_get", fields=["date"])
        assert len(told["date"]) == len("2026-03-02 08:00:00")

    def test_who_one_is(self, odoo: World) -> None:
        assert odoo.engine("res.users", "context_get")["uid"] == odoo.engine.uid

    def test_external_ids_of_odoo_are_told_to_everybody(self, odoo: World) -> None:
        told = odoo.engine(
            "ir.model.data", "check_object_reference", module="mail", xml_id="mt_note"
        )
        assert told[0] == "mail.message.subtype"
        assert refused(
            odoo.engine, "ir.model.data", "check_object_reference", module="mail", xml_id="mt_no"
        ) == "builtins.ValueError"  # fmt: skip

    def test_a_company_that_is_not_ones_own(self, odoo: World) -> None:
        assert refused(
            odoo.engine, "account.move", "search", domain=[],
            context={"allowed_company_ids": [999]},
        ) == "odoo.exceptions.AccessError"  # fmt: skip

    def test_a_language_that_is_not_installed(self, odoo: World) -> None:
        asked: Any = {"domain": [["id", "=", 1]], "context": {"lang": "xx_XX"}}
        if odoo.new:
            name = refused(odoo.engine, "res.partner", "search", **asked)
            assert name == "odoo.exceptions.UserError"
        else:
            assert odoo.engine("res.partner", "search", **asked) == [1]
