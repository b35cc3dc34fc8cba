"""Money: whole minor units of the row's own currency, to the last one."""

from __future__ import annotations

from dunwell.money import Money
from dunwell.port import Adapter
from dunwell.testing.contract.base import ContractBase
from dunwell.testing.contract.deeds import one, rows
from dunwell.testing.people import People

AMOUNTS = [
    Money(29, "EUR"),
    Money(113_999, "EUR"),
    Money(1_001, "KWD"),
    Money(123_456_789, "KWD"),
    Money(57, "JPY"),
    Money(9_999_999, "JPY"),
]


class MoneyContract(ContractBase):
    """Amounts as people entered them."""

    def test_amounts_are_read_to_the_last_unit(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        for count, amount in enumerate(AMOUNTS):
            item = people.invoice(f"F-{count}", customer=debtor, amount=amount)
            row = one(adapter, "items", item)
            assert Money(int(str(row["amount"])), str(row["currency"])) == amount
            assert row["balance"] == amount.minor

    def test_a_large_amount_is_exact(self, adapter: Adapter, people: People) -> None:
        amount = Money(9_007_199_254_740_993, "EUR")  # no float can hold it
        item = people.invoice(customer=people.customer(), amount=amount)
        assert one(adapter, "items", item)["amount"] == amount.minor

    def test_two_currencies_of_a_customer_stay_apart(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor = people.customer()
        for number, amount in (("F-1", "900 EUR"), ("F-2", "900 USD"), ("F-3", "900 JPY")):
            people.invoice(number, customer=debtor, amount=amount)
        found = {str(row["currency"]): row["balance"] for row in rows(adapter, "items")}
        assert found == {"EUR": 90_000, "USD": 90_000, "JPY": 900}

    def test_what_is_open_and_what_was_settled_add_up(
        self, adapter: Adapter, people: People
    ) -> None:
        debtor, parts = people.customer(), [29, 57, 1_001, 33_333]
        for currency in ("EUR", "KWD", "JPY"):
            amount = Money(100_000, currency)
            item = people.invoice(f"F-{currency}", customer=debtor, amount=amount)
            for part in parts:
                people.pay(item, Money(part, currency))
            settled = [row for row in rows(adapter, "settlements") if row["item"] == item]
            assert sorted(int(str(row["amount"])) for row in settled) == parts
            assert {row["currency"] for row in settled} == {currency}
            assert one(adapter, "items", item)["balance"] == 100_000 - sum(parts)

    def test_the_settlement_that_closes_an_item_says_so(
        self, adapter: Adapter, people: People
    ) -> None:
        item = people.invoice(customer=people.customer(), amount="900 EUR")
        people.pay(item, "400 EUR")
        people.pay(item, "500 EUR")
        found = [(row["amount"], row["closes"]) for row in rows(adapter, "settlements")]
        assert sorted(found, key=str) == [(40_000, False), (50_000, True)]

    def test_a_write_off_is_told_from_a_payment(self, adapter: Adapter, people: People) -> None:
        item = people.invoice(customer=people.customer(), amount="900 EUR")
        people.pay(item, "400 EUR")
        people.write_off(item)
        found = {row["kind"]: row["amount"] for row in rows(adapter, "settlements")}
        assert found == {"payment": 40_000, "write_off": 50_000}
        assert rows(adapter, "items") == []

    def test_credits_are_negative_and_linked(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        item = people.invoice(customer=debtor)
        free = people.credit("G-1", "50 EUR", customer=debtor)
        linked = people.credit("G-2", "70 EUR", customer=debtor, item=item)
        assert [(one(adapter, "credits", c)["balance"]) for c in (free, linked)] == [
            -5_000,
            -7_000,
        ]
        assert [(one(adapter, "credits", c)["item"]) for c in (free, linked)] == [None, item]
        assert one(adapter, "items", item)["balance"] == 90_000, (
            "a credit not applied changes nothing"
        )

    def test_what_was_paid_too_much_is_a_credit(self, adapter: Adapter, people: People) -> None:
        debtor = people.customer()
        item = people.invoice(customer=debtor, amount="900 EUR")
        people.pay(item, "950 EUR")
        assert rows(adapter, "items") == []
        assert [(r["kind"], r["balance"]) for r in rows(adapter, "credits")] == [
            ("payment", -5_000)
        ]

    def test_rates_are_exact_text(self, adapter: Adapter, people: People) -> None:
        on = adapter.describe().on
        people.rate("USD", "0.9271", on=on)
        people.rate("JPY", "0.00613", on=on)
        found = {row["currency"]: row["rate"] for row in rows(adapter, "rates") if row["on"] == on}
        assert found == {"USD": "0.9271", "JPY": "0.00613"}
