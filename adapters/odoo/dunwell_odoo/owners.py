"""Whose a record is: partners and invoices by the customer that pays, asked for what is new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dunwell_odoo.asking import EVERYTHING, Domain, pages, parts, these
from dunwell_odoo.door import Door
from dunwell_odoo.values import numbers

SIZE = 5_000
OURS = ("out_invoice", "out_refund", "out_receipt")
MODELS = ("res.partner", "account.move")


@dataclass(frozen=True, slots=True)
class Owner:
    """The customer that pays, and with which company where that can be told."""

    debtor: str
    company: str | None = None


@dataclass(slots=True)
class Owners:
    """Keeps what was found: a partner seldom gets another payer while a run lasts."""

    door: Door
    known: dict[tuple[str, int], Owner | None] = field(default_factory=dict)

    def learn(self, model: str, number: int, owner: Owner) -> None:
        """Remember what was read with something else."""
        self.known[model, number] = owner

    def of(self, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Owner]:
        """The owners of records; those that are no customer's are not among them."""
        asked = set(wanted)
        for model in MODELS:
            missing = sorted(n for m, n in asked if m == model and (m, n) not in self.known)
            for part in parts(missing, SIZE):
                self.known |= {(model, number): None for number in part}
                self._find(model, [["id", "in", list(part)]])
        return {key: owner for key in asked if (owner := self.known.get(key)) is not None}

    def family(self, debtors: Sequence[str]) -> dict[str, list[int]]:
        """All partners that some customers pay for, and their invoices."""
        payers = numbers(debtors)
        found: dict[str, list[int]] = {}
        for model in MODELS:
            found[model] = []
            for part in parts(payers, SIZE):
                found[model] += self._find(model, [["commercial_partner_id", "in", list(part)]])
        return found

    def _find(self, model: str, domain: Domain) -> list[int]:
        moves = model == "account.move"
        spec = these("commercial_partner_id", *(["company_id"] if moves else []))
        ours: Domain = [["move_type", "in", OURS]] if moves else []
        found = []
        for page in pages(self.door, model, [*domain, *ours], spec, size=SIZE, context=EVERYTHING):
            for row in page:
                payer = row["commercial_partner_id"] or (0 if moves else row["id"])
                company = str(row["company_id"]) if moves and row["company_id"] else None
                owner = Owner(str(payer), company) if payer else None
                self.known[model, row["id"]] = owner
                found.append(row["id"])
        return found
