"""Every test of the contract about money catches an adapter broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from dunwell.money import Money, exponent
from dunwell.testing import Erp, MemoryAdapter
from dunwell.testing.contract import MoneyContract
from dunwell.testing.contract.catching import Broken, Catches, contract_tests, misread
from dunwell.testing.rows import Row, number


def counted(count: Callable[[int, str], int]) -> type[MemoryAdapter]:
    """An adapter that has a way of its own with the money of items and settlements."""

    def edit(row: Row) -> Row:
        for name in ("amount", "balance"):
            if name in row:
                row[name] = count(number(row, name), str(row["currency"]))
        return row

    return misread("items settlements", edit)


def in_floats(minor: int, currency: str) -> int:
    """Whole units as a float, and back."""
    return int(float(Money(minor, currency).decimal()) * 10 ** exponent(currency))


def with_two_decimals(minor: int, currency: str) -> int:
    """Every currency has cents."""
    return minor // 10 * 10 if currency == "KWD" else minor


def with_(**columns: object) -> Callable[[Row], Row]:
    """Rows with other values in some columns."""
    return lambda row: {**row, **columns}


class Generous(Erp):
    """Forgets what was paid too much."""

    def pay(
        self,
        item: str,
        amount: Money | str | None = None,
        *,
        on: date | None = None,
        kind: str = "payment",
    ) -> str:
        key = super().pay(item, amount, on=on, kind=kind)
        self.rows["credits"].pop(key, None)
        return key


LAST = "test_amounts_are_read_to_the_last_unit"
LARGE = "test_a_large_amount_is_exact"
SUM = "test_what_is_open_and_what_was_settled_add_up"

BROKEN = [
    Broken("counts in floats", (LAST, LARGE, SUM), counted(in_floats)),
    Broken("two decimals for all", (LAST, SUM), counted(with_two_decimals)),
    Broken(
        "the company's currency",
        (LAST, "test_two_currencies_of_a_customer_stay_apart"),
        misread("items", with_(currency="EUR")),
    ),
    Broken(
        "large numbers in floats",
        (LARGE,),
        counted(lambda minor, currency: int(float(minor))),
    ),
    Broken(
        "nothing closes",
        ("test_the_settlement_that_closes_an_item_says_so",),
        misread("settlements", with_(closes=False)),
    ),
    Broken(
        "write-offs are payments",
        ("test_a_write_off_is_told_from_a_payment",),
        misread("settlements", with_(kind="payment")),
    ),
    Broken(
        "credits are debts",
        ("test_credits_are_negative_and_linked", "test_what_was_paid_too_much_is_a_credit"),
        misread("credits", lambda row: {**row, "balance": -number(row, "balance")}),
    ),
    Broken(
        "credits are free",
        ("test_credits_are_negative_and_linked",),
        misread("credits", with_(item=None)),
    ),
    Broken("generous", ("test_what_was_paid_too_much_is_a_credit",), erp=Generous),
    Broken(
        "rates in floats",
        ("test_rates_are_exact_text",),
        misread("rates", lambda row: {**row, "rate": f"{float(str(row['rate'])):.4f}"}),
    ),
]


class TestBrokenTills(Catches, MoneyContract):
    broken = BROKEN


def test_every_test_about_money_catches_something() -> None:
    caught = {name for broken in BROKEN for name in broken.fails}
    assert caught == set(contract_tests(MoneyContract))
