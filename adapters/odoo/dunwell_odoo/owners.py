"""Whose a record is: partners and invoices by the customer that pays, asked for what is new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dunwell_odoo.asking import EVERYTHING, Ask, Domain, Question, Record, parts, these
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

    ask: Ask
    known: dict[tuple[str, int], Owner | None] = field(default_factory=dict)

    def learn(self, model: str, number: int, owner: Owner) -> None:
        """Remember what was read with something else."""
        self.known[model, number] = owner

    def of(self, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Owner]:
        """The owners of records; those that are no customer's are not among them."""
        asked = set(wanted)
        questions = []
        for model in MODELS:
            missing = sorted(n for m, n in asked if m == model and (m, n) not in self.known)
            self.known |= {(model, number): None for number in missing}
            questions += [_question(model, "id", part) for part in parts(missing, SIZE)]
        self._find(questions)
        return {key: owner for key in asked if (owner := self.known.get(key)) is not None}

    def family(self, debtors: Sequence[str]) -> dict[str, list[int]]:
        """All partners that some customers pay for, and their invoices."""
        payers = parts(numbers(debtors), SIZE)
        path = "commercial_partner_id"
        return self._find([_question(m, path, part) for part in payers for m in MODELS])

    def _find(self, questions: Sequence[Question]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {model: [] for model in MODELS}
        if not questions:
            return found
        for question, rows in zip(questions, self.ask.together(questions), strict=True):
            model = question.model
            for page in self.ask.whole(question, rows):
                for row in page:
                    self.known[model, row["id"]] = _owner(model, row)
                    found[model].append(row["id"])
        return found


def _question(model: str, path: str, ids: Sequence[int]) -> Question:
    domain: Domain = [[path, "in", list(ids)]]
    if model == "res.partner":
        return Question(model, domain, these("commercial_partner_id"), SIZE, EVERYTHING)
    spec = these("commercial_partner_id", "company_id")
    return Question(model, [*domain, ["move_type", "in", OURS]], spec, SIZE)


def _owner(model: str, row: Record) -> Owner | None:
    payer = row["commercial_partner_id"]
    if model == "res.partner":
        return Owner(str(payer or row["id"]))
    return Owner(str(payer), str(row["company_id"])) if payer else None
