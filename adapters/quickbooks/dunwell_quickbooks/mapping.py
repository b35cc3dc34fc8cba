"""Records of QuickBooks as rows of the published tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dunwell.money import exponent
from dunwell_quickbooks.cache import Entity
from dunwell_quickbooks.calendar import day
from dunwell_quickbooks.company import Company, amount, created, reference
from dunwell_quickbooks.countries import country_code
from dunwell_quickbooks.marks import Mark, find_marks

Row = dict[str, Any]


def minor(value: Decimal, currency: str) -> int:
    """An amount in minor units; more decimals than the currency has are rounded."""
    return int(value.scaleb(exponent(currency)).to_integral_value())


@dataclass(slots=True)
class View:
    """One moment of a company, with what several tables need of it worked out once."""

    company: Company
    on: date
    _marks: dict[str, list[Mark]] = field(default_factory=dict)
    _paid: dict[str, list[tuple[date, int, Row]]] | None = None

    def of(self, kind: str) -> Mapping[str, Entity]:
        """The records of one kind."""
        return self.company.records.of(kind)

    def customer_marks(self, number: str) -> list[Mark]:
        """The marks in a customer's notes; a customer type such as `Credit Hold` is one too."""
        row = self.of("Customer")[number]
        kind = self.of("CustomerType").get(reference(row, "CustomerTypeRef"), {})
        text = f"{row.get('Notes') or ''}\n{kind.get('Name') or ''}"
        return self._found(f"customer-{number}", text)

    def invoice_marks(self, number: str) -> list[Mark]:
        """The marks in an invoice's private note."""
        row = self.of("Invoice")[number]
        return self._found(f"invoice-{number}", str(row.get("PrivateNote") or ""))

    def _found(self, owner: str, text: str) -> list[Mark]:
        if owner not in self._marks:
            self._marks[owner] = find_marks(text, owner)
        return self._marks[owner]

    def currency(self, row: Entity) -> str:
        """The currency of a record."""
        return reference(row, "CurrencyRef") or self.company.currency

    def open_invoices(self) -> Iterator[tuple[str, Entity]]:
        """What is owed, in the order of Ids."""
        for number, row in self.of("Invoice").items():
            if amount(row, "Balance") > 0:
                yield number, row

    def settled(self) -> Mapping[str, list[tuple[date, int, Row]]]:
        """What was paid on each invoice, oldest first."""
        if self._paid is None:
            found: dict[str, list[tuple[date, int, Row]]] = {}
            for number, payment in self.of("Payment").items():
                for row in self._of_payment(number, payment):
                    found.setdefault(row["item"], []).append((row["on"], int(number), row))
            for item, paid in found.items():
                paid.sort(key=lambda one: one[:2])
                invoice = self.of("Invoice").get(item)
                if invoice is not None:
                    paid[-1][2]["closes"] = amount(invoice, "Balance") <= 0
            self._paid = found
        return self._paid

    def _of_payment(self, number: str, payment: Entity) -> Iterator[Row]:
        on = day(payment.get("TxnDate"))
        if on is None:
            return
        lines = payment.get("Line") or []
        used = {link["TxnType"] for line in lines for link in line.get("LinkedTxn") or ()}
        credit = amount(payment, "TotalAmt") == 0 and "CreditMemo" in used
        sums: dict[str, Decimal] = {}
        for line in lines:
            for link in line.get("LinkedTxn") or ():
                if link.get("TxnType") == "Invoice":
                    item = str(link["TxnId"])
                    sums[item] = sums.get(item, Decimal(0)) + amount(line, "Amount")
        currency = self.currency(payment)
        for item, value in sums.items():
            if not value:
                continue
            invoice = self.of("Invoice").get(item, {})
            yield {
                "id": f"{number}:{item}",
                "item": item,
                "customer": reference(invoice or payment, "CustomerRef"),
                "company": self.company.options.realm,
                "on": on,
                "currency": currency,
                "amount": minor(value, currency),
                "kind": "credit_note" if credit else "payment",
                "due": day(invoice.get("DueDate")),
                "closes": False,
            }


@dataclass(slots=True)
class Part(View):
    """A view of some customers and invoices alone; of other kinds there is everything."""

    mine: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def of(self, kind: str) -> Mapping[str, Entity]:
        """The records of one kind, as far as they are in it."""
        rows = self.company.records.of(kind)
        return {n: rows[n] for n in self.mine[kind] if n in rows} if kind in self.mine else rows


def parts(company: Company) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The customers and invoices of each debtor, by their Ids."""
    found: dict[str, dict[str, list[str]]] = {}
    for kind in ("Customer", "Invoice"):
        for number, row in company.records.of(kind).items():
            customer = number if kind == "Customer" else reference(row, "CustomerRef")
            mine = found.setdefault(company.payer(customer), {"Customer": [], "Invoice": []})
            mine[kind].append(number)
    return found


def companies(view: View) -> Iterable[Row]:
    """The one company of a connection."""
    info = view.company.records.company
    yield {
        "id": view.company.options.realm,
        "name": info.get("CompanyName") or info.get("LegalName") or view.company.options.realm,
        "currency": view.company.currency,
        "country": country_code(info.get("Country")),
        "timezone": getattr(view.company.zone, "key", None),
        "email": (info.get("Email") or {}).get("Address") or None,
    }


def customers(view: View) -> Iterable[Row]:
    """Customers and sub-customers, inactive ones too: they may owe."""
    for number, row in view.of("Customer").items():
        payer = view.company.payer(number)
        made = created(row)
        name = str(row.get("DisplayName") or number).removesuffix(" (deleted)")
        yield {
            "id": number,
            "name": name,
            "payer": payer if payer != number else None,
            "type": "business" if row.get("CompanyName") else None,
            "country": country_code((row.get("BillAddr") or {}).get("Country")),
            "since": made.astimezone(view.company.zone).date() if made else None,
            "tags": [],
            "email": _address(row),
            "phone": (row.get("PrimaryPhone") or {}).get("FreeFormNumber") or None,
            "street": (row.get("BillAddr") or {}).get("Line1") or None,
        }


def _address(row: Entity) -> str | None:
    """The first of the addresses in a field."""
    given = str((row.get("PrimaryEmailAddr") or {}).get("Address") or "")
    return given.split(",")[0].strip() or None


def contacts(view: View) -> Iterable[Row]:
    """The address that the newest open invoice was made out to, where it is another one."""
    newest: dict[str, tuple[str, int, str]] = {}
    for number, row in view.open_invoices():
        given = str((row.get("BillEmail") or {}).get("Address") or "").split(",")[0].strip()
        customer = view.company.payer(reference(row, "CustomerRef"))
        if given and customer in view.of("Customer"):
            found = (str(row.get("TxnDate")), int(number), given)
            newest[customer] = max(newest.get(customer, found), found)
    for customer, (_, _, address) in newest.items():
        if address != _address(view.of("Customer")[customer]):
            yield {"id": f"{customer}-billing", "customer": customer, "role": "billing",
                   "email": address}  # fmt: skip


def items(view: View) -> Iterable[Row]:
    """Open invoices; voided ones have nothing open."""
    terms, settled = view.of("Term"), view.settled()
    for number, row in view.open_invoices():
        currency = view.currency(row)
        paid = settled.get(number)
        stopped = any(mark.word in ("exclusion", "hold") for mark in view.invoice_marks(number))
        yield {
            "id": number,
            "customer": reference(row, "CustomerRef"),
            "company": view.company.options.realm,
            "number": str(row.get("DocNumber") or number),
            "kind": "invoice",
            "issued": day(row.get("TxnDate")),
            "due": day(row.get("DueDate")),
            "currency": currency,
            "amount": minor(amount(row, "TotalAmt"), currency),
            "balance": minor(amount(row, "Balance"), currency),
            "terms": (terms.get(reference(row, "SalesTermRef")) or {}).get("Name"),
            "last_payment": paid[-1][0] if paid else None,
            "no_follow_up": True if stopped else None,
            "link": row.get("InvoiceLink") or None,
        }


def credits_(view: View) -> Iterable[Row]:
    """What customers have to their credit: unapplied payments and credit memos."""
    for kind, name, word in (
        ("Payment", "UnappliedAmt", "payment"),
        ("CreditMemo", "RemainingCredit", "credit_note"),
    ):
        for number, row in view.of(kind).items():
            left = amount(row, name)
            if left > 0:
                currency = view.currency(row)
                yield {
                    "id": f"{kind}-{number}",
                    "customer": reference(row, "CustomerRef"),
                    "company": view.company.options.realm,
                    "number": row.get("DocNumber") or row.get("PaymentRefNum") or None,
                    "kind": word,
                    "on": day(row.get("TxnDate")),
                    "currency": currency,
                    "balance": -minor(left, currency),
                }


def settlements(view: View) -> Iterable[Row]:
    """What settled invoices, within the history that is read."""
    for paid in view.settled().values():
        for _, _, row in paid:
            if row["customer"] in view.of("Customer"):
                yield row


def nobody(view: View) -> Iterable[Row]:
    """QuickBooks has no such thing."""
    return ()


Reader = Callable[[View], Iterable[Row]]

READERS: Mapping[str, Reader] = {
    "companies": companies,
    "people": nobody,
    "customers": customers,
    "contacts": contacts,
    "items": items,
    "credits": credits_,
    "settlements": settlements,
}


def moment(view: View, text: object) -> datetime | None:
    """An instant of a record."""
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
