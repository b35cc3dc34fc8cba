"""Every fact with its meaning; schema, reference and checks are generated from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dunwell.errors import NOWHERE, Problem

if TYPE_CHECKING:
    import polars as pl

FactType = Literal["money", "days", "count", "share", "flag", "text", "texts", "date", "stage"]
Level = Literal["item", "account"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One word that a condition may test.

    `period`: the test must state `within`. `counted`: is summed after pauses are known, so
    segments, pauses and `applies_to` may not read it. `event`: has an occurrence of its own, on
    which a watch fires once. `values`: a closed set of words. `column`: how a plugin computes it,
    from a frame of items (or accounts) to one value a row; None for the built-in ones.
    """

    name: str
    level: Level
    type: FactType
    meaning: str
    unit: str = ""
    period: bool = False
    counted: bool = False
    event: bool = False
    values: tuple[str, ...] = ()
    column: Callable[[pl.DataFrame], pl.Series] | None = None
    origin: str = "dunwell"


def _facts(level: Level, text: str) -> Iterator[Fact]:
    """Read `name type[:options] meaning` lines; options: period, counted, event, a|b|c values."""
    for line in text.strip().splitlines():
        name, kind, meaning = line.split(None, 2)
        type_, *options = kind.split(":")
        flags = {option for option in options if "|" not in option}
        values = next((tuple(o.split("|")) for o in options if "|" in o), ())
        unit = {"days": "calendar days", "money": "money", "share": "%"}.get(type_, "")
        yield Fact(
            name,
            level,
            type_,  # type: ignore[arg-type]
            meaning,
            unit=unit,
            period="period" in flags,
            counted="counted" in flags,
            event="event" in flags,
            values=values,
        )


BUILT_IN: tuple[Fact, ...] = (
    *_facts(
        "item",
        """
stage stage the stage of the ladder that the item has reached; not known before the first
days_past_due days date minus due date, the due date rolled off closed days; negative before it
days_until_due days due date minus date; negative after it
age_days days date minus issue date
issued date issue date
due date due date, rolled off closed days as the calendar says
amount money the amount as issued
balance money what the ERP says is open
to_pay money the balance less the credits that cover it and its disputed part
paid_share share the part of the amount that is no longer open
days_since_payment days days since the newest payment on the item; not known without one
document_type text kind of document: invoice, instalment, debit_note or charge
payment_terms text name of the payment terms
payment_method text how the customer pays: transfer, direct_debit, card and so on
is_disputed flag:event a dispute is open on the item
disputed_amount money the contested part
dispute_age days days since the open dispute began; not known without one
dispute_reason text the reason of the open dispute; not known without one
promise text:event:open|kept|broken state of the newest promise that covers the item
collection text:event:none|scheduled|pending|returned state of a direct debit or card payment
collection_failure text why the newest collection came back
collection_returns count how many collections came back
is_excluded flag a person said to leave it alone
""",
    ),
    *_facts(
        "account",
        """
account_stage stage the severest stage among the account's open items; not known before the first
segment text the first segment of the policy that matches
overdue money:counted sum of to_pay past due and not paused
overdue_all money sum of to_pay past due, paused items too
overdue_count count:counted items past due with something to pay, not paused
overdue_count_all count items past due with something to pay, paused ones too
oldest_days_past_due days:counted most days past due of those in overdue, if any
exposure money balances less unapplied credits
unapplied_credit money credits not applied, as a positive sum
credit_limit money the limit set in the ERP; not known when none is set
credit_use share exposure as a part of the credit limit
is_on_hold flag a hold of any kind is in force
bounced flag:event the address that messages would go to is known to bounce
days_since_contact days days since the newest contact, ours or a person's; not known without one
contacts count:period contacts attempted within the period, people's too
invoices_paid count:period invoices fully paid within the period
late_share share:period part of the invoices paid in the period that were late
average_days_late days:period mean days late of the invoices paid in the period (early: 0)
usual_days_late days:period median days late of the invoices paid in the period (lower of two)
broken_promises count:period promises broken within the period
task_outcome text:event what a person said when the newest task ended
customer_type text:business|consumer|public kind of debtor
customer_country text:upper country code
customer_language text language or locale
customer_tag texts tags of the customer in the ERP
customer_since date first business with the customer
salesperson text who looks after the customer
company text our company that is owed
payer text the customer that pays
""",
    ),
)


class Registry(Mapping[str, Fact]):
    """The facts in force: the built-in ones and those of plugins; names are unique."""

    def __init__(self, extra: Iterable[Fact] = ()) -> None:
        self._facts = {fact.name: fact for fact in BUILT_IN}
        self.problems: list[Problem] = []
        for fact in extra:
            if fact.name in self._facts:
                taken = self._facts[fact.name].origin
                self.problems.append(
                    Problem(
                        NOWHERE,
                        f"plugin '{fact.origin}' brings the fact '{fact.name}' that {taken} has",
                        "rename it",
                    )
                )
            else:
                self._facts[fact.name] = fact

    def __getitem__(self, name: str) -> Fact:
        """The fact of that name."""
        return self._facts[name]

    def __iter__(self) -> Iterator[str]:
        """The names, item facts first."""
        return iter(self._facts)

    def __len__(self) -> int:
        """How many facts there are."""
        return len(self._facts)

    @property
    def extra(self) -> tuple[Fact, ...]:
        """The facts that plugins brought."""
        return tuple(fact for fact in self._facts.values() if fact.column is not None)
