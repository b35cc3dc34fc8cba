"""What people did to reach a customer, as Odoo has it: mails, calls, text messages, notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from dunwell.log.entry import Entry
from dunwell_odoo import names
from dunwell_odoo.asking import Ask, Domain, Question, Record, Spec, parts, these
from dunwell_odoo.installed import Installed
from dunwell_odoo.owners import MODELS, Owner, Owners
from dunwell_odoo.values import instant, stamp, text

SIZE = 5_000
OUT = ("comment", "email_outgoing", "sms")
"""What people write: messages and notes, mails from the composer, text messages."""

SPEC: Spec = these(
    "date", "model", "res_id", "message_type", "subject", "preview",
    subtype_id=these("internal"), author_id=these("partner_share", "active"),
    mail_activity_type_id=these("category"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contacts:
    """Reads people's contacts; our own messages are known by their Message-Id."""

    ask: Ask
    installed: Installed
    owners: Owners

    def asks(
        self, debtors: Sequence[str] | None, since: date, *, inbound: bool = False
    ) -> Iterator[Question]:
        """What to ask for contacts since a day (a day early: the day is a company's, the stamps
        are UTC). With `inbound` also what customers wrote to us.
        """
        early = datetime.combine(since - timedelta(days=1), time(), UTC)
        domain = [["date", ">=", stamp(early)], *self._written(inbound)]
        for where in self._where(debtors):
            yield Question("mail.message", [*domain, *where], SPEC, SIZE)

    def heard(
        self, question: Question, rows: list[Record] | None, debtors: Sequence[str] | None
    ) -> Iterator[Entry]:
        """The contacts of all pages; `rows` is the first page where it is here already."""
        for page in self.ask.whole(question, rows):
            owners = self.owners.of((row["model"], row["res_id"]) for row in page)
            for row in page:
                owner = owners.get((row["model"], row["res_id"]))
                if owner is not None and (debtors is None or owner.debtor in debtors):
                    found = self._entry(row, owner)
                    if found is not None:
                        yield found

    def _written(self, inbound: bool) -> Domain:
        ours = [
            number
            for number in (self.installed.log, self.installed.id(names.SUBTYPE_REMINDER))
            if number and number != self.installed.note
        ]
        people: Domain = [
            "&",
            ["message_type", "in", OUT],
            ["author_id.partner_share", "=", False],
        ]
        calls: Domain = [["mail_activity_type_id.category", "=", "phonecall"]]
        theirs: Domain = [["message_type", "in", ("email", "comment")]] if inbound else []
        kinds = ["|", *calls, *people]
        return [
            ["message_id", "not like", f"@{names.MESSAGE_HOST}>"],
            ["subtype_id", "not in", ours],
            *(["|", *theirs, *kinds] if theirs else kinds),
        ]

    def _where(self, debtors: Sequence[str] | None) -> Iterator[Domain]:
        """On which records: of all, or of some customers and those they pay for."""
        if debtors is None:
            yield [["model", "in", MODELS]]
            return
        for model, ids in self.owners.family(debtors).items():
            for part in parts(ids, SIZE):
                yield [["model", "=", model], ["res_id", "in", list(part)]]

    def _entry(self, row: Record, owner: Owner) -> Entry | None:
        author = row["author_id"] or {}
        kind = row["mail_activity_type_id"]
        channel, direction = "email", _direction(author)
        if kind and kind["category"] == "phonecall":
            channel, direction = "phone", "out"
        elif row["message_type"] == "sms":
            channel = "sms"
        elif row["message_type"] == "comment" and _internal(row):
            channel = "note"
            if not author.get("active"):
                return None  # Odoo's robot
        said = " ".join((text(row["subject"]) or text(row["preview"]) or channel).split())
        return Entry(
            owner.debtor, owner.company, None, "contact", f"message-{row['id']}",
            instant(row["date"]), "person", direction, channel, text=said[:200],
        )  # fmt: skip


def _internal(row: Record) -> bool:
    """Whether a message is a note, that no customer gets."""
    return not row["subtype_id"] or bool(row["subtype_id"]["internal"])


def _direction(author: Record) -> Literal["out", "in"]:
    return "in" if author.get("partner_share", True) else "out"
