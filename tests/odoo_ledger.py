"""The bookkeepers of a company on Odoo: accounts, invoices, money that comes in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from dunwell.money import Money
from dunwell.testing import People
from dunwell.testing.people import absent
from dunwell.testing.rows import money

from tests.odoo_rpc import Rpc

LINE, MOVE, PARTIAL = "account.move.line", "account.move", "account.partial.reconcile"
EXACT = 10**14
"""Minor units from which on Odoo's own floats are not exact."""


class Bookkeepers(People):
    """Work as an administrator. `main` is the company; `today` tells its day.

    Each test has a company of its own, with a few accounts, that the engine's user works for.
    """

    def __init__(
        self, admin: Rpc, engine: int, today: Callable[[], date], *, new: bool, told: bool
    ) -> None:
        self.admin, self.engine, self._today, self.new, self.told = admin, engine, today, new, told
        self.companies: list[int] = []
        self.books: dict[int, dict[str, int]] = {}
        self.currencies: dict[str, int] = {}
        self.kinds: dict[str, int] = {}
        self.partners: list[int] = []
        self.hired: list[int] = []
        self.drawn = 0
        self._receivables: set[tuple[int, int]] = set()
        self.main = 0

    @property
    def on(self) -> date:
        return self._today()

    @property
    def here(self) -> dict[str, Any]:
        """The context of work for these companies."""
        return {"allowed_company_ids": self.companies, "mail_create_nosubscribe": True}

    # -- companies ------------------------------------------------------------------------------

    def found(self, name: str, currency: str = "EUR") -> int:
        """A company with accounts and journals; the engine's user works for it, too."""
        country = self.admin.xid("base.fr")
        made = self.admin.create(
            "res.company", name=name, currency_id=self.currency(currency), country_id=country,
            email="billing@kit.example",
        )  # fmt: skip
        self.companies.append(made)
        self.main = self.main or made
        every = [[6, 0, self.companies]]
        self.admin("res.users", "write", [self.engine],
                   vals={"company_id": self.main, "company_ids": every})  # fmt: skip
        mine = {"company_ids": [[4, made]]}
        self.admin("res.users", "write", [self.admin.uid], vals=mine)
        self.books[made] = self._accounts(made)
        return made

    def _accounts(self, company: int) -> dict[str, int]:
        context = {"allowed_company_ids": [company]}
        owner: dict[str, Any] = (
            {"company_ids": [[6, 0, [company]]]} if self.new else {"company_id": company}
        )
        made = {
            kind: self.admin.create(
                "account.account", context=context, name=kind, code=code, account_type=kind,
                reconcile=kind == "asset_receivable", **owner,
            )
            for kind, code in (("asset_receivable", "121000"), ("asset_cash", "101401"),
                               ("income", "400000"), ("expense", "600000"))
        }  # fmt: skip
        for kind, code, account in (
            ("sale", "INV", "income"),
            ("general", "MISC", ""),
            ("bank", "BNK", "asset_cash"),
        ):
            default = {"default_account_id": made[account]} if account else {}
            made[kind] = self.admin.create(
                "account.journal", context=context, name=kind, code=code, type=kind,
                company_id=company, **default,
            )  # fmt: skip
        return made

    def currency(self, code: str) -> int:
        """A currency by its code."""
        if code not in self.currencies:
            domain = [["name", "=", code], ["active", "in", [True, False]]]
            (found,) = self.admin.find("res.currency", domain, "name")
            self.currencies[code] = found["id"]
        return self.currencies[code]

    def company(self, name: str, *, currency: str = "EUR") -> str:
        self.drawn += 1
        return str(self.found(f"{name} {self.main}-{self.drawn}", currency))

    def rate(self, currency: str, rate: str, *, on: date, company: str = "") -> None:
        self.admin.create(
            "res.currency.rate", name=on.isoformat(), rate=1 / float(rate),
            currency_id=self.currency(currency), company_id=int(company or self.main),
        )  # fmt: skip

    # -- invoices -------------------------------------------------------------------------------

    def _owing(self, customers: Sequence[int], company: int) -> None:
        """Say which account customers owe on, with a company."""
        missing = [one for one in customers if (one, company) not in self._receivables]
        if missing:
            self._receivables |= {(one, company) for one in missing}
            account = self.books[company]["asset_receivable"]
            self.admin(
                "res.partner", "write", missing,
                vals={"property_account_receivable_id": account},
                context={"allowed_company_ids": [company]},
            )  # fmt: skip

    def _named(self, number: str) -> str:
        self.drawn += 1
        return number or f"N-{self.drawn}"

    def invoice(
        self,
        number: str = "",
        *,
        customer: str = "",
        amount: Money | str = "900 EUR",
        issued: date | None = None,
        due: date | None = None,
        company: str = "",
        **values: Any,
    ) -> str:
        made = self.invoices(
            [(self._named(number), int(customer or self.partners[-1]), money(amount))],
            issued=issued, due=due, company=int(company or self.main), **values,
        )  # fmt: skip
        return self.lines_of(made[0])[0]

    def invoices(
        self,
        given: Sequence[tuple[str, int, Money]],
        *,
        issued: date | None = None,
        due: date | None = None,
        company: int,
        **values: Any,
    ) -> list[int]:
        """Issue invoices together; the moves."""
        if any(worth.minor > EXACT for _, _, worth in given):
            absent("amounts that its own floats cannot hold")
        on, mine = self.on, self.books[company]
        self._owing([customer for _, customer, _ in given], company)
        rows = [
            {
                "move_type": "out_invoice", "name": number, "partner_id": customer,
                "journal_id": mine["sale"], "currency_id": self.currency(worth.currency),
                "invoice_date": (issued or min(on, due or on)).isoformat(),
                "invoice_date_due": (due or on).isoformat(), "invoice_payment_term_id": False,
                "invoice_user_id": self.admin.uid,
                "invoice_line_ids": [[0, 0, {
                    "name": "Goods", "quantity": 1, "price_unit": float(worth.decimal()),
                    "tax_ids": [[6, 0, []]], "account_id": mine["income"],
                }]], **values,
            }
            for number, customer, worth in given
        ]  # fmt: skip
        context = {**self.here, "allowed_company_ids": [company]}
        made = self.admin(MOVE, "create", vals_list=rows, context=context)
        self.admin(MOVE, "action_post", made)
        return [int(one) for one in made]

    def lines_of(self, move: int) -> list[str]:
        """The items of an invoice, by their day."""
        domain = [["move_id", "=", move], ["account_id.account_type", "=", "asset_receivable"]]
        found = self.admin.find(LINE, domain, "date_maturity", order="date_maturity, id")
        return [str(row["id"]) for row in found]

    def move_of(self, item: str) -> int:
        """The invoice of an item."""
        (row,) = self.admin.find(LINE, [["id", "=", int(item)]], "move_id")
        return int(row["move_id"])

    def invoice_without_due_date(
        self, number: str, *, customer: str, amount: Money | str = "900 EUR"
    ) -> str:
        made = self.entry("general", int(customer), money(amount), "income", number)
        return self.lines_of(made)[0]

    def instalments(
        self, number: str, parts: Sequence[tuple[date, Money]], *, customer: str
    ) -> Sequence[str]:
        start = parts[0][0]
        lines = [
            {"value": "fixed", "value_amount": float(worth.decimal()),
             "nb_days": (day - start).days}
            for day, worth in parts[:-1]
        ]  # fmt: skip
        days = (parts[-1][0] - start).days
        lines.append({"value": "percent", "value_amount": 100, "nb_days": days})
        term = self.admin.create(
            "account.payment.term", name=number, line_ids=[[0, 0, line] for line in lines]
        )
        total = Money(sum(worth.minor for _, worth in parts), parts[0][1].currency)
        (move,) = self.invoices(
            [(number, int(customer), total)], issued=start, company=self.main,
            invoice_payment_term_id=term, invoice_date_due=False,
        )  # fmt: skip
        return self.lines_of(move)

    def delete_invoice(self, item: str) -> None:
        move = self.move_of(item)
        self.admin(MOVE, "button_draft", [move])
        self.admin(MOVE, "unlink", [move], context={"force_delete": True})

    def move_due_date(self, item: str, due: date) -> None:
        self.admin(LINE, "write", [int(item)], vals={"date_maturity": due.isoformat()})

    # -- money ----------------------------------------------------------------------------------

    def entry(
        self, journal: str, customer: int, worth: Money, against: str, name: str, *,
        on: date | None = None, company: int = 0,
    ) -> int:  # fmt: skip
        """An entry by hand: a positive amount is owed by a customer, a negative one was paid."""
        company = company or self.main
        mine = self.books[company]
        amount = float(worth.decimal())
        own = round(amount, 2)
        currency = self.currency(worth.currency)
        lines = [
            {"name": name, "account_id": mine["asset_receivable"], "partner_id": customer,
             "currency_id": currency, "amount_currency": amount,
             "debit": max(own, 0.0), "credit": max(-own, 0.0)},
            {"name": name, "account_id": mine[against], "currency_id": currency,
             "amount_currency": -amount, "debit": max(-own, 0.0), "credit": max(own, 0.0)},
        ]  # fmt: skip
        made = self.admin.create(
            MOVE, context={**self.here, "allowed_company_ids": [company]}, move_type="entry",
            journal_id=mine[journal], date=(on or self.on).isoformat(),
            line_ids=[[0, 0, line] for line in lines],
        )  # fmt: skip
        self.admin(MOVE, "action_post", [made])
        return made

    def _settle(
        self, item: str, amount: Money | str | None, journal: str, against: str, on: date | None
    ) -> str:
        (line,) = self.admin.find(
            LINE, [["id", "=", int(item)]], "partner_id", "currency_id", "company_id",
            "amount_residual_currency",
        )  # fmt: skip
        code = next(c for c, n in self._codes().items() if n == line["currency_id"])
        worth = Money.of(str(line["amount_residual_currency"]), code)
        worth = worth if amount is None else money(amount)
        paid = Money(-worth.minor, worth.currency)
        made = self.entry(
            journal, line["partner_id"], paid, against, "receipt", on=on,
            company=line["company_id"],
        )  # fmt: skip
        (other,) = self.lines_of(made)
        self.admin(LINE, "reconcile", [int(item), int(other)])
        domain = [["debit_move_id", "=", int(item)], ["credit_move_id", "=", int(other)]]
        (partial,) = self.admin.find(PARTIAL, domain, "amount")
        return str(partial["id"])

    def _codes(self) -> dict[str, int]:
        for code in ("EUR", "USD", "JPY", "KWD"):
            self.currency(code)
        return self.currencies

    def pay(self, item: str, amount: Money | str | None = None, *, on: date | None = None) -> str:
        return self._settle(item, amount, "bank", "asset_cash", on)

    def reverse(self, settlement: str) -> None:
        domain = [["id", "=", int(settlement)]]
        (partial,) = self.admin.find(PARTIAL, domain, "credit_move_id")
        self.admin(LINE, "remove_move_reconcile", [partial["credit_move_id"]])

    def write_off(self, item: str, amount: Money | str | None = None) -> None:
        self._settle(item, amount, "general", "expense", None)

    def credit(self, number: str, amount: Money | str, *, customer: str, item: str = "") -> str:
        linked: dict[str, Any] = {"reversed_entry_id": self.move_of(item)} if item else {}
        (move,) = self.invoices(
            [(number, int(customer), money(amount))], company=self.main,
            move_type="out_refund", **linked,
        )  # fmt: skip
        (made,) = self.lines_of(move)
        if item:  # Odoo applies it at once
            self.admin(LINE, "remove_move_reconcile", [int(made)])
        return made
