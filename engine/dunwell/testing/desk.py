"""What people note in an ERP in memory: promises, disputes, calls, blocks, tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from dunwell.log.entry import Entry
from dunwell.money import Money
from dunwell.testing.people import Face, People
from dunwell.testing.rows import Row, Rows, money


class Desk(Rows, People):
    """The acts that are about words, not money."""

    # -- what people and customers say ----------------------------------------------------------

    def promise(
        self,
        customer: str,
        amount: Money | str,
        *,
        by: date,
        items: Sequence[str] = (),
        company: str = "",
        made: date | None = None,
    ) -> str:
        """Note a promise to pay, made today unless told."""
        worth = money(amount)
        return self.put(
            "promises",
            id=self.draw("promise"),
            customer=customer,
            company=company or self.main(),
            made=made or self.on,
            by=by,
            currency=worth.currency,
            amount=worth.minor,
            items=list(items),
        )

    def move_promise(self, promise: str, *, by: date) -> str:
        """End a promise and note it anew with another day."""
        with self.lock:
            old = dict(self.rows["promises"][promise])
            self.withdraw_promise(promise)
            return self.put(
                "promises", **{**old, "id": self.draw("promise"), "made": self.on, "by": by}
            )

    def withdraw_promise(self, promise: str) -> None:
        """Note that a promise does not count any more."""
        self.change("promises", promise, ended=self.on)

    def dispute(self, item: str, amount: Money | str | None = None, *, reason: str = "") -> str:
        """Note that an item or a document is contested."""
        part = money(amount).minor if amount is not None else None
        return self.put(
            "disputes",
            id=self.draw("dispute"),
            item=item,
            since=self.on,
            amount=part,
            reason=reason or None,
        )

    def end_dispute(self, dispute: str) -> None:
        """Note that a dispute is settled."""
        self.change("disputes", dispute, ended=self.on)

    def exclude(
        self, customer: str, *, item: str = "", reason: str = "", until: date | None = None
    ) -> str:
        """Say that a customer, or only an item, must be left alone."""
        return self.put(
            "exclusions",
            id=self.draw("exclusion"),
            customer=customer,
            item=item or None,
            reason=reason or None,
            since=self.on,
            until=until,
        )

    def end_exclusion(self, exclusion: str) -> None:
        """Say that it needs to be left alone no longer."""
        with self.lock:
            del self.rows["exclusions"][exclusion]

    def call(self, customer: str, text: str = "called them") -> None:
        """Note a call with a customer."""
        self.contacted(customer, channel="phone", text=text)

    def mail(self, customer: str, text: str = "wrote to them") -> None:
        """Send a mail from the ERP's own screens."""
        self.contacted(customer, channel="email", text=text)

    def contacted(
        self,
        customer: str,
        *,
        channel: str,
        text: str = "",
        company: str = "",
        direction: Literal["out", "in"] = "out",
    ) -> None:
        """Note any contact of a person with a customer."""
        with self.lock:
            entry = Entry(
                debtor=self.debtor(customer),
                company=company or self.main(),
                position=None,
                kind="contact",
                key=self.draw("contact"),
                at=self.now,
                by="person",
                direction=direction,
                channel=channel,
                text=text,
            )
            self.logbook.note(entry)

    # -- blocks and tasks -----------------------------------------------------------------------

    def holds(self, customer: str, kind: str, company: str = "") -> Iterator[tuple[str, Row]]:
        """The blocks of one kind on a customer, in one company where it is named."""
        for key, row in list(self.rows["holds"].items()):
            here = not company or row.get("company") in (None, company)
            if here and (row["customer"], row["kind"]) == (customer, kind):
                yield key, row

    def place_hold(
        self,
        customer: str,
        kind: str = "orders",
        *,
        company: str = "",
        value: str = "blocked by hand",
        by: str = "person",
    ) -> None:
        """Place a block, by hand unless told; each has a line of its own."""
        self.put(
            "holds",
            id=self.draw("hold"),
            customer=customer,
            company=company or self.main(),
            kind=kind,
            value=value,
            since=self.on,
            by=by,
        )

    def lift_hold(self, customer: str, kind: str = "orders", *, company: str = "") -> None:
        """Lift a block by hand, whoever placed it."""
        with self.lock:
            for key, _ in self.holds(customer, kind, company):
                del self.rows["holds"][key]

    def change_hold(self, customer: str, kind: str, value: str) -> None:
        """Change the mark that Dunwell wrote."""
        with self.lock:
            for _, row in self.holds(customer, kind):
                if row["by"] == "dunwell":
                    row["value"] = value

    def finish_task(self, key: str, outcome: str = "") -> None:
        """Mark a task as done and say how it went."""
        self.change("tasks", key, state="done", outcome=outcome or None, ended=self.on)

    def cancel_task(self, key: str) -> None:
        """Cancel a task."""
        self.change("tasks", key, state="cancelled", ended=self.on)

    def delete_task(self, key: str) -> None:
        """Delete a task."""
        with self.lock:
            del self.rows["tasks"][key]
            self.works[key].face = None

    def faces(self, customer: str) -> Sequence[Face]:
        """All that Dunwell made for a customer and that people see."""
        with self.lock:
            works = list(self.works.values())
        return [w.face for w in works if w.customer == customer and w.face is not None]

    def delete_faces(self, customer: str) -> None:
        """Delete all of it; the log and the works done stay."""
        with self.lock:
            for key, work in self.works.items():
                if work.customer == customer:
                    work.face = None
                    self.rows["tasks"].pop(key, None)
