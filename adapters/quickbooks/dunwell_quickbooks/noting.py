"""What people tell Dunwell to note: a line in the customer's notes, as they would write it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dunwell.errors import ConfigurationError, UnavailableError
from dunwell.money import Money
from dunwell_quickbooks.appending import TRIES, WritableLog
from dunwell_quickbooks.company import Company
from dunwell_quickbooks.head import FullError, one_line, with_line


def promise_line(worth: Money, by: date, on: date, items: Sequence[str]) -> str:
    """A promise to pay as `marks` reads it."""
    named = f" for {', '.join(one_line(item) for item in items)}" if items else ""
    return f"PROMISE {by} {worth} made {on}{named}"


def customer_named(company: Company, name: str) -> str:
    """The Id of a customer, by Id or by display name; a ConfigurationError where it is not one."""
    rows = company.records.of("Customer")
    if name in rows:
        return name
    found = [n for n, row in rows.items() if str(row.get("DisplayName")) == name]
    if len(found) != 1:
        raise ConfigurationError(f"there is no customer '{name}' (give the Id or the whole name)")
    return found[0]


def add_line(log: WritableLog, customer: str, line: str) -> None:
    """Write a line below the notes; what people wrote meanwhile stays."""
    company = log.company
    for _ in range(TRIES):
        row = company.records.of("Customer")[customer]
        try:
            notes = with_line(str(row.get("Notes") or ""), line)
        except FullError as error:
            raise ConfigurationError(str(error)) from error
        if log.update(row, notes):
            return
        company.reread("Customer", [customer])
    raise UnavailableError("people keep changing the customer (try again)")
