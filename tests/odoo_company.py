"""The models around a company of Odoo's `base`: companies, countries, languages, currencies."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.odoo_fields import Field, Fields, behind, char, flag, one, whole
from tests.odoo_loading import Record
from tests.odoo_writing import Values


class Company(Record):
    _name, _words = "res.company", "Companies"
    fields: ClassVar[Fields] = {
        "name": char(need=True), "partner_id": one("res.partner"), "email": char(),
        "currency_id": one("res.currency"), "country_id": one("res.country"),
        "country_code": char(related="country_id.code"), "active": flag(default=True),
    }  # fmt: skip

    def _prepared(self, values: Values) -> dict[str, Any]:
        card = {name: values[name] for name in ("name", "email", "country_id") if name in values}
        made = self.env["res.partner"].sudo().create({**card, "is_company": True})
        return {**values, "partner_id": made.id}

    def get_base_url(self) -> str:
        return str(self.env["ir.config_parameter"].sudo().get_param("web.base.url"))


class Country(Record):
    _name = "res.country"
    fields: ClassVar[Fields] = {"name": char(need=True), "code": char()}


class Lang(Record):
    _name = "res.lang"
    fields: ClassVar[Fields] = {
        "name": char(need=True),
        "code": char(),
        "active": flag(default=True),
    }


class Currency(Record):
    _name, _words = "res.currency", "Currency"
    _order = "active desc, name"
    fields: ClassVar[Fields] = {
        "name": char(need=True), "symbol": char(), "active": flag(default=True),
        "rounding": Field("float", default=0.01), "decimal_places": whole(compute="_places"),
        "rate_ids": behind("res.currency.rate", "currency_id"),
    }  # fmt: skip

    def _places(self, number: int) -> int:
        rounding = self._rows()[number]["rounding"]
        return len(f"{rounding:.6f}".rstrip("0").partition(".")[2])


class Rate(Record):
    _name, _words = "res.currency.rate", "Currency Rate"
    _order = "name desc, id"
    fields: ClassVar[Fields] = {
        "name": Field("date", need=True), "rate": Field("float"),
        "currency_id": one("res.currency"),
        "company_id": one("res.company", default=lambda env: env.company.id),
        "inverse_company_rate": Field("float", compute="_inverse"),
        "company_rate": Field("float", compute="_own"),
    }  # fmt: skip

    def _own(self, number: int) -> float:
        return float(self._rows()[number]["rate"])

    def _inverse(self, number: int) -> float:
        return 1 / self._own(number)

    def _prepared(self, values: Values) -> dict[str, Any]:
        given = dict(values)
        inverse, own = given.pop("inverse_company_rate", 0), given.pop("company_rate", 0)
        if inverse or own:
            given["rate"] = own or 1 / inverse
        return given


COMPANY_MODELS: tuple[type[Record], ...] = (Company, Country, Lang, Currency, Rate)
