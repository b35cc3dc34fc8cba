"""An ERP in memory: a few tables, a clock, and the people who work in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from dunwell.money import Money
from dunwell.testing.desk import Desk
from dunwell.testing.rows import Row, money, number


class Erp(Desk):
    """Rows that a test edits as people would; `rows[table][id]` has published columns.

    The main company is `main`. `now` is the ERP's clock (UTC) and stands still unless told;
    `on` is the day in the company's zone. `link` says how well the ERP can be reached: `down`
    refuses before anything is done; `lost`, `late` and `nonsense` do it, and one answer is lost,
    comes when nobody waits any more, or says nothing; `denied` lets nobody in. `calls` counts
    the requests. All of it may be used from several threads.
    """

    def __init__(
        self,
        *,
        on: date = date(2026, 3, 2),
        name: str = "main",
        currency: str = "EUR",
        country: str = "ES",
        timezone: str = "Europe/Madrid",
        tenant: str = "memory",
    ) -> None:
        super().__init__(on=on, timezone=timezone, tenant=tenant)
        self.company(name, currency=currency, country=country, timezone=timezone)

    # -- who and what there is ------------------------------------------------------------------

    def company(
        self,
        name: str,
        *,
        currency: str = "EUR",
        country: str = "ES",
        timezone: str = "",
        email: str = "",
    ) -> str:
        """Found one more company of ours; its name is its identifier."""
        zone = timezone or self.zone.key
        return self.put(
            "companies",
            id=name,
            name=name,
            currency=currency,
            country=country,
            timezone=zone,
            email=email or None,
        )

    def person(self, name: str, *, email: str = "", active: bool = True) -> str:
        """Hire somebody; the identifier is the e-mail address where there is one."""
        return self.put("people", id=email or name, name=name, email=email, active=active)

    def customer(
        self,
        name: str = "Acme",
        *,
        payer: str = "",
        email: str = "ap@acme.example",
        tags: Sequence[str] = (),
        credit_limit: Money | None = None,
        id: str = "",
        type: str | None = "business",
        country: str | None = "ES",
        language: str | None = "en",
        **columns: object,
    ) -> str:
        """Write down a customer; the name is the identifier unless one is given."""
        return self.put(
            "customers",
            id=id or name,
            name=name,
            payer=payer or None,
            email=email or None,
            tags=list(tags),
            credit_limit=credit_limit.minor if credit_limit else None,
            credit_currency=credit_limit.currency if credit_limit else None,
            type=type,
            country=country,
            language=language,
            **columns,
        )

    def contact(self, customer: str, role: str, email: str, *, name: str = "") -> str:
        """Write down a person at a customer."""
        key = self.draw("contact")
        return self.put("contacts", id=key, customer=customer, role=role, email=email, name=name)

    def archive(self, customer: str) -> None:
        """Nothing changes for a reader: whoever owes is read."""

    def change_email(self, customer: str, email: str) -> None:
        """Write down another address."""
        self.change("customers", customer, email=email or None)

    def invoice(
        self,
        number: str = "",
        *,
        customer: str = "",
        amount: Money | str = "900 EUR",
        issued: date | None = None,
        due: date | None = None,
        company: str = "",
        id: str = "",
        **columns: object,
    ) -> str:
        """Issue an invoice; the number is the identifier unless one is given.

        Without more it is the newest customer's, issued today and due in 30 days.
        """
        with self.lock:
            row = self._item(number or self.draw("F"), customer, amount, company)
            row["issued"] = issued or (due - timedelta(days=30) if due else self.on)
            row["due"] = due or (issued or self.on) + timedelta(days=30)
            return self.put("items", **{**row, "id": id or row["number"], **columns})

    def _item(self, number: str, customer: str, amount: Money | str, company: str) -> Row:
        if not customer:
            customer = next(reversed(self.rows["customers"]), "") or self.customer()
        worth = money(amount)
        return {
            "id": number,
            "customer": customer,
            "company": company or self.main(),
            "number": number,
            "kind": "invoice",
            "currency": worth.currency,
            "amount": worth.minor,
            "balance": worth.minor,
        }

    def invoice_without_due_date(
        self, number: str, *, customer: str, amount: Money | str = "900 EUR"
    ) -> str:
        """Issue an invoice of which nobody knows when it is due."""
        return self.put("items", **self._item(number, customer, amount, ""), issued=self.on)

    def instalments(
        self, number: str, parts: Sequence[tuple[date, Money]], *, customer: str
    ) -> Sequence[str]:
        """Issue one invoice in instalments `NUMBER/1`, `NUMBER/2` ..."""
        return [
            self.invoice(
                number,
                customer=customer,
                amount=amount,
                issued=self.on,
                due=due,
                id=f"{number}/{count}",
                kind="instalment",
                document=number,
            )
            for count, (due, amount) in enumerate(parts, 1)
        ]

    def delete_invoice(self, item: str) -> None:
        """Delete an invoice with its settlements."""
        with self.lock:
            del self.rows["items"][item]
            for key, row in list(self.rows["settlements"].items()):
                if row["item"] == item:
                    del self.rows["settlements"][key]

    def rate(self, currency: str, rate: str, *, on: date, company: str = "") -> None:
        """Enter an exchange rate."""
        self.put("rates", company=company or self.main(), currency=currency, on=on, rate=rate)

    def move_due_date(self, item: str, due: date) -> None:
        """Let an invoice be due on another day."""
        self.change("items", item, due=due)

    # -- money that comes in --------------------------------------------------------------------

    def pay(
        self,
        item: str,
        amount: Money | str | None = None,
        *,
        on: date | None = None,
        kind: str = "payment",
    ) -> str:
        """Settle an item; what is too much becomes an unapplied payment."""
        with self.lock:
            row = self.rows["items"][item]
            balance = number(row, "balance")
            worth = money(amount).minor if amount is not None else balance
            settled = min(worth, balance)
            row["balance"] = balance - settled
            key = self.draw("settlement")
            same = {name: row[name] for name in ("customer", "company", "currency")}
            self.put(
                "settlements",
                id=key,
                item=item,
                on=on or self.on,
                amount=settled,
                kind=kind,
                due=row.get("due"),
                closes=settled == balance,
                **same,
            )
            if worth > settled:
                left, day = worth - settled, on or self.on
                self.put("credits", id=key, kind="payment", on=day, balance=-left, **same)
            self._date_payment(item)
            return key

    def reverse(self, settlement: str) -> None:
        """Take a settlement off its item again."""
        with self.lock:
            gone = self.rows["settlements"].pop(settlement)
            self.rows["credits"].pop(settlement, None)
            row = self.rows["items"][str(gone["item"])]
            row["balance"] = number(row, "balance") + number(gone, "amount")
            self._date_payment(str(gone["item"]))

    def _date_payment(self, item: str) -> None:
        rows = self.rows["settlements"].values()
        days = [str(r["on"]) for r in rows if r["item"] == item and r["kind"] == "payment"]
        newest = date.fromisoformat(max(days)) if days else None
        self.rows["items"][item]["last_payment"] = newest

    def write_off(self, item: str, amount: Money | str | None = None) -> None:
        """Give up the rest of an item, or a part of it."""
        self.pay(item, amount, kind="write_off")

    def credit(
        self,
        number: str,
        amount: Money | str,
        *,
        customer: str,
        item: str = "",
        company: str = "",
        kind: str = "credit_note",
    ) -> str:
        """Issue a credit note or keep an unapplied payment."""
        worth = money(amount)
        return self.put(
            "credits",
            id=number,
            customer=customer,
            company=company or self.main(),
            number=number,
            kind=kind,
            on=self.on,
            currency=worth.currency,
            balance=-worth.minor,
            item=item or None,
        )
