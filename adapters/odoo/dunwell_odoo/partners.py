"""Partners as customers and contacts: pure, without a call."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from email.utils import getaddresses

from dunwell_odoo.asking import Record, Spec, these
from dunwell_odoo.lines import Row
from dunwell_odoo.site import Company
from dunwell_odoo.values import day, minor, text

TYPES = ("business", "consumer", "public")
ROLES = {"invoice": "billing", "followup": "billing", "delivery": "delivery"}
"""What Odoo calls the use of an address, as a role; others have what is written as their job."""

FIELDS = (
    "name", "parent_id", "commercial_partner_id", "is_company", "type", "email", "phone", "lang",
    "tz", "country_code", "create_date", "user_id", "vat", "function", "street", "street2", "zip",
    "city", "customer_rank", "credit_limit", "use_partner_credit_limit",
)  # fmt: skip
TEXTS = "message_has_sms_error"
"""A field that Odoo's module for text messages brings."""
MAYBE = ("mobile", "sale_warn", "sale_warn_msg")
"""Fields that some versions and modules have."""


def specification(there: Collection[str]) -> Spec:
    """What is read of a partner; `there` are the fields that not every Odoo has."""
    return these(*FIELDS, *there, category_id=these("name"))


@dataclass(frozen=True, slots=True)
class Partners:
    """What a partner needs to become a row: our people by id, the company whose limits hold."""

    person: Callable[[int | bool], str | None]
    company: Company

    def customer(self, row: Record) -> Row:
        """A partner as a customer; a contact who gets invoices is paid for by its company."""
        payer = row["commercial_partner_id"]
        limited = row["use_partner_credit_limit"]
        own = self.company.currency
        return {
            "id": str(row["id"]),
            "name": text(row["name"]) or f"partner {row['id']}",
            "payer": str(payer) if payer and payer != row["id"] else None,
            "type": kind(row),
            "country": text(row["country_code"]),
            "language": text(row["lang"]),
            "timezone": text(row["tz"]),
            "since": day(row["create_date"]),
            "salesperson": self.person(row["user_id"]),
            "tags": [each["name"] for each in row["category_id"]],
            "email": address(row["email"]),
            "phone": phone(row),
            "credit_limit": minor(row["credit_limit"], own) if limited else None,
            "credit_currency": own if limited else None,
            "street": street(row),
        }

    def contact(self, row: Record) -> Row:
        """A partner as a contact of the company it works for."""
        job = text(row["function"])
        return {
            "id": str(row["id"]),
            "customer": str(row["commercial_partner_id"]),
            "name": text(row["name"]),
            "role": ROLES.get(row["type"]) or ("_".join(job.lower().split()) if job else None),
            "email": address(row["email"]),
            "phone": phone(row),
            "language": text(row["lang"]),
        }


def is_customer(row: Record) -> bool:
    """Whether a partner has a row of its own: whoever pays, and whoever got invoices."""
    own = row["commercial_partner_id"] in (row["id"], False)
    return bool(own or row["customer_rank"] > 0)


def is_contact(row: Record) -> bool:
    """Whether a partner works for another one."""
    return row["commercial_partner_id"] not in (row["id"], False)


def kind(row: Record) -> str:
    """A tag that is called so, else by whether it is a company or has a tax number."""
    named = [each["name"].strip().lower() for each in row["category_id"]]
    tagged = next((name for name in named if name in TYPES), None)
    return tagged or ("business" if row["is_company"] or text(row["vat"]) else "consumer")


def address(value: object) -> str | None:
    """The first address of what may be several.

    >>> address('"Ana" <ana@c.example>; b@c.example'), address(" a@c.example "), address(False)
    ('ana@c.example', 'a@c.example', None)
    """
    written = (text(value) or "").replace(";", ",")
    found = (each.strip() for _, each in getaddresses([written]))
    return next((each for each in found if "@" in each), None)


def phone(row: Record) -> str | None:
    """The number that Odoo sends text messages to: the mobile's, else the other."""
    return text(row.get("mobile")) or text(row["phone"])


def street(row: Record) -> str | None:
    """The address in lines."""
    town = " ".join(filter(None, (text(row["zip"]), text(row["city"]))))
    return "\n".join(filter(None, (text(row["street"]), text(row["street2"]), town))) or None
