"""The words of a policy test: who owes what, what happens on which day, and what is expected."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from dunwell.policy.scalars import Currency, Day, Email, Flag, Limit, Name, Whole, Words
from dunwell.source.placed import PlacedModel


def _many(value: object) -> object:
    """One or several of a thing."""
    return value if isinstance(value, list | tuple) else [value]


class ContactPerson(PlacedModel):
    """A person at the customer."""

    role: Words = Field(description="What the person is there for, such as billing.")
    email: Email = Field(description="Where messages go.")
    name: Words = Field(default="", description="Who it is.")


class Customer(PlacedModel):
    """Who owes."""

    name: Words = Field(default="Acme", description="By this name the story speaks of it.")
    type: Words | None = Field(default=None, description="business, consumer or public.")
    country: Words | None = Field(default=None, description="ISO 3166 code.")
    language: Words | None = Field(default=None, description="Language or locale.")
    timezone: Words | None = Field(default=None, description="IANA name.")
    email: Email | None = Field(default=None, description="Without one nobody can be written to.")
    tags: tuple[Words, ...] = Field(default=(), description="The ERP's tags.")
    salesperson: Words | None = Field(default=None, description="Who looks after it.")
    credit_limit: Limit | None = Field(default=None, description="With its currency.")
    since: Day | None = Field(default=None, description="First business.")
    payer: Words | None = Field(default=None, description="The customer that pays for it.")
    contacts: tuple[ContactPerson, ...] = Field(default=(), description="People there.")


class Invoice(PlacedModel):
    """One invoice, or one instalment of a document."""

    number: Words = Field(description="By this number the story speaks of it.")
    amount: Limit = Field(description="As issued, with its currency.")
    issued: Day | None = Field(default=None, description="30 days before it is due.")
    due: Day | None = Field(default=None, description="Without one nobody knows.")
    customer: Words | None = Field(default=None, description="Whose, where there are several.")
    company: Words | None = Field(default=None, description="Of which of our companies.")
    document: Words | None = Field(default=None, description="The invoice that instalments share.")
    method: Words | None = Field(default=None, description="How it is paid.")
    terms: Words | None = Field(default=None, description="Payment terms.")
    collection: Words | None = Field(
        default=None, description="none, scheduled, pending, returned."
    )
    paid: Limit | None = Field(default=None, description="What was paid of it before the story.")


class Paid(PlacedModel):
    """An invoice that was fully paid before the story: history."""

    due: Day = Field(description="When it was due.")
    paid: Day = Field(description="When it was paid.")
    amount: Limit = Field(description="With its currency.")
    customer: Words | None = Field(default=None, description="Whose.")
    times: Whole = Field(default=1, description="So many alike.")


class Company(PlacedModel):
    """One of our companies."""

    name: Words = Field(description="By this name invoices speak of it.")
    currency: Currency = Field(description="Of its books.")
    country: Words = Field(default="ES", description="ISO 3166 code.")


class Credit(PlacedModel):
    """A credit note or a payment on account."""

    number: Words = Field(description="As printed.")
    amount: Limit = Field(description="Positive, with its currency.")
    of: Words | None = Field(default=None, description="The invoice that it belongs to.")
    customer: Words | None = Field(default=None, description="Whose.")


class Rate(PlacedModel):
    """The ERP's exchange rate."""

    currency: Currency = Field(description="One of this one ...")
    rate: Words = Field(description="... is worth so much of the company's currency.")
    on: Day = Field(description="Valid from.")


class Person(PlacedModel):
    """One of our people."""

    email: Email = Field(description="Tasks go to this person.")
    name: Words = Field(default="", description="Who it is.")


class Given(PlacedModel):
    """How things stand before the first step."""

    customer: Customer | None = Field(default=None, description="The only one.")
    customers: tuple[Customer, ...] = Field(default=(), description="Or several.")
    companies: tuple[Company, ...] = Field(default=(), description="Ours, beside the main one.")
    currency: Currency = Field(default="EUR", description="Of the main company.")
    invoices: tuple[Invoice, ...] = Field(default=(), description="Open ones.")
    paid: tuple[Paid, ...] = Field(default=(), description="The payment history.")
    credits: tuple[Credit, ...] = Field(default=(), description="Not applied yet.")
    rates: tuple[Rate, ...] = Field(default=(), description="Exchange rates.")
    people: tuple[Person, ...] = Field(default=(), description="Ours.")
    bank_data: Day | None = Field(default=None, description="Payments are known up to this day.")


class CustomerAct(PlacedModel):
    """What a customer does."""

    who: Words | None = Field(default=None, description="Where there are several.")
    pays: Limit | None = Field(default=None, description="So much, of an invoice.")
    of: Words | None = Field(default=None, description="The invoice that is paid.")
    promises: Limit | None = Field(default=None, description="So much, by a day.")
    by: Day | None = Field(default=None, description="The day of the promise.")
    items: tuple[Words, ...] = Field(default=(), description="The invoices that it is for.")
    disputes: Words | None = Field(default=None, description="An invoice or document.")
    amount: Limit | None = Field(default=None, description="The contested part.")
    reason: Words = Field(default="", description="Of the dispute.")


class PeopleAct(PlacedModel):
    """What our people do."""

    who: Words | None = Field(default=None, description="The customer it is about.")
    call: Words | None = Field(default=None, description="A call, noted.")
    write: Words | None = Field(default=None, description="A mail by hand, noted.")
    lift: Words | None = Field(default=None, description="A kind of hold is lifted.")
    block: Words | None = Field(default=None, description="A kind of hold is placed by hand.")
    exclude: Words | None = Field(default=None, description="Leave alone, and why.")
    until: Day | None = Field(default=None, description="Of an exclusion or a refusal.")
    settle: Words | None = Field(default=None, description="The dispute of an invoice.")
    withdraw: Flag = Field(default=False, description="The newest promise is withdrawn.")
    finish: Words | None = Field(default=None, description="The task of a stage or watch.")
    outcome: Words = Field(default="", description="How the task went.")
    cancel: Words | None = Field(default=None, description="The task of a stage or watch.")
    approve: Words | None = Field(default=None, description="The waiting steps of a stage.")
    refuse: Words | None = Field(default=None, description="The waiting steps of a stage.")
    tag: Words | None = Field(default=None, description="A tag is put on.")
    untag: Words | None = Field(default=None, description="A tag is taken off.")
    resolve: Words | None = Field(
        default=None, description="sent or not_sent: an unknown outcome."
    )


class ErpAct(PlacedModel):
    """What happens in the books."""

    issue: Invoice | None = Field(default=None, description="A new invoice.")
    credit: Credit | None = Field(default=None, description="A new credit.")
    write_off: Words | None = Field(default=None, description="An invoice is given up.")
    reverse: Words | None = Field(default=None, description="The newest payment of an invoice.")
    collection: Words | None = Field(
        default=None, description="none, scheduled, pending, returned"
    )
    of: Words | None = Field(default=None, description="The invoice of the collection.")
    failure: Words | None = Field(default=None, description="Why the collection came back.")
    bank_data: Day | None = Field(default=None, description="Payments are known up to this day.")
    email: Email | None = Field(default=None, description="The customer's new address.")
    who: Words | None = Field(default=None, description="The customer.")


class Expect(PlacedModel):
    """What the day brings; commands that are not named here fail the test."""

    commands: tuple[dict[str, str], ...] | None = Field(
        default=None, description="All of them: kind and what, such as {remind: first_notice}."
    )
    stage: dict[str, str] = Field(default={}, description="By invoice, after the day; or none.")
    paused: dict[str, str] = Field(default={}, description="By invoice: a reason.")
    facts: dict[str, str] = Field(default={}, description="By name, as the reference writes them.")
    segment: Name | None = Field(default=None, description="Of the account.")
    waiting: tuple[Words, ...] | None = Field(default=None, description="Stages that need a yes.")
    holds: tuple[Words, ...] | None = Field(default=None, description="In force after the day.")
    total: Limit | None = Field(default=None, description="What the day's message demands.")
    demands: tuple[Words, ...] | None = Field(default=None, description="The invoices it demands.")
    to: Words | None = Field(default=None, description="The address of the day's message.")
    stopped: Words | None = Field(default=None, description="Words of what stops the whole run.")
    notes: tuple[Words, ...] = Field(default=(), description="Words that the plan says.")


class Step(PlacedModel):
    """One day: what happens, and what is expected of it."""

    date: Day = Field(description="The day.")
    customer: Annotated[tuple[CustomerAct, ...], BeforeValidator(_many)] = Field(
        default=(), description="What customers do before the run."
    )
    people: Annotated[tuple[PeopleAct, ...], BeforeValidator(_many)] = Field(
        default=(), description="What our people do before the run."
    )
    erp: Annotated[tuple[ErpAct, ...], BeforeValidator(_many)] = Field(
        default=(), description="What happens in the books before the run."
    )
    delivery: Words = Field(
        default="deliver", description="deliver, bounce, refuse, unknown or down: of its messages."
    )
    at: Words = Field(default="10:00", description="The hour of the run, in the house's zone.")
    run: Flag = Field(default=True, description="Whether there is a run on that day.")
    expect: Expect | None = Field(default=None, description="What it brings.")


class Test(PlacedModel):
    """A policy test."""

    __test__ = False  # not one of pytest's

    test: Words = Field(description="What it shows, as a sentence.")
    policy: Name = Field(description="The policy that is told of.")
    given: Given = Field(description="How things stand.")
    steps: tuple[Step, ...] = Field(min_length=1, description="Day by day.")
