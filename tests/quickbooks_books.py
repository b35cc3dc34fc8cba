"""One company in the stand-in for QuickBooks Online: its records, and the rules they keep."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.quickbooks_query import QueryFaultError, parse

Entity = dict[str, Any]

READ_ONLY = (
    "Balance", "TotalAmt", "DeliveryInfo", "MetaData", "FullyQualifiedName", "Level",
    "BalanceWithJobs", "RemainingCredit", "UnappliedAmt", "domain", "InvoiceLink",
)  # fmt: skip
MORE = (  # known to the service, and of no meaning here
    "Title",
    "MiddleName",
    "Suffix",
    "AlternatePhone",
    "Mobile",
    "Fax",
    "WebAddr",
    "ShipAddr",
    "PaymentMethodRef",
    "TaxExemptionReasonId",
    "DefaultTaxCodeRef",
    "GSTIN",
    "ResaleNum",
    "OpenBalanceDate",
    "GSTRegistrationType",
    "PreferredTaxReporting",
    "PrimaryTaxIdentifier",
    "SecondaryTaxIdentifier",
    "BusinessNumber",
    "IsProject",
    "ARAccountRef",
    "Deposit",
    "AllowIPNPayment",
    "AllowOnlineCreditCardPayment",
    "AllowOnlinePayment",
    "ApplyTaxAfterDiscount",
    "GlobalTaxCalculation",
    "TxnTaxDetail",
    "ShipDate",
    "TrackingNum",
    "ShipMethodRef",
    "ClassRef",
    "DepartmentRef",
    "DepositToAccountRef",
    "TaxExemptionRef",
    "HomeBalance",
    "HomeTotalAmt",
    "BillEmailBcc",
    "InvoiceLink",
    "DeliveryAddress",
    "ShipFromAddr",
    "TaxFormType",
    "EInvoiceStatus",
)
FIELDS: Mapping[str, Mapping[str, int]] = {  # 0: not a text, or of no limit here
    "Customer": {
        "DisplayName": 500, "CompanyName": 100, "GivenName": 100, "FamilyName": 100, "Notes": 2000,
        "PrimaryEmailAddr": 0, "PrimaryPhone": 0, "BillAddr": 0, "ParentRef": 0, "Job": 0,
        "BillWithParent": 0, "Active": 0, "CurrencyRef": 0, "SalesTermRef": 0,
        "PreferredDeliveryMethod": 0, "CustomerTypeRef": 0, "Taxable": 0, "PrintOnCheckName": 110,
    },
    "Invoice": {
        "DocNumber": 21, "TxnDate": 0, "DueDate": 0, "CustomerRef": 0, "Line": 0,
        "CurrencyRef": 0, "ExchangeRate": 0, "BillEmail": 0, "BillEmailCc": 0, "EmailStatus": 0,
        "PrivateNote": 4000, "CustomerMemo": 0, "SalesTermRef": 0, "AllowOnlineACHPayment": 0,
        "CustomField": 0, "LinkedTxn": 0, "PrintStatus": 0,
    },
    "CreditMemo": {
        "DocNumber": 21, "TxnDate": 0, "CustomerRef": 0, "Line": 0, "CurrencyRef": 0,
        "ExchangeRate": 0, "PrivateNote": 4000,
    },
    "Payment": {
        "TxnDate": 0, "CustomerRef": 0, "TotalAmt": 0, "Line": 0, "CurrencyRef": 0,
        "ExchangeRate": 0, "PrivateNote": 4000, "PaymentRefNum": 21,
    },
    "Attachable": {
        "Note": 2000, "AttachableRef": 0, "FileName": 1000, "ContentType": 100, "Category": 100,
        "Tag": 2000,
    },
    "CustomerType": {"Name": 100, "Active": 0},
    "Term": {"Name": 31, "Active": 0, "DueDays": 0},
}  # fmt: skip
REQUIRED: Mapping[str, Sequence[str]] = {
    "Customer": ("DisplayName",),
    "Invoice": ("CustomerRef", "Line"),
    "CreditMemo": ("CustomerRef", "Line"),
    "Payment": ("CustomerRef", "TotalAmt"),
    "Attachable": (),
    "CustomerType": ("Name",),
    "Term": ("Name",),
}
CHANGES, CHANGED_DAYS = 1000, 30


class RefusalError(Exception):
    """What the service answers instead of doing it: HTTP status and its own code."""

    def __init__(self, code: str, message: str, status: int = 400, element: str = "") -> None:
        self.code, self.status, self.element = code, status, element
        super().__init__(message)


class Books:
    """The records of one company; every method is one transaction."""

    def __init__(self, *, now: Callable[[], datetime], zone: str, currency: str) -> None:
        self.now, self.zone, self.currency = now, ZoneInfo(zone), currency
        self.lock = threading.RLock()
        self.rows: dict[str, dict[str, Entity]] = {kind: {} for kind in FIELDS}
        self.gone: list[tuple[str, str, datetime]] = []
        self.drawn = self.edits = 0
        self._index: dict[str, tuple[tuple[int, int], Mapping[str, Sequence[str]]]] = {}
        self.rates: list[Entity] = []  # the company's list of exchange rates
        self.links = ""  # where invoices can be paid, for who asks for it
        self.applied: dict[tuple[str, str], Decimal] = {}
        self.mails: list[tuple[str, str]] = []  # invoice and address, each that left
        self.company = {
            "Id": "1", "SyncToken": "0", "CompanyName": "Dunwell & Sons", "Country": "ES",
            "Email": {"Address": "billing@us.example"},
            "NameValue": [{"Name": "OfferingSku", "Value": "QuickBooks Online Plus"}],
        }  # fmt: skip
        self.preferences: Entity = {
            "Id": "1", "SyncToken": "0",
            "CurrencyPrefs": {"HomeCurrency": {"value": currency}, "MultiCurrencyEnabled": True},
            "SalesFormsPrefs": {"CustomTxnNumbers": True}, "EmailMessagesPrefs": {},
        }  # fmt: skip

    @property
    def on(self) -> date:
        """The company's own day."""
        return self.now().astimezone(self.zone).date()

    def stamp(self) -> str:
        """The time as it is written: with the company's offset, in whole seconds."""
        return self.now().astimezone(self.zone).isoformat(timespec="seconds")

    # -- reading --------------------------------------------------------------------------------

    def query(
        self,
        text: str,
        *,
        missing: Collection[str] = (),
        longest: int = 10_000,
        extra: int = 0,
    ) -> Entity:
        """The `QueryResponse` of a query; empty where nothing is found."""
        try:
            asked = parse(text)
            if asked.entity in missing:
                raise QueryFaultError("4001", "invalid context declaration")
            if any(len(values) > longest for _, _, values in asked.tests):
                raise QueryFaultError("4000", "QueryParserError: the list is too long")
            asked = replace(asked, limit=asked.limit + extra)
            with self.lock:
                kind = asked.entity
                found = asked.run(self._all(kind), lambda row: self.shown(kind, row))
                found = copy.deepcopy(found)
        except QueryFaultError as fault:
            raise RefusalError(fault.code, str(fault)) from fault
        if asked.count:
            return {"totalCount": len(found)}
        if not found:
            return {}
        return {asked.entity: found, "startPosition": asked.start, "maxResults": len(found)}

    def _all(self, kind: str) -> Iterable[Entity]:
        if kind == "CompanyInfo":
            return [{**self.company, "MetaData": {"LastUpdatedTime": self.stamp()}}]
        if kind == "Preferences":
            return [{**self.preferences, "MetaData": {"LastUpdatedTime": self.stamp()}}]
        if kind == "ExchangeRate":
            return list(self.rates)
        return self.rows[kind].values()

    def read(self, kind: str, number: str) -> Entity:
        """One record by its Id."""
        with self.lock:
            if kind not in self.rows or number not in self.rows[kind]:
                raise RefusalError("610", f"Object Not Found : {kind} {number}")
            return copy.deepcopy(self.shown(kind, self.rows[kind][number]))

    def changes(self, kinds: Sequence[str], since: datetime) -> list[Entity]:
        """What changed since an instant: at most 30 days and 1,000 objects, cut without a sign."""
        if self.now() - since > timedelta(days=CHANGED_DAYS):
            raise RefusalError("4001", "changedSince must be within the last 30 days")
        found: list[tuple[datetime, str, Entity]] = []
        with self.lock:
            for kind in kinds:
                if kind not in self.rows:
                    raise RefusalError("4001", f"Invalid entity {kind} in CDC request")
                for row in self.rows[kind].values():
                    at = datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"])
                    if at >= since:
                        found.append((at, kind, copy.deepcopy(self.shown(kind, row))))
            for kind, number, at in self.gone:
                if kind in kinds and at >= since:
                    stub = {"Id": number, "status": "Deleted",
                            "MetaData": {"LastUpdatedTime": at.isoformat()}}  # fmt: skip
                    found.append((at, kind, stub))
        found.sort(key=lambda change: change[0], reverse=True)
        grouped: dict[str, list[Entity]] = {}
        for _, kind, row in found[:CHANGES]:
            grouped.setdefault(kind, []).append(row)
        return [{kind: rows} for kind, rows in grouped.items()]

    def shown(self, kind: str, row: Entity) -> Entity:
        """A record with what is computed: balances, what is left of credits."""
        if kind == "Invoice":
            return {**row, "Balance": self.balance(row)}
        if kind == "CreditMemo":
            left = row["TotalAmt"] - self._used("CreditMemo", row["Id"])
            return {**row, "RemainingCredit": left, "Balance": left}
        if kind == "Payment":
            used = sum((line["Amount"] for line in row.get("Line", ()) if _links(line, "Invoice")),
                       Decimal(0))  # fmt: skip
            given = sum(
                (line["Amount"] for line in row.get("Line", ()) if _links(line, "CreditMemo")),
                Decimal(0),
            )
            return {**row, "UnappliedAmt": row["TotalAmt"] + given - used}
        if kind == "Customer":
            children = [n for n, r in self.rows[kind].items() if r.get("ParentRef")
                        and r["ParentRef"]["value"] == row["Id"]]  # fmt: skip
            own = self.owed(row["Id"])
            more = sum(map(self.owed, children), Decimal(0))
            return {**row, "Balance": own, "BalanceWithJobs": own + more}
        return row

    def owed(self, customer: str) -> Decimal:
        """What a customer owes: open invoices less what is left of payments and credits."""
        total = Decimal(0)
        for kind, name in (("Invoice", "Balance"), ("Payment", "UnappliedAmt"),
                           ("CreditMemo", "RemainingCredit")):  # fmt: skip
            for number in self._owners(kind).get(customer, ()):
                value = self.shown(kind, self.rows[kind][number])[name]
                total += value if kind == "Invoice" else -value
        return total

    def _owners(self, kind: str) -> Mapping[str, Sequence[str]]:
        """The records of each customer; sought again when there are others."""
        known = self._index.get(kind)
        state = (len(self.rows[kind]), len(self.gone))
        if known is None or known[0] != state:
            found: dict[str, list[str]] = {}
            for number, row in self.rows[kind].items():
                found.setdefault(row["CustomerRef"]["value"], []).append(number)
            known = self._index[kind] = (state, found)
        return known[1]

    def balance(self, invoice: Entity) -> Decimal:
        """What is open on an invoice."""
        total: Decimal = invoice["TotalAmt"]
        return total - self._used("Invoice", invoice["Id"])

    def _used(self, kind: str, number: str) -> Decimal:
        return self.applied.get((kind, number), Decimal(0))

    def apply(self, payment: Entity, sign: int = 1) -> None:
        """Count what a payment settles, or take it off again."""
        for line in payment.get("Line", ()):
            for linked in line.get("LinkedTxn", ()):
                name = (linked["TxnType"], linked["TxnId"])
                self.applied[name] = self.applied.get(name, Decimal(0)) + sign * line["Amount"]

    # -- writing --------------------------------------------------------------------------------

    def create(self, kind: str, given: Entity) -> Entity:
        """Write a new record."""
        with self.lock:
            self._check(kind, given)
            for name in REQUIRED[kind]:
                if not given.get(name) and given.get(name) != 0:
                    raise RefusalError("2020", f"Required param missing: {name}", element=name)
            self.drawn += 1
            row = {
                name: value
                for name, value in copy.deepcopy(given).items()
                if (name not in READ_ONLY or (kind, name) == ("Payment", "TotalAmt"))
                and value not in (None, "", "sparse")
                and name != "sparse"
            }
            row["Id"], row["SyncToken"] = str(self.drawn), "0"
            row["MetaData"] = {"CreateTime": self.stamp(), "LastUpdatedTime": self.stamp()}
            self._complete(kind, row, given)
            self._refer(kind, row)
            self.rows[kind][row["Id"]] = row
            if kind == "Payment":
                self.apply(row)
            return copy.deepcopy(self.shown(kind, row))

    def _complete(self, kind: str, row: Entity, given: Entity) -> None:
        if kind in ("Customer", "Term"):
            row.setdefault("Active", True)
        if kind == "Customer":
            row.setdefault("CurrencyRef", {"value": self.currency})
            if any(c["DisplayName"] == row["DisplayName"] for c in self.rows[kind].values()):
                raise RefusalError("6240", "Duplicate Name Exists Error")
        if kind in ("Invoice", "CreditMemo", "Payment"):
            row.setdefault("TxnDate", self.on.isoformat())
            row.setdefault("CurrencyRef", {"value": self.currency})
        if kind in ("Invoice", "CreditMemo"):
            row["TotalAmt"] = sum((line["Amount"] for line in row["Line"]), Decimal(0))
        if kind == "Invoice":
            row.setdefault("EmailStatus", "NotSet")
            if "DueDate" not in given:  # in the recordings: 30 days where no terms say otherwise
                day = date.fromisoformat(row["TxnDate"]) + timedelta(days=30)
                row["DueDate"] = day.isoformat()

    def update(self, kind: str, given: Entity) -> Entity:
        """Change a record under its SyncToken: sparse, or all of it."""
        with self.lock:
            for name in ("Id", "SyncToken"):
                if name not in given:
                    raise RefusalError("2020", f"Required param missing: {name}", element=name)
            old = self.rows[kind].get(str(given["Id"]))
            if old is None:
                raise RefusalError("610", f"Object Not Found : {kind} {given['Id']}")
            if str(given["SyncToken"]) != old["SyncToken"]:
                raise RefusalError(
                    "5010", "Stale Object Error : You and someone else were working"
                )
            self._check(kind, given)
            if kind == "Customer" and not old["Active"] and given.get("Active") is not True:
                raise RefusalError("610", "Object Not Found : made inactive", element="Active")
            fresh = {name: value for name, value in copy.deepcopy(given).items()
                     if name not in (*READ_ONLY, "sparse", "Id", "SyncToken")}  # fmt: skip
            kept = old
            if given.get("sparse") is not True:
                keep = ("Id", "SyncToken", "MetaData", "TotalAmt", "Active", "DeliveryInfo")
                kept = {name: old[name] for name in keep if name in old}
            new = {**kept, **{n: v for n, v in fresh.items() if v is not None and v != ""}}
            for name, value in fresh.items():
                if value == "":
                    new.pop(name, None)
            if kind in ("Invoice", "CreditMemo") and "Line" in fresh:
                new["TotalAmt"] = sum((line["Amount"] for line in new["Line"]), Decimal(0))
            self._refer(kind, new)
            if "CustomerRef" in fresh:
                self._index.clear()
            if kind == "Payment":
                self.apply(old, -1)
                self.apply(new)
            return copy.deepcopy(self.shown(kind, self.touch(kind, new)))

    def touch(self, kind: str, row: Entity) -> Entity:
        """Keep a changed record: its token and its time move."""
        row["SyncToken"] = str(int(row["SyncToken"]) + 1)
        row["MetaData"] = {**row["MetaData"], "LastUpdatedTime": self.stamp()}
        self.rows[kind][row["Id"]] = row
        return row

    def _check(self, kind: str, given: Entity) -> None:
        fields = FIELDS.get(kind)
        if fields is None:
            raise RefusalError("2010", f"Unsupported operation on {kind}")
        for name, value in given.items():
            if name in (*READ_ONLY, "Id", "SyncToken", "sparse"):
                continue
            if name in MORE:
                continue
            if name not in fields:
                raise RefusalError("2010", f"Request has invalid or unsupported property: {name}")
            limit = fields[name]
            if limit and isinstance(value, str) and len(value.encode("utf-16-le")) // 2 > limit:
                raise RefusalError("2050", f"{name} exceeds {limit} characters", element=name)
        address = (given.get("PrimaryEmailAddr") or given.get("BillEmail") or {}).get("Address")
        if address and any("@" not in part for part in address.split(",")):
            raise RefusalError("2210", "Email Address does not conform to the syntax rules")

    def _refer(self, kind: str, row: Entity) -> None:
        """A saved document moves its customer's time, not its token."""
        number = str((row.get("CustomerRef") or {}).get("value", ""))
        if kind not in ("Invoice", "CreditMemo", "Payment"):
            return
        customer = self.rows["Customer"].get(number)
        if customer is None or (not customer["Active"] and row["SyncToken"] == "0"):
            raise RefusalError("2500", f"Invalid Reference Id : Customer {number}")
        row["CustomerRef"] = {"value": number, "name": customer["DisplayName"]}
        customer["MetaData"] = {**customer["MetaData"], "LastUpdatedTime": self.stamp()}
        for line in row.get("Line", ()) if kind == "Payment" else ():
            for linked in line.get("LinkedTxn", ()):
                other = self.rows[linked["TxnType"]][linked["TxnId"]]
                self.touch(linked["TxnType"], other)  # payments move tokens

    def delete(self, kind: str, number: str) -> None:
        """Remove a record; what it settled is open again."""
        with self.lock:
            row = self.rows[kind].pop(number, None)
            if row is None:
                raise RefusalError("610", f"Object Not Found : {kind} {number}")
            self.gone.append((kind, number, self.now()))
            if kind == "Payment":
                self.apply(row, -1)
            for line in row.get("Line", ()) if kind == "Payment" else ():
                for linked in line.get("LinkedTxn", ()):
                    other = self.rows[linked["TxnType"]].get(linked["TxnId"])
                    if other is not None:
                        self.touch(linked["TxnType"], other)

    def rate(self, currency: str, rate: str, on: date) -> None:
        """Put a rate to the home currency into the company's list."""
        self.rates.append({
            "AsOfDate": on.isoformat(), "SourceCurrencyCode": currency, "Rate": Decimal(rate),
            "TargetCurrencyCode": self.currency, "SyncToken": "0",
            "MetaData": {"LastUpdatedTime": self.stamp()},
        })  # fmt: skip

    def void(self, number: str) -> Entity:
        """Void an invoice: the amounts become 0, the note says so."""
        with self.lock:
            row = {**self.rows["Invoice"][number], "TotalAmt": Decimal(0)}
            row["PrivateNote"] = "\n".join(t for t in (row.get("PrivateNote"), "Voided") if t)
            return copy.deepcopy(self.shown("Invoice", self.touch("Invoice", row)))

    def send(self, number: str, to: str) -> Entity:
        """Mail an invoice, whatever it is: paid, voided or not yet due."""
        with self.lock:
            row = self.rows["Invoice"].get(number)
            if row is None:
                raise RefusalError("610", f"Object Not Found : Invoice {number}")
            address = to or (row.get("BillEmail") or {}).get("Address", "")
            if not address:
                raise RefusalError("6000", "Email address is missing")
            if any("@" not in part for part in address.split(",")):
                raise RefusalError("2210", "Email Address does not conform to the syntax rules")
            self.mails.append((number, address))
            new = {**row, "EmailStatus": "EmailSent", "BillEmail": {"Address": address}}
            new["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": self.stamp()}
            return copy.deepcopy(self.shown("Invoice", self.touch("Invoice", new)))


def _links(line: Entity, kind: str, number: str = "") -> bool:
    return any(
        linked["TxnType"] == kind and number in ("", linked["TxnId"])
        for linked in line.get("LinkedTxn", ())
    )


def utc(text: str) -> datetime:
    """An instant as the service takes it."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
