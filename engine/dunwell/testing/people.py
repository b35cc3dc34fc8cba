"""What people do in an ERP, as a test asks for it; each ERP under test says how."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

from dunwell.money import Money


@dataclass(frozen=True, slots=True)
class Face:
    """Something that Dunwell made and people see in the ERP: a task, a note, a message.

    `key` is the idempotency key it was made under; `owner` who shall do it, `due` until when.
    """

    kind: str
    key: str
    text: str = ""
    owner: str = ""
    due: date | None = None


def absent(what: str) -> NoReturn:
    """Say that this ERP has no such thing: the test that asked is skipped with this reason."""
    import unittest  # only when something is absent: nobody else pays for it

    raise unittest.SkipTest(f"this ERP has no {what}")


class People(ABC):
    """The people of one ERP. Acts return the ERP's own identifier of what they made.

    `company` and `customer` are identifiers; an empty company is the ERP's main one. An ERP
    that has no such thing leaves the act as it is here, and the tests that need it are skipped.
    """

    # -- who and what there is ------------------------------------------------------------------

    def company(self, name: str, *, currency: str = "EUR") -> str:
        """Found one more company of ours."""
        absent("second company")

    def person(self, name: str, *, email: str = "") -> str:
        """Hire somebody of ours who can be given tasks; the answer is how tasks name them."""
        absent("people who can be given tasks")

    @abstractmethod
    def customer(
        self,
        name: str = "Acme",
        *,
        payer: str = "",
        email: str = "ap@acme.example",
        tags: Sequence[str] = (),
        credit_limit: Money | None = None,
    ) -> str:
        """Write down a customer; `payer` is the one that pays for it."""

    def archive(self, customer: str) -> None:
        """Put a customer away, its open invoices as they are."""
        absent("archive of customers")

    def change_email(self, customer: str, email: str) -> None:
        """Write down another address."""
        absent("e-mail address of customers")

    @abstractmethod
    def invoice(
        self,
        number: str = "",
        *,
        customer: str = "",
        amount: Money | str = "900 EUR",
        issued: date | None = None,
        due: date | None = None,
        company: str = "",
    ) -> str:
        """Issue an invoice that is owed at once; the answer is its item."""

    def invoice_without_due_date(
        self, number: str, *, customer: str, amount: Money | str = "900 EUR"
    ) -> str:
        """Issue an invoice of which nobody knows when it is due."""
        absent("invoice without a due date")

    def instalments(
        self, number: str, parts: Sequence[tuple[date, Money]], *, customer: str
    ) -> Sequence[str]:
        """Issue one invoice in instalments; the answer is their items."""
        absent("invoice in instalments")

    def delete_invoice(self, item: str) -> None:
        """Delete an invoice."""
        absent("way to delete an invoice")

    def rate(self, currency: str, rate: str, *, on: date, company: str = "") -> None:
        """Enter an exchange rate: units of the company's currency for one of this one."""
        absent("exchange rates")

    def move_due_date(self, item: str, due: date) -> None:
        """Let an invoice be due on another day."""
        absent("way to move a due date")

    # -- money that comes in --------------------------------------------------------------------

    @abstractmethod
    def pay(self, item: str, amount: Money | str | None = None, *, on: date | None = None) -> str:
        """Enter a payment, of all that is open unless told; the answer is its settlement."""

    def reverse(self, settlement: str) -> None:
        """Take a payment off its item again."""
        absent("way to take a payment back")

    def write_off(self, item: str, amount: Money | str | None = None) -> None:
        """Give up the rest of an item, or a part of it."""
        absent("way to write off")

    def credit(self, number: str, amount: Money | str, *, customer: str, item: str = "") -> str:
        """Issue a credit note (`amount` positive), for an item where one is named."""
        absent("credit notes")

    # -- what people and customers say ----------------------------------------------------------

    def promise(
        self, customer: str, amount: Money | str, *, by: date, items: Sequence[str] = ()
    ) -> str:
        """Note a promise to pay."""
        absent("promises")

    def move_promise(self, promise: str, *, by: date) -> str:
        """Move a promise to another day; the answer is the promise that counts now."""
        absent("way to move a promise")

    def withdraw_promise(self, promise: str) -> None:
        """Note that a promise does not count any more."""
        absent("way to withdraw a promise")

    def dispute(self, item: str, amount: Money | str | None = None, *, reason: str = "") -> str:
        """Note that an item is contested, all of it where no amount is given."""
        absent("disputes")

    def end_dispute(self, dispute: str) -> None:
        """Note that a dispute is settled."""
        absent("disputes")

    def exclude(
        self, customer: str, *, item: str = "", reason: str = "", until: date | None = None
    ) -> str:
        """Say that a customer, or only an item, must be left alone."""
        absent("exclusions")

    def end_exclusion(self, exclusion: str) -> None:
        """Say that it needs to be left alone no longer."""
        absent("exclusions")

    def call(self, customer: str, text: str = "called them") -> None:
        """Note a call with a customer."""
        absent("call notes")

    def mail(self, customer: str, text: str = "wrote to them") -> None:
        """Send a customer a mail from the ERP's own screens."""
        absent("mail of its own")

    # -- blocks and tasks -----------------------------------------------------------------------

    def place_hold(self, customer: str, kind: str = "orders", *, company: str = "") -> None:
        """Block a customer by hand."""
        absent("blocks by hand")

    def lift_hold(self, customer: str, kind: str = "orders", *, company: str = "") -> None:
        """Lift a block by hand, whoever placed it."""
        absent("way to lift a block by hand")

    def change_hold(self, customer: str, kind: str, value: str) -> None:
        """Change the mark that Dunwell wrote."""
        absent("marks that a person can change")

    def finish_task(self, key: str, outcome: str = "") -> None:
        """Mark a task as done and say how it went."""
        absent("way to finish a task")

    def cancel_task(self, key: str) -> None:
        """Cancel a task."""
        absent("way to cancel a task")

    def delete_task(self, key: str) -> None:
        """Delete a task."""
        absent("way to delete a task")

    @abstractmethod
    def faces(self, customer: str) -> Sequence[Face]:
        """All that Dunwell made for a customer and that people see: tasks, notes, messages."""

    def delete_faces(self, customer: str) -> None:
        """Delete whatever of it a user may delete."""
        absent("way to delete what Dunwell made")
