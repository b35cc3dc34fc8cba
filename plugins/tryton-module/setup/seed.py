"""Make a small company in an empty Tryton database: chart, years, currencies, users, a product.

Usage: python seed.py trytond.conf URI
"""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from typing import Any

from proteus import Model, config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
from trytond.modules.company.tests.tools import create_company, get_company

CURRENCIES = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
YEARS = range(-2, 2)
"""Fiscal years around this one, so that old invoices and those of next year can be posted."""
READ = ("account.move", "account.move.reconciliation", "account.invoice", "account.dunning")
"""What those who collect must read beside what everybody may."""
BELL = "res.notification"


def seed(file: str, database: str) -> None:
    """Everything that a company has before its first customer; `database` is a URI."""
    config.set_trytond(database, config_file=file)
    currencies = _currencies()
    party = Model.get("party.party")(name="Acme Tools")
    party.save()
    create_company(party, currencies["EUR"])
    company = get_company()
    company.timezone = "Europe/Madrid"
    company.save()
    create_chart(company)
    accounts = get_accounts(company)
    for year in YEARS:
        _year(company, dt.datetime.now(dt.UTC).year + year)
    _journals(accounts)
    _product(accounts)
    _users(company)


def _currencies() -> dict[str, Any]:
    new_currency = Model.get("currency.currency")
    made = {}
    for code, digits in CURRENCIES.items():
        currency = new_currency(name=code, symbol=code, code=code, digits=digits)
        currency.rounding = Decimal(1).scaleb(-digits)
        if code == "EUR":
            currency.rates.new(date=dt.date(2000, 1, 1), rate=Decimal(1))
        currency.save()
        made[code] = currency
    return made


def _year(company: Any, number: int) -> None:
    span = (dt.date(number, 1, 1), dt.date(number, 12, 31))
    year = create_fiscalyear(company, today=span)
    year.start_date, year.end_date, year.name = *span, str(number)
    year = set_fiscalyear_invoice_sequences(year)
    year.save()
    year.click("create_period")


def _journals(accounts: dict[str, Any]) -> None:
    new_method = Model.get("account.invoice.payment.method")
    new_write_off = Model.get("account.move.reconcile.write_off")
    new_journal = Model.get("account.journal")
    (cash,) = new_journal.find([("type", "=", "cash")], limit=1)
    new_method(
        name="Cash",
        journal=cash,
        credit_account=accounts["cash"],
        debit_account=accounts["cash"],
    ).save()
    lost = new_journal(name="Write-off", type="write-off")
    lost.save()
    new_write_off(
        name="Bad debt",
        journal=lost,
        credit_account=accounts["expense"],
        debit_account=accounts["expense"],
    ).save()
    term = Model.get("account.invoice.payment_term")(name="30 days")
    line = term.lines.new(type="remainder")
    line.relativedeltas.new(days=30)
    term.save()


def _product(accounts: dict[str, Any]) -> None:
    (unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
    category = Model.get("product.category")(name="Goods", accounting=True)
    category.account_expense = accounts["expense"]
    category.account_revenue = accounts["revenue"]
    category.save()
    template = Model.get("product.template")(name="Tool", default_uom=unit, type="service")
    template.list_price = Decimal(100)
    template.salable = True
    template.account_category = category
    template.save()


def _users(company: Any) -> None:
    """A clerk who sells, and one who collects: no administrator, and no credit manager."""
    new_user, new_group = Model.get("res.user"), Model.get("res.group")
    (admin,) = new_user.find([("login", "=", "admin")])
    admin.email = "receivables@acme.example"
    admin.save()
    _least()
    wanted = {
        "clerk": ("Sales", "Sales Administrator", "Accounting", "Party Administration"),
        "dunwell": ("Collection", "Party Administration", "Account Credit Limit"),
    }
    for login, names in wanted.items():
        user = new_user(login=login, name=login.title(), password=f"{login}-secret-1")
        user.email = f"{login}@acme.example"
        user.companies.append(Model.get("company.company")(company.id))
        user.company = Model.get("company.company")(company.id)
        for name in names:
            for group in new_group.find([("name", "=", name)]):
                user.groups.append(new_group(group.id))
        user.save()


def _least() -> None:
    """A group that may read what is owed, and ring bells, as an administrator makes it."""
    group = Model.get("res.group")(name="Collection")
    group.save()
    for model in (*READ, BELL):
        new = Model.get("ir.model.access")(model=model, group=group)
        new.perm_read, new.perm_create = True, model == BELL
        new.perm_write = new.perm_delete = False
        new.save()
    (everybody,) = Model.get("ir.rule.group").find([("name", "=", "Any notification")])
    everybody.groups.append(Model.get("res.group")(group.id))
    everybody.save()


if __name__ == "__main__":
    seed(*sys.argv[1:])
