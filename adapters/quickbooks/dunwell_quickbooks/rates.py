"""Exchange rates: those that the company keeps for the day, else those of its documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from dunwell_quickbooks import querying
from dunwell_quickbooks.calendar import day
from dunwell_quickbooks.company import amount
from dunwell_quickbooks.door import RefusedError
from dunwell_quickbooks.mapping import Row, View
from dunwell_quickbooks.querying import quoted


def rates(view: View) -> Iterable[Row]:
    """The rate of each foreign currency to the home currency, the newest that is known today."""
    found = dict(_of_documents(view)) | dict(_of_the_day(view))
    for currency, (on, rate) in found.items():
        yield {
            "company": view.company.options.realm,
            "currency": currency,
            "on": on,
            "rate": format(rate, "f"),
        }


def _of_documents(view: View) -> Iterator[tuple[str, tuple[date, Decimal]]]:
    """The newest rate that a document in a currency was written with."""
    newest: dict[str, tuple[date, Decimal]] = {}
    for kind in ("Invoice", "Payment", "CreditMemo"):
        for row in view.of(kind).values():
            on, rate = day(row.get("TxnDate")), row.get("ExchangeRate")
            currency = view.currency(row)
            if on and on <= view.on and rate and currency != view.company.currency:
                found = (on, Decimal(rate))
                newest[currency] = max(newest.get(currency, found), found)
    yield from newest.items()


def _of_the_day(view: View) -> Iterator[tuple[str, tuple[date, Decimal]]]:
    """What the company's list of exchange rates says of today; asked for once a day."""
    company = view.company
    prefs = company.records.preferences.get("CurrencyPrefs") or {}
    owed = {view.currency(row) for _, row in view.open_invoices()}
    for kind, left in (("Payment", "UnappliedAmt"), ("CreditMemo", "RemainingCredit")):
        owed |= {view.currency(row) for row in view.of(kind).values() if amount(row, left) > 0}
    wanted = sorted(owed - {company.currency})
    if not wanted or not prefs.get("MultiCurrencyEnabled"):
        return
    asked = {"on": view.on.isoformat(), "of": wanted}
    if {name: company.records.rates.get(name) for name in asked} != asked:
        company.records.rates = {**asked, "rows": _listed(view, wanted)}
        company.turn += 1
    for row in company.records.rates["rows"]:
        on, rate = day(row.get("AsOfDate")), row.get("Rate")
        target = row.get("TargetCurrencyCode") or company.currency
        if on and on <= view.on and rate and target == company.currency:
            yield str(row.get("SourceCurrencyCode")), (on, Decimal(rate))


def _listed(view: View, currencies: Iterable[str]) -> list[dict[str, object]]:
    listed = ",".join(map(quoted, currencies))
    where = f"SourceCurrencyCode IN ({listed}) AND AsOfDate = {quoted(view.on.isoformat())}"
    text = f"SELECT * FROM ExchangeRate WHERE {where} MAXRESULTS {view.company.page}"
    try:
        rows = querying.records(view.company.door.query(text), "ExchangeRate")
    except RefusedError:  # not every company has it: its documents have to do
        return []
    names = ("AsOfDate", "SourceCurrencyCode", "TargetCurrencyCode", "Rate")
    return [{name: row.get(name) for name in names} for row in rows]
